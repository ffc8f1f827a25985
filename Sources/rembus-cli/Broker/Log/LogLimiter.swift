/// Keeps the log from being filled by what others cause: of the lines that one place in the program writes, so many pass in
/// a second, and one that says how many did not.
///
/// It counts by place and not by text, which peers choose; so what it remembers is bounded by the program.
struct LogLimiter {
    /// Where in the program a line comes from.
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

    /// What becomes of a line.
    struct Verdict {
        /// Whether it is written.
        var passes: Bool
        /// What was not written before it, to be said first.
        var suppressed: Suppressed?
        /// Whether it is the first of its place that is not written, so that ``due(at:)`` has to be asked in a second.
        var startsSuppression = false
    }

    private struct Budget {
        var second: Int
        var used = 0
        var suppressed: Suppressed?
    }

    private var budgets: [Place: Budget] = [:]

    /// Decides about a line of a place that may write `limit` of them in a second. `second` is any clock that only rises.
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

    /// What was not written and nobody has been told of, of all seconds before `second`; told now.
    mutating func due(at second: Int) -> [Suppressed] {
        var due: [Suppressed] = []
        for (place, budget) in budgets where budget.second < second {
            if let suppressed = budget.suppressed { due.append(suppressed) }
            // A place that was quiet for a second starts afresh.
            budgets[place] = nil
        }
        return due
    }

    /// Whether anything is left to be told.
    var owesSummary: Bool { budgets.values.contains { $0.suppressed != nil } }
}
