import Logging
import NIOCore
import RembusStore
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// Deliveries to this connection, with the sender's side of QoS 1 and 2 (behaviour.md §5, §7).
extension Session {
    /// Sends a live publication, if this subscription is to get it.
    @inline(__always)
    func deliver(_ publication: inout Publication, to subscription: Subscription, tenant: UInt32) {
        guard isReactive, mayReceive(publication, tenant, subscription) else { return }
        if let time = publication.origin?.past, !subscription.wantsPast(time, now: core.clock.wall()) { return }
        guard case .live = subscription.mode, publication.record.receivedAt > subscription.marks[publication.partition]
        else { return }
        guard send(&publication, subscription) else { return missed(&publication, subscription) }
        subscription.marks[publication.partition] = publication.record.receivedAt
        subscription.hasMoved = true
        if link.isCongested { lane.congestedPublisher = publication.publisher }
    }

    /// Publications stay within their tenant, and a component gets its own only if it asks for them. Checked on every
    /// path of delivery (known-defects.md S6).
    @inline(__always)
    func mayReceive(_ publication: borrowing Publication, _ tenant: UInt32, _ subscription: Subscription) -> Bool {
        tenant == publication.record.tenant
            && (publication.publisher != ObjectIdentifier(self) || subscription.hearsOwn)
    }

    /// Queues a publication for the socket. Returns false when this connection cannot take more now.
    @inline(__always)
    func send(_ publication: inout Publication, _ subscription: Subscription) -> Bool {
        guard link.backlog < lane.room else {
            link.noteRefused()
            return false
        }
        if publication.header.flags.qos == .atMostOnce || subscription.needsNoAcknowledgement {
            write(
                publication.header, publication.bytes, owner: publication.owner, id: nil, subscription,
                receivedAt: publication.record.receivedAt)
            return true
        }
        return sendAcknowledged(&publication, subscription)
    }

    /// The most bytes of unacknowledged deliveries: `max_in_flight_bytes`, or less while all connections together hold
    /// much.
    var maxKeptBytes: Int { min(limits.maxInFlightBytes, lane.memory.room) }

    private func sendAcknowledged(_ publication: inout Publication, _ subscription: Subscription) -> Bool {
        guard !state.inFlight.isFull, state.inFlight.bytes < maxKeptBytes,
            let id = state.inFlight.send(
                publication.retain(lane.memory.kept), to: subscription, receivedAt: publication.record.receivedAt,
                slot: publication.slot, now: lane.now)
        else { return false }
        write(
            publication.header, publication.bytes, owner: publication.owner, id: id, subscription,
            receivedAt: publication.record.receivedAt)
        lane.watch(self)
        return true
    }

    @inline(__always)
    private func write(
        _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?, id: UInt64?,
        _ subscription: Subscription, receivedAt: UInt64, isResent: Bool = false
    ) {
        if let deliverySink = gateway.deliverySink {
            deliverySink.deliver(
                Delivery(
                    bytes: bytes, header: header, id: id, qos: min(header.flags.qos, subscription.highestQoS),
                    key: subscription.key, tag: subscription.tag, receivedAt: receivedAt, isResent: isResent,
                    isPast: receivedAt <= subscription.pastUntil && !isResent))
            return link.enlist()
        }
        let frame = DeliveryFrame(header: header, id: id, subscription: subscription)
        if form.encoding == .binary {
            let length = frame.send(bytes, owner: owner, on: link)
            traffic.sent(MessageClass(header.flags), bytes: length)
        } else {
            sendTranslated(publication: header, bytes, id: id, subscription)
        }
    }

    /// Sends a publication as JSON to a JSON peer.
    private func sendTranslated(
        publication header: FrameHeader, _ bytes: UnsafeRawBufferPointer, id: UInt64?, _ subscription: Subscription
    ) {
        guard case .publish(var publish)? = try? Message(cbor: ByteBuffer(bytes: bytes), limits: core.decodingLimits)
        else { return }
        if let id { publish.id = MessageID(littleEndian: id) }
        if subscription.isPattern {
            publish.arguments.insert(.text(publish.topic), at: 0)
            publish.topic = subscription.topic
        }
        sendMessage(.publish(publish))
    }

    // MARK: Acknowledgements

    func acknowledged(_ id: MessageID?) {
        guard let id, let value = id.littleEndianValue, let delivery = state.inFlight.take(value) else { return }
        lane.metrics.acknowledged &+= 1
        delivery.subscription.hasMoved = true
        if delivery.publication.header.flags.qos == .exactlyOnce { sendAcknowledgement(.ack2, id) }
        // The window has room again, so a subscription that waits for it can continue.
        if delivery.subscription.namespace != nil { sendPostponed() }
        if past.catchUp?.machine.isWaiting == true || !past.lastValues.isEmpty { continueCatchUp() }
    }

    /// Sends deliveries again whose acknowledgement is late: the same frame with the same id (behaviour.md §7).
    func retransmit() {
        // Earlier deliveries have not left yet. Sending them again would only make the queue longer.
        guard !link.isCongested else { return }
        let retries = lane.settings.sendRetries
        let (again, exhausted) = state.inFlight.due(now: lane.now, timeout: core.ackTimeout, retries: retries)
        resend(again)
        guard !exhausted.isEmpty else { return }
        report(.unacknowledged(count: exhausted.count, sends: retries + 1))
        // An anonymous component does not come back for them, and a broker of another implementation does not say what it
        // refuses.
        if state.name == nil || brokerLink?.isOurs == false {
            for id in exhausted { _ = state.inFlight.take(id) }
        }
    }

    /// Sends all unacknowledged deliveries of earlier connections again, once per connection.
    func resumeDeliveries() {
        guard !past.hasResumed else { return }
        past.hasResumed = true
        guard state.inFlight.count > 0 else { return }
        resend(state.inFlight.resume(now: lane.now, where: serves))
        lane.watch(self)
    }

    /// Whether the component still has the right to a publication, which may have been withdrawn since the first
    /// sending.
    private func mayStillHear(_ retained: RetainedPublication) -> Bool {
        guard tables.rules.hasPrivateTopics else { return true }
        return may(.subscribe, retained.buffer.withUnsafeReadableBytes { retained.header.topic(in: $0) })
    }

    private func resend(_ deliveries: [DeliveryWindow.Entry]) {
        for (id, delivery) in deliveries {
            let retained = delivery.publication
            guard mayStillHear(retained) else {
                _ = state.inFlight.take(id)
                continue
            }
            lane.metrics.retransmitted += 1
            retained.buffer.withUnsafeReadableBytes {
                write(
                    retained.header, $0, owner: retained.buffer, id: id, delivery.subscription,
                    receivedAt: delivery.receivedAt, isResent: true)
            }
        }
    }
}
