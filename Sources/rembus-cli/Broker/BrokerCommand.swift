public import ArgumentParser
import Foundation
public import Logging
public import RembusBroker
import RembusListening
import RembusServer
import RembusWire
import ServiceLifecycle
import UnixSignals

struct BrokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker",
        abstract: "Run a broker.",
        discussion: """
            Components connect with WebSocket, for example ws://127.0.0.1:8338/name, and through every other gateway that \
            has a port: TCP, ZeroMQ, HTTP, MQTT. The broker prints one line when it is \
            ready and runs until it gets SIGINT or SIGTERM; then it begins nothing new, finishes what is under way within \
            drain_timeout and exits with 0. SIGHUP \
            makes it read settings, certificates and rights again: it takes over all of what can change while it runs, or, if \
            anything is wrong, nothing.

            Settings come, each over the one before, from defaults, REMBUS_* environment variables, \
            $REMBUS_DIR/<name>/settings.json and these options.

            Examples:
              rembus broker
              rembus broker --port 9000 --policy round_robin
              rembus broker --tcp 8339 --zmq 8340 --http 8341 --mqtt-listen 1883
              rembus broker --mqtt mqtt://localhost:1884   # bridged with another MQTT broker
              rembus broker --peer ws://hub.example.org:8338/site-7    # a node below another broker
              rembus broker --host 0.0.0.0 --secure --authenticated    # reachable from other machines, see `rembus keys`
              rembus broker --schema schema.json           # publications also fill tables, see `rembus query`
              rembus broker --record 'alarm/**,age=30d' --record 'plant/**,age=7d,size=10GB'
              rembus broker --print-config
              rembus broker --check                        # could it start, or reload? exit status 0 if so
            """)

    @Option(
        name: [.customLong("port"), .customLong("ws")],
        help: ArgumentHelp(
            "WebSocket port, or unix:PATH for a Unix socket; 0 lets the system choose. The other listeners take the same. "
                + "(default: 8338)", valueName: "port"))
    var port: ListenOption?

    @Option(help: "Port for connections over TCP (tcp://), with --secure over TLS (tls://). (default: none)")
    var tcp: ListenOption?

    @Option(help: "Port for ZeroMQ (zmq://). (default: none)")
    var zmq: ListenOption?

    @Option(help: "Port for HTTP, with --secure for HTTPS. (default: none)")
    var http: ListenOption?

    @Option(
        help: ArgumentHelp(
            "What stands in front of every path of HTTP, for a proxy that passes it on, such as /rembus. (default: nothing)",
            valueName: "path"))
    var httpPrefix: String?

    @Option(help: "Port for MQTT clients, with --secure over TLS (mqtts://). (default: none)")
    var mqttListen: ListenOption?

    @Option(
        help: ArgumentHelp(
            "Bridge with the MQTT broker at mqtt[s]://[user:password@]host[:port][/clientid]. (default: none)",
            valueName: "url"))
    var mqtt: String?

    @Option(
        help: ArgumentHelp(
            "Be a node of the broker at ws[s]://host[:port]/name or tcp://…, tls://…, known there by the name. May be "
                + "repeated. (default: none)",
            valueName: "url"))
    var peer: [String] = []

    @Option(help: "Port that answers with metrics for Prometheus and nothing else. (default: none)")
    var prometheus: ListenOption?

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
        help: ArgumentHelp(
            "Memory that the process keeps to, in bytes or as 512MiB, 4GiB. (default: half of what there is, 2 GiB at most)",
            valueName: "size"))
    var memoryLimit: MemorySize?

    @Option(
        help:
            "How much is logged, on standard error. (default: notice)")
    var logLevel: Logger.Level?

    @Option(help: "How the log is written: text, or a JSON object per line. (default: text)")
    var logFormat: LogFormat?

    @Flag(help: "Print the resulting settings as JSON and exit.")
    var printConfig = false

    @Flag(
        help:
            "Look at settings, schema, rights, certificates, folders and ports, and exit: with 0 if the broker could start, or a running one reload."
    )
    var check = false

    func run() async throws {
        let configuration = try configuration()
        if check { return try report(on: configuration) }
        if printConfig {
            try StandardOutput.write(BrokerSettings.json(of: configuration) + "\n")
            return
        }
        _ = Descriptors.raiseLimit()
        let control = LogControl(format: configuration.logFormat)
        defer { control.finish() }
        let start = StartGuard()
        // From here on no file is created that other users can open, whatever the mask was before, also by libraries.
        umask(0o077)
        do {
            try await serve(configuration, control, start)
        } catch let error as BrokerError {
            var failure = CommandFailure(error)
            failure.description = BrokerSettings.asWritten(failure.description, in: configuration)
            throw failure
        }
    }

    private func serve(_ configuration: BrokerConfiguration, _ control: LogControl, _ start: StartGuard) async throws {
        let server = try await RembusServer(
            configuration, logger: Logger(label: "rembus.broker") { LineLogHandler(label: $0, control) },
            ownsProcess: true)
        // The group traps the signals before it starts the service, so a signal right after the ready line is handled.
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(
                        service: AnnouncedServer(
                            server: server, readSettings: { try self.configuration() }, start: start),
                        successTerminationBehavior: .gracefullyShutdownGroup)
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "rembus.lifecycle") { _ in SwiftLogNoOpLogHandler() }))
        try await group.run()
    }

    /// The options for addresses to listen on, with their settings.
    private var listeners: [(option: ListenOption?, setting: String)] {
        [
            (port, "port"), (tcp, "tcp"), (zmq, "zmq"), (http, "http"), (mqttListen, "mqtt_listen"),
            (prometheus, "prometheus"),
        ]
    }

    /// The configuration from defaults, environment, file and options.
    private func configuration() throws -> BrokerConfiguration {
        var configuration = try BrokerSettings.load(name: name)
        apply(to: &configuration)
        return configuration
    }

    private func report(on configuration: BrokerConfiguration) throws {
        let start = StartCheck(configuration: configuration)
        let running = start.runningBroker
        let problems =
            ConfigurationCheck(configuration: configuration).problems() + (running == nil ? start.problems() : [])
        guard problems.isEmpty else { throw CommandFailure(problems.joined(separator: "\n")) }
        let good = "settings, schema, rights, certificates and folders are good"
        try StandardOutput.write(
            running.map { "\(good); \($0), and reads them again at SIGHUP\n" }
                ?? "\(configuration.title) can start: \(good), ports are free\n")
    }

    private func apply(to configuration: inout BrokerConfiguration) {
        for (option, name) in listeners {
            guard let option else { continue }
            _ = BrokerSettings.keys.first { $0.name == name }?.write(.text(option.text), &configuration)
        }
        if let httpPrefix { configuration.gateways.httpPrefix = httpPrefix }
        if let mqtt { configuration.gateways.mqttBridge = mqtt }
        if !peer.isEmpty { configuration.gateways.peers = peer }
        if let host { configuration.host = BrokerSettings.withoutBrackets(host) }
        if let policy { configuration.policy = policy }
        if overwrite { configuration.overwriteConnection = true }
        if server { configuration.isServer = true }
        if authenticated { configuration.security.isAuthenticated = true }
        if secure { configuration.security.isSecure = true }
        if trustNames { configuration.security.trustsNames = true }
        if let schema { configuration.storage.schemaFile = schema }
        if let logLevel { configuration.logLevel = logLevel }
        if !record.isEmpty { configuration.storage.record = record }
        if let journalSync { configuration.storage.journalSync = journalSync }
        if let memoryLimit { configuration.memoryLimit = memoryLimit.bytes }
        if let ducklake { configuration.storage.lakeURL = ducklake }
        if let logFormat { configuration.logFormat = logFormat }
    }

    func validate() throws {
        for case (let option?, let name) in listeners where !option.isUsable {
            let shown = name.replacing("_", with: "-")
            throw ValidationError("--\(shown) must be between 0 and 65535, not \(option.text).")
        }
        if let httpPrefix, !BrokerSettings.isPrefix(httpPrefix) {
            throw ValidationError("--http-prefix must begin with a slash and not end with one, like /rembus.")
        }
        if let name, !BrokerSettings.isName(name) {
            throw ValidationError(
                "--name must not be empty, a dot or two, or contain a slash: it names the folder of the broker's state."
            )
        }
    }
}

extension RoutingPolicy: ExpressibleByArgument {}
extension JournalSync: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}
extension ListenOption: ExpressibleByArgument {}
extension MemorySize: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}

/// A server that prints a line when it is ready, and reads its settings again on SIGHUP.
private struct AnnouncedServer: Service {
    let server: RembusServer
    /// Reads file, environment and options as at the start.
    let readSettings: @Sendable () throws -> BrokerConfiguration
    let start: StartGuard

    func run() async throws {
        // The group handles the signals already.
        start.end()
        // This is before the ready line, because SIGHUP would end a process that does not handle it.
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        try await server.start()
        // Scripts wait for this line. The broker runs even if it cannot be written.
        try? StandardOutput.write("\(server.summary)\n")
        let reloads = Task { [server, readSettings] in
            for await _ in hangUps { server.reload(reading: readSettings) }
        }
        defer { reloads.cancel() }
        try await server.run()
    }
}
