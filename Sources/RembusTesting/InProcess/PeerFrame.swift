import NIOCore

/// One WebSocket frame (RFC 6455) at the client's end of a connection.
package struct PeerFrame: Equatable, Sendable {
    package var opcode: UInt8
    package var payload: [UInt8]

    package static let (text, binary, close, ping, pong) = (UInt8(1), UInt8(2), UInt8(8), UInt8(9), UInt8(10))

    package init(opcode: UInt8, payload: [UInt8]) {
        self.opcode = opcode
        self.payload = payload
    }

    /// The bytes of a frame of a client. The mask is always the same, because it matters only for the broker's
    /// unmasking.
    package static func masked(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) -> [UInt8] {
        let mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
        var frame = [(isFinal ? 0x80 : 0) | opcode]
        switch payload.count {
        case ..<126: frame.append(0x80 | UInt8(payload.count))
        case ..<65536: frame += [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default: frame += [0xFF] + (0..<8).map { UInt8((payload.count >> (56 - 8 * $0)) & 255) }
        }
        frame += mask
        for (index, byte) in payload.enumerated() { frame.append(byte ^ mask[index & 3]) }
        return frame
    }

    /// Takes the next complete frame of a server. A broker sends no fragments.
    static func take(from buffer: inout ByteBuffer) -> PeerFrame? {
        var rest = buffer
        guard let first: UInt8 = rest.readInteger(), let second: UInt8 = rest.readInteger() else { return nil }
        var length = Int(second)
        if second == 126 {
            guard let long: UInt16 = rest.readInteger() else { return nil }
            length = Int(long)
        } else if second == 127 {
            guard let long: UInt64 = rest.readInteger() else { return nil }
            length = Int(long)
        }
        guard let payload = rest.readBytes(length: length) else { return nil }
        buffer = rest
        return PeerFrame(opcode: first & 0x0F, payload: payload)
    }
}
