import Logging
import NIOCore
import RembusStore
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// Publications that go to this connection, with the sender's side of QoS 1 and 2 (behaviour.md §5, §7).
extension Session {
    /// Sends a publication that has just come, if this subscription is to have it.
    @inline(__always)
    func deliver(_ publication: inout Publication, to subscription: Subscription, tenant: UInt32) {
        guard isReactive, mayReceive(publication, tenant, subscription) else { return }
        if let origin = publication.origin, origin.isPast, subscription.messageFrom <= 0 { return }
        guard case .live = subscription.mode, publication.record.receivedAt > subscription.marks[publication.partition]
        else { return }
        guard send(&publication, subscription) else { return missed(&publication, subscription) }
        subscription.marks[publication.partition] = publication.record.receivedAt
        subscription.hasMoved = true
        if link.isCongested { lane.congestedPublisher = publication.publisher }
    }

    /// Tenants are kept apart and nobody hears itself unasked, on every path of delivery (known-defects.md S6).
    @inline(__always)
    func mayReceive(_ publication: borrowing Publication, _ tenant: UInt32, _ subscription: Subscription) -> Bool {
        tenant == publication.record.tenant
            && (publication.publisher != ObjectIdentifier(self) || subscription.hearsOwn)
    }

    /// Queues a publication for the socket; false when this connection cannot take more now.
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

    /// Bytes of unacknowledged deliveries: `max_in_flight_bytes`, or less while all hold much together.
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
                    key: subscription.key, tag: subscription.tag, receivedAt: receivedAt, isResent: isResent))
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

    /// A JSON peer gets the publication as JSON.
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
        // Room in the window: a subscription that waits for it can go on.
        if delivery.subscription.namespace != nil { sendPostponed() }
        if past.catchUp?.isWaiting == true || !past.lastValues.isEmpty { continueCatchUp() }
    }

    /// Sends what was not acknowledged in time again, the same frame with the same id (behaviour.md §7).
    func retransmit() {
        // What was sent before has not even left: a copy would only make the queue longer.
        guard !link.isCongested else { return }
        let retries = lane.settings.sendRetries
        let (again, exhausted) = state.inFlight.due(now: lane.now, timeout: core.ackTimeout, retries: retries)
        resend(again)
        guard !exhausted.isEmpty else { return }
        report(.unacknowledged(count: exhausted.count, sends: retries + 1))
        // An anonymous component never comes back.
        if state.name == nil {
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

    /// A right may have been taken away since the first sending.
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
