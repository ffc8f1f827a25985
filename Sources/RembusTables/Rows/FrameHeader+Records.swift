package import RembusWire

extension FrameHeader {
    /// The slot of a publication, the first four bytes of its id (protocol.md §4); nil without one.
    package func slot(in bytes: UnsafeRawBufferPointer) -> UInt32? {
        guard flags.hasSlot, idLength > 0 else { return nil }
        return (0..<min(idLength, 4)).reversed().reduce(0) { $0 << 8 | UInt32(bytes[idOffset + $1]) }
    }

    /// The id as a little-endian integer; nil without one, and when it has more than 8 bytes.
    package func integerID(in bytes: UnsafeRawBufferPointer) -> UInt64? {
        guard idLength > 0, idLength <= 8 else { return nil }
        if idLength == 8 { return bytes.loadUnaligned(fromByteOffset: idOffset, as: UInt64.self).littleEndian }
        var value: UInt64 = 0
        for index in (0..<idLength).reversed() { value = value << 8 | UInt64(bytes[idOffset + index]) }
        return value
    }

    /// The argument array of a publication, with its head.
    package func arguments(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[payloadOffset..<payloadOffset + payloadLength])
    }
}
