import Foundation
public import Logging
public import RembusBroker
import RembusListening
public import RembusWire
public import ServiceLifecycle

/// A Rembus broker with all that the command `rembus broker` has, in this process: storage and tables, keys and rights, TLS,
/// HTTP, MQTT, ZeroMQ, metrics.
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
/// It is a `Service`: ``run()`` starts it, and returns when it has ended in order. A program that wants to go on meanwhile calls
/// ``start()`` and ``shutDown()``. Several servers may be in a process, each with a folder of its own: the pair of
/// `directory` and `name` of its configuration. Other than the command, a server leaves alone what is the process's: signals,
/// the mask of file rights, the limit of open files, the log and the metrics of the program; `memoryLimit` is what this broker
/// plans with and no watch over the whole process.
///
/// The program's own components connect to one of ``addresses`` as any others.
public final class RembusServer: Service, Sendable {
    let broker: Broker
    let logger: Logger
    let level: LogLevel
    private let state: StateFolder
    private let lifecycle = ServerLifecycle()

    /// Opens everything that the configuration asks for, and finds out what an earlier run left; nobody can connect before
    /// ``start()``. What was opened is free again after ``shutDown()``, or if this throws.
    ///
    /// - Parameters:
    ///   - configuration: What the broker is told. Every field counts, or is refused.
    ///   - logger: Where it logs. How much is up to `logLevel` of the configuration, and to administrators who change it.
    /// - Throws: ``BrokerError`` with what is wrong and what to do, a sentence each: a value that is out of range, settings that
    ///   contradict each other, a file that cannot be read, a folder that another broker uses.
    public convenience init(
        _ configuration: BrokerConfiguration = BrokerConfiguration(), logger: Logger = Logger(label: "rembus.server")
    ) async throws {
        try BrokerSettings.check(configuration)
        try await self.init(configuration, logger: logger, ownsProcess: false)
    }

    /// - Parameter ownsProcess: Whether the process is the server's, so that the memory of all of it counts.
    package init(_ configuration: BrokerConfiguration, logger: Logger, ownsProcess: Bool) async throws {
        var configuration = configuration
        // What the environment says later must not matter any more.
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

    /// The addresses that the server accepts connections on, as URLs with the ports that the system chose; empty before
    /// ``start()``.
    public var addresses: [String] { broker.addresses }

    /// One line that says what is running: name, addresses, store, mode.
    public var summary: String { broker.summary }

    /// Starts to accept connections; does nothing when it does already.
    ///
    /// - Throws: ``BrokerError`` when it cannot listen, or was shut down. It has ended then.
    public func start() async throws {
        try await lifecycle.start { [broker, state] in
            try await broker.start()
            await blocking { state.remember(isAtEnd: false) }
        }
    }

    /// Starts, unless it has started, and runs until graceful shutdown is asked for, the task is cancelled, an administrator
    /// stops the broker, or ``shutDown()`` is called; returns when everything has ended.
    ///
    /// - Throws: What ``start()`` throws.
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

    /// Ends the server in order and frees its ports, files, locks and event loops; memory goes with the last reference. May be
    /// called at any time and more than once; every call returns at the end.
    ///
    /// From the first moment nothing new begins. Calls and exchanges at QoS 1 and 2 that are under way may finish for
    /// `drainTimeout`, then every connection is told goodbye, and what the journal has is written into the tables. Whoever made
    /// a server and does not run it calls this.
    public func shutDown() async {
        await lifecycle.stop { [broker, state] hasStarted in
            await broker.shutDown()
            if hasStarted { await blocking { state.remember(isAtEnd: true) } }
            // It held the server.
            broker.onShutdownRequest {}
        }
    }

    /// Has the broker itself answer calls of `topic`, from the first connection on when it is called before ``start()``. A
    /// thrown error becomes status 40 with its text.
    public func expose(_ topic: String, _ handler: @escaping @Sendable ([Value]) async throws -> Value) {
        broker.expose(topic, handler)
    }

    /// Withdraws a method that ``expose(_:_:)`` offered.
    public func unexpose(_ topic: String) {
        broker.unexpose(topic)
    }
}
