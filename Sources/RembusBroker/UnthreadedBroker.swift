package import Logging
package import NIOCore
import RembusListening
import RembusStore
import RembusTransport
import RembusTrust
import Synchronization

/// A broker without listeners and without threads: on event loops that somebody else runs, with connections that somebody
/// else brings. `RembusTesting` is made of it.
///
/// Used on the thread that the event loops take for theirs.
package final class UnthreadedBroker {
    let core: BrokerCore

    /// Makes a broker that keeps publications and rules in memory. Throws ``BrokerError`` as
    /// ``Broker/init(configuration:logger:)`` does.
    package convenience init(
        configuration: BrokerConfiguration, logger: Logger, clock: BrokerClock, on group: any EventLoopGroup
    ) throws(BrokerError) {
        try configuration.checkInMemory()
        let store = MemoryStore(partitions: Array(group.makeIterator()).count, limit: configuration.storeBytes)
        self.init(
            configuration: configuration, logger: logger, storage: BrokerStorage(store: store),
            trust: BrokerTrust(store: TrustStore(logger: logger)), clock: clock, on: group)
    }

    package init(
        configuration: BrokerConfiguration, logger: Logger, storage: BrokerStorage, trust: BrokerTrust,
        clock: BrokerClock, namespaces: [SubscriptionNamespace] = [], on group: any EventLoopGroup
    ) {
        core = BrokerCore(
            configuration: configuration, logger: logger, storage: storage, trust: trust, clock: clock,
            namespaces: namespaces)
        core.makeLanes(on: group)
        for lane in core.lanes { lane.start() }
    }

    /// How often the timers of the event loops have something to do.
    package var tickInterval: TimeAmount { core.tickInterval }

    /// How many connections are open.
    package var connectionCount: Int { core.counters.connections.load(ordering: .relaxed) }

    /// The reading end of the broker's events.
    package func events(limit: Int) -> BrokerEvents { core.events.events(limit: limit) }

    /// Puts a session on a connection whose WebSocket handshake is over. The address is what limits and log take it for.
    @discardableResult
    package func accept(_ channel: any Channel, onLoop index: Int) throws -> AnyObject {
        let link = core.lanes[index].accept(channel, LinkConfiguration(core.configuration), ConnectionFacts())
        try channel.pipeline.syncOperations.addHandler(link)
        return link
    }

    /// What a gateway may use of the broker. It brings its connections itself, on the event loops of `group`.
    package func gatewayHost(on group: any EventLoopGroup) -> GatewayHost {
        GatewayHost(core: core, group: group, certificates: nil)
    }

    /// What a broker with threads does about once a second by itself: names whose time is over are forgotten.
    package func forgetExpiredNames() { core.tables.forgetExpired() }

    /// Tells every connection that the broker ends, and stops the timers.
    package func close() {
        for lane in core.lanes { lane.closeAll() }
    }

    /// Lets go of the event loops. Nothing of the broker is used after that.
    package func end() {
        for lane in core.lanes { lane.stop() }
        core.events.end()
        core.forgetLanes()
    }
}
