import NIOCore

/// Keeps what peers cause from filling the log: so many lines a second, and a number for the rest.
struct LogBudget {
    private var second = NIODeadline.uptimeNanoseconds(0)
    private var used = 0
    private var skipped = 0
    private static let linesPerSecond = 10

    /// A line may be written.
    struct Line {
        /// How many were not, since the one before.
        let skipped: Int
    }

    /// Takes a line; nil when there have been too many in this second.
    mutating func take(_ now: NIODeadline) -> Line? {
        if now >= second + .seconds(1) { (second, used) = (now, 0) }
        guard used < Self.linesPerSecond else {
            skipped += 1
            return nil
        }
        used += 1
        defer { skipped = 0 }
        return Line(skipped: skipped)
    }
}
