import NIOCore
import RembusStore
import RembusTransport
import RembusWire
import Synchronization

/// Shared subscriptions of this connection. A publication that the connection cannot take now is kept for it, because
/// the store does not record which member of the group it was given to.
extension Session {
    /// Whether a subscription of the component is one for this kind of connection: clients of a gateway and components that
    /// have the same name get each what they have asked for.
    func serves(_ subscription: Subscription) -> Bool {
        // What a broker wants is in use when it has said so in this connection, and no other link has it.
        if let brokerLink { return brokerLink.attached.contains(MeshInterest(.subscription, subscription.topic)) }
        return subscription.namespace === traits.namespace
    }

    /// Handles a live publication that could not be sent.
    func missed(_ publication: inout Publication, _ subscription: Subscription) {
        guard let share = subscription.share else { return fallBehind(subscription) }
        guard share.postponed.count < limits.maxInFlight, state.inFlight.bytes < maxKeptBytes else {
            core.counters.dropped.wrappingAdd(1, ordering: .relaxed)
            losses.count += 1
            return
        }
        share.postponed.append((publication.retain(lane.memory.kept), publication.record.receivedAt))
        lane.watch(self)
    }

    /// Sends publications that were kept, as far as there is room.
    func sendPostponed() {
        guard traits.namespace != nil, isReactive, !isClosed else { return }
        for subscription in state.subscriptions.values {
            guard let share = subscription.share else { continue }
            while let (retained, receivedAt) = share.postponed.first {
                guard !link.isCongested, sendAgain(retained, receivedAt: receivedAt, subscription) else { return }
                share.postponed.removeFirst()
            }
        }
    }

    /// Sends a publication that was kept, as a delivery of its own.
    func sendAgain(_ retained: RetainedPublication, receivedAt: UInt64, _ subscription: Subscription) -> Bool {
        retained.buffer.withUnsafeReadableBytes { bytes in
            let record = RecordHeader(
                receivedAt: receivedAt, topicHash: 0, publisher: 0, tenant: state.tenant, isRecorded: false)
            var publication = Publication(
                bytes: bytes, header: retained.header, owner: retained.buffer, record: record, partition: lane.index,
                publisher: nil)
            return send(&publication, subscription)
        }
    }

    /// Gives a publication that a member of a group has left to another member.
    func passOn(_ orphan: ComponentState.Orphan) {
        orphan.publication.buffer.withUnsafeReadableBytes { bytes in
            let header = orphan.publication.header
            let route = lane.route(header.topicBytes(in: bytes))
            guard let group = route.group(orphan.subscription.topic, tenant: orphan.tenant) else { return }
            let index = group.choice(orphan.receivedAt)
            let (retained, receivedAt) = (orphan.publication, orphan.receivedAt)
            group.members[index].session.lane.eventLoop.execute {
                let member = group.members[index]
                member.session.lane.beginBurst()
                member.session.takeOver(retained, receivedAt: receivedAt, member.subscription)
                member.session.lane.endBurst()
            }
        }
    }

    private func takeOver(_ retained: RetainedPublication, receivedAt: UInt64, _ subscription: Subscription) {
        guard isReactive, !isClosed, let share = subscription.share else { return }
        guard share.postponed.isEmpty, sendAgain(retained, receivedAt: receivedAt, subscription) else {
            share.postponed.append((retained, receivedAt))
            return lane.watch(self)
        }
    }
}

extension ComponentState {
    /// A publication that was given to one member of a group and not acknowledged.
    struct Orphan {
        let publication: RetainedPublication
        let receivedAt: UInt64
        let subscription: Subscription
        let tenant: UInt32
    }

    /// The unacknowledged deliveries of shared subscriptions, oldest first.
    var orphans: [Orphan] {
        var all: [Orphan] = []
        inFlight.forEach { delivery in
            guard delivery.subscription.share != nil else { return }
            all.append(
                Orphan(
                    publication: delivery.publication, receivedAt: delivery.receivedAt,
                    subscription: delivery.subscription, tenant: tenant))
        }
        for subscription in subscriptions.values {
            for (publication, receivedAt) in subscription.share?.postponed ?? [] {
                all.append(
                    Orphan(
                        publication: publication, receivedAt: receivedAt, subscription: subscription, tenant: tenant))
            }
        }
        return all.sorted { $0.receivedAt < $1.receivedAt }
    }
}
