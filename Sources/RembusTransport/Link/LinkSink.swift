/// Sends the messages of a link with another protocol: as MQTT packets, ZeroMQ parts or HTTP answers.
///
/// Every method is called on the link's event loop. The sink passes received messages to ``Link/receive(_:owner:)``,
/// ends each batch with ``Link/receiveCompleted()``, reports its backlog with ``Link/setSinkBacklog(_:)`` and the end
/// of the connection with ``Link/sinkEnded(_:)``.
package protocol LinkSink: AnyObject {
    /// Sends one complete CBOR message. `message` is valid during the call only. Must not send on this or another link.
    func link(_ link: Link, sends message: UnsafeRawBufferPointer)
    /// Called at the end of a unit of work in which something was sent, which should be written to a socket now.
    func linkFlushes(_ link: Link)
    /// Sets whether more is read from the peer.
    func link(_ link: Link, reads isReading: Bool)
    /// Called when this end has closed the link, and nothing more is sent: send what was sent before, and then close
    /// the connection.
    func link(_ link: Link, closes reason: LinkCloseReason)
    /// Called when memory is short and the peer reads nothing. After ``link(_:closes:)`` the output for it must be
    /// dropped at once.
    func linkGivesUpMemory(_ link: Link)
    /// Report the backlog again, if it may have changed without an event.
    func linkRecountsMemory(_ link: Link)
}

extension LinkSink {
    /// The default does nothing, for sinks that have dropped everything by then.
    package func linkGivesUpMemory(_ link: Link) {}
    /// The default does nothing, for sinks that report every change.
    package func linkRecountsMemory(_ link: Link) {}
}
