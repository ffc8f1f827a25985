package import RembusWire

/// Takes the broker's answers to a gateway as values, so that the gateway need not decode frames.
///
/// Every method is called on the session's event loop. It must not send on this or another link; the gateway sends when
/// the link is flushed at the end of the unit of work.
package protocol AnswerSink: AnyObject {
    /// A publication at QoS 1 or 2 is on the disk, and so are all that this session published before it.
    ///
    /// - Parameter id: The id in the publication's frame, as a little-endian number.
    func durable(_ id: UInt64)

    /// A call or a command has been answered.
    func answered(_ id: UInt64, _ status: StatusCode, _ data: AnswerData)
}

extension AnswerSink {
    /// The default does nothing, for gateways that only publish.
    package func answered(_ id: UInt64, _ status: StatusCode, _ data: AnswerData) {}
}
