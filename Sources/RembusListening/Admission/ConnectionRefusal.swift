/// Why a listener turned a connection away; what metrics count refusals by.
package enum ConnectionRefusal: String, Sendable, CaseIterable {
    /// As many connections as allowed are open.
    case tooManyConnections = "too_many_connections"
    /// As many connections of this address as allowed are open.
    case tooManyFromAddress = "too_many_from_address"
    /// More connections per second came than allowed.
    case tooManyPerSecond = "too_many_per_second"
    /// More descriptors would be needed than the system lets this process have.
    case outOfDescriptors = "out_of_descriptors"
    /// The handshakes did not end in time.
    case handshakeTimeout = "handshake_timeout"
    /// The TLS handshake failed.
    case tlsHandshake = "tls_handshake"
    /// The peer speaks another protocol, or asks for something other than a WebSocket.
    case badRequest = "bad_request"
    /// The request before the connection is open is longer than allowed.
    case requestTooLong = "request_too_long"
    /// A web page of an origin that is not allowed.
    case origin
}
