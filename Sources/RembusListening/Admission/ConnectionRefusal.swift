/// Why a listener refused a connection. Metrics count refusals by this.
package enum ConnectionRefusal: String, Sendable, CaseIterable {
    /// There are as many open connections as allowed.
    case tooManyConnections = "too_many_connections"
    /// This address has as many open connections as allowed.
    case tooManyFromAddress = "too_many_from_address"
    /// There were more connections per second than allowed.
    case tooManyPerSecond = "too_many_per_second"
    /// The process may not open more file descriptors.
    case outOfDescriptors = "out_of_descriptors"
    /// The handshakes did not end in time.
    case handshakeTimeout = "handshake_timeout"
    /// The TLS handshake failed.
    case tlsHandshake = "tls_handshake"
    /// The peer uses another protocol, or requests something other than a WebSocket.
    case badRequest = "bad_request"
    /// The request before the connection is open is longer than allowed.
    case requestTooLong = "request_too_long"
    /// The request is from a web page whose origin is not allowed.
    case origin
}
