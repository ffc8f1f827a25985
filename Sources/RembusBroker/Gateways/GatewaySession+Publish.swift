package import NIOCore
import RembusTransport
package import RembusWire

/// Publications as what they are: handed over whole, with their outcome in return.
extension GatewaySession {
    /// Has the disk's confirmations told to `sink`, and not with frames at the end of the link.
    package func setAnswerSink(_ sink: any AnswerSink) { session.gateway.answerSink = sink }

    /// Publishes a frame in the usual form. At QoS 1 and 2 its id is what ``AnswerSink/durable(_:)`` names.
    ///
    /// What is refused is counted and written down where the rules have refused it; a topic that cannot be used is for the
    /// gateway to tell its client, or to write down with ``noteUnusable(_:_:)``.
    @inline(__always)
    package func publish(_ frame: ByteBuffer) -> PublishOutcome {
        frame.withUnsafeReadableBytes { session.publish($0, owner: nil) }
    }

    /// The same for one that changes the last value of its topic, if it is taken.
    package func publish(_ frame: ByteBuffer, lastValue: LastValueIntent?) -> PublishOutcome {
        session.gateway.lastValueIntent = lastValue
        defer { session.gateway.lastValueIntent = nil }
        return publish(frame)
    }

    /// Why a publication on a topic would be refused, which counts as one that was; nil when it would not.
    package func refusal(of topic: String) -> PublishRefusal? {
        var topic = topic
        return topic.withUTF8 { session.refusal(of: UnsafeRawBufferPointer($0)) }
    }

    /// Writes down, in log and metrics, that nothing can be published under a topic. Its publisher may not be told:
    /// QoS 0 has no answer, and some protocols no word for it.
    package func noteUnusable(_ topic: UnsafeRawBufferPointer, _ objection: TopicObjection) {
        session.noteUnusable(topic, objection)
    }

    /// The client has a delivery, which came in a frame with this id. It counts as the message would that says so.
    package func confirmDelivery(_ id: MessageID) {
        guard session.link.isOpen, session.gate == .open else { return }
        session.traffic.received(.acknowledgement, bytes: 2 + FrameWriter.idLength(id))
        session.acknowledged(id)
    }

    /// The publisher does not send a publication at QoS 2 again: its id may be that of a new one.
    package func release(_ id: UInt64) { session.state.duplicates.remove(MessageID(littleEndian: id)) }

    /// The same when the publisher knows that it is taken: counts as the message would that says so.
    func confirm(_ id: UInt64) {
        session.traffic.received(.acknowledgement, bytes: 2 + FrameWriter.idLength(MessageID(littleEndian: id)))
        release(id)
    }

    /// Hands over a call, a frame in the usual form; false when the session does not take it.
    func call(_ frame: ByteBuffer) -> Bool { frame.withUnsafeReadableBytes { session.call($0) } }

    /// Hands over an administrator's command; false when the session does not take it.
    func administer(_ id: UInt64, _ topic: String, _ data: Value) -> Bool {
        session.administer(Message.Admin(id: MessageID(littleEndian: id), topic: topic, data: data))
    }
}
