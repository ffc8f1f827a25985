package import NIOCore
import RembusTransport
package import RembusWire

/// Publications that are handed over as frames, with their outcome in return.
extension GatewaySession {
    /// Reports acknowledgements to `sink` instead of sending frames on the link.
    package func setAnswerSink(_ sink: any AnswerSink) { session.gateway.answerSink = sink }

    /// Publishes a frame in the usual form. At QoS 1 and 2 ``AnswerSink/durable(_:)`` reports its id when it is on the
    /// disk.
    ///
    /// A refusal by the rules is counted and logged here. A topic that cannot be used is not: the gateway tells its
    /// client, or logs it with ``noteUnusable(_:_:)``.
    @inline(__always)
    package func publish(_ frame: ByteBuffer) -> PublishOutcome {
        frame.withUnsafeReadableBytes { session.publish($0, owner: nil) }
    }

    /// Publishes a frame that changes the last value of its topic if it is accepted.
    package func publish(_ frame: ByteBuffer, lastValue: LastValueIntent?) -> PublishOutcome {
        session.gateway.lastValueIntent = lastValue
        defer { session.gateway.lastValueIntent = nil }
        return publish(frame)
    }

    /// Why a publication to a topic would be refused; nil when it would not. A refusal is counted as that of a
    /// publication.
    package func refusal(of topic: String) -> PublishRefusal? {
        var topic = topic
        return topic.withUTF8 { session.refusal(of: UnsafeRawBufferPointer($0)) }
    }

    /// Logs and counts that a topic cannot be published to, when the publisher cannot be told: QoS 0 has no answer, and
    /// some protocols have no such answer.
    package func noteUnusable(_ topic: UnsafeRawBufferPointer, _ objection: TopicObjection) {
        session.noteUnusable(topic, objection)
    }

    /// Records that the client has received a delivery whose frame had this id. It counts as a received
    /// acknowledgement.
    package func confirmDelivery(_ id: MessageID) {
        guard session.link.isOpen, session.gate == .open else { return }
        session.traffic.received(.acknowledgement, bytes: 2 + FrameWriter.idLength(id))
        session.acknowledged(id)
    }

    /// Forgets the id of a publication at QoS 2, because the publisher will not send it again and may reuse the id.
    package func release(_ id: UInt64) { session.state.duplicates.remove(MessageID(littleEndian: id)) }

    /// The same for a publisher that knows that the publication was accepted. It counts as a received confirmation
    /// (Ack2).
    func confirm(_ id: UInt64) {
        session.traffic.received(.acknowledgement, bytes: 2 + FrameWriter.idLength(MessageID(littleEndian: id)))
        release(id)
    }

    /// Hands over a call as a frame in the usual form. Returns false when the session does not accept it.
    func call(_ frame: ByteBuffer) -> Bool { frame.withUnsafeReadableBytes { session.call($0) } }

    /// Hands over an administrator's command. Returns false when the session does not accept it.
    func administer(_ id: UInt64, _ topic: String, _ data: Value) -> Bool {
        session.administer(Message.Admin(id: MessageID(littleEndian: id), topic: topic, data: data))
    }
}
