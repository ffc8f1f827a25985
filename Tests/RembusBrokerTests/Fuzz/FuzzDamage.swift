import RembusTesting
/// Ways to spoil bytes: flipped, cut, doubled, spliced, with lengths that lie and depths without end.
enum FuzzDamage {
    private static let tokens: [[UInt8]] = [
        [0x00], [0x18, 0x31], [0x19, 0xFF, 0xFF], [0x1F], [0x40], [0x48], [0x5F], [0x60], [0x7F], [0x80], [0x84],
        [0x9F],
        [0xA0], [0xBF], [0xC2, 0x41], [0xF6], [0xF7], [0xF9, 0x7E, 0x00], [0xFB], [0xFF], Array("\"id\":".utf8),
        Array("{\"a\":[".utf8), Array("1e999".utf8), Array("\\ud800".utf8),
    ]

    /// Lengths and depths that would hurt who believes them.
    private static let bombs: [[UInt8]] = [
        [0x9B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0xBB, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF],
        [0x5B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x7A, 0xFF, 0xFF, 0xFF, 0xFF],
        Array(repeating: 0x81, count: 3000), Array(repeating: 0xC1, count: 3000), Array(repeating: 0x9F, count: 300),
        Array(String(repeating: "[", count: 3000).utf8), Array(String(repeating: "{\"a\":", count: 500).utf8),
    ]

    static func content(_ bytes: inout [UInt8], splice: [UInt8], _ dice: inout Dice) {
        for _ in 0...dice.below(3) {
            guard !bytes.isEmpty else { return bytes = dice.bytes(dice.below(20)) }
            let position = dice.below(bytes.count)
            let end = min(bytes.count, position + 1 + dice.below(8))
            switch dice.below(10) {
            case 0, 1: bytes[position] ^= 1 << UInt8(dice.below(8))
            case 2: bytes[position] = dice.byte()
            case 3: bytes.insert(contentsOf: dice.pick(tokens), at: position)
            case 4: bytes.replaceSubrange(position..<end, with: dice.pick(tokens))
            case 5: bytes.removeSubrange(position..<end)
            case 6: bytes.removeSubrange(position...)
            case 7: bytes.insert(contentsOf: Array(bytes[position..<end]), at: dice.below(bytes.count))
            case 8: bytes.replaceSubrange(position..., with: splice.suffix(dice.below(64)))
            default: bytes.replaceSubrange(position..., with: dice.pick(bombs))
            }
        }
    }

    /// Frames that RFC 6455 does not allow, or allows and nobody sends.
    static func frames(_ opcode: UInt8, _ payload: [UInt8], _ dice: inout Dice) -> [UInt8] {
        switch dice.below(10) {
        case 0, 1:
            // Fragments, with a ping in between.
            let cut = dice.below(payload.count + 1)
            return PeerFrame.masked(opcode, Array(payload[..<cut]), isFinal: false)
                + PeerFrame.masked(PeerFrame.ping, dice.bytes(dice.below(20)))
                + PeerFrame.masked(0, Array(payload[cut...]))
        case 2: return PeerFrame.masked(0, payload)
        case 3: return PeerFrame.masked(opcode, payload, isFinal: false)
        case 4: return PeerFrame.masked(dice.byte() & 0x0F, payload)
        case 5: return PeerFrame.masked(8 | dice.byte() & 3, Array(payload.prefix(dice.below(140))))
        case 6: return [0x80 | opcode, 0xFF] + dice.bytes(8) + payload
        case 7: return [0x80 | opcode, UInt8(min(payload.count, 125))] + payload
        case 8:
            var frame = PeerFrame.masked(opcode, payload)
            frame[dice.below(min(frame.count, 14))] ^= 1 << UInt8(dice.below(8))
            return frame
        default: return Array(PeerFrame.masked(opcode, payload).dropLast(1 + dice.below(8)))
        }
    }
}
