/// Frame masks of a client. They keep a proxy from being fooled by chosen bytes (RFC 6455 §10.3); a generator seeded by
/// the system per link is enough for that and costs no system call per frame.
struct MaskSource {
    private var state = UInt64.random(in: .min ... .max)

    mutating func next() -> UInt32 {
        // SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return UInt32(truncatingIfNeeded: (value ^ (value >> 31)) >> 16) | 1
    }
}
