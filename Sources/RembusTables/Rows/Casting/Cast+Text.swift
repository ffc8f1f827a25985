import NIOCore
import RembusWire

extension Cast {
    static func text(_ scalar: CBORScalar, _ column: ColumnBuffer) -> CastResult {
        switch scalar {
        case .bool(let value): column.stage(text: value ? "true" : "false")
        case .unsigned(let value): column.stage(text: String(value))
        case .negative(let complement): column.stage(text: String(Int128(-1) - Int128(complement)))
        case .float(let value): column.stage(text: NumberText.text(value))
        case .text(let bytes): column.stage(bytes: bytes)
        case .bytes(let bytes): column.stage(text: escaped(bytes))
        default: return .unsupported
        }
        return .added
    }

    /// A text is JSON already, as in DuckDB; any other value becomes its JSON.
    static func json(_ scalar: CBORScalar, _ column: ColumnBuffer) -> CastResult {
        switch scalar {
        case .text(let bytes):
            guard (try? Value(json: ByteBuffer(bytes: bytes))) != nil else { return .invalid }
            column.stage(bytes: bytes)
        case .bytes(let bytes): column.stage(text: Value.bytes(ByteBuffer(bytes: bytes)).jsonText)
        case .float(let value): column.stage(text: value.isFinite ? NumberText.text(value) : "null")
        default: return text(scalar, column)
        }
        return .added
    }

    /// A byte string is taken as it is. A text is ASCII in which `\xAB` stands for a byte, as in DuckDB.
    static func blob(_ scalar: CBORScalar, _ column: ColumnBuffer) -> CastResult {
        switch scalar {
        case .bytes(let bytes):
            column.stage(bytes: bytes)
            return .added
        case .text(let text):
            var bytes: [UInt8] = []
            bytes.reserveCapacity(text.count)
            var index = 0
            while index < text.count {
                let byte = text[index]
                guard byte < 0x80 else { return .invalid }
                guard byte == UInt8(ascii: "\\") else {
                    bytes.append(byte)
                    index += 1
                    continue
                }
                guard index + 3 < text.count, text[index + 1] == UInt8(ascii: "x"),
                    let high = NumberText.hexDigit(text[index + 2]), let low = NumberText.hexDigit(text[index + 3])
                else { return .invalid }
                bytes.append(UInt8(high << 4 | low))
                index += 4
            }
            bytes.withUnsafeBytes { column.stage(bytes: $0) }
            return .added
        default: return .unsupported
        }
    }

    /// 32 hexadecimal digits with optional dashes between bytes and braces around, or 16 bytes.
    static func uuid(_ scalar: CBORScalar, _ column: ColumnBuffer) -> CastResult {
        var value: UInt128 = 0
        switch scalar {
        case .bytes(let bytes):
            guard bytes.count == 16 else { return .invalid }
            for byte in bytes { value = value << 8 | UInt128(byte) }
        case .text(let text):
            var text = text[...]
            if text.first == UInt8(ascii: "{") {
                guard text.last == UInt8(ascii: "}") else { return .invalid }
                text = text.dropFirst().dropLast()
            }
            var digits = 0
            for byte in text {
                if byte == UInt8(ascii: "-"), digits > 0, digits < 32, digits % 2 == 0 { continue }
                guard digits < 32, let digit = NumberText.hexDigit(byte) else { return .invalid }
                value = value << 4 | UInt128(digit)
                digits += 1
            }
            guard digits == 32 else { return .invalid }
        default: return .unsupported
        }
        // DuckDB keeps UUIDs as signed integers with the top bit turned round, so that they sort like texts.
        column.stage(value ^ (1 << 127))
        return .added
    }

    /// What DuckDB makes of a blob: printable ASCII but for quotes and backslash as it is, other bytes as `\xAB`.
    private static func escaped(_ bytes: UnsafeRawBufferPointer) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), ..<0x20, 0x7F...:
                text += [UInt8(ascii: "\\"), UInt8(ascii: "x"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: text.append(byte)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
