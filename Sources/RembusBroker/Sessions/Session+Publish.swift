import Logging
import NIOCore
import RembusStore
import RembusWire
import Synchronization

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
        if header.flags.qos == .exactlyOnce, !state.duplicates.insert(id, now: lane.now) {
            // A copy: the acknowledgement got lost, the publication did not.
            return sendAcknowledgement(.ack, id)
        }
        route(header, bytes, owner: owner)
        let lane = self.lane
        let isDurable = core.store.commit(partition: lane.index) { [self] in
            lane.eventLoop.execute {
                lane.beginBurst()
                self.sendAcknowledgement(.ack, id)
                lane.endBurst()
            }
        }
        if isDurable { sendAcknowledgement(.ack, id) }
    }

    /// The id of a frame, remembering how a JSON peer wrote it.
    @inline(__always)
    func messageID(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) -> MessageID? {
        guard var id = header.id(in: bytes) else { return nil }
        id.jsonForm = idForm
        return id
    }

    @inline(__always)
    private func route(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?) {
        let topic = header.topicBytes(in: bytes)
        let route: Route
        if let last = lastRoute, last.isFor(topic),
            last.generation == tables.generation.load(ordering: .acquiring)
        {
            route = last
        } else {
            guard topic.count > 0, topic.count <= maxTopicBytes else {
                return drop("a publication whose topic has \(topic.count) bytes")
            }
            route = lane.route(topic)
            lastRoute = route
        }
        if route.isPattern { return drop("a publication to the pattern \(route.topic)") }
        let record = RecordHeader(
            receivedAt: lane.nextReceiveTime(), topicHash: route.hash, publisher: number, tenant: tenant)
        if recordsPublications {
            let message = header.end == bytes.count ? bytes : UnsafeRawBufferPointer(rebasing: bytes[..<header.end])
            store.append(record, message: message, partition: lane.index)
        }
        guard !isServer else { return }
        var publication = Publication(
            bytes: bytes, header: header, owner: owner, record: record, partition: lane.index,
            publisher: ObjectIdentifier(self))
        route.deliver(&publication)
        for index in route.remoteLanes { lane.batch(for: index).add(publication, publisher: self, along: route) }
    }

    private func drop(_ what: String) {
        core.counters.dropped.wrappingAdd(1, ordering: .relaxed)
        core.logger.notice("dropped \(what) from \(label)")
    }
}
