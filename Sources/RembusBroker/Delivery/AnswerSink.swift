package import RembusWire

/// Takes what the broker answers to a gateway as what it is, where a frame would only be taken apart again.
///
/// Every call comes on the session's event loop, and must not send on this or another link: the flush of the link at the end
/// of the unit of work is the moment for what follows.
package protocol AnswerSink: AnyObject {
    /// The disk has a publication at QoS 1 or 2, and with it all that this session published before it.
    ///
    /// - Parameter id: That of its frame, as a little-endian number.
    func durable(_ id: UInt64)

    /// A call or a command is answered.
    func answered(_ id: UInt64, _ status: StatusCode, _ data: AnswerData)
}

extension AnswerSink {
    /// For gateways that only publish.
    package func answered(_ id: UInt64, _ status: StatusCode, _ data: AnswerData) {}
}
