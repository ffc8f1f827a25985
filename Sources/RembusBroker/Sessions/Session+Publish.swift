import Logging
import NIOCore
import RembusStore
import RembusTables
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// Publications of this connection (behaviour.md §5).
extension Session {
    /// Handles a publication that came as a frame. A refusal is answered, if the message has an id to answer.
    @inline(__always)
    func receivePublication(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?) {
        if let brokerLink { return receiveForwarded(header, bytes, owner: owner, from: brokerLink) }
        guard header.flags.qos == .atMostOnce else { return receiveAcknowledged(header, bytes, owner: owner) }
        if case .refused(let refusal) = route(header, bytes, owner: owner) { noteRefusal(refusal, header, bytes) }
    }

    private func receiveAcknowledged(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?) {
        guard let id = messageID(header, bytes) else { return }
        if case .refused(let refusal) = take(id, header, bytes, owner: owner) { answer(refusal, id, header, bytes) }
    }

    /// Handles a publication of a gateway, which gets the outcome as the result, and the acknowledgement at its answer
    /// sink.
    func publish(_ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?) -> PublishOutcome {
        guard link.isOpen, gate == .open else { return .ended }
        guard case .regular(let header) = FrameHeader.parse(bytes), header.kind == .publish else {
            return .refused(.malformed)
        }
        traffic.received(MessageClass(header.flags), bytes: bytes.count)
        let outcome = accept(header, bytes, owner: owner)
        if outcome == .refused(.denied) { deny(.publish, header.topic(in: bytes)) }
        return outcome
    }

    /// Takes a publication, or gives why not.
    func accept(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?) -> PublishOutcome {
        guard header.flags.qos != .atMostOnce else { return route(header, bytes, owner: owner) }
        guard let id = messageID(header, bytes) else { return .refused(.malformed) }
        return take(id, header, bytes, owner: owner)
    }

    /// Why a publication on a topic would be refused, which counts as one that was: asked when something else is wrong with it
    /// too. nil when it would not.
    func refusal(of topic: UnsafeRawBufferPointer) -> PublishRefusal? {
        guard case .failure(let refusal) = resolve(topic) else { return nil }
        if refusal == .denied { deny(.publish, String(decoding: topic, as: UTF8.self)) }
        return refusal
    }

    /// Handles a publication at QoS 1 or 2: accepted once, and acknowledged when the store has it (known-defects.md
    /// R1).
    private func take(
        _ id: MessageID, _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?
    ) -> PublishOutcome {
        if core.readiness.hasStopped, !gateway.outlastsStop, !state.duplicates.contains(id) { return .stopping }
        // A copy of a publication that was accepted before is only acknowledged: the first acknowledgement got lost, or
        // waits for the disk.
        if header.flags.qos != .exactlyOnce || state.duplicates.insert(id, now: lane.now) {
            let outcome = route(header, bytes, owner: owner)
            guard case .accepted = outcome else {
                state.duplicates.remove(id)
                return outcome
            }
        } else if gateway.lastValueIntent != nil {
            keepAgain(header, bytes)
        }
        lane.acknowledgeWhenDurable(id, to: self)
        return .accepted
    }

    /// The id of a frame, with the form in which a JSON peer wrote it.
    @inline(__always)
    func messageID(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) -> MessageID? {
        guard var id = header.id(in: bytes) else { return nil }
        id.jsonForm = form.idForm
        return id
    }

    /// Records and delivers a publication, unless it is refused.
    @inline(__always)
    private func route(
        _ header: FrameHeader, _ received: UnsafeRawBufferPointer, owner receivedOwner: ByteBuffer?
    ) -> PublishOutcome {
        // Bytes that a peer puts behind its message are cut off, except those of gateways that give them a meaning.
        let isWhole = header.end == received.count || gateway.keepsTrailer
        let bytes = isWhole ? received : UnsafeRawBufferPointer(rebasing: received[..<header.end])
        let owner = isWhole ? receivedOwner : nil
        let topic = header.topicBytes(in: bytes)
        let route: Route
        if let last = lastRoute.route, last.isFor(topic), !last.isStale {
            guard lastRoute.isAllowed else { return .refused(refusal(along: last)) }
            route = last
        } else {
            switch resolve(topic) {
            case .success(let found): route = found
            case .failure(let refusal): return .refused(refusal)
            }
        }
        if route.keepsLast || gateway.lastValueIntent != nil {
            return keepAndPass(header, bytes, owner: owner, along: route)
        }
        return pass(header, bytes, owner: owner, along: route, receivedAt: lane.nextReceiveTime())
    }

    /// Records a publication, and delivers it along its route.
    @inline(__always)
    func pass(
        _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?, along route: Route,
        receivedAt: UInt64
    ) -> PublishOutcome {
        let record = RecordHeader(
            receivedAt: receivedAt, topicHash: route.hash, publisher: number, tenant: tenant,
            isRecorded: route.isRecorded)
        if recordsPublications {
            let isAcknowledged = header.flags.qos != .atMostOnce
            let outcome = store.append(
                record, message: bytes, partition: lane.index, isAcknowledged: isAcknowledged || route.table != nil)
            if outcome != .stored {
                guard keepUp(outcome, route, isAcknowledged: isAcknowledged) else { return .noRoom }
            }
        }
        if let count = route.published {
            count.pointee &+= 1
        } else {
            countFirst(along: route, bytes[..<header.end], record.receivedAt)
        }
        guard !isServer else { return .accepted }
        var publication = Publication(
            bytes: bytes, header: header, owner: owner, record: record, partition: lane.index,
            publisher: ObjectIdentifier(self), origin: origin)
        route.deliver(&publication)
        for index in route.remoteLanes { lane.batch(for: index).add(publication, publisher: self, along: route) }
        return .accepted
    }

    /// Decides whether this component may publish to a topic, and remembers that for the next publication. Nothing else
    /// decides it.
    func resolve(_ topic: UnsafeRawBufferPointer) -> Result<Route, PublishRefusal> {
        if let objection = TopicObjection(length: topic.count, maxBytes: maxTopicBytes) {
            return .failure(.unusableTopic(objection))
        }
        let route = lane.route(topic)
        let isAllowed = route.objection == nil && mayUse(route, .publish)
        lastRoute.note(route, isAllowed: isAllowed)
        return isAllowed ? .success(route) : .failure(refusal(along: route))
    }

    private func refusal(along route: Route) -> PublishRefusal {
        route.objection.map { .unusableTopic($0) } ?? .denied
    }

    /// Handles a store that is short of room. Returns false when the publication must not be accepted.
    private func keepUp(_ outcome: AppendOutcome, _ route: Route, isAcknowledged: Bool) -> Bool {
        if isAcknowledged, outcome == .refused { return false }
        if outcome == .refused, let table = route.table { core.storage.tables?.drop(table) }
        if outcome == .pressed { lane.hold(self) }
        return true
    }

    /// Looks up the counter of the publications along a route, and counts the first one.
    private func countFirst(along route: Route, _ bytes: Slice<UnsafeRawBufferPointer>, _ receivedAt: UInt64) {
        let count = lane.metrics.topicCount(route.topic)
        route.published = count.published
        count.published.pointee &+= 1
        guard lane.sampler.isWanted, !lane.metrics.isShared(count) else { return }
        lane.sampler.take(bytes, receivedAt: receivedAt, along: route, of: count)
    }
}
