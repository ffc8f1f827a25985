public import ArgumentParser
public import Logging
public import RembusBroker
import ServiceLifecycle
import UnixSignals

struct BrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker",
        abstract: "Run a broker.",
        discussion: """
            Components connect with WebSocket, for example ws://127.0.0.1:8338/name, and through every other door that \
            has a port: TCP, ZeroMQ, HTTP, MQTT. The broker prints one line when it is \
            ready and runs until it gets SIGINT or SIGTERM; then it lets queued messages leave and exits with 0. SIGHUP \
            makes it read certificates and rights again.

            Settings come, each over the one before, from defaults, REMBUS_* environment variables, \
            $REMBUS_DIR/<name>/settings.json and these options.

            Examples:
              rembus broker
              rembus broker --port 9000 --policy round_robin
              rembus broker --tcp 8339 --zmq 8340 --http 8341 --mqtt-listen 1883
              rembus broker --mqtt mqtt://localhost:1884   # bridged with another MQTT broker
              rembus broker --host 0.0.0.0 --secure --authenticated    # reachable from other machines, see `rembus keys`
              rembus broker --schema schema.json           # publications also fill tables, see `rembus query`
              rembus broker --record 'alarm/**,age=30d' --record 'plant/**,age=7d,size=10GB'
              rembus broker --print-config
            """)

    @Option(
        name: [.customLong("port"), .customLong("ws")],
        help: "WebSocket port; 0 lets the system choose. (default: 8338)")
    var port: Int?

    @Option(help: "Port for connections over TCP (tcp://), with --secure over TLS (tls://). (default: none)")
    var tcp: Int?

    @Option(help: "Port for ZeroMQ (zmq://). (default: none)")
    var zmq: Int?

    @Option(help: "Port for HTTP, with --secure for HTTPS. (default: none)")
    var http: Int?

    @Option(help: "Port for MQTT clients, with --secure over TLS (mqtts://). (default: none)")
    var mqttListen: Int?

    @Option(
        help: ArgumentHelp(
            "Bridge with the MQTT broker at mqtt[s]://[user:password@]host[:port][/clientid]. (default: none)",
            valueName: "url"))
    var mqtt: String?

    @Option(help: "Port that answers with metrics for Prometheus and nothing else. (default: none)")
    var prometheus: Int?

    @Option(help: "Address to listen on. (default: 127.0.0.1, this machine only)")
    var host: String?

    @Option(help: "Name of the broker, answered to 'rid'. (default: broker)")
    var name: String?

    @Option(help: "How calls are spread over providers. (default: first_up)")
    var policy: RoutingPolicy?

    @Flag(help: "Let a new connection replace an older one of the same name.")
    var overwrite = false

    @Flag(help: "Answer for own handlers only; relay nothing between components.")
    var server = false

    @Flag(help: "Authenticated mode: nothing is possible before a component has proven its identity.")
    var authenticated = false

    @Flag(help: "Accept TLS connections (wss://), with rembus.crt and rembus.key of the keystore; see `rembus keys`.")
    var secure = false

    @Flag(
        help: ArgumentHelp(
            "Take names as proof: administrators and private topics work without keys. For closed networks and tests only."
        ))
    var trustNames = false

    @Option(help: "A file that describes tables and the topics that fill them.")
    var schema: String?

    @Option(
        help: ArgumentHelp(
            "Record what is published under PATTERN, which may carry a retention; 'all' or 'none'. May be repeated; the "
                + "first that matches counts. (default: all)",
            valueName: "pattern[,age=7d][,size=1GB]"))
    var record: [String] = []

    @Option(help: "When a publication counts as stored: always, interval, none. (default: always)")
    var journalSync: JournalSync?

    @Option(
        help: ArgumentHelp(
            "The DuckLake catalog: ducklake:PATH, ducklake:sqlite:PATH or ducklake:postgres:CONNINFO. (default: a file in "
                + "$REMBUS_DIR)", valueName: "url"))
    var ducklake: String?

    @Option(
        help:
            "How much is logged, on standard error. (default: notice)")
    var logLevel: Logger.Level?

    @Flag(help: "Print the resulting settings as JSON and exit.")
    var printConfig = false

    func run() async throws {
        var configuration = try BrokerSettings.load(name: name)
        apply(to: &configuration)
        if printConfig {
            try StandardOutput.write(BrokerSettings.json(of: configuration) + "\n")
            return
        }
        let level = try logLevel ?? BrokerSettings.logLevel() ?? .notice
        let control = LogControl(level)
        let logger = Logger(label: "rembus.broker") { label in
            AdjustableLogHandler(StreamLogHandler.standardError(label: label), control)
        }
        // First, because what is made from here on has to know whether it is measured.
        let doors = try DoorComposer(configuration: configuration, logger: logger).doors()
        let trust = try TrustComposer(configuration: configuration, logger: logger).open()
        let certificates = try CertificateSource(configuration.security).open()
        let storage = try StorageComposer(configuration: configuration, logger: logger, trust: trust.store).open()
        let broker = Broker(
            configuration: configuration, logger: logger, storage: storage, trust: trust, certificates: certificates,
            doors: doors)
        broker.onLogLevelChange { control.set($0) }
        // The group traps the signals before it starts the service, so one that comes right after the ready line counts.
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(
                        service: AnnouncedBroker(broker: broker), successTerminationBehavior: .gracefullyShutdownGroup)
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "rembus.lifecycle") { _ in SwiftLogNoOpLogHandler() }))
        do {
            try await group.run()
        } catch let error as BrokerError {
            throw CommandFailure(error.description)
        }
    }

    private func apply(to configuration: inout BrokerConfiguration) {
        if let port { configuration.port = port }
        if let tcp { configuration.tcpPort = tcp }
        if let zmq { configuration.doors.zmqPort = zmq }
        if let http { configuration.doors.httpPort = http }
        if let mqttListen { configuration.doors.mqttPort = mqttListen }
        if let mqtt { configuration.doors.mqttBridge = mqtt }
        if let prometheus { configuration.doors.prometheusPort = prometheus }
        if let host { configuration.host = host }
        if let policy { configuration.policy = policy }
        if overwrite { configuration.overwriteConnection = true }
        if server { configuration.isServer = true }
        if authenticated { configuration.security.isAuthenticated = true }
        if secure { configuration.security.isSecure = true }
        if trustNames { configuration.security.trustsNames = true }
        if let schema { configuration.storage.schemaFile = schema }
        if !record.isEmpty { configuration.storage.record = record }
        if let journalSync { configuration.storage.journalSync = journalSync }
        if let ducklake { configuration.storage.lakeURL = ducklake }
    }

    func validate() throws {
        if let port, !(0...65535).contains(port) {
            throw ValidationError("--port must be between 0 and 65535, not \(port).")
        }
        let ports = [
            ("tcp", tcp), ("zmq", zmq), ("http", http), ("mqtt-listen", mqttListen), ("prometheus", prometheus),
        ]
        for case (let option, let port?) in ports where !(0...65535).contains(port) {
            throw ValidationError("--\(option) must be between 0 and 65535, not \(port).")
        }
        if let name, name.isEmpty || name.contains("/") {
            throw ValidationError(
                "--name must not be empty or contain a slash: it names the folder of the broker's state.")
        }
    }
}

extension RoutingPolicy: ExpressibleByArgument {}
extension JournalSync: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}

/// A broker that says on standard output when it is ready.
private struct AnnouncedBroker: Service {
    let broker: Broker

    func run() async throws {
        // Before the line that says that the broker is ready: the signal would end a process that does not expect it.
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        try await broker.start()
        // Scripts wait for this line; that nobody reads it is no reason not to run.
        try? StandardOutput.write("\(broker.summary)\n")
        await end(hangUps)
        await broker.shutDown()
    }

    /// Returns when it is time to stop, because of a signal or of an administrator.
    private func end(_ hangUps: UnixSignalsSequence) async {
        let (requests, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        broker.onShutdownRequest { continuation.yield() }
        let broker = self.broker
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try? await gracefulShutdown() }
            tasks.addTask { for await _ in requests { return } }
            let reloads = Task { for await _ in hangUps { broker.reload() } }
            await tasks.next()
            reloads.cancel()
            tasks.cancelAll()
        }
    }
}
