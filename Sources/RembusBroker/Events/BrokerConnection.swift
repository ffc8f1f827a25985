public import Foundation
import RembusListening
import RembusTrust
import RembusWire

/// One connection of a broker, as events and status name it.
public struct BrokerConnection: Sendable, Hashable, Codable {
    /// Identifies the connection within its broker. Later connections have larger numbers.
    public var number: UInt64
    /// The name of the component; nil while it has not stated one.
    public var name: String?
    /// The user whose rights the connection has, if that is not the component's own name: the user of an MQTT client or
    /// of HTTP requests.
    public var user: String?
    /// The address of the peer, with its port.
    public var address: String
    /// The protocol that carries its messages.
    public var transport: Transport
    /// The tenant of the name, `.` without one (docs/spec/behaviour.md §2).
    public var tenant: String
    /// Whether the name was proven with a key, a secret or a certificate.
    public var isProven: Bool
    /// When the connection was opened.
    public var since: Date

    /// The protocol that carries the messages of a connection.
    public enum Transport: String, Sendable, Hashable, Codable, CaseIterable {
        /// WebSocket.
        case ws
        /// WebSocket over TLS.
        case wss
        /// Length-framed messages over TCP (docs/tcp.md).
        case tcp
        /// Length-framed messages over TLS.
        case tls
        /// ZeroMQ.
        case zmq
        /// HTTP. One such connection stands for all requests of one caller.
        case http
        /// HTTP over TLS.
        case https
        /// MQTT, over TCP or WebSocket.
        case mqtt
        /// MQTT over TLS.
        case mqtts
        /// The bridge to another MQTT broker.
        case bridge
    }
}

extension BrokerConnection.Transport {
    init(_ kind: TransportKind) {
        self =
            switch kind {
            case .ws: .ws
            case .wss: .wss
            case .tcp: .tcp
            case .tls: .tls
            case .zmq: .zmq
            case .http: .http
            case .https: .https
            case .mqtt: .mqtt
            case .mqtts: .mqtts
            case .bridge: .bridge
            }
    }
}

extension Session {
    /// This connection, for events and status. Used on its event loop only.
    var connection: BrokerConnection {
        let isOwn = state.user.map { ExactText($0) } == state.name.map { ExactText($0) }
        return BrokerConnection(
            number: serial, name: state.name, user: isOwn ? nil : state.user, address: peerAddress,
            transport: BrokerConnection.Transport(transport), tenant: state.principal.tenant, isProven: isProven,
            since: Date(nanoseconds: openedAt))
    }
}

extension Date {
    /// A time of the wall clock; `nanoseconds` since 1970-01-01 00:00 UTC.
    init(nanoseconds: UInt64) {
        self.init(timeIntervalSince1970: Double(nanoseconds) / 1e9)
    }
}
