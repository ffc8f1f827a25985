import RembusWire

/// An error object of JSON-RPC 2.0.
struct JSONRPCError: Error {
    enum Code: Int64 {
        case parse = -32700
        case invalidRequest = -32600
        case methodNotFound = -32601
        case invalidParams = -32602
        /// An error of the broker or a provider. `data.sts` has its status.
        case server = -32000
    }

    var code: Code
    var message: String
    var id: JSONRPCID
    var status: StatusCode?
    /// Whether the request is a notification, which is not answered.
    var isSilent: Bool

    init(
        _ code: Code, _ message: String, id: JSONRPCID? = nil, status: StatusCode? = nil, isSilent: Bool = false
    ) {
        self.code = code
        self.message = message
        self.id = id ?? .unknown
        self.status = status
        self.isSilent = isSilent
    }

    /// The error for a request that has failed after it was handed over.
    init(_ failure: HTTPFailure, id: JSONRPCID) {
        let code: Code =
            switch failure.code {
            case .methodNotFound: .methodNotFound
            case .methodArgsError: .invalidParams
            default: .server
            }
        self.init(code, failure.text, id: id, status: failure.code ?? .error)
    }

    /// The member `error` of the response.
    var object: Value {
        var error: ValueMap = ["code": .integer(code.rawValue), "message": .text(message)]
        if let status { error["data"] = ["sts": Value(unsigned: status.rawValue)] }
        return .map(error)
    }
}
