extension WebSocketFrame {
    /// Writes the head of a frame. Returns its length.
    static func writeHead(
        _ opcode: Opcode, length: Int, mask: UInt32?, to target: UnsafeMutableRawPointer
    ) -> Int {
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        target.storeBytes(of: 0x80 | opcode.rawValue, as: UInt8.self)
        var offset = 2
        if length < 126 {
            target.storeBytes(of: maskBit | UInt8(truncatingIfNeeded: length), toByteOffset: 1, as: UInt8.self)
        } else if length < 0x1_0000 {
            target.storeBytes(of: maskBit | 126, toByteOffset: 1, as: UInt8.self)
            target.storeBytes(of: UInt16(truncatingIfNeeded: length).bigEndian, toByteOffset: 2, as: UInt16.self)
            offset = 4
        } else {
            target.storeBytes(of: maskBit | 127, toByteOffset: 1, as: UInt8.self)
            target.storeBytes(of: UInt64(length).bigEndian, toByteOffset: 2, as: UInt64.self)
            offset = 10
        }
        if let mask {
            target.storeBytes(of: mask.littleEndian, toByteOffset: offset, as: UInt32.self)
            offset += 4
        }
        return offset
    }
}
