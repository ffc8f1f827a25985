import RembusWire

/// One request object of JSON-RPC 2.0 (https://www.jsonrpc.org/specification).
struct JSONRPCCall {
    let method: String
    /// The id; nil for a notification, which has no answer.
    let id: JSONRPCID?
    let arguments: [Value]
    /// How long the caller waits, in milliseconds. This member is not in the standard. nil when the caller sets no
    /// limit.
    let timeout: UInt64?

    /// Throws the error to answer with when the value is not a request.
    ///
    /// - Parameter literal: The text of the member `id`, if it is known.
    init(_ value: Value, idLiteral literal: String?) throws(JSONRPCError) {
        guard case .map(let members) = value else {
            throw JSONRPCError(.invalidRequest, "a request must be an object")
        }
        switch members["id"] {
        case .bool?, .array?, .map?: throw JSONRPCError(.invalidRequest, "id must be a text, a number or null")
        default: break
        }
        id = members["id"].map { JSONRPCID($0, literal: literal) }
        guard members["jsonrpc"] == .text("2.0") else {
            throw JSONRPCError(.invalidRequest, "jsonrpc must be \"2.0\"", id: id)
        }
        guard let method = members["method"]?.stringValue, !method.isEmpty else {
            throw JSONRPCError(.invalidRequest, "method must be a text", id: id)
        }
        self.method = method
        timeout = try Self.timeout(members["timeout"], id)
        switch members["params"] {
        case nil: arguments = []
        case .array(let elements)?: arguments = elements
        // Named parameters become one map, because methods do not know the names (behaviour.md §17).
        case .map(let map)?: arguments = [.map(map)]
        default:
            throw JSONRPCError(
                .invalidParams, "params must be an array or an object", id: id, isSilent: id == nil)
        }
    }

    /// Fractions are rounded up, as in the query `?timeout=`.
    private static func timeout(_ value: Value?, _ id: JSONRPCID?) throws(JSONRPCError) -> UInt64? {
        guard let value else { return nil }
        guard let milliseconds = value.doubleValue, milliseconds > 0, milliseconds.isFinite else {
            throw JSONRPCError(
                .invalidRequest, "timeout must be a number of milliseconds above zero", id: id, isSilent: id == nil)
        }
        return UInt64(exactly: milliseconds.rounded(.up)) ?? .max
    }

    /// The parts of `target/method`; nil without a slash.
    var direct: (target: String, method: String)? {
        guard let slash = method.lastIndex(of: "/") else { return nil }
        let (target, rest) = (String(method[..<slash]), String(method[method.index(after: slash)...]))
        return target.isEmpty || rest.isEmpty ? nil : (target, rest)
    }
}
