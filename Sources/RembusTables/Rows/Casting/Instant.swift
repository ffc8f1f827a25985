/// A point in time, or a date and time of day without zone, as seconds from 1970.
struct Instant {
    var seconds: Int128
    /// May be any number, also beyond a second.
    var nanoseconds: Int128

    var totalNanoseconds: Int128 { seconds * 1_000_000_000 + nanoseconds }

    /// Microseconds, cut downwards.
    var microseconds: Int128 {
        let total = totalNanoseconds
        let quotient = total / 1000
        return total % 1000 < 0 ? quotient - 1 : quotient
    }
}

/// A timestamp as read from text.
enum TimestampText {
    case infinity(isNegative: Bool)
    /// Days from 1970, nanoseconds of the day, and seconds east of Greenwich when the text has an offset.
    case time(days: Int, nanoseconds: Int, offset: Int?)

    /// The point in time; nil for infinity.
    func instant(usingOffset: Bool) -> Instant? {
        guard case .time(let days, let nanoseconds, let offset) = self else { return nil }
        return Instant(
            seconds: Int128(days) * 86400 - Int128(usingOffset ? offset ?? 0 : 0), nanoseconds: Int128(nanoseconds))
    }
}
