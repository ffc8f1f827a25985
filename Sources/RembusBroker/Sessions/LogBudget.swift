import NIOCore

/// Limits log lines that peers can cause: a number of lines per second, and a count of the rest.
struct LogBudget {
    private var second = NIODeadline.uptimeNanoseconds(0)
    private var used = 0
    private var skipped = 0
    private static let linesPerSecond = 10

    /// The permission to write a line.
    struct Line {
        /// The number of lines that were not written since the last one.
        let skipped: Int
    }

    /// Returns a line; nil when there have been too many in this second.
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
