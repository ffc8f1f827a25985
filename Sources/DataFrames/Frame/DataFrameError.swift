/// Why a frame could not be made, read or converted.
public struct DataFrameError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of problem it is.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String { case malformed, unsupported, limit, mismatch, value }
        private let kind: Kind

        /// The bytes are not an Arrow stream, or contradict themselves.
        public static let malformed = Code(kind: .malformed)
        /// The bytes are well-formed, but use something that this library does not read.
        public static let unsupported = Code(kind: .unsupported)
        /// The data is larger or more deeply nested than the limits allow.
        public static let limit = Code(kind: .limit)
        /// A column has another type, length or name than asked for.
        public static let mismatch = Code(kind: .mismatch)
        /// A value does not fit into its column.
        public static let value = Code(kind: .value)

        /// The text of it, for messages and logs.
        public var description: String { kind.rawValue }
    }

    /// What kind of problem it is.
    public var code: Code
    /// One sentence about what is wrong.
    public var message: String

    /// Makes an error; `message` is one sentence without a full stop.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The text of it, for messages and logs.
    public var description: String { message }
}

extension DataFrameError {
    static func malformed(_ message: String) -> DataFrameError { DataFrameError(.malformed, message) }
    static func unsupported(_ message: String) -> DataFrameError { DataFrameError(.unsupported, message) }
}
