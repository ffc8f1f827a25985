package import NIOCore

/// Appends the JSON form of a dataframe, given as its Arrow stream. Returns false, and appends nothing, when the bytes
/// are not one.
///
/// This module does not know dataframes; modules that do pass such a function.
package typealias FrameJSON = @Sendable (_ arrow: ByteBuffer, _ buffer: inout ByteBuffer) -> Bool

/// Writes values as JSON texts.
///
/// Values that JSON lacks are written as the nearest form: bytes as base64 text, decimal fractions as numbers with all
/// their digits, other tagged items as their content, and undefined, simple values, infinities and NaN as null. A key
/// that is not a text is written as its text form.
struct JSONWriter {
    /// Whether every element gets a line of its own, indented by two spaces.
    var pretty = false
    /// Whether the members of each object are sorted by key.
    var sortedKeys = false
    /// Writes dataframes; nil to write them as base64 text like other bytes.
    var frames: FrameJSON?

    func write(_ value: Value, into buffer: inout ByteBuffer, depth: Int = 0) {
        switch value {
        case .null, .undefined, .simple: buffer.writeStaticString("null")
        case .bool(let flag): buffer.writeStaticString(flag ? "true" : "false")
        case .integer(let number): buffer.writeString(String(number))
        case .unsigned(let number): buffer.writeString(String(number))
        case .negative(let complement): write(BigInteger(negative: complement), into: &buffer)
        case .bigInteger(let number): write(number, into: &buffer)
        case .float(let number): buffer.writeString(number.isFinite ? String(number) : "null")
        case .text(let text): buffer.writeJSONString(text)
        case .bytes(let bytes): buffer.writeJSONString(Base64.encode(bytes))
        case .array(let elements):
            writeList("[", "]", elements, into: &buffer, depth: depth) { element, buffer in
                write(element, into: &buffer, depth: depth + 1)
            }
        case .map(let map):
            let members = map.pairs.map { (key: key($0.key), value: $0.value) }
            let ordered = sortedKeys ? members.sorted { $0.key < $1.key } : members
            writeList("{", "}", ordered, into: &buffer, depth: depth) { member, buffer in
                buffer.writeJSONString(member.key)
                buffer.writeStaticString(pretty ? ": " : ":")
                write(member.value, into: &buffer, depth: depth + 1)
            }
        case .tagged(Value.Tag.dataFrame, .bytes(let arrow)):
            if frames?(arrow, &buffer) != true { buffer.writeJSONString(Base64.encode(arrow)) }
        case .tagged(Value.Tag.decimalFraction, let content):
            if let digits = value.decimalText {
                buffer.writeString(digits)
            } else {
                write(content, into: &buffer, depth: depth)
            }
        case .tagged(_, let content): write(content, into: &buffer, depth: depth)
        }
    }

    /// A number with too many digits for a decimal form becomes a text.
    private func write(_ number: BigInteger, into buffer: inout ByteBuffer) {
        let text = number.description
        if number.magnitude.count < BigInteger.maxDecimalBytes {
            buffer.writeString(text)
        } else {
            buffer.writeJSONString(text)
        }
    }

    private func key(_ value: Value) -> String {
        value.stringValue ?? value.jsonText
    }

    private func writeList<Element>(
        _ open: StaticString, _ close: StaticString, _ elements: [Element], into buffer: inout ByteBuffer, depth: Int,
        _ writeOne: (Element, inout ByteBuffer) -> Void
    ) {
        buffer.writeStaticString(open)
        var isFirst = true
        for element in elements {
            if !isFirst { buffer.writeStaticString(",") }
            isFirst = false
            breakLine(into: &buffer, depth: depth + 1)
            writeOne(element, &buffer)
        }
        if !isFirst { breakLine(into: &buffer, depth: depth) }
        buffer.writeStaticString(close)
    }

    private func breakLine(into buffer: inout ByteBuffer, depth: Int) {
        guard pretty else { return }
        buffer.writeStaticString("\n")
        buffer.writeRepeatingByte(UInt8(ascii: " "), count: 2 * depth)
    }
}

extension ByteBuffer {
    /// Writes a text between quotes, with the necessary escapes.
    mutating func writeJSONString(_ text: String) {
        writeStaticString("\"")
        var text = text
        text.withUTF8 { utf8 in
            var plain = 0
            for (index, byte) in utf8.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
                writeBytes(UnsafeBufferPointer(rebasing: utf8[plain..<index]))
                writeJSONEscape(byte)
                plain = index + 1
            }
            writeBytes(UnsafeBufferPointer(rebasing: utf8[plain...]))
        }
        writeStaticString("\"")
    }

    private mutating func writeJSONEscape(_ byte: UInt8) {
        switch byte {
        case 0x08: writeStaticString("\\b")
        case 0x09: writeStaticString("\\t")
        case 0x0A: writeStaticString("\\n")
        case 0x0C: writeStaticString("\\f")
        case 0x0D: writeStaticString("\\r")
        case 0x22: writeStaticString("\\\"")
        case 0x5C: writeStaticString("\\\\")
        default: writeString("\\u00" + hexadecimal(CollectionOfOne(byte)))
        }
    }
}
