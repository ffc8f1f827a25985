public import Logging
import NIOCore
import NIOPosix
package import RembusListening
import RembusStore
import RembusTrust
public import RembusWire
public import ServiceLifecycle
import Synchronization

/// A Rembus broker in this process.
///
/// ```swift
/// let broker = try Broker(configuration: BrokerConfiguration(), logger: Logger(label: "broker"))
/// try await broker.start()
/// print(broker.addresses)
/// ```
///
/// As a `Service` it starts, runs until the service group shuts down gracefully, and then drains: it stops accepting,
/// lets queued messages leave, closes every connection with code 1001 and waits for the peers to hang up.
public final class Broker: Service, Sendable {
    let core: BrokerCore
    private let group: MultiThreadedEventLoopGroup
    private let lifecycle = BrokerLifecycle()
    private let certificates: TLSServerContext?
    let periodicWork: PeriodicWork
    private let gateways: [any Gateway]
    private let watchesMemory: Bool
    private let openGateways = Mutex<[OpenGateway]>([])

    /// Makes a broker that keeps publications and rules in memory. It listens on nothing before ``start()``.
    ///
    /// Throws ``BrokerError`` when the configuration asks for something that a broker in memory lacks: keys, TLS,
    /// files, further listeners. `RembusServer` and the command `rembus broker` provide all of these.
    public convenience init(configuration: BrokerConfiguration, logger: Logger) throws {
        try configuration.checkInMemory()
        // Code that asks for a store needs one, also when nothing is recorded. This one is never written to.
        let store = MemoryStore(partitions: configuration.eventLoopCount, limit: configuration.storeBytes)
        self.init(
            configuration: configuration, logger: logger, storage: BrokerStorage(store: store),
            trust: BrokerTrust(store: TrustStore(logger: logger)))
    }

    /// Makes a broker over a storage, and closes the storage at shutdown. The storage has at least
    /// ``BrokerConfiguration/eventLoopCount`` partitions.
    ///
    /// - Parameters:
    ///   - trust: The rules about who may do what, and the file that they are kept in.
    ///   - certificates: The certificates that TLS listeners show; required when the configuration demands TLS.
    ///   - gateways: Further protocols, opened by ``start()``.
    ///   - namespaces: The namespaces of all gateways that exist, opened or not: the storage may have subscriptions of
    ///     each.
    ///   - watchesMemory: Whether the broker is the whole process, so that the memory of the process is the broker's.
    package init(
        configuration: BrokerConfiguration, logger: Logger, storage: BrokerStorage, trust: BrokerTrust,
        certificates: TLSServerContext? = nil, gateways: [any Gateway] = [],
        namespaces: [SubscriptionNamespace] = [], watchesMemory: Bool = false
    ) {
        self.watchesMemory = watchesMemory
        self.gateways = gateways
        group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoopCount)
        core = BrokerCore(
            configuration: configuration, logger: logger, storage: storage, trust: trust, namespaces: namespaces)
        self.certificates = certificates
        periodicWork = PeriodicWork(core: core, certificates: certificates)
        core.makeLanes(on: group, certificates: certificates)
    }

    /// The URLs of the addresses that the broker accepts connections on; empty before ``start()``.
    public var addresses: [String] {
        lifecycle.addresses + openGateways.withLock { $0.flatMap(\.addresses) }
    }

    /// One line that describes the running broker: name, addresses, store, mode.
    public var summary: String {
        let store = core.recordsPublications ? core.store.description : "none"
        var facts = ["store: \(store)"]
        if core.configuration.isServer { facts.append("server mode") }
        if core.configuration.isAuthenticated { facts.append("authenticated") }
        if core.configuration.isLocal { facts.append("this machine only, --host opens it") }
        let title = core.configuration.title.replacing("the broker", with: "rembus broker", maxReplacements: 1)
        return
            "\(title) ready on \(addresses.joined(separator: ", ")) (\(facts.joined(separator: "; ")))"
    }

    /// The number of connections that are open now.
    public var connectionCount: Int { core.counters.connections.load(ordering: .relaxed) }

    /// Starts to accept connections. Throws ``BrokerError`` when it cannot listen.
    public func start() async throws {
        do {
            try await listen()
        } catch {
            defer { core.events.end() }
            _ = lifecycle.end()
            for listener in lifecycle.stop() { try? await listener.close().get() }
            for gateway in openGateways.withLock({ $0.take() }) {
                await gateway.stopAccepting()
                await gateway.close()
            }
            await closeStorage()
            await shutDownThreads()
            throw error
        }
        core.limitToDescriptors()
        for lane in core.allLanes { lane.eventLoop.execute { lane.start() } }
        periodicWork.start(on: group.next())
        if watchesMemory { core.memoryWatch.start() }
        warn()
    }

    /// Opens all listeners and gateways. The errors of all that fail are thrown together, so that one look is enough to
    /// correct them.
    private func listen() async throws(BrokerError) {
        let configuration = core.configuration
        let core = self.core
        let makeLink: WebSocketListener.MakeLink = { channel, linkConfiguration, facts in
            core.lane(of: channel.eventLoop)?.accept(channel, linkConfiguration, facts)
        }
        var failures: [BrokerError] = []
        func attempt(_ option: String, _ address: ListenAddress?, _ open: () async throws -> Void) async {
            do {
                try await open()
            } catch let error as BrokerError {
                failures.append(error)
            } catch {
                failures.append(.cannotListen(address, option: option, error))
            }
        }
        let address = configuration.address(configuration.port, configuration.socket)
        await attempt("--port", address) {
            let listener = try await WebSocketListener.bind(
                group: group, at: address, tls: certificates,
                admission: core.admission, policy: core.listening, logger: core.logger, makeLink: makeLink)
            lifecycle.started(listener.channel, scheme: certificates == nil ? "ws" : "wss", at: address)
        }
        if configuration.tcpPort != nil || configuration.tcpSocket != nil {
            let address = configuration.address(configuration.tcpPort ?? 0, configuration.tcpSocket)
            await attempt("--tcp", address) {
                let listener = try await TCPListener.bind(
                    group: group, at: address, tls: certificates, admission: core.admission,
                    policy: core.listening, speaksFirst: configuration.isAuthenticated, logger: core.logger,
                    makeLink: makeLink)
                lifecycle.started(
                    listener.channel, scheme: certificates == nil ? "tcp" : "tls", at: address)
            }
        }
        let host = GatewayHost(core: core, group: group, certificates: certificates)
        for gateway in gateways {
            await attempt(gateway.option, gateway.address(configuration)) {
                let open = try await gateway.open(on: host)
                openGateways.withLock { $0.append(open) }
            }
        }
        if !failures.isEmpty { throw BrokerError(failures) }
    }

    /// Warns of settings that leave the broker open to others (known-defects.md S1, S10, S21).
    private func warn() {
        let configuration = core.configuration
        if configuration.security.trustsNames {
            core.logger.warning("names are trusted without proof: anybody can be an administrator")
        }
        guard !configuration.isLocal else { return }
        if !configuration.isAuthenticated {
            core.logger.warning(
                "listening on \(configuration.host) without authentication: anyone who reaches it may connect; --authenticated asks for a proof"
            )
        } else if !configuration.security.isSecure {
            core.logger.warning(
                "listening on \(configuration.host) without TLS: what is sent can be read and changed on the way; use --secure"
            )
        }
    }

    /// Reads certificates, administrators, tenants and grants again, as SIGHUP does. New connections get the new
    /// certificate; changed rules apply at once, to open connections too.
    public func reload() {
        periodicWork.reload()
    }

    /// Sets the action that runs when an administrator asks the broker to stop. The action has to call ``shutDown()``;
    /// the broker does not do so itself.
    public func onShutdownRequest(_ action: @escaping @Sendable () -> Void) {
        core.whenShutdownIsRequested(action)
    }

    /// Sets the action that runs when an administrator changes the log level.
    public func onLogLevelChange(_ action: @escaping @Sendable (Logger.Level) -> Void) {
        core.whenLogLevelChanges(action)
    }

    /// Makes the broker itself answer calls of `topic` with `handler`. A thrown error becomes status 40 with the
    /// error's text.
    public func expose(_ topic: String, _ handler: @escaping @Sendable ([Value]) async throws -> Value) {
        core.tables.setHandler(.task(handler), for: topic)
    }

    /// Withdraws a method that ``expose(_:_:)`` has offered.
    public func unexpose(_ topic: String) {
        core.tables.setHandler(nil, for: topic)
    }

    /// Starts, runs until a graceful shutdown is asked for or the task is cancelled, and then drains.
    public func run() async throws {
        try await start()
        core.logger.info("\(summary)")
        try? await gracefulShutdown()
        await shutDown()
    }

    /// Shuts the broker down in order. Further calls do nothing.
    ///
    /// From the first moment the broker reports that it is not ready, accepts no connections and begins no new work:
    /// calls are answered with status 43, and publications at QoS 1 and 2 are not acknowledged. Calls and exchanges
    /// that are under way may finish for `drainTimeout`. Then every connection is closed, and queued messages may leave
    /// for the rest of that time, but for at least one second.
    public func shutDown() async {
        guard lifecycle.end() else { return }
        defer { core.events.end() }
        let listeners = lifecycle.stop()
        guard !listeners.isEmpty else {
            // The broker was never started, so there is no connection to close.
            await closeStorage()
            await shutDownThreads()
            return
        }
        let deadline = ContinuousClock.now + core.configuration.drainTimeout
        core.readiness.stop()
        core.readiness.tellChanges(core.events)
        for listener in listeners { try? await listener.close().get() }
        let gateways = openGateways.withLock { $0.take() }
        for gateway in gateways where !gateway.answersWhileStopping { await gateway.stopAccepting() }
        let unfinished = await core.finishExchanges(until: deadline)
        if !unfinished.isEmpty {
            core.logger.notice(
                "drain_timeout is over with \(unfinished.calls) calls, \(unfinished.publications) publications and \(unfinished.deliveries) deliveries unfinished"
            )
        }
        for gateway in gateways where gateway.answersWhileStopping { await gateway.stopAccepting() }
        periodicWork.stop()
        core.memoryWatch.stop()
        let ended = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        core.whenChannelsEnd { ended.continuation.yield() }
        // Callers get the failure of their calls before their connection is closed, also when the provider is on
        // another event loop.
        for lane in core.allLanes { try? await lane.eventLoop.submit { lane.failCalls() }.get() }
        for lane in core.allLanes {
            lane.eventLoop.execute { lane.closeAll() }
        }
        let timeout = max(ContinuousClock.now.duration(to: deadline), min(core.configuration.drainTimeout, .seconds(1)))
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
        for gateway in gateways { await gateway.close() }
        await closeStorage()
        // Queries that were still running were ended with the storage. They report their end to an event loop, which
        // has to run until then.
        await core.background.finish(within: 2)
        core.eventTotals.look(core)
        await shutDownThreads()
    }

    /// Writes what is queued and then nothing more, because another broker may use the folder from then on. The event
    /// loops still run, since writing brings acknowledgements that they send.
    private func closeStorage() async {
        await core.storage.components?.close()
        await core.lastValues.close()
        await core.storage.close()
        await core.trust.audit?.close()
    }

    private func shutDownThreads() async {
        do {
            try await group.shutdownGracefully()
            core.forgetLanes()
        } catch {
            core.logger.error("the event loops do not end: \(error)")
        }
    }
}

extension [OpenGateway] {
    /// Returns all elements and leaves the array empty.
    fileprivate mutating func take() -> [OpenGateway] {
        defer { self = [] }
        return self
    }
}
