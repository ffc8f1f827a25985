import RembusSupport

/// The clock of all measurements: nanoseconds that never jump, equal on all threads.
enum BenchClock {
    @inline(__always)
    static func now() -> UInt64 {
        MonotonicClock.nanoseconds()
    }

    static func seconds(from start: UInt64, to end: UInt64) -> Double {
        end > start ? Double(end - start) / 1e9 : 0
    }
}
