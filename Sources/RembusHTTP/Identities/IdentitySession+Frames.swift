import NIOCore
import RembusBroker
import RembusWire

/// What is checked before a message is handed over.
extension IdentitySession {
    func topicFailure(_ topic: String) -> HTTPFailure? {
        let length = topic.utf8.count
        guard length > 0, length <= pool.limits.maxTopicBytes else {
            return .malformed("the topic has \(length) bytes; 1 to \(pool.limits.maxTopicBytes) are allowed")
        }
        guard !TopicPattern.isPattern(topic) else {
            return .malformed("cannot publish to `\(topic)`: wildcards are for subscribing. Name one topic")
        }
        guard topic.utf8.count(where: { $0 == UInt8(ascii: "/") }) < pool.limits.maxTopicSegments else {
            return .malformed("the topic has more than \(pool.limits.maxTopicSegments) segments")
        }
        return nil
    }

    func finishFrame(_ arguments: Arguments) -> HTTPFailure? {
        if let failure = arguments.write(into: &frame, limits: pool.limits) { return failure }
        return frame.readableBytes <= pool.limits.maxMessageBytes ? nil : .tooLarge(pool.limits.maxMessageBytes)
    }
}
