import Logging
import NIOCore
import RembusStore
import RembusWire
import Synchronization

/// What all lanes of one broker share. Constants, and things that guard themselves.
///
/// `lanes` is set once before the first connection is accepted and never again, hence unchecked.
final class BrokerCore: @unchecked Sendable {
    let configuration: BrokerConfiguration
    let logger: Logger
    let storage: BrokerStorage
    let store: any Store
    let tables: RoutingTables
    let counters = BrokerCounters()
    private(set) var lanes: [Lane] = []
    private let onChannelEnd = Mutex<(@Sendable () -> Void)?>(nil)

    /// Marks what this broker has passed on to others; below 2⁵³, as JSON peers need (protocol.md §9.2).
    let meshID = Int64.random(in: 1..<(1 << 53))
    let recordsPublications: Bool
    let decodingLimits: DecodingLimits
    let ackTimeout: TimeAmount
    let requestTimeout: TimeAmount
    /// How far back a replay goes at most, nanoseconds.
    let replayWindow: Double
    /// Interval of the lanes' timers: fine enough for the shortest time-out.
    let tickInterval: TimeAmount

    init(configuration: BrokerConfiguration, logger: Logger, storage: BrokerStorage) {
        self.configuration = configuration
        self.logger = logger
        self.storage = storage
        store = storage.store
        tables = RoutingTables(limits: configuration.limits, storage: storage)
        recordsPublications = configuration.storeBytes > 0
        var limits = DecodingLimits.standard
        limits.maxBytes = configuration.limits.maxMessageBytes
        decodingLimits = limits
        ackTimeout = TimeAmount(configuration.ackTimeout)
        requestTimeout = TimeAmount(configuration.requestTimeout)
        let window = TimeAmount(configuration.replayWindow).nanoseconds
        replayWindow = window > 0 ? Double(window) : .infinity
        let shortest = min(ackTimeout.nanoseconds, requestTimeout.nanoseconds) / 4
        tickInterval = .nanoseconds(min(max(shortest, 10_000_000), 250_000_000))
        BuiltIns.install(in: tables, name: configuration.name, started: .now())
        for (topic, service) in storage.services { tables.setHandler(.task(service), for: topic) }
        tables.restore(storage)
    }

    func makeLanes(on group: any EventLoopGroup) {
        let loops = Array(group.makeIterator())
        lanes = loops.enumerated().map { Lane(index: $0, eventLoop: $1, core: self, laneCount: loops.count) }
    }

    func lane(of eventLoop: any EventLoop) -> Lane? {
        lanes.first { $0.eventLoop === eventLoop }
    }

    func channelOpened(_ channel: any Channel) {
        counters.channels.wrappingAdd(1, ordering: .relaxed)
        channel.closeFuture.whenComplete { _ in
            self.counters.channels.wrappingSubtract(1, ordering: .relaxed)
            self.onChannelEnd.withLock { $0 }?()
        }
    }

    /// Has `action` called after each end of a connection; nil stops that.
    func whenChannelsEnd(_ action: (@Sendable () -> Void)?) {
        onChannelEnd.withLock { $0 = action }
    }
}

/// Running totals of one broker; relaxed atomics, since nobody decides anything by them.
final class BrokerCounters: Sendable {
    let connections = Atomic<Int>(0)
    /// Sockets that are not closed yet, those of ended connections included that still have something to send.
    let channels = Atomic<Int>(0)
    /// Publications that were not delivered or not accepted, for whatever reason.
    let dropped = Atomic<Int>(0)
    /// Connections closed for what they sent.
    let malformed = Atomic<Int>(0)
    /// QoS 1/2 deliveries given up after all retries.
    let unacknowledged = Atomic<Int>(0)
    /// Bytes of log that slow readers wanted when they were gone.
    let overrunBytes = Atomic<UInt64>(0)
}
