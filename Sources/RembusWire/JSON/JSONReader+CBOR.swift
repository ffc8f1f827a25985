package import NIOCore
import RembusSupport

extension ByteBuffer {
    /// Appends a JSON text as one CBOR item, without values in between. What is written on an error has to be discarded.
    package mutating func writeCBOR(
        ofJSON bytes: UnsafeRawBufferPointer, limits: DecodingLimits
    ) throws(WireError) {
        var reader = JSONReader(bytes, limits: limits)
        try reader.transcode(depth: 0, into: &self)
        try reader.finish()
    }

    /// Appends a JSON text as the arguments of a message: the elements of an array, or any other value as the only one.
    /// A text of nothing but blanks has no arguments.
    package mutating func writeCBORArguments(
        ofJSON bytes: UnsafeRawBufferPointer, limits: DecodingLimits
    ) throws(WireError) {
        var reader = JSONReader(bytes, limits: limits)
        reader.skipSpace()
        guard reader.position < bytes.count else {
            writeCBORHead(.array, 0)
            return
        }
        if try reader.peek() != UInt8(ascii: "[") { writeCBORHead(.array, 1) }
        try reader.transcode(depth: 0, into: &self)
        try reader.finish()
    }

    /// Gives the head of an array or map, for which one byte was left at `index`, its length.
    fileprivate mutating func fillCBORHead(_ major: CBORMajor, _ count: Int, at index: Int) {
        if count < 24 {
            setInteger(major.rawValue << 5 | UInt8(truncatingIfNeeded: count), at: index)
            return
        }
        let more = FrameWriter.headLength(count) - 1
        let length = writerIndex - index - 1
        writeRepeatingByte(0, count: more)
        let start = index - readerIndex
        withUnsafeMutableReadableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            (base + start + 1 + more).copyMemory(from: base + start + 1, byteCount: length)
            var writer = FrameWriter(base + start)
            writer.head(major: major.rawValue, count)
        }
    }
}

/// JSON straight into CBOR, as ``readDocument()`` and the encoder would do it.
extension JSONReader {
    fileprivate mutating func finish() throws(WireError) {
        skipSpace()
        guard position == bytes.count else {
            throw WireError(.trailingBytes, "Bytes follow the JSON value.", offset: position)
        }
    }

    fileprivate mutating func transcode(depth: Int, into buffer: inout ByteBuffer) throws(WireError) {
        skipSpace()
        try budget.takeItem(at: position)
        switch try peek() {
        case UInt8(ascii: "{"): try transcodeMembers(depth: depth, into: &buffer)
        case UInt8(ascii: "["):
            let head = buffer.writerIndex
            buffer.writeInteger(0x80 as UInt8)
            var count = 0
            try readList(closedBy: UInt8(ascii: "]"), depth: depth) { reader throws(WireError) in
                count += 1
                try reader.transcode(depth: depth + 1, into: &buffer)
            }
            buffer.fillCBORHead(.array, count, at: head)
        case UInt8(ascii: "\""): try transcodeString(into: &buffer)
        case UInt8(ascii: "t"): try readLiteral("true", .bool(true)).encodeCBOR(into: &buffer)
        case UInt8(ascii: "f"): try readLiteral("false", .bool(false)).encodeCBOR(into: &buffer)
        case UInt8(ascii: "n"): try readLiteral("null", .null).encodeCBOR(into: &buffer)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try readNumber().encodeCBOR(into: &buffer)
        default: throw malformed("No JSON value starts with this byte.")
        }
    }

    private mutating func transcodeMembers(depth: Int, into buffer: inout ByteBuffer) throws(WireError) {
        let head = buffer.writerIndex
        buffer.writeInteger(0xA0 as UInt8)
        var count = 0
        try readList(closedBy: UInt8(ascii: "}"), depth: depth) { reader throws(WireError) in
            try reader.budget.takeItem(at: reader.position)
            guard try reader.peek() == UInt8(ascii: "\"") else { throw reader.malformed("A key must be a string.") }
            count += 1
            try reader.transcodeString(into: &buffer)
            reader.skipSpace()
            try reader.expect(UInt8(ascii: ":"))
            try reader.transcode(depth: depth + 1, into: &buffer)
        }
        buffer.fillCBORHead(.map, count, at: head)
    }

    /// A string without escapes is copied as it is.
    private mutating func transcodeString(into buffer: inout ByteBuffer) throws(WireError) {
        let start = position + 1
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\"),
            bytes[end] >= 0x20
        {
            end += 1
        }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else {
            buffer.writeCBORText(try readString())
            return
        }
        let text = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        guard UTF8Check.isValid(text) else {
            throw WireError(.invalidUTF8, "The string is not valid UTF-8.", offset: start)
        }
        buffer.writeCBORHead(.text, UInt64(text.count))
        buffer.writeBytes(text)
        position = end + 1
    }
}
