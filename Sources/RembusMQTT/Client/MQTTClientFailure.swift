package import RembusTransport

/// Why there is no connection to an MQTT server.
package struct MQTTClientFailure: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// The connection could not be made, or broke.
        case unreachable
        /// The server closed the connection before it answered the CONNECT.
        case unanswered
        /// The server refused the client, or disconnected it.
        case refused(MQTTReason)
        /// The server sent something that is not MQTT.
        case violation(MQTTReason)
        /// This side closed the connection.
        case closed
    }

    package var kind: Kind
    /// A sentence without a full stop.
    package var description: String

    /// The error of the socket, if it could not be opened.
    package private(set) var connecting: ConnectFailure?

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// The socket could not be opened.
    package init(_ kind: Kind, _ failure: ConnectFailure) {
        self.init(kind, failure.description)
        connecting = failure
    }

    static func refused(_ reason: MQTTReason, _ properties: MQTTProperties) -> MQTTClientFailure {
        let text = properties.reasonString.map { ": \($0.prefix(200))" } ?? ""
        return MQTTClientFailure(.refused(reason), "the MQTT server refused the connection (\(reason))\(text)")
    }

    /// Whether the server may support MQTT 3.1.1 only.
    var calls311: Bool { kind == .refused(.unsupportedProtocolVersion) || kind == .unanswered }
}
