import NIOCore

/// Writes values as JSON texts (RFC 8259).
enum JSONCellWriter {
    /// Writes the value of a row of an array, without making a cell of it where that matters.
    static func write(_ array: ArrayData, _ row: Int, into buffer: inout ByteBuffer) {
        guard let (array, row) = array.resolve(row) else {
            buffer.writeStaticString("null")
            return
        }
        switch array.type {
        case .int8, .int16, .int32, .int64: buffer.writeString(String(Int64(reading: array, row)))
        case .uint8, .uint16, .uint32, .uint64: buffer.writeString(String(UInt64(reading: array, row)))
        case .float64: write(Double(reading: array, row), into: &buffer)
        case .utf8, .largeUtf8, .utf8View:
            array.withBytes(row) { writeString(UnsafeRawBufferPointer($0), into: &buffer) }
        case .list, .largeList, .fixedSizeList:
            list(array.elementRange(row), into: &buffer) { write(array.children[0], $0, into: &$1) }
        case .structure(let fields):
            buffer.writeStaticString("{")
            for (number, field) in fields.enumerated() {
                if number > 0 { buffer.writeStaticString(",") }
                writeString(field.name, into: &buffer)
                buffer.writeStaticString(":")
                write(array.children[number], array.offset + row, into: &buffer)
            }
            buffer.writeStaticString("}")
        default: write(array.cell(row), into: &buffer)
        }
    }

    /// Writes a cell.
    static func write(_ cell: Cell, into buffer: inout ByteBuffer) {
        switch cell {
        case .null: buffer.writeStaticString("null")
        case .bool(let value): buffer.writeStaticString(value ? "true" : "false")
        case .float(let value): buffer.writeString(value.isFinite ? value.description : "null")
        case .double(let value): write(value, into: &buffer)
        case .int, .uint, .decimal: buffer.writeString(cell.plainText)
        case .list(let cells): list(cells, into: &buffer) { write($0, into: &$1) }
        case .structure(let members):
            object(members.lazy.map { ($0.name, $0.value) }, into: &buffer)
        case .map(let entries):
            object(entries.lazy.map { ($0.key.plainText, $0.value) }, into: &buffer)
        default: writeString(cell.plainText, into: &buffer)
        }
    }

    private static func write(_ value: Double, into buffer: inout ByteBuffer) {
        buffer.writeString(value.isFinite ? value.description : "null")
    }

    private static func list<Element>(
        _ elements: some Sequence<Element>, into buffer: inout ByteBuffer, _ write: (Element, inout ByteBuffer) -> Void
    ) {
        buffer.writeStaticString("[")
        var isFirst = true
        for element in elements {
            if !isFirst { buffer.writeStaticString(",") }
            isFirst = false
            write(element, &buffer)
        }
        buffer.writeStaticString("]")
    }

    private static func object(_ members: some Sequence<(String, Cell)>, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("{")
        var isFirst = true
        for (name, value) in members {
            if !isFirst { buffer.writeStaticString(",") }
            isFirst = false
            writeString(name, into: &buffer)
            buffer.writeStaticString(":")
            write(value, into: &buffer)
        }
        buffer.writeStaticString("}")
    }

    /// Writes a text between quotes, escaping what must be.
    static func writeString(_ text: String, into buffer: inout ByteBuffer) {
        var text = text
        text.withUTF8 { writeString(UnsafeRawBufferPointer($0), into: &buffer) }
    }

    private static func writeString(_ utf8: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("\"")
        var plain = 0
        for (index, byte) in utf8.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: utf8[plain..<index]))
            writeEscape(byte, into: &buffer)
            plain = index + 1
        }
        buffer.writeBytes(UnsafeRawBufferPointer(rebasing: utf8[plain...]))
        buffer.writeStaticString("\"")
    }

    private static func writeEscape(_ byte: UInt8, into buffer: inout ByteBuffer) {
        switch byte {
        case 0x08: buffer.writeStaticString("\\b")
        case 0x09: buffer.writeStaticString("\\t")
        case 0x0A: buffer.writeStaticString("\\n")
        case 0x0C: buffer.writeStaticString("\\f")
        case 0x0D: buffer.writeStaticString("\\r")
        case 0x22: buffer.writeStaticString("\\\"")
        case 0x5C: buffer.writeStaticString("\\\\")
        default: buffer.writeString("\\u" + String(byte, radix: 16).leftPadded(4))
        }
    }
}
