/// Why the bytes of a peer are not MQTT, or not allowed here.
package struct MQTTProtocolError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The reason that the peer is told.
    package var reason: MQTTReason
    /// A sentence for the log, without content of the packet.
    package var text: String

    package init(_ reason: MQTTReason, _ text: String) {
        self.reason = reason
        self.text = text
    }

    package var description: String { "\(text) (\(reason))" }

    static func malformed(_ text: String) -> MQTTProtocolError { MQTTProtocolError(.malformedPacket, text) }
    static func violation(_ text: String) -> MQTTProtocolError { MQTTProtocolError(.protocolError, text) }
}
