import NIOCore

extension TimeAmount {
    /// A duration of a program as a time of the event loop, which counts nanoseconds in 64 bits: 31 years at most.
    init(bounded duration: Duration) {
        self = TimeAmount(min(max(duration, .seconds(-1)), .seconds(1_000_000_000)))
    }
}
