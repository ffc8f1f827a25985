/// What a link hands its messages to when another protocol carries them: MQTT packets, ZeroMQ parts, HTTP answers.
///
/// Every call comes on the link's event loop. The sink hands over what arrives with ``Link/receive(_:owner:)``, ends each
/// batch with ``Link/receiveCompleted()``, reports what waits with ``Link/setSinkBacklog(_:)`` and the end of the
/// connection with ``Link/sinkEnded(_:)``.
package protocol LinkSink: AnyObject {
    /// One whole CBOR message. `message` is valid during the call only; the call must not send on this or another link.
    func link(_ link: Link, sends message: UnsafeRawBufferPointer)
    /// The end of a unit of work in which something was sent: the moment to write to a socket.
    func linkFlushes(_ link: Link)
    /// Whether more is to be read from the peer.
    func link(_ link: Link, reads isReading: Bool)
    /// This end has closed the link, and nothing comes any more: deliver what was sent before, then hang up.
    func link(_ link: Link, closes reason: LinkCloseReason)
    /// Memory is short, and the peer takes nothing: behind ``link(_:closes:)``, what waits for it is to go at once.
    func linkGivesUpMemory(_ link: Link)
    /// Report again what waits, as far as it can have changed without an event.
    func linkRecountsMemory(_ link: Link)
}

extension LinkSink {
    /// For sinks that have dropped everything by then.
    package func linkGivesUpMemory(_ link: Link) {}
    /// For sinks that report every change.
    package func linkRecountsMemory(_ link: Link) {}
}
