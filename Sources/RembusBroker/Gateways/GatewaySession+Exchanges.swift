import NIOCore
package import RembusStore
import RembusWire

/// Exchanges that continue after a restart of the broker, so that each message is delivered exactly once.
extension GatewaySession {
    /// A delivery of an earlier run of the broker.
    package struct EarlierDelivery: Sendable {
        /// As ``Delivery/key`` and ``Delivery/receivedAt``.
        package var key: UInt64
        package var receivedAt: UInt64
        /// Whether the client may not have received it.
        package var isOwed: Bool

        package init(key: UInt64, receivedAt: UInt64, isOwed: Bool) {
            self.key = key
            self.receivedAt = receivedAt
            self.isOwed = isOwed
        }
    }

    /// Takes over the deliveries of an earlier run, which override the marks: those that the client may not have are
    /// sent again, the others are not. Call it before ``startDeliveries()``.
    package func restore(_ deliveries: [EarlierDelivery]) {
        var subscriptions: [UInt64: Subscription] = [:]
        for subscription in session.state.subscriptions.values where subscription.namespace != nil {
            subscriptions[subscription.key] = subscription
        }
        for delivery in deliveries {
            subscriptions[delivery.key]?.restore(delivery.receivedAt, isOwed: delivery.isOwed)
        }
    }

    /// Whether publications that the component missed are still being read.
    package var isCatchingUp: Bool { session.past.catchUp != nil }

    /// A time for something that happens now: above the receive times of all publications of this event loop so far,
    /// and below those of later ones.
    package var receiveTime: UInt64 { session.lane.nextReceiveTime() }

    /// The partition that a publication was recorded in, by its receive time.
    package func partition(of receivedAt: UInt64) -> Int {
        RecordHeader.partition(of: receivedAt, count: session.core.store.partitionCount)
    }

    /// Calls `done`, on any thread, when everything received so far in a partition is durable. Returns false, without
    /// calling it, when that is already so.
    package func whenRecorded(partition: Int, _ done: @escaping @Sendable () -> Void) -> Bool {
        !session.core.store.commit(partition: partition, done: done)
    }
}

extension GatewayHost {
    /// A publication at QoS 2 that was stored in an earlier run, and that its publisher may send again.
    package struct EarlierPublication: Sendable {
        package let publisher: String
        package let id: UInt64
        package let receivedAt: UInt64
    }

    /// The publications at QoS 2 that were stored shortly before the broker started, oldest first for each publisher.
    package var earlierPublications: [EarlierPublication] {
        core.storage.recentPublications.compactMap { publication in
            publication.id.littleEndianValue.map {
                EarlierPublication(publisher: publication.publisher, id: $0, receivedAt: publication.receivedAt)
            }
        }
    }

    /// Forgets ids of publications whose exchange the publisher has ended, so that the same ids stand for new
    /// publications. Call it before the first connection.
    package func forgetPublications(_ ids: [UInt64], of publisher: String) {
        core.tables.forgetDuplicates(ids.map { MessageID(littleEndian: $0) }, of: publisher)
    }

    /// The record of a component that is not connected, as it would be saved now.
    package func keptRecord(of name: String) -> ComponentRecord? { core.tables.keptRecord(of: name) }

    /// Sets the action that gets records of components after they were saved. Not called on an event loop.
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
