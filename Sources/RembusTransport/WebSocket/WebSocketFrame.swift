/// Constants and small functions of RFC 6455 that reader and writer share.
enum WebSocketFrame {
    enum Opcode: UInt8 {
        case continuation = 0x0
        case text = 0x1
        case binary = 0x2
        case close = 0x8
        case ping = 0x9
        case pong = 0xA
    }

    /// Longest frame head: 2 bytes, 8 of extended length, 4 of mask.
    static let maxHeadLength = 14
    /// Longest payload of a control frame (§5.5).
    static let maxControlPayload = 125

    static func headLength(payload: Int, masked: Bool) -> Int {
        (payload < 126 ? 2 : payload < 0x1_0000 ? 4 : 10) + (masked ? 4 : 0)
    }

    /// Whether the code is allowed in a Close frame (§7.4).
    static func isValidCloseCode(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    /// Copies `count` bytes and XORs them with the mask. `phase` is the position in the mask of the first byte.
    static func applyMask(
        _ key: UInt32, phase: Int, from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int
    ) {
        // The key as it is in memory, rotated so that its first byte is for the first byte of the source.
        let turn = UInt32(phase & 3) &* 8
        let key32 = turn == 0 ? key : (key >> turn) | (key << (32 &- turn))
        let wide = SIMD8<UInt32>(repeating: key32)
        var index = 0
        while index &+ 32 <= count {
            let word = source.loadUnaligned(fromByteOffset: index, as: SIMD8<UInt32>.self)
            target.storeBytes(of: word ^ wide, toByteOffset: index, as: SIMD8<UInt32>.self)
            index &+= 32
        }
        while index &+ 4 <= count {
            let word = source.loadUnaligned(fromByteOffset: index, as: UInt32.self)
            target.storeBytes(of: word ^ key32, toByteOffset: index, as: UInt32.self)
            index &+= 4
        }
        var rest = key32
        while index < count {
            let byte = source.load(fromByteOffset: index, as: UInt8.self)
            target.storeBytes(of: byte ^ UInt8(truncatingIfNeeded: rest), toByteOffset: index, as: UInt8.self)
            rest >>= 8
            index &+= 1
        }
    }
}

/// A violation of the protocol by the peer, with the close code for the answer.
package struct WebSocketViolation: Error {
    var code: UInt16
    var text: String

    static func protocolError(_ text: String) -> WebSocketViolation { .init(code: 1002, text: text) }
    static func tooLarge(_ text: String) -> WebSocketViolation { .init(code: 1009, text: text) }
    /// The shortest form is the only one (§5.2).
    static let notMinimal = WebSocketViolation(code: 1002, text: "frame length is written with more bytes than needed")
    static let invalidUTF8 = WebSocketViolation(code: 1007, text: "text message is not UTF-8")
}

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
