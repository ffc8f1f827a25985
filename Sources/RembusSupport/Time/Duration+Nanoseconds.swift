extension Duration {
    /// The duration in whole nanoseconds, 0 when negative.
    package var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0, seconds < 1 << 32 else {
            return seconds < 0 || attoseconds < 0 ? 0 : 1 << 62
        }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
