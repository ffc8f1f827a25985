import NIOCore

extension MessageID {
    /// Reads the id of a JSON message: a number below 2⁶⁴, its decimal digits as a string, or any other number or
    /// string of 1 to 32 bytes (protocol.md §10). Such a number is given in the form of ``literalNumber(_:)``.
    init(json value: Value) throws(WireError) {
        if let number = value.uintValue {
            self.init(littleEndian: number)
        } else if let text = value.stringValue {
            // Other spellings of the number could not be restored from it.
            if let number = UInt64(text), String(number) == text {
                self.init(littleEndian: number, jsonForm: .text)
            } else if let id = MessageID(bytes: text.utf8) {
                self = id
                jsonForm = .opaqueText
            } else {
                throw WireError(.invalidMessage, "The id must have 1 to \(Self.maxCount) bytes.")
            }
        } else if case .tagged(Self.literalTag, .text(let literal)) = value {
            guard let id = MessageID(bytes: literal.utf8) else {
                throw WireError(.invalidMessage, "The id must have 1 to \(Self.maxCount) digits.")
            }
            self = id
            jsonForm = .literalNumber
        } else {
            throw WireError(.invalidMessage, "The id must be a number or a string.")
        }
    }

    /// Marks the text of a number between parsing the JSON text and reading the id. JSON itself has no tags.
    private static let literalTag = UInt64.max

    /// Replaces the id by its text if it is a number that ``init(json:)`` could not restore.
    static func keepLiteral(
        in object: inout ValueMap, of buffer: ByteBuffer, limits: DecodingLimits
    ) {
        switch object[JSONDialect.Key.id] {
        case nil, .null?, .undefined?, .text?, .unsigned?, .bool?, .array?, .map?: return
        case .integer(let number)? where number > 0: return
        default: break
        }
        guard let literal = JSONLiterals.member("id", of: buffer, limits: limits), literal != "0" else { return }
        object[JSONDialect.Key.id] = .tagged(literalTag, .text(literal))
    }

    /// The text of a number as it was written; nil for other forms.
    var literalNumber: String? {
        guard jsonForm == .literalNumber else { return nil }
        return withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// The id in the form in which it was received.
    ///
    /// Ids from binary messages with fewer than 8 bytes are padded with zeros, as in the Python reference. Longer ones
    /// become hexadecimal text.
    var json: Value {
        switch jsonForm {
        case .number: paddedValue.map(Value.init(unsigned:)) ?? .text(description)
        case .text: .text(paddedValue.map { String($0) } ?? description)
        case .opaqueText, .literalNumber: .text(withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
        }
    }

    private var paddedValue: UInt64? {
        guard count <= 8 else { return nil }
        return littleEndianValue ?? withUnsafeBytes { $0.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    }
}
