/// The id of a message: 1…32 opaque bytes; 8 in everything that this implementation sends (docs/spec/protocol.md §4).
///
/// Equality and hash depend on the bytes only.
public struct MessageID: Sendable {
    /// How a JSON peer has written an id, so that the answer can repeat it in the same form (docs/spec/protocol.md
    /// §10).
    public enum JSONForm: Sendable, Hashable {
        /// A number. Also used for ids that did not come from JSON.
        case number
        /// The decimal digits of the number, as a string.
        case text
        /// Any other string. The bytes of the id are its UTF-8.
        case opaqueText
        /// A number that is not an unsigned integer of 64 bits, such as `-1`, `1.50` or `1e3`. The bytes of the id are
        /// its text.
        case literalNumber
    }

    /// The id of the challenge exchange in authenticated mode (docs/spec/protocol.md §7.3).
    public static let connection = MessageID(littleEndian: 0x1234_5678_DEAD_BEEF)

    /// The largest number of bytes in an id.
    public static let maxCount = 32

    // Eight bytes, the only frequent length, need no allocation.
    private enum Storage: Hashable, Sendable {
        case word(UInt64)
        case bytes([UInt8])
    }

    private let storage: Storage

    /// How a JSON peer has written the id.
    public var jsonForm: JSONForm

    /// Makes an id from these bytes; nil unless there are 1…32 of them.
    public init?(bytes: some Collection<UInt8>) {
        let count = bytes.count
        guard count >= 1, count <= Self.maxCount else { return nil }
        if count == 8 {
            storage = .word(bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) })
        } else {
            storage = .bytes(Array(bytes))
        }
        jsonForm = .number
    }

    /// Makes an id of 8 bytes from its little-endian value.
    public init(littleEndian value: UInt64) {
        self.init(littleEndian: value, jsonForm: .number)
    }

    init(littleEndian value: UInt64, jsonForm: JSONForm) {
        storage = .word(value)
        self.jsonForm = jsonForm
    }

    /// A new id of 8 random bytes that are not all zero.
    public static func random() -> MessageID {
        MessageID(littleEndian: .random(in: 1...UInt64.max))
    }

    /// A new random id below 2⁵³, which JSON peers read without loss (docs/spec/protocol.md §10).
    public static func randomForJSON() -> MessageID {
        MessageID(littleEndian: .random(in: 1..<(1 << 53)))
    }

    /// The number of bytes, 1…32.
    public var count: Int {
        switch storage {
        case .word: 8
        case .bytes(let bytes): bytes.count
        }
    }

    /// The bytes as a little-endian integer, nil unless there are 8 of them.
    public var littleEndianValue: UInt64? {
        if case .word(let value) = storage { value } else { nil }
    }

    /// Calls `body` with the bytes. The pointer is valid during the call only.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        switch storage {
        case .word(let value): try Swift.withUnsafeBytes(of: value.littleEndian, body)
        case .bytes(let bytes): try bytes.withUnsafeBytes(body)
        }
    }
}

extension MessageID: Hashable {
    /// Ids are equal when their bytes are.
    public static func == (left: MessageID, right: MessageID) -> Bool { left.storage == right.storage }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) { hasher.combine(storage) }
}

extension MessageID: CustomStringConvertible {
    /// The bytes in hexadecimal.
    public var description: String { withUnsafeBytes { hexadecimal($0) } }
}
