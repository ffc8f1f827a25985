import NIOCore
import RembusTransport
import RembusWire

/// The part of one lane in a status.
struct LaneStatus: Sendable {
    var connectionCount = 0
    var namedCount = 0
    var subscriptionCount = 0
    var inFlight = 0
    var backlogBytes = 0
    var components: [BrokerStatus.Component] = []
    var links: [BrokerStatus.Link] = []
    var topics: [Topic] = []

    /// The counts of a lane for one topic.
    struct Topic: Sendable {
        var name: String
        var published: UInt64
        var rate: Double?
        var sample: TopicSampler.Sample?
    }
}

extension Lane {
    /// - Parameter limit: The most connections that are listed. Which ones are listed is not defined when there are
    ///   more.
    func status(listing limit: Int) -> LaneStatus {
        metrics.countsTopics = true
        if sampler.want(now: eventLoop.now) { countAnew() }
        let totals = SessionTotals(sessions.values)
        return LaneStatus(
            connectionCount: totals.named + totals.anonymous, namedCount: totals.named,
            subscriptionCount: totals.subscriptions, inFlight: totals.inFlight, backlogBytes: totals.backlogBytes,
            components: sessions.values.prefix(limit).map(\.status),
            links: core.mesh.isInUse ? sessions.values.compactMap(\.linkStatus) : [],
            topics: metrics.topicCounts.filter { $0.total > 0 }.map {
                LaneStatus.Topic(name: $0.label, published: $0.total, rate: $0.rate, sample: $0.sample)
            })
    }

    /// Makes every route look up its counter again, so that topics are counted from now on.
    private func countAnew() {
        forgetCounts()
        for session in sessions.values { session.lastRoute.route?.published = nil }
    }
}

extension Session {
    /// This connection in a status.
    fileprivate var status: BrokerStatus.Component {
        BrokerStatus.Component(
            connection: connection, isReactive: isReactive,
            subscriptions: state.subscriptions.values.prefix(BrokerStatus.Component.maxListed).map(\.shown).sorted(),
            subscriptionCount: state.subscriptions.count,
            methods: state.exposed.prefix(BrokerStatus.Component.maxListed).map(\.string).sorted(),
            methodCount: state.exposed.count, isSlow: losses.isKnownAsSlow, backlogBytes: link.backlog,
            inFlight: state.inFlight.count, openCalls: calls.openCount, dropped: losses.count)
    }
}

extension BrokerStatus.Component {
    /// The most topics that are listed of one component. Listing ten thousand of each connection would block an event
    /// loop.
    static let maxListed = 100
}
