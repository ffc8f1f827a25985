import Foundation
import NIOConcurrencyHelpers
import NIOCore
import RembusTransport
import RembusWire

extension Broker {
    /// The state of the broker now: connections, methods, topics, storage, readiness.
    ///
    /// It is for the program that the broker runs in: it names every component and topic, whatever the rules say.
    /// Collecting it blocks each event loop for a moment, in proportion to what is listed; once a second is often
    /// enough.
    ///
    /// - Parameter limit: The most elements of each list.
    public func status(listing limit: Int = 1000) async -> BrokerStatus {
        let limit = max(0, limit)
        var lanes: [LaneStatus] = []
        for lane in core.allLanes {
            // A loop that has ended has no connections.
            if let status = try? await lane.eventLoop.submit({ lane.status(listing: limit) }).get() {
                lanes.append(status)
            }
        }
        let storage = core.storage.figures()
        let components = lanes.flatMap(\.components).sorted { $0.connection.number < $1.connection.number }
        return BrokerStatus(
            name: core.name, version: RembusVersion.current, time: .now,
            uptime: Double((NIODeadline.now() - core.startedAt).nanoseconds) / 1e9, addresses: addresses,
            unready: core.readiness.reasons, connectionCount: lanes.reduce(0) { $0 + $1.connectionCount },
            namedCount: lanes.reduce(0) { $0 + $1.namedCount },
            subscriptionCount: lanes.reduce(0) { $0 + $1.subscriptionCount },
            inFlight: lanes.reduce(0) { $0 + $1.inFlight },
            backlogBytes: lanes.reduce(0) { $0 + $1.backlogBytes },
            memory: BrokerStatus.Memory(used: core.memory.used, limit: core.memory.limit),
            components: Array(components.prefix(limit)), links: core.links(lanes.flatMap(\.links)),
            methods: core.tables.methods(listing: limit),
            topics: Self.topics(of: lanes, limit), journal: storage.journal, lake: storage.lake)
    }

    /// Adds up the counts of all lanes for each topic, and takes the newest value.
    private static func topics(of lanes: [LaneStatus], _ limit: Int) -> [BrokerStatus.Topic] {
        var sums: [ExactText: LaneStatus.Topic] = [:]
        for topic in lanes.flatMap(\.topics) {
            guard var sum = sums[ExactText(topic.name)] else {
                sums[ExactText(topic.name)] = topic
                continue
            }
            sum.published += topic.published
            if let rate = topic.rate { sum.rate = (sum.rate ?? 0) + rate }
            if let sample = topic.sample, sample.receivedAt > sum.sample?.receivedAt ?? 0 { sum.sample = sample }
            sums[ExactText(topic.name)] = sum
        }
        return sums.sorted { $0.key < $1.key }.prefix(limit).map { _, topic in
            let value = topic.sample?.argumentsAsJSON
            return BrokerStatus.Topic(
                name: topic.name, published: topic.published, rate: topic.rate, value: value,
                valueTime: value == nil ? nil : topic.sample.map { Date(nanoseconds: $0.receivedAt) })
        }
    }
}

extension RoutingTables {
    /// The methods that can be called, with their providers.
    func methods(listing limit: Int) -> [BrokerStatus.Method] {
        lock.withLock {
            let own = handlers.keys.prefix(limit)
            let offered = providers.keys.prefix(limit)
            return Set(own).union(offered).sorted().prefix(limit).map { topic in
                BrokerStatus.Method(
                    topic: topic.string, isBrokers: handlers[topic] != nil,
                    providers: (providers[topic]?.states ?? []).prefix(limit).map(\.name))
            }
        }
    }
}
