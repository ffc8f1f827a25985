package import NIOCore
import RembusSupport

extension ByteBuffer {
    /// Appends a JSON text as one CBOR item, without building values. After an error the appended bytes have to be
    /// discarded.
    package mutating func writeCBOR(
        ofJSON bytes: UnsafeRawBufferPointer, limits: DecodingLimits
    ) throws(WireError) {
        let start = writerIndex
        var reader = JSONReader(bytes, limits: limits)
        try reader.transcode(depth: 0, into: &self)
        try reader.finish()
        guard reader.keys.mayRepeat else { return }
        moveWriterIndex(to: start)
        try JSONReader.value(of: bytes, limits: limits).encodeCBOR(into: &self)
    }

    /// Appends a JSON text as the arguments of a message: the elements of an array, or any other value as the only
    /// argument. An empty or blank text means no arguments.
    ///
    /// - Parameter isOneArgument: Whether an array is one argument too.
    package mutating func writeCBORArguments(
        ofJSON bytes: UnsafeRawBufferPointer, isOneArgument: Bool = false, limits: DecodingLimits
    ) throws(WireError) {
        var reader = JSONReader(bytes, limits: limits)
        reader.skipSpace()
        guard reader.position < bytes.count else {
            writeCBORHead(.array, 0)
            return
        }
        let isList = try reader.peek() == UInt8(ascii: "[")
        if isOneArgument || !isList { writeCBORHead(.array, 1) }
        try writeCBOR(ofJSON: bytes, limits: limits)
    }

    /// Writes the length into the head of an array or map, for which one byte was reserved at `index`.
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

/// Converts JSON to CBOR directly, with the result of ``readDocument()`` and the encoder, unless ``JSONKeys/mayRepeat``
/// is set at the end.
extension JSONReader {
    fileprivate static func value(
        of bytes: UnsafeRawBufferPointer, limits: DecodingLimits
    ) throws(WireError) -> Value {
        var reader = JSONReader(bytes, limits: limits)
        return try reader.readDocument()
    }

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
        case UInt8(ascii: "\""): _ = try transcodeString(into: &buffer)
        case UInt8(ascii: "t"):
            try skipLiteral("true")
            buffer.writeInteger(0xF5 as UInt8)
        case UInt8(ascii: "f"):
            try skipLiteral("false")
            buffer.writeInteger(0xF4 as UInt8)
        case UInt8(ascii: "n"):
            try skipLiteral("null")
            buffer.writeInteger(0xF6 as UInt8)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            switch shortNumber() {
            case .unsigned(let value)?: buffer.writeCBORHead(.unsigned, value)
            case .negative(let magnitude)?: buffer.writeCBORHead(.negative, magnitude - 1)
            case .float(let value)?: buffer.writeCBORFloat(value)
            case nil: try readNumber().encodeCBOR(into: &buffer)
            }
        default: throw malformed("No JSON value starts with this byte.")
        }
    }

    private mutating func transcodeMembers(depth: Int, into buffer: inout ByteBuffer) throws(WireError) {
        let head = buffer.writerIndex
        buffer.writeInteger(0xA0 as UInt8)
        var count = 0
        var members = keys.open()
        try readList(closedBy: UInt8(ascii: "}"), depth: depth) { reader throws(WireError) in
            try reader.budget.takeItem(at: reader.position)
            guard try reader.peek() == UInt8(ascii: "\"") else { throw reader.malformed("A key must be a string.") }
            count += 1
            try reader.transcodeKey(of: &members, into: &buffer)
            reader.skipSpace()
            try reader.expect(UInt8(ascii: ":"))
            try reader.transcode(depth: depth + 1, into: &buffer)
        }
        keys.close(members)
        buffer.fillCBORHead(.map, count, at: head)
    }

    private mutating func transcodeKey(
        of members: inout JSONKeys.Members, into buffer: inout ByteBuffer
    ) throws(WireError) {
        if let key = try transcodeString(into: &buffer) { return keys.add(key, to: &members) }
        // A key with escapes differs from its text.
        var key = escaped
        key.withUTF8 { keys.add(UnsafeRawBufferPointer($0), to: &members) }
    }

    /// A string without escapes is copied and returned. One with escapes is decoded into `escaped`.
    private mutating func transcodeString(
        into buffer: inout ByteBuffer
    ) throws(WireError) -> UnsafeRawBufferPointer? {
        let start = position + 1
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\"),
            bytes[end] >= 0x20
        {
            end += 1
        }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else {
            escaped = try readString()
            buffer.writeCBORText(escaped)
            return nil
        }
        let text = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        guard UTF8Check.isValid(text) else {
            throw WireError(.invalidUTF8, "The string is not valid UTF-8.", offset: start)
        }
        buffer.writeCBORHead(.text, UInt64(text.count))
        buffer.writeBytes(text)
        position = end + 1
        return text
    }
}
