/// Limits the log lines that peers can cause: of the lines of one place in the program, a number is written each
/// second, and one that says how many were left out.
///
/// Lines are counted by place and not by text, because peers choose texts. So the number of counters is limited by the
/// program.
struct LogLimiter {
    /// The place in the program that a line comes from.
    struct Place: Hashable {
        let file: String
        let line: UInt
    }

    /// Lines that were not written.
    struct Suppressed {
        var count: Int
        /// The last of them.
        var example: LogLine
    }

    /// The decision about a line.
    struct Verdict {
        /// Whether the line is written.
        var passes: Bool
        /// Lines that were left out before it, which are reported first.
        var suppressed: Suppressed?
        /// Whether it is the first line of its place that is left out, so that ``due(at:)`` has to be called within a
        /// second.
        var startsSuppression = false
    }

    private struct Budget {
        var second: Int
        var used = 0
        var suppressed: Suppressed?
    }

    private var budgets: [Place: Budget] = [:]

    /// Decides about a line of a place that may write `limit` lines per second. `second` is any clock that only rises.
    mutating func admit(
        _ line: @autoclosure () -> LogLine, from place: Place, at second: Int, limit: Int
    ) -> Verdict {
        var budget = budgets[place] ?? Budget(second: second)
        defer { budgets[place] = budget }
        if budget.second != second { (budget.second, budget.used) = (second, 0) }
        guard budget.used < limit else {
            let count = (budget.suppressed?.count ?? 0) + 1
            budget.suppressed = Suppressed(count: count, example: line())
            return Verdict(passes: false, startsSuppression: count == 1)
        }
        budget.used += 1
        defer { budget.suppressed = nil }
        return Verdict(passes: true, suppressed: budget.suppressed)
    }

    /// The lines that were left out before `second` and not reported yet. They count as reported now.
    mutating func due(at second: Int) -> [Suppressed] {
        var due: [Suppressed] = []
        for (place, budget) in budgets where budget.second < second {
            if let suppressed = budget.suppressed { due.append(suppressed) }
            // After a second without lines, the counter of a place is removed.
            budgets[place] = nil
        }
        return due
    }

    /// Whether lines were left out and not reported yet.
    var owesSummary: Bool { budgets.values.contains { $0.suppressed != nil } }
}
