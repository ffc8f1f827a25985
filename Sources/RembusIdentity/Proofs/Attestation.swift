/// The bytes that a proof of identity signs.
package enum Attestation {
    /// The CBOR array of the challenge and a text, with lengths in their shortest form (protocol.md §7.4).
    ///
    /// The text is the component's name for key pairs, and the secret itself for shared secrets.
    package static func signedBytes(challenge: [UInt8], text: String) -> [UInt8] {
        var bytes: [UInt8] = [0x82]
        bytes.reserveCapacity(challenge.count + text.utf8.count + 16)
        appendHead(majorType: 2, challenge.count, to: &bytes)
        bytes += challenge
        appendHead(majorType: 3, text.utf8.count, to: &bytes)
        bytes += text.utf8
        return bytes
    }

    private static func appendHead(majorType: UInt8, _ length: Int, to bytes: inout [UInt8]) {
        let type = majorType << 5
        let width: Int
        switch length {
        case ..<24: return bytes.append(type | UInt8(truncatingIfNeeded: length))
        case ..<0x100: width = 1
        case ..<0x1_0000: width = 2
        case ..<0x1_0000_0000: width = 4
        default: width = 8
        }
        bytes.append(type | 24 + UInt8(width.trailingZeroBitCount))
        for place in stride(from: width - 1, through: 0, by: -1) {
            bytes.append(UInt8(truncatingIfNeeded: length >> (8 * place)))
        }
    }
}
