/// The outcome of a publication that a gateway has handed over.
package enum PublishOutcome: Sendable, Equatable {
    /// The publication was accepted. At QoS 0 this is final; at QoS 1 and 2 ``durable`` follows.
    case accepted
    /// The publication was accepted and is on the disk.
    case durable
    /// The publication was refused. A second attempt would be refused too.
    case refused(PublishRefusal)
    /// The publication was not accepted, because the store has no room now.
    case noRoom
    /// The publication was not accepted, because the broker is about to stop. It can be sent again after the restart.
    case stopping
    /// The publication was accepted, but the disk has not confirmed it within `request_timeout`. It may still do so.
    case unconfirmed
    /// The session ended, or was never logged in: the publication was not accepted, or its outcome is not known.
    case ended
}

/// Why the identity of a session may not publish something.
package enum PublishRefusal: Error, Equatable {
    /// The rules forbid it.
    case denied
    /// The topic cannot be published to.
    case unusableTopic(TopicObjection)
    /// The bytes are not a publication in the usual form.
    case malformed
}
