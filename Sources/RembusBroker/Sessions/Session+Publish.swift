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
    /// The store has no room for it.
    case noRoom
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
        // A copy was taken before: only its acknowledgement got lost, or is waiting for the disk.
        if header.flags.qos != .exactlyOnce || state.duplicates.insert(id, now: lane.now) {
            guard route(header, bytes, owner: owner) else {
                // Not taken, so not acknowledged: the publisher sends it again.
                state.duplicates.remove(id)
                return
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

    /// Records and delivers a publication; false when the store has no room for one that is to be acknowledged.
    @inline(__always)
    @discardableResult
    private func route(
        _ header: FrameHeader, _ received: UnsafeRawBufferPointer, owner receivedOwner: ByteBuffer?
    ) -> Bool {
        // What a peer adds behind its message does not leave this place, except from doors that mean something by it.
        let isWhole = header.end == received.count || keepsAnnex
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
                drop("a publication whose topic has \(topic.count) bytes")
                return true
            }
            route = lane.route(topic)
            lastRoute = route
            mayUseLastRoute = mayUse(route, .publish)
        }
        // Not even acknowledged (behaviour.md §5).
        guard mayUseLastRoute else {
            deny(.publish, route.topic)
            refusal = .denied
            return false
        }
        if let objection = route.objection {
            drop("a publication to \(route.topic.debugDescription): \(objection.rawValue)")
            return true
        }
        let record = RecordHeader(
            receivedAt: lane.nextReceiveTime(), topicHash: route.hash, publisher: number, tenant: tenant,
            isRecorded: route.isRecorded)
        if recordsPublications {
            let isAcknowledged = header.flags.qos != .atMostOnce
            let outcome = store.append(
                record, message: bytes, partition: lane.index, isAcknowledged: isAcknowledged)
            if outcome != .stored {
                guard keepUp(outcome, isAcknowledged: isAcknowledged) else { return false }
            }
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
    private func keepUp(_ outcome: AppendOutcome, isAcknowledged: Bool) -> Bool {
        if isAcknowledged, outcome == .refused {
            refusal = .noRoom
            return false
        }
        if outcome == .pressed { lane.hold(self) }
        return true
    }

    private func drop(_ what: String) {
        core.counters.dropped.wrappingAdd(1, ordering: .relaxed)
        core.logger.notice("dropped \(what) from \(label)")
    }
}
