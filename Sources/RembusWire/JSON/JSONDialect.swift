/// The variant of the JSON encoding that a peer uses (docs/spec/protocol.md §10), learnt from its messages.
public struct JSONDialect: Sendable, Hashable {
    /// The key that contains the type of a message.
    public enum TypeKey: Sendable, Hashable {
        /// Both keys are used, or nothing is known yet.
        case both
        /// `type`, as in Python.
        case type
        /// `__type__`, as in Julia.
        case dunderType
    }

    /// The keys in the peer's last message that has any. Messages to the peer always have both.
    public var typeKey: TypeKey

    /// Makes a dialect; by default that of an unknown peer.
    public init(typeKey: TypeKey = .both) {
        self.typeKey = typeKey
    }

    /// Whether the peer expects a challenge as an array of integers instead of base64.
    public var challengeAsArray: Bool { typeKey == .dunderType }

    /// The dialect of Rembus for Python.
    public static let python = JSONDialect(typeKey: .type)

    /// The dialect of Rembus.jl.
    public static let julia = JSONDialect(typeKey: .dunderType)

    /// The member names of JSON messages.
    enum Key {
        static let version = "jsonrpc"
        static let id = "id"
        static let method = "method"
        static let params = "params"
        static let result = "result"
        static let error = "error"
        static let type = "type"
        static let dunderType = "__type__"
        static let data = "data"
        static let status = "sts"
        static let component = "cid"
        static let meta = "meta"
        static let signature = "signature"
        static let pin = "pin"
        static let publicKey = "key_val"
        static let keyType = "key_type"
        static let code = "code"
        static let message = "message"
        static let timeout = RequestOptions.Key.timeout
    }

    /// The method names of messages that have no topic.
    enum Method {
        static let identity = "__identity__"
        static let unregister = "__unregister__"
        static let ping = "__ping__"
        static let close = "__close__"
    }

    /// The error code of JSON-RPC for server failures.
    static let serverError: Int64 = -32000

    /// Stands for infinity, which JSON lacks. All peers take it for "everything".
    static let everything = 1e300
}

extension JSONDialect {
    /// The type of an object. Remembers which keys it is in.
    mutating func learnType(of object: ValueMap) -> UInt8? {
        let dunder = Self.number(object[Key.dunderType])
        let plain = Self.number(object[Key.type])
        switch (dunder, plain) {
        case (nil, nil): return nil
        case (_?, _?): typeKey = .both
        case (_?, nil): typeKey = .dunderType
        case (nil, _?): typeKey = .type
        }
        return dunder ?? plain
    }

    private static func number(_ value: Value?) -> UInt8? {
        value?.doubleValue.flatMap(UInt8.init(exactly:))
    }
}
