package import Logging
package import NIOCore
package import RembusListening
package import RembusTransport
package import RembusTrust
import RembusWire
import Synchronization

/// The interface of the broker to its gateways.
package struct GatewayHost: Sendable {
    let core: BrokerCore
    /// The broker's event loops. A session lives on one of them.
    package let group: any EventLoopGroup
    /// The certificates of TLS listeners; nil when the broker's connections are not encrypted.
    package let certificates: TLSServerContext?

    package var configuration: BrokerConfiguration { core.configuration }
    /// Whether every connection has to prove its identity. A property of its own, because it is read for every request
    /// and ``configuration`` is expensive to copy.
    package var isAuthenticated: Bool { core.isAuthenticated }
    package var logger: Logger { core.logger }
    /// The limits on connections, which all gateways share.
    package var admission: ConnectionAdmission { core.admission }
    /// How listeners treat new connections.
    package var listening: ListenerPolicy { core.listening }
    /// The memory that all connections hold together, and how the memory of the process is divided.
    package var memory: MemoryBudget { core.memory }
    package var memoryPlan: MemoryPlan { core.memoryPlan }
    /// The memory that the connections of one event loop hold.
    package func memory(of eventLoop: any EventLoop) -> LoopMemory? { core.lane(of: eventLoop)?.memory }
    /// The last values of topics, of all tenants.
    package var lastValues: LastValues { core.lastValues }
    /// Limits and intervals of a connection.
    package var linkConfiguration: LinkConfiguration { core.listening.link }
    /// Upper bounds on what a peer may use.
    package var limits: BrokerLimits { core.limits }
    /// The event loops in the order of the lanes.
    package var eventLoops: [any EventLoop] { core.allLanes.map(\.eventLoop) }

    /// Makes the session of a connection; nil when the broker is about to stop. On `eventLoop` only, which must be one
    /// of ``group``. `sink` gets what the broker sends; it must not keep more alive than the connection.
    package func makeSession(
        on eventLoop: any EventLoop, address: String, facts: ConnectionFacts, traits: SessionTraits = SessionTraits(),
        sink: any LinkSink
    ) -> GatewaySession? {
        // A session that is made after the others have been closed would never be closed.
        guard !isStopping, let lane = core.lane(of: eventLoop) else { return nil }
        let link = Link(
            role: .server, group: lane.links, configuration: linkConfiguration, remoteAddress: address, delegate: nil,
            sink: sink)
        let session = Session(lane: lane, link: link, facts: facts, traits: traits)
        link.delegate = session
        lane.add(session)
        session.report(.connected)
        return GatewaySession(session)
    }

    /// Makes the session of a connection whose requests are answered one by one; nil when the broker is about to stop.
    /// On `eventLoop` only, as ``makeSession(on:address:facts:sink:)``.
    package func makePort(
        on eventLoop: any EventLoop, address: String, facts: ConnectionFacts, owner: any RequestPortOwner
    ) -> RequestPort? {
        let port = RequestPort(owner: owner, timeout: TimeAmount(configuration.requestTimeout))
        guard let session = makeSession(on: eventLoop, address: address, facts: facts, sink: port) else { return nil }
        port.begin(session)
        return port
    }

    /// Whether the broker is about to stop: what is under way is finished, and nothing new is started. On any thread.
    package var isStopping: Bool { core.readiness.hasStopped }

    /// Why the broker should get no requests now; empty when it is ready. On any thread.
    package var unreadyReasons: [UnreadyReason] { core.readiness.reasons }

    /// Adds a check whose reasons make the broker unready. `source` is called on any thread and must be quick.
    package func whenUnready(_ source: @escaping @Sendable () -> Set<UnreadyReason>) { core.readiness.add(source) }

    /// Counts a socket that a shutdown has to wait for.
    package func opened(_ channel: any Channel) {
        core.channelOpened(channel)
    }

    /// Whether the rules allow a component an action on a topic. On any thread.
    package func allows(_ principal: Principal, _ action: TrustAction, _ topic: String) -> Bool {
        core.tables.rules.allows(principal, action, topic)
    }

    /// Whether the component of a certificate was removed since the certificate was made. On any thread.
    package func isRemoved(_ certificate: ClientCertificate) -> Bool {
        core.tables.rules.isRemoved(certificate.name, provenAt: certificate.validFrom)
    }

    /// Whether a component of this name is connected now.
    package func isConnected(_ name: String) -> Bool { core.tables.holder(of: name) != nil }

    /// Whether the rules make a component an administrator. On any thread.
    package func isAdministrator(_ principal: Principal) -> Bool { core.tables.rules.isAdministrator(principal) }

    /// Counts a malformed message, or one that the protocol does not allow at this point.
    package func countMalformed() { core.counters.malformed.wrappingAdd(1, ordering: .relaxed) }

    /// Counts a message that could not be passed on and was dropped.
    package func countDropped() { core.counters.dropped.wrappingAdd(1, ordering: .relaxed) }
}

extension GatewayHost {
    /// The tasks outside of the event loops.
    package var background: BackgroundTasks { core.background }

    /// Makes every event loop report its counts to swift-metrics. Call it before the metrics are read.
    package func collectMetrics() async {
        guard let reporter = core.reporter else { return }
        for lane in core.allLanes {
            // A loop that has ended has reported everything.
            try? await lane.eventLoop.submit { lane.metrics.report(lane.sessions.values) }.get()
        }
        reporter.report()
        core.storage.reportMetrics()
    }
}
