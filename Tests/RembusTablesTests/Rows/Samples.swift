import NIOCore
import RembusWire

@testable import RembusTables

/// Short ways to make payloads and to look at columns.
enum Sample {
    static func bytes(hex: String) -> [UInt8] {
        let digits = Array(hex.utf8).compactMap(NumberText.hexDigit)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    static func cbor(_ value: Value) -> ByteBuffer {
        var buffer = ByteBuffer()
        value.encodeCBOR(into: &buffer)
        return buffer
    }

    /// The value in its physical form as text; nil when it cannot be cast.
    static func cast(_ value: Value, to type: ColumnType) throws -> String? {
        let item = cbor(value)
        let column = ColumnBuffer(type.storage)
        let result = item.withUnsafeReadableBytes { bytes -> CastResult in
            var scanner = CBORScanner(bytes)
            guard let scalar = CBORScalar.read(&scanner) else { return .invalid }
            return Cast.stage(scalar, as: type, into: column)
        }
        guard result == .added else { return nil }
        column.commit()
        return text(column, 0, type)
    }

    /// A cell in its physical form as text: numbers of days and seconds, unscaled digits with their point.
    static func text(_ column: ColumnBuffer, _ row: Int, _ type: ColumnType) -> String? {
        if column.isNull(row) { return nil }
        switch type {
        case .boolean: return column.value(row, as: UInt8.self) == 1 ? "true" : "false"
        case .decimal(_, let scale): return decimal(integer(column, row), scale: scale)
        case .uuid: return uuid(UInt128(bitPattern: column.value(row, as: Int128.self)) ^ (1 << 127))
        case .blob: return column.bytes(row).map { hexByte($0) }.joined()
        case .varchar, .json: return String(decoding: column.bytes(row), as: UTF8.self)
        case .timeTZ: return zoneText(String(decoding: column.bytes(row), as: UTF8.self))
        case .interval:
            guard case .success(let interval) = interval(column.bytes(row)) else { return "?" }
            return "\(interval.months) \(interval.days) \(interval.microseconds)"
        case .list(let element):
            return "[" + elements(column, row) { text(column.children[0], $0, element) ?? "-" } + "]"
        case .map(let key, let value):
            return "["
                + elements(column, row) {
                    (text(column.children[0], $0, key) ?? "-") + "=" + (text(column.children[1], $0, value) ?? "-")
                } + "]"
        case .structure(let fields):
            return "{" + zip(column.children, fields).map { text($0, row, $1.type) ?? "-" }.joined(separator: ";") + "}"
        case .float: return "\(Double(column.value(row, as: Float.self)))"
        case .double: return "\(column.value(row, as: Double.self))"
        case .date:
            let days = column.value(row, as: Int32.self)
            return days.magnitude == Int32.max ? (days < 0 ? "-infinity" : "infinity") : "\(days)"
        case .timestamp, .timestampS, .timestampMS, .timestampNS, .timestampTZ:
            let count = column.value(row, as: Int64.self)
            return count.magnitude == Int64.max ? (count < 0 ? "-infinity" : "infinity") : "\(count)"
        default: return "\(integer(column, row))"
        }
    }

    private static func elements(_ column: ColumnBuffer, _ row: Int, _ text: (Int) -> String) -> String {
        (column.offsets[row]..<column.offsets[row + 1]).map(text).joined(separator: ";")
    }

    private static func interval(_ text: UnsafeRawBufferPointer) -> Result<Interval, IntervalReader.Failure> {
        var reader = IntervalReader(text)
        return reader.read()
    }

    private static func integer(_ column: ColumnBuffer, _ row: Int) -> Int128 {
        switch column.storage {
        case .int8: Int128(column.value(row, as: Int8.self))
        case .int16: Int128(column.value(row, as: Int16.self))
        case .int32: Int128(column.value(row, as: Int32.self))
        case .int64: Int128(column.value(row, as: Int64.self))
        case .uint8: Int128(column.value(row, as: UInt8.self))
        case .uint16: Int128(column.value(row, as: UInt16.self))
        case .uint32: Int128(column.value(row, as: UInt32.self))
        case .uint64: Int128(column.value(row, as: UInt64.self))
        default: column.value(row, as: Int128.self)
        }
    }

    private static func decimal(_ value: Int128, scale: Int) -> String {
        guard scale > 0 else { return "\(value)" }
        let digits = String(value.magnitude)
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        return (value < 0 ? "-" : "") + padded.dropLast(scale) + "." + padded.suffix(scale)
    }

    private static func uuid(_ value: UInt128) -> String {
        let digits = String(value, radix: 16)
        var text = Array(String(repeating: "0", count: 32 - digits.count) + digits)
        for index in [20, 16, 12, 8] { text.insert("-", at: index) }
        return String(text)
    }

    private static func hexByte(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }

    /// Without the parts of an offset that DuckDB does not write.
    private static func zoneText(_ text: String) -> String {
        var text = text
        for _ in 0..<2 where text.hasSuffix(":00") && text.dropLast(3).contains(where: { $0 == "+" || $0 == "-" }) {
            text.removeLast(3)
        }
        return text
    }
}

extension BigInteger {
    /// The number of some decimal digits.
    init?(decimal text: String) {
        let isNegative = text.hasPrefix("-")
        guard var magnitude = UInt128(text.drop { $0 == "-" }) else { return nil }
        if isNegative, magnitude > 0 { magnitude -= 1 }
        self.init(
            isNegative: isNegative && text != "-0",
            magnitude: (0..<16).reversed().map { UInt8(truncatingIfNeeded: magnitude >> UInt128($0 * 8)) })
    }
}
