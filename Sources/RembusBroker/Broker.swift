#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
public import Logging
import NIOCore
import NIOPosix
import RembusStore
import RembusTransport
public import RembusWire
public import ServiceLifecycle
import Synchronization

/// A Rembus broker in this process.
///
/// ```swift
/// let broker = Broker(configuration: BrokerConfiguration(), logger: Logger(label: "broker"))
/// try await broker.start()
/// print(broker.addresses)
/// ```
///
/// As a `Service` it starts, runs until the service group shuts down gracefully, and then drains: it stops accepting,
/// lets queued messages leave, closes every connection with code 1001 and waits for the peers to hang up.
public final class Broker: Service, Sendable {
    private let core: BrokerCore
    private let group: MultiThreadedEventLoopGroup
    private let lifecycle = BrokerLifecycle()

    /// Makes a broker that keeps publications in memory; nothing is listened on before ``start()``.
    public convenience init(configuration: BrokerConfiguration, logger: Logger) {
        // A broker that keeps nothing still needs a store to ask; it is never written to.
        let store = MemoryStore(partitions: configuration.eventLoopCount, limit: configuration.storeBytes)
        self.init(configuration: configuration, logger: logger, storage: BrokerStorage(store: store))
    }

    /// Makes a broker over a storage, which it closes when it shuts down. The storage has at least
    /// ``BrokerConfiguration/eventLoopCount`` partitions.
    package init(configuration: BrokerConfiguration, logger: Logger, storage: BrokerStorage) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoopCount)
        core = BrokerCore(configuration: configuration, logger: logger, storage: storage)
        core.makeLanes(on: group)
    }

    /// The addresses that the broker accepts connections on, as URLs; empty before ``start()``.
    public var addresses: [String] { lifecycle.addresses }

    /// One line that says what is running: name, addresses, store, mode.
    public var summary: String {
        let store = core.recordsPublications ? core.store.description : "none"
        let mode = core.configuration.isServer ? ", server mode" : ""
        return
            "rembus broker \(core.configuration.name) ready on \(addresses.joined(separator: ", ")) (store: \(store)\(mode))"
    }

    /// How many connections are open now.
    public var connectionCount: Int { core.counters.connections.load(ordering: .relaxed) }

    /// Starts to accept connections. Throws ``BrokerError`` when it cannot listen.
    public func start() async throws {
        let configuration = core.configuration
        let core = self.core
        do {
            let listener = try await WebSocketListener.bind(
                group: group, host: configuration.host, port: configuration.port,
                configuration: LinkConfiguration(configuration)
            ) { channel, linkConfiguration in
                core.lane(of: channel.eventLoop)?.accept(channel, linkConfiguration)
            }
            lifecycle.started(listener, host: configuration.host)
        } catch {
            await closeStorage()
            await shutDownThreads()
            throw BrokerError.cannotListen(host: configuration.host, port: configuration.port, error)
        }
        for lane in core.lanes { lane.eventLoop.execute { lane.start() } }
        if configuration.host != "127.0.0.1", configuration.host != "localhost", configuration.host != "::1" {
            core.logger.warning(
                "listening on \(configuration.host) without authentication: anyone who reaches it may connect")
        }
    }

    /// Has the broker itself answer calls of `topic`. A thrown error becomes status 40 with its text.
    public func expose(_ topic: String, _ handler: @escaping @Sendable ([Value]) async throws -> Value) {
        core.tables.setHandler(.task(handler), for: topic)
    }

    /// Withdraws a method that ``expose(_:_:)`` offered.
    public func unexpose(_ topic: String) {
        core.tables.setHandler(nil, for: topic)
    }

    /// Starts, runs until graceful shutdown is asked for or the task is cancelled, then drains.
    public func run() async throws {
        try await start()
        core.logger.info("\(summary)")
        try? await gracefulShutdown()
        await shutDown()
    }

    /// Stops accepting, lets queued messages leave and ends every connection; returns when all is closed or
    /// `drainTimeout` has passed. May be called once more without harm.
    public func shutDown() async {
        guard let listener = lifecycle.stop() else { return }
        try? await listener.channel.close().get()
        let ended = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        core.whenChannelsEnd { ended.continuation.yield() }
        for lane in core.lanes {
            lane.eventLoop.execute { lane.closeAll() }
        }
        let timeout = core.configuration.drainTimeout
        let core = self.core
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                ended.continuation.yield()
                for await _ in ended.stream where core.counters.channels.load(ordering: .relaxed) == 0 { return }
            }
            tasks.addTask { try? await Task.sleep(for: timeout) }
            await tasks.next()
            tasks.cancelAll()
        }
        core.whenChannelsEnd(nil)
        await closeStorage()
        await shutDownThreads()
    }

    /// Writes what is queued. The event loops still run, for the acknowledgements that this brings.
    private func closeStorage() async {
        await core.storage.components?.flush()
        await core.storage.close()
    }

    private func shutDownThreads() async {
        try? await group.shutdownGracefully()
    }
}

/// Why a broker could not start, in a sentence.
public struct BrokerError: Error, Sendable, CustomStringConvertible {
    /// The sentence.
    public var description: String

    static func cannotListen(host: String, port: Int, _ error: any Error) -> BrokerError {
        var reason = "\(error)"
        if let failure = error as? IOError {
            switch failure.errnoCode {
            case EADDRINUSE: reason = "the port is in use; stop the other process or choose another --port"
            case EACCES: reason = "no permission; ports below 1024 need extra rights"
            case EADDRNOTAVAIL: reason = "this machine has no such address"
            default: break
            }
        } else if error is SocketAddressError {
            reason = "the host name cannot be resolved"
        }
        return BrokerError(description: "cannot listen on \(host):\(port): \(reason)")
    }
}

extension LinkConfiguration {
    init(_ configuration: BrokerConfiguration) {
        let ping = TimeAmount(configuration.pingInterval)
        self.init(
            maxMessageBytes: configuration.limits.maxMessageBytes,
            pingInterval: ping.nanoseconds > 0 ? ping : nil,
            handshakeTimeout: TimeAmount(configuration.handshakeTimeout),
            highWaterMark: min(2 << 20, configuration.limits.maxBacklogBytes / 2),
            lowWaterMark: min(512 << 10, configuration.limits.maxBacklogBytes / 8))
    }
}
