/// Finds the rows that a database refuses, by halving: it says which rows to try, and is told whether they were refused.
struct RowSearch {
    /// Attempts after which rows that are still suspect count as refused together.
    static let maximumAttempts = 2000

    /// What to do about rows that were refused.
    enum Refusal: Equatable {
        /// Some of them may be good: their halves are tried next.
        case divided
        /// These are to be given back.
        case giveBack(Range<Int>)
    }

    private let limit: Int
    private var suspects: [Range<Int>]
    private var current = 0..<0
    private var attempts = 0

    /// - Parameters:
    ///   - rows: Those among which the refused ones are.
    ///   - limit: How many attempts there may be before whole ranges are given back.
    init(_ rows: Range<Int>, limit: Int = Self.maximumAttempts) {
        suspects = [rows]
        self.limit = limit
    }

    /// The rows to try now, in their order; nil when none is suspect any more. Unless they are refused, they are good.
    mutating func next() -> Range<Int>? {
        while let range = suspects.popLast() {
            attempts += 1
            guard !range.isEmpty else { continue }
            current = range
            return range
        }
        return nil
    }

    /// The rows that were to be tried are refused.
    mutating func refused() -> Refusal {
        guard current.count > 1, attempts <= limit else { return .giveBack(current) }
        let middle = current.lowerBound + current.count / 2
        suspects.append(middle..<current.upperBound)
        suspects.append(current.lowerBound..<middle)
        return .divided
    }
}
