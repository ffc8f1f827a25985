extension MessageID {
    /// Reads the id of a JSON message: a number below 2⁶⁴, its decimal digits as a string, or any string of 1 to 32
    /// bytes (protocol.md §10).
    init(json value: Value) throws(WireError) {
        if let number = value.uintValue {
            self.init(littleEndian: number)
        } else if let text = value.stringValue {
            // Only the canonical digits can be reproduced from the number.
            if let number = UInt64(text), String(number) == text {
                self.init(littleEndian: number, jsonForm: .text)
            } else if let id = MessageID(bytes: text.utf8) {
                self = id
                jsonForm = .opaqueText
            } else {
                throw WireError(.invalidMessage, "The id must have 1 to \(Self.maxCount) bytes.")
            }
        } else {
            throw WireError(.invalidMessage, "The id must be an unsigned integer or a string.")
        }
    }

    /// The id in the form in which it was received.
    ///
    /// Ids from binary messages with fewer than 8 bytes are padded with zeros as the Python reference does; longer ones
    /// become hexadecimal text.
    var json: Value {
        switch jsonForm {
        case .number: paddedValue.map(Value.init(unsigned:)) ?? .text(description)
        case .text: .text(paddedValue.map { String($0) } ?? description)
        case .opaqueText: .text(withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
        }
    }

    private var paddedValue: UInt64? {
        guard count <= 8 else { return nil }
        return littleEndianValue ?? withUnsafeBytes { $0.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    }
}
