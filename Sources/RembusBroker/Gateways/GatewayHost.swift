package import Logging
package import NIOCore
package import RembusListening
package import RembusTransport
package import RembusTrust
import RembusWire
import Synchronization

/// What a gateway may use of its broker.
package struct GatewayHost: Sendable {
    let core: BrokerCore
    /// The broker's event loops. A session lives on one of them.
    package let group: any EventLoopGroup
    /// What TLS listeners show; nil when the broker's connections are not encrypted.
    package let certificates: TLSServerContext?

    package var configuration: BrokerConfiguration { core.configuration }
    /// Whether everybody has to prove who it is; asked for every request, which ``configuration`` is too large for.
    package var isAuthenticated: Bool { core.isAuthenticated }
    package var logger: Logger { core.logger }
    /// The limits on connections, which all gateways share.
    package var admission: ConnectionAdmission { core.admission }
    /// What listeners do with new connections.
    package var listening: ListenerPolicy { core.listening }
    /// What all connections hold together, and how the memory of the process is divided.
    package var memory: MemoryBudget { core.memory }
    package var memoryPlan: MemoryPlan { core.memoryPlan }
    /// What the connections of one event loop hold.
    package func memory(of eventLoop: any EventLoop) -> LoopMemory? { core.lane(of: eventLoop)?.memory }
    /// The last values of topics, of all tenants.
    package var lastValues: LastValues { core.lastValues }
    /// Limits and intervals of a connection.
    package var linkConfiguration: LinkConfiguration { core.listening.link }
    /// What a peer may use at most.
    package var limits: BrokerLimits { core.limits }
    /// The event loops in the order of the lanes.
    package var eventLoops: [any EventLoop] { core.allLanes.map(\.eventLoop) }

    /// Makes the session of a connection. Only on `eventLoop`, which must be one of ``group``; `sink` gets what the broker
    /// sends, and keeps no more alive than the connection. nil when the broker is about to stop.
    package func makeSession(
        on eventLoop: any EventLoop, address: String, facts: ConnectionFacts, traits: SessionTraits = SessionTraits(),
        sink: any LinkSink
    ) -> GatewaySession? {
        // A session that begins when the others have been ended would never be.
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

    /// Makes the session of a connection whose requests are answered one by one. Only on `eventLoop`, as
    /// ``makeSession(on:address:facts:sink:)``; nil when the broker is about to stop.
    package func makePort(
        on eventLoop: any EventLoop, address: String, facts: ConnectionFacts, owner: any RequestPortOwner
    ) -> RequestPort? {
        let port = RequestPort(owner: owner, timeout: TimeAmount(configuration.requestTimeout))
        guard let session = makeSession(on: eventLoop, address: address, facts: facts, sink: port) else { return nil }
        port.begin(session)
        return port
    }

    /// Whether the broker is about to stop: what is under way is finished, and nothing new begun. On any thread.
    package var isStopping: Bool { core.readiness.hasStopped }

    /// Why the broker should be sent no requests now; empty when it is ready. On any thread.
    package var unreadyReasons: [UnreadyReason] { core.readiness.reasons }

    /// Has the broker not be ready when something of a gateway does not work. `source` is called on any thread, and quick.
    package func whenUnready(_ source: @escaping @Sendable () -> Set<UnreadyReason>) { core.readiness.add(source) }

    /// Counts a socket that a shutdown has to wait for.
    package func opened(_ channel: any Channel) {
        core.channelOpened(channel)
    }

    /// Whether the rules let a component do something. On any thread.
    package func allows(_ principal: Principal, _ action: TrustAction, _ topic: String) -> Bool {
        core.tables.rules.allows(principal, action, topic)
    }

    /// Whether the component of a certificate was removed since the certificate was made. On any thread.
    package func isRemoved(_ certificate: ClientCertificate) -> Bool {
        core.tables.rules.isRemoved(certificate.name, provenAt: certificate.validFrom)
    }

    /// Whether a name is connected now.
    package func isConnected(_ name: String) -> Bool { core.tables.holder(of: name) != nil }

    /// Whether the rules make a name an administrator's. On any thread.
    package func isAdministrator(_ principal: Principal) -> Bool { core.tables.rules.isAdministrator(principal) }

    /// Counts a message that was none, or was not allowed in the protocol.
    package func countMalformed() { core.counters.malformed.wrappingAdd(1, ordering: .relaxed) }

    /// Counts what could not be passed on, and was dropped.
    package func countDropped() { core.counters.dropped.wrappingAdd(1, ordering: .relaxed) }
}
