import Foundation
public import Logging
public import RembusBroker
import RembusListening
public import RembusWire
public import ServiceLifecycle

/// A Rembus broker in this process with everything that the command `rembus broker` has: storage and tables, keys and
/// rights, TLS, HTTP, MQTT, ZeroMQ, metrics.
///
/// ```swift
/// var configuration = BrokerConfiguration()
/// configuration.directory = "/var/lib/plant"
/// configuration.gateways.httpPort = 8080
/// configuration.storage.schemaFile = "schema.json"
/// let server = try await RembusServer(configuration)
/// try await server.run()
/// ```
///
/// The server is a `Service`: ``run()`` starts it and returns when it has ended in order. A program that does something
/// else meanwhile calls ``start()`` and ``shutDown()``. A process may have several servers, each with a folder of its
/// own, which the `directory` and `name` of its configuration determine. Unlike the command, a server does not touch
/// what belongs to the process: signals, the file mode mask, the limit of open files, and the program's log and
/// metrics. Its `memoryLimit` divides the broker's own memory and does not watch the memory of the whole process.
///
/// Components in the same program connect to one of ``addresses`` like any others.
public final class RembusServer: Service, Sendable {
    let broker: Broker
    let logger: Logger
    let level: LogLevel
    private let state: StateFolder
    private let lifecycle = ServerLifecycle()

    /// Opens everything that the configuration asks for, and recovers what an earlier run has left. Nobody can connect
    /// before ``start()``. Everything is released by ``shutDown()``, and when this throws.
    ///
    /// - Parameters:
    ///   - configuration: The settings. Each field is either honoured or refused.
    ///   - logger: The logger of the server. The level is `logLevel` of the configuration, which administrators may
    ///     change.
    /// - Throws: ``BrokerError`` with all problems and what to do about them: a value that is out of range, settings
    ///   that contradict each other, a file that cannot be read, a folder that another broker uses.
    public convenience init(
        _ configuration: BrokerConfiguration = BrokerConfiguration(), logger: Logger = Logger(label: "rembus.server")
    ) async throws {
        try BrokerSettings.check(configuration)
        try await self.init(configuration, logger: logger, ownsProcess: false)
    }

    /// - Parameter ownsProcess: Whether the server is the whole process, so that the memory of the process is the
    ///   server's.
    package init(_ configuration: BrokerConfiguration, logger: Logger, ownsProcess: Bool) async throws {
        var configuration = configuration
        // Later changes of the environment must not change the folder.
        configuration.directory = configuration.root.path
        try DescriptorNeeds(configuration).check(limit: Descriptors.limit)
        level = LogLevel(configuration.logLevel)
        let logger = level.applied(to: logger)
        self.logger = logger
        let parts = OpenParts()
        let composer = ServerComposer(configuration, logger: logger, ownsProcess: ownsProcess)
        do {
            let server = try await blocking { try composer.open(parts) }
            (broker, state) = (server.broker, server.state)
        } catch {
            await parts.close()
            throw BrokerError(error)
        }
        broker.onLogLevelChange { [level] in level.set($0) }
        broker.onShutdownRequest { Task { await self.shutDown() } }
    }

    /// The URLs of the addresses that the server accepts connections on, with the ports that the system chose; empty
    /// before ``start()``.
    public var addresses: [String] { broker.addresses }

    /// One line that describes the running server: name, addresses, store, mode.
    public var summary: String { broker.summary }

    /// Starts to accept connections. Does nothing when the server has started already.
    ///
    /// - Throws: ``BrokerError`` when it cannot listen, or was shut down. The server has ended then.
    public func start() async throws {
        try await lifecycle.start { [broker, state] in
            try await broker.start()
            await blocking { state.remember(isAtEnd: false) }
        }
    }

    /// Starts the server, unless it has started, and runs until a graceful shutdown is asked for, the task is
    /// cancelled, an administrator stops the broker, or ``shutDown()`` is called. Returns when everything has ended.
    ///
    /// - Throws: The errors of ``start()``.
    public func run() async throws {
        try await start()
        let stop = AsyncStream.makeStream(of: Void.self)
        lifecycle.whenStopping { stop.continuation.finish() }
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try? await gracefulShutdown() }
            tasks.addTask { for await _ in stop.stream {} }
            await tasks.next()
            tasks.cancelAll()
        }
        await shutDown()
    }

    /// Shuts the server down in order, and releases its ports, files, locks and event loops. Its memory is released
    /// with the last reference. May be called at any time and more than once; every call returns when the shutdown is
    /// finished.
    ///
    /// From the first moment no new work begins. Calls and exchanges at QoS 1 and 2 that are under way may finish for
    /// `drainTimeout`. Then every connection is closed, and the contents of the journal are written into the tables. A
    /// program that makes a server without running it must call this.
    public func shutDown() async {
        await lifecycle.stop { [broker, state] hasStarted in
            await broker.shutDown()
            if hasStarted { await blocking { state.remember(isAtEnd: true) } }
            // The action holds a reference to the server.
            broker.onShutdownRequest {}
        }
    }

    /// Makes the broker itself answer calls of `topic` with `handler`. When called before ``start()``, the method
    /// exists from the first connection on. A thrown error becomes status 40 with the error's text.
    public func expose(_ topic: String, _ handler: @escaping @Sendable ([Value]) async throws -> Value) {
        broker.expose(topic, handler)
    }

    /// Withdraws a method that ``expose(_:_:)`` has offered.
    public func unexpose(_ topic: String) {
        broker.unexpose(topic)
    }
}
