import NIOCore
package import RembusStore
import RembusWire

/// What a gateway needs whose exchanges go on after a restart of the broker, where each message counts once.
extension GatewaySession {
    /// A delivery of an earlier run.
    package struct EarlierDelivery: Sendable {
        /// ``Delivery/key`` and ``Delivery/receivedAt``.
        package var key: UInt64
        package var receivedAt: UInt64
        /// Whether the client may not have it yet.
        package var isOwed: Bool

        package init(key: UInt64, receivedAt: UInt64, isOwed: Bool) {
            self.key = key
            self.receivedAt = receivedAt
            self.isOwed = isOwed
        }
    }

    /// Notes what an earlier run has sent: what is owed comes again, what the client has does not, whatever the marks say.
    /// Before ``startDeliveries()``.
    package func restore(_ deliveries: [EarlierDelivery]) {
        var subscriptions: [UInt64: Subscription] = [:]
        for subscription in session.state.subscriptions.values where subscription.namespace != nil {
            subscriptions[subscription.key] = subscription
        }
        for delivery in deliveries {
            subscriptions[delivery.key]?.restore(delivery.receivedAt, isOwed: delivery.isOwed)
        }
    }

    /// Whether what was missed is still being read.
    package var isCatchingUp: Bool { session.past.catchUp != nil }

    /// A time for what happens now that is above the receive times of all publications so far of this event loop, and not
    /// above those of later ones.
    package var receiveTime: UInt64 { session.lane.nextReceiveTime() }

    /// The partition that a publication was recorded in.
    package func partition(of receivedAt: UInt64) -> Int {
        RecordHeader.partition(of: receivedAt, count: session.core.store.partitionCount)
    }

    /// Calls `done`, on any thread, when everything received so far in a partition is durable. False when it is already.
    package func whenRecorded(partition: Int, _ done: @escaping @Sendable () -> Void) -> Bool {
        !session.core.store.commit(partition: partition, done: done)
    }
}

extension GatewayHost {
    /// A publication at QoS 2 of an earlier run, which its publisher may send again.
    package struct EarlierPublication: Sendable {
        package let publisher: String
        package let id: UInt64
        package let receivedAt: UInt64
    }

    /// Those that were stored shortly before the broker started, oldest first for each publisher.
    package var earlierPublications: [EarlierPublication] {
        core.storage.recentPublications.compactMap { publication in
            publication.id.littleEndianValue.map {
                EarlierPublication(publisher: publication.publisher, id: $0, receivedAt: publication.receivedAt)
            }
        }
    }

    /// A publisher has ended the exchange of these publications: the same ids are new ones. Before the first connection.
    package func forgetPublications(_ ids: [UInt64], of publisher: String) {
        core.tables.forgetDuplicates(ids.map { MessageID(littleEndian: $0) }, of: publisher)
    }

    /// What would be written down of a component that is not connected.
    package func keptRecord(of name: String) -> ComponentRecord? { core.tables.keptRecord(of: name) }

    /// Has `action` called with records of components after they were written, not on an event loop.
    package func onComponentsSaved(_ action: @escaping @Sendable ([ComponentRecord]) -> Void) {
        core.storage.components?.onSave(action)
    }
}

extension Subscription {
    fileprivate func restore(_ receivedAt: UInt64, isOwed: Bool) {
        let isMarked = receivedAt <= marks[RecordHeader.partition(of: receivedAt, count: marks.count)]
        switch (isOwed, isMarked) {
        case (true, true): owed.insert(receivedAt)
        case (true, false): break
        case (false, true): owed.remove(receivedAt)
        case (false, false): taken.insert(receivedAt)
        }
    }
}
