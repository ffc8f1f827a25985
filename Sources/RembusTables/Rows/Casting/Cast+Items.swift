import NIOCore
import RembusWire

/// What needs more than one look: containers, tags, texts and byte strings in pieces.
extension Cast {
    static func stage(item: UnsafeRawBufferPointer, as type: ColumnType, into column: ColumnBuffer) -> CastResult {
        guard let value = try? Value(cbor: ByteBuffer(bytes: item)) else { return .invalid }
        return stage(value: value, as: type, into: column)
    }

    /// Stages a value that is not null.
    static func stage(value: Value, as type: ColumnType, into column: ColumnBuffer) -> CastResult {
        switch value {
        case .null, .undefined, .simple:
            // A tag around null; the column may not be allowed to be null, which is checked elsewhere.
            return .invalid
        case .bool(let value): return stage(CBORScalar.bool(value), as: type, into: column)
        case .integer(let value):
            return stage(
                value < 0 ? CBORScalar.negative(UInt64(~value)) : .unsigned(UInt64(value)), as: type, into: column)
        case .unsigned(let value): return stage(CBORScalar.unsigned(value), as: type, into: column)
        case .negative(let complement): return stage(CBORScalar.negative(complement), as: type, into: column)
        case .bigInteger(let value): return stage(integer: value, as: type, into: column)
        case .float(let value): return stage(CBORScalar.float(value), as: type, into: column)
        case .text(let text): return stage(text: text, as: type, into: column)
        case .bytes(let bytes):
            return bytes.withUnsafeReadableBytes { stage(.bytes($0), as: type, into: column) }
        case .array, .map: return stage(container: value, as: type, into: column)
        case .tagged(let tag, let content): return stage(tag, content, as: type, into: column)
        }
    }

    private static func stage(text: String, as type: ColumnType, into column: ColumnBuffer) -> CastResult {
        var text = text
        return text.withUTF8 { stage(.text(UnsafeRawBufferPointer($0)), as: type, into: column) }
    }

    /// Nested types are cast part by part; texts and JSON can hold any value.
    private static func stage(container: Value, as type: ColumnType, into column: ColumnBuffer) -> CastResult {
        let value = TypedArray.expanded(container)
        if type.isNested { return stage(parts: value, as: type, into: column) }
        guard type == .varchar || type == .json else { return .unsupported }
        column.stage(text: value.jsonText)
        return .added
    }

    private static func stage(integer number: BigInteger, as type: ColumnType, into column: ColumnBuffer) -> CastResult
    {
        switch type {
        case .varchar, .json:
            column.stage(text: number.description)
            return .added
        case .double, .float: return stage(CBORScalar.float(number.doubleValue), as: type, into: column)
        case .hugeint, .uhugeint, .decimal:
            return number.magnitude.count > 16 ? .outOfRange : stage(text: number.description, as: type, into: column)
        case .boolean: return .inexact
        case .tinyint, .smallint, .integer, .bigint, .utinyint, .usmallint, .uinteger, .ubigint: return .outOfRange
        default: return .unsupported
        }
    }

    /// Tags of RFC 8949 §3.4 and of the registry that have a counterpart in SQL; others mean their content.
    private static func stage(
        _ tag: UInt64, _ content: Value, as type: ColumnType, into column: ColumnBuffer
    ) -> CastResult {
        switch (tag, content) {
        case (Value.Tag.dateText, .text(let text)): return dateText(text, as: type, into: column)
        case (Value.Tag.epochSeconds, .integer(let seconds)):
            return instant(Instant(seconds: Int128(seconds), nanoseconds: 0), as: type, column)
        case (Value.Tag.epochSeconds, .float(let seconds)):
            // Powers of two: a larger double has no fraction of a second, a smaller one fits.
            guard seconds.magnitude < 0x1p53 else { return .outOfRange }
            let whole = seconds.rounded(.down)
            let microseconds = ((seconds - whole) * 1_000_000).rounded()
            return instant(
                Instant(seconds: Int128(whole), nanoseconds: Int128(microseconds) * 1000), as: type, column)
        case (1001, .map(let parts)):
            guard let instant = Instant(extendedTime: parts) else { return .invalid }
            return self.instant(instant, as: type, column)
        case (100, .integer(let days)):
            // RFC 8943: days since the epoch, and below a date in text.
            guard days.magnitude < 1 << 40 else { return .outOfRange }
            return instant(Instant(seconds: Int128(days) * 86400, nanoseconds: 0), as: type, column)
        case (1004, .text(let text)): return stage(text: text, as: type, into: column)
        case (4, .array(let parts)) where parts.count == 2:
            guard let exponent = parts[0].intValue, exponent.magnitude < 1_000_000, let digits = parts[1].digits else {
                return .outOfRange
            }
            return decimalFraction(digits, exponent, as: type, into: column)
        case (37, .bytes(let bytes)):
            guard type == .uuid || bytes.readableBytes != 16 else {
                return stage(text: uuidText(bytes), as: type, into: column)
            }
            return stage(value: content, as: type, into: column)
        case (Value.Tag.typedUInt8Array, .bytes) where type == .blob:
            return stage(value: content, as: type, into: column)
        case (Value.Tag.dataFrame, _): return .unsupported
        case (_, .bytes) where TypedArray.tags.contains(tag):
            return stage(container: .tagged(tag, content), as: type, into: column)
        default: return stage(value: content, as: type, into: column)
        }
    }

    /// An RFC 3339 text is a point in time, whatever the column: its offset counts.
    private static func dateText(_ text: String, as type: ColumnType, into column: ColumnBuffer) -> CastResult {
        var text = text
        return text.withUTF8 { utf8 in
            let bytes = UnsafeRawBufferPointer(utf8)
            guard type.isCalendar || type == .time || type == .timeTZ else {
                return stage(.text(bytes), as: type, into: column)
            }
            var reader = TimeReader(bytes)
            guard let stamp = reader.timestamp() else { return .invalid }
            return instant(stamp.instant(usingOffset: true), as: type, column)
        }
    }

    private static func decimalFraction(
        _ digits: String, _ exponent: Int, as type: ColumnType, into column: ColumnBuffer
    ) -> CastResult {
        if type == .boolean {
            guard let number = DecimalText(text: "\(digits)e\(exponent)") else { return .invalid }
            guard !number.isNegative || number.mantissa == 0, let value = number.magnitude(scale: 0), value <= 1,
                number.fits(scale: 0)
            else { return .inexact }
            return stage(.unsigned(UInt64(value)), as: type, into: column)
        }
        guard type == .varchar || type == .json else {
            return stage(text: "\(digits)e\(exponent)", as: type, into: column)
        }
        return stage(text: plain(digits, exponent), as: type, into: column)
    }

    /// Digits with a point where `exponent` puts it; with an exponent where that would need many zeros.
    private static func plain(_ digits: String, _ exponent: Int) -> String {
        guard (-1000...1000).contains(exponent) else { return "\(digits)e\(exponent)" }
        let sign = digits.hasPrefix("-") ? "-" : ""
        let magnitude = String(digits.dropFirst(sign.count))
        if exponent >= 0 { return sign + magnitude + String(repeating: "0", count: magnitude == "0" ? 0 : exponent) }
        let padded = String(repeating: "0", count: max(0, 1 - exponent - magnitude.count)) + magnitude
        return sign + padded.dropLast(-exponent) + "." + padded.suffix(-exponent)
    }

    private static func uuidText(_ bytes: ByteBuffer) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (index, byte) in bytes.readableBytesView.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Value {
    /// The decimal digits of an integer, nil for anything else.
    fileprivate var digits: String? {
        switch self {
        case .integer, .unsigned, .negative, .bigInteger: description
        default: nil
        }
    }
}

extension Instant {
    /// The base time and the fraction of RFC 9581; nil without a time in whole seconds.
    fileprivate init?(extendedTime parts: ValueMap) {
        guard case .integer(let seconds)? = parts[.integer(1)] else { return nil }
        self.init(seconds: Int128(seconds), nanoseconds: 0)
        for (key, unit) in [(-3, 1_000_000), (-6, 1000), (-9, 1)] as [(Int64, Int128)] {
            if let count = parts[.integer(key)]?.intValue { nanoseconds += Int128(count) * unit }
        }
    }
}
