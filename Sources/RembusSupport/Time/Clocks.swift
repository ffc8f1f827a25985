#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The time of day, which may be set back or forward.
package enum WallClock {
    /// Nanoseconds since 1970-01-01 00:00 UTC; 0 before that.
    package static func nanoseconds() -> UInt64 { reading(CLOCK_REALTIME) }
}

/// A clock that never goes back, with an arbitrary start.
package enum MonotonicClock {
    /// Nanoseconds since the clock's start.
    package static func nanoseconds() -> UInt64 { reading(CLOCK_MONOTONIC) }
}

private func reading(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(max(time.tv_sec, 0)) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}
