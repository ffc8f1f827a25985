import RembusWire

/// One request object of JSON-RPC 2.0 (https://www.jsonrpc.org/specification).
struct JSONRPCCall {
    let method: String
    /// nil when there is nobody to answer: a notification.
    let id: Value?
    let arguments: [Value]

    /// Throws the error that answers what is no request.
    init(_ value: Value) throws(JSONRPCError) {
        guard case .map(let members) = value else {
            throw JSONRPCError(.invalidRequest, "a request must be an object")
        }
        let id = members["id"]
        switch id {
        case nil, .null?, .text?, .integer?, .unsigned?, .negative?, .float?: break
        default: throw JSONRPCError(.invalidRequest, "id must be a text, a number or null")
        }
        guard members["jsonrpc"] == .text("2.0") else {
            throw JSONRPCError(.invalidRequest, "jsonrpc must be \"2.0\"", id: id)
        }
        guard let method = members["method"]?.stringValue, !method.isEmpty else {
            throw JSONRPCError(.invalidRequest, "method must be a text", id: id)
        }
        self.method = method
        self.id = id
        switch members["params"] {
        case nil: arguments = []
        case .array(let elements)?: arguments = elements
        // Named parameters are one map for a method that knows no names (behaviour.md §17).
        case .map(let map)?: arguments = [.map(map)]
        default:
            throw JSONRPCError(
                .invalidParams, "params must be an array or an object", id: id, isSilent: id == nil)
        }
    }

    /// The parts of `target/method`; nil without a slash.
    var direct: (target: String, method: String)? {
        guard let slash = method.lastIndex(of: "/") else { return nil }
        let (target, rest) = (String(method[..<slash]), String(method[method.index(after: slash)...]))
        return target.isEmpty || rest.isEmpty ? nil : (target, rest)
    }

    static func answer(_ result: Value, to id: Value) -> Value {
        ["jsonrpc": "2.0", "result": result, "id": id]
    }
}
