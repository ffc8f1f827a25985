public import NIOCore

extension Value {
    /// Decodes one item. Byte strings in it share the memory of the buffer.
    ///
    /// Throws ``WireError`` when the bytes are not a well-formed item within the limits, and, unless `allowTrailing` is
    /// set, when other bytes follow it.
    public init(
        cbor buffer: ByteBuffer, limits: DecodingLimits = .standard, allowTrailing: Bool = false
    ) throws(WireError) {
        var rest = buffer
        self = try Value.decode(cbor: &rest, limits: limits)
        guard allowTrailing || rest.readableBytes == 0 else {
            throw WireError(.trailingBytes, "Bytes follow the item.", offset: buffer.readableBytes - rest.readableBytes)
        }
    }

    /// Decodes one item and advances the reader index of the buffer. On an error the buffer is unchanged.
    package static func decode(
        cbor buffer: inout ByteBuffer, limits: DecodingLimits = .standard
    ) throws(WireError) -> Value {
        let source = buffer
        let (value, count) = try limits.withBytes(of: source) { bytes throws(WireError) in
            var reader = CBORReader(bytes, of: source, limits: limits)
            let value = try reader.readValue()
            return (value, reader.position)
        }
        buffer.moveReaderIndex(forwardBy: count)
        return value
    }

    /// Appends the item in the form of docs/spec/protocol.md §2: shortest integers and lengths, finite floats with 64
    /// bits, infinities and NaN with 16.
    public func encodeCBOR(into buffer: inout ByteBuffer) {
        switch self {
        case .null: buffer.writeCBORNull()
        case .undefined: buffer.writeInteger(0xF7 as UInt8)
        case .bool(let value): buffer.writeInteger(value ? 0xF5 : 0xF4 as UInt8)
        case .integer(let value) where value >= 0: buffer.writeCBORHead(.unsigned, UInt64(value))
        case .integer(let value): buffer.writeCBORHead(.negative, UInt64(~value))
        case .unsigned(let value): buffer.writeCBORHead(.unsigned, value)
        case .negative(let complement): buffer.writeCBORHead(.negative, complement)
        case .bigInteger(let value): value.encodeCBOR(into: &buffer)
        case .float(let value): buffer.writeCBORFloat(value)
        case .text(let text): buffer.writeCBORText(text)
        case .bytes(let bytes): buffer.writeCBORBytes(bytes)
        case .array(let elements): buffer.writeCBORArray(elements)
        case .map(let map): map.encodeCBOR(into: &buffer)
        case .tagged(let tag, let content):
            buffer.writeCBORHead(.tag, tag)
            content.encodeCBOR(into: &buffer)
        // The numbers 24…31 cannot be encoded in CBOR.
        case .simple(24...31): buffer.writeInteger(0xF7 as UInt8)
        case .simple(let number): buffer.writeCBORHead(.simple, UInt64(number))
        }
    }
}

extension BigInteger {
    fileprivate func encodeCBOR(into buffer: inout ByteBuffer) {
        if let word {
            return buffer.writeCBORHead(isNegative ? .negative : .unsigned, word)
        }
        buffer.writeCBORHead(.tag, isNegative ? Value.Tag.negativeBigInteger : Value.Tag.positiveBigInteger)
        buffer.writeCBORHead(.bytes, UInt64(magnitude.count))
        buffer.writeBytes(magnitude)
    }
}

extension ValueMap {
    fileprivate func encodeCBOR(into buffer: inout ByteBuffer) {
        buffer.writeCBORHead(.map, UInt64(count))
        for pair in pairs {
            pair.key.encodeCBOR(into: &buffer)
            pair.value.encodeCBOR(into: &buffer)
        }
    }
}
