/// Makes the frame masks of a client. They prevent chosen bytes from misleading a proxy (RFC 6455 §10.3). A generator
/// for each link that the system has seeded is enough for that, and needs no system call per frame.
struct MaskSource {
    private var state = UInt64.random(in: .min ... .max)

    mutating func next() -> UInt32 {
        // The algorithm is SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return UInt32(truncatingIfNeeded: (value ^ (value >> 31)) >> 16) | 1
    }
}
