/// What became of a publication that a gateway has handed over.
package enum PublishOutcome: Sendable, Equatable {
    /// It is taken. At QoS 0 that is all there is to say; at QoS 1 and 2 ``durable`` follows.
    case accepted
    /// It is taken, and the disk has it.
    case durable
    /// It is not taken, and would not be another time either.
    case refused(PublishRefusal)
    /// It is not taken, because the store has no room for it now.
    case noRoom
    /// It is not taken, because the broker is about to stop: it belongs to the next one.
    case stopping
    /// It is taken, but the disk did not confirm it within `request_timeout`, and may still do so.
    case unconfirmed
    /// The session has ended, or never was logged in: the publication is not taken, or nobody hears of its end.
    case ended
}

/// Why nobody of this identity can publish that.
package enum PublishRefusal: Error, Equatable {
    /// The rules forbid it.
    case denied
    /// Nothing can be published under such a topic.
    case unusableTopic(TopicObjection)
    /// The bytes are no publication in the usual form.
    case malformed
}
