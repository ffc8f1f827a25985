/// Why bytes of a peer could not be decoded.
///
/// Decoders throw no other errors, and never trap, whatever the input is.
public struct WireError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure. Later versions may add kinds, so compare with `==` instead of switching over all of them.
    public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        /// The stable name of the kind, as used in logs.
        public let rawValue: String

        /// Makes a kind from its stable name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The input ends inside an item.
        public static let truncated = Code(rawValue: "truncated")
        /// The input breaks the grammar of CBOR or JSON.
        public static let malformed = Code(rawValue: "malformed")
        /// A text is not valid UTF-8, or a JSON escape names half of a surrogate pair.
        public static let invalidUTF8 = Code(rawValue: "invalidUTF8")
        /// One of ``DecodingLimits`` was exceeded.
        public static let limitExceeded = Code(rawValue: "limitExceeded")
        /// Bytes follow the only item that was expected.
        public static let trailingBytes = Code(rawValue: "trailingBytes")
        /// The input is well formed but is not a message of docs/spec/protocol.md §3 or §10, or not a command of §8.
        public static let invalidMessage = Code(rawValue: "invalidMessage")
        /// The message type is unknown (docs/spec/protocol.md §3).
        public static let unsupported = Code(rawValue: "unsupported")

        /// The stable name.
        public var description: String { rawValue }
    }

    /// The kind of failure.
    public var code: Code

    /// A sentence for people. It never contains payload data.
    public var message: String

    /// The offset in bytes at which decoding failed; 0 when there is no single place.
    public var offset: Int

    /// Makes an error.
    public init(_ code: Code, _ message: String, offset: Int = 0) {
        self.code = code
        self.message = message
        self.offset = offset
    }

    /// The sentence with the kind and the offset.
    public var description: String { "\(message) (\(code), byte \(offset))" }
}
