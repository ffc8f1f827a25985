import NIOCore
import RembusWire

/// The id of a request. The answer has exactly the same text, also for numbers such as `1.50`, `1e3` and those of more
/// than 64 bits.
struct JSONRPCID: Sendable {
    /// The id of an answer to a request whose id is not known.
    static let unknown = JSONRPCID(.null, literal: nil)

    private let value: Value
    /// The text of a number that encoding ``value`` would change; nil otherwise.
    private let literal: String?

    init(_ value: Value, literal: String?) {
        self.value = value
        self.literal = Self.isRepeatable(value) ? nil : literal
    }

    /// Whether encoding the value gives the text that was read.
    static func isRepeatable(_ value: Value) -> Bool {
        switch value {
        case .null, .text, .unsigned: true
        // The text may have been -0, which is read as 0.
        case .integer(let number): number != 0
        default: false
        }
    }

    func write(into buffer: inout ByteBuffer) {
        if let literal { buffer.writeString(literal) } else { value.encodeJSON(into: &buffer) }
    }
}
