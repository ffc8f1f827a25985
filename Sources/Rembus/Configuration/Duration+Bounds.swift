import NIOCore

extension TimeAmount {
    /// A duration as a time of the event loop. It is limited to 1 000 000 000 s (31 years), since the event loop counts
    /// nanoseconds in 64 bits.
    init(bounded duration: Duration) {
        self = TimeAmount(min(max(duration, .seconds(-1)), .seconds(1_000_000_000)))
    }
}
