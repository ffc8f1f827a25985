/// The address of a broker and the name of a component: `[protocol://][host][:port]/[name]`.
///
/// Missing parts come from a base URL. If the protocol is not that of the base URL, a missing port is 8338 for `ws` and
/// `wss`, 8339 for `tcp` and `tls`, 8340 for `zmq`, 1883 for `mqtt`, and 8883 for `mqtts`. A text without `://` is just
/// a name, which may contain slashes:
/// ```swift
/// try RembusURL("pump7")                   // ws://127.0.0.1:8338/pump7
/// try RembusURL("ws://hub:9000/pump7")     // all said
/// try RembusURL("ws://hub:9000")           // anonymous
/// try RembusURL("tcp://hub/pump7")         // tcp://hub:8339/pump7
/// try RembusURL("ws+unix:///run/rembus.sock:/pump7")    // a Unix socket; the name comes behind a colon
/// ```
public struct RembusURL: Sendable, Hashable {
    /// The protocols of docs/spec/behaviour.md §3 that a component can use.
    public enum Scheme: String, Sendable, Hashable, CaseIterable {
        /// WebSocket.
        case ws
        /// WebSocket over TLS.
        case wss
        /// Length-framed CBOR over TCP.
        case tcp
        /// Length-framed CBOR over TLS.
        case tls
        /// ZeroMQ.
        case zmq
        /// MQTT.
        case mqtt
        /// MQTT over TLS.
        case mqtts

        /// Whether connections are encrypted.
        public var isSecure: Bool {
            switch self {
            case .wss, .tls, .mqtts: true
            case .ws, .tcp, .zmq, .mqtt: false
            }
        }
    }

    /// The protocol.
    public var scheme: Scheme

    /// A host name or an address. IPv6 addresses have no brackets. A path of a Unix socket begins with a slash.
    public var host: String

    /// The TCP port; 0 for a Unix socket.
    public var port: Int

    /// The name of the component; nil for an anonymous one.
    public var name: String?

    /// Whether the host is the path of a Unix socket of this machine.
    public var isUnixSocket: Bool { host.hasPrefix("/") }

    /// Whether others may read what is sent, such as a secret or a pin: it leaves this machine without encryption.
    public var isReadableByOthers: Bool {
        guard !scheme.isSecure, !isUnixSocket else { return false }
        let host = host.lowercased()
        let isIPv4 = host.utf8.allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
        return !(host == "localhost" || host == "::1" || isIPv4 && host.hasPrefix("127."))
    }

    /// The base URL when nothing else is configured: `ws://127.0.0.1:8338`.
    public static let standardBase = RembusURL(scheme: .ws, host: "127.0.0.1", port: 8338)

    /// Makes a URL from its parts without checking them.
    public init(scheme: Scheme, host: String, port: Int, name: String? = nil) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.name = name
    }

    /// Parses a URL. `base` supplies the parts that the text leaves out.
    ///
    /// Throws ``RembusError/Code/invalidURL`` with a sentence that names the wrong part.
    public init(_ text: String, base: RembusURL = .standardBase) throws(RembusError) {
        self = try RembusURLParser(text: text, base: base).parse()
    }
}

extension RembusURL: CustomStringConvertible {
    /// The URL with all its parts.
    public var description: String {
        guard !isUnixSocket else { return "\(scheme.rawValue)+unix://\(host)" + (name.map { ":/\($0)" } ?? "") }
        let place = host.contains(":") ? "[\(host)]" : host
        return "\(scheme.rawValue)://\(place):\(port)" + (name.map { "/\($0)" } ?? "")
    }
}
