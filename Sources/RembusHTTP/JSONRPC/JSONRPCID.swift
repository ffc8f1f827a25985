import NIOCore
import RembusWire

/// The id of a request. It goes back as it came, a number digit by digit: `1.50`, `1e3` and numbers of more than 64 bits too.
struct JSONRPCID: Sendable {
    /// The id of an answer to something that shows none.
    static let unknown = JSONRPCID(.null, literal: nil)

    private let value: Value
    /// How the client wrote a number that writing ``value`` would change.
    private let literal: String?

    init(_ value: Value, literal: String?) {
        self.value = value
        self.literal = Self.isRepeatable(value) ? nil : literal
    }

    /// Whether writing the value gives the text that was read.
    static func isRepeatable(_ value: Value) -> Bool {
        switch value {
        case .null, .text, .unsigned: true
        // -0 is read as 0.
        case .integer(let number): number != 0
        default: false
        }
    }

    func write(into buffer: inout ByteBuffer) {
        if let literal { buffer.writeString(literal) } else { value.encodeJSON(into: &buffer) }
    }
}
