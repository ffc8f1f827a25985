import Logging
import NIOCore
import RembusStore
import RembusTrust
import RembusWire
import Synchronization

/// Why a publication was not taken.
package enum PublishRefusal: Sendable {
    /// The rules forbid it.
    case denied
    /// Nothing can be published under such a topic.
    case unusableTopic
    /// The store has no room for it.
    case noRoom
    /// The broker is about to stop. There is no answer either: the publisher sends it again to the next one.
    case stopping
}

/// Publications that come from this connection (behaviour.md §5).
extension Session {
    @inline(__always)
    func receivePublication(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?) {
        if header.flags.qos == .atMostOnce {
            route(header, bytes, owner: owner)
        } else {
            receiveAcknowledged(header, bytes, owner: owner)
        }
    }

    /// QoS 1 and 2: taken once, acknowledged when the store has it (known-defects.md R1).
    private func receiveAcknowledged(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?) {
        guard let id = messageID(header, bytes) else { return }
        if core.readiness.hasStopped, !outlastsStop, !state.duplicates.contains(id) {
            refusal = .stopping
            return
        }
        // A copy was taken before: only its acknowledgement got lost, or is waiting for the disk.
        if header.flags.qos != .exactlyOnce || state.duplicates.insert(id, now: lane.now) {
            guard route(header, bytes, owner: owner) else {
                state.duplicates.remove(id)
                return answerRefusal(id)
            }
        }
        lane.acknowledgeWhenDurable(id, to: self)
    }

    /// The id of a frame, remembering how a JSON peer wrote it.
    @inline(__always)
    func messageID(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) -> MessageID? {
        guard var id = header.id(in: bytes) else { return nil }
        id.jsonForm = idForm
        return id
    }

    /// Records and delivers a publication; false when it is not taken, and `refusal` then says why.
    @inline(__always)
    @discardableResult
    private func route(
        _ header: FrameHeader, _ received: UnsafeRawBufferPointer, owner receivedOwner: ByteBuffer?
    ) -> Bool {
        // What a peer adds behind its message does not leave this place, except from gateways that mean something by it.
        let isWhole = header.end == received.count || keepsTrailer
        let bytes = isWhole ? received : UnsafeRawBufferPointer(rebasing: received[..<header.end])
        let owner = isWhole ? receivedOwner : nil
        let topic = header.topicBytes(in: bytes)
        let route: Route
        if let last = lastRoute, last.isFor(topic),
            last.generation == tables.generation.load(ordering: .acquiring)
        {
            route = last
        } else {
            guard topic.count > 0, topic.count <= maxTopicBytes else {
                return refuse(header, .unusableTopic, BrokerText.topicLength(topic.count, maxTopicBytes))
            }
            route = lane.route(topic)
            lastRoute = route
            mayUseLastRoute = mayUse(route, .publish)
        }
        guard mayUseLastRoute else {
            deny(.publish, route.topic)
            return refuse(header, .denied, refusalText(.publish, route.topic))
        }
        if let objection = route.objection {
            return refuse(header, .unusableTopic, objection.text(route.topic, limits))
        }
        let record = RecordHeader(
            receivedAt: lane.nextReceiveTime(), topicHash: route.hash, publisher: number, tenant: tenant,
            isRecorded: route.isRecorded)
        if recordsPublications {
            let isAcknowledged = header.flags.qos != .atMostOnce
            let outcome = store.append(
                record, message: bytes, partition: lane.index, isAcknowledged: isAcknowledged || route.table != nil)
            if outcome != .stored {
                guard keepUp(outcome, route, isAcknowledged: isAcknowledged) else { return false }
            }
        }
        if let count = route.published {
            count.pointee &+= 1
        } else {
            countFirst(along: route, bytes[..<header.end], record.receivedAt)
        }
        guard !isServer else { return true }
        var publication = Publication(
            bytes: bytes, header: header, owner: owner, record: record, partition: lane.index,
            publisher: ObjectIdentifier(self))
        route.deliver(&publication)
        for index in route.remoteLanes { lane.batch(for: index).add(publication, publisher: self, along: route) }
        return true
    }

    /// The store is short of room: false when the publication must not be taken.
    private func keepUp(_ outcome: AppendOutcome, _ route: Route, isAcknowledged: Bool) -> Bool {
        if isAcknowledged, outcome == .refused {
            refusal = .noRoom
            return false
        }
        if outcome == .refused, let table = route.table { core.storage.tables?.drop(table) }
        if outcome == .pressed { lane.hold(self) }
        return true
    }

    /// Finds out where publications along a route are counted.
    private func countFirst(along route: Route, _ bytes: Slice<UnsafeRawBufferPointer>, _ receivedAt: UInt64) {
        let count = lane.metrics.topicCount(route.topic)
        route.published = count.published
        count.published.pointee &+= 1
        guard lane.sampler.isWanted, !lane.metrics.isShared(count) else { return }
        lane.sampler.take(bytes, receivedAt: receivedAt, along: route, of: count)
    }
}
