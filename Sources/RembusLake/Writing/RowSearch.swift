/// Finds the rows that a database refuses, by halving: it returns the rows to try, and is told whether they were
/// refused.
struct RowSearch {
    /// The number of attempts after which all rows that are not known to be good count as refused.
    static let maximumAttempts = 2000

    /// What to do about rows that were refused.
    enum Refusal: Equatable {
        /// Some of them may be good, so their halves are tried next.
        case divided
        /// These are to be rejected.
        case giveBack(Range<Int>)
    }

    private let limit: Int
    private var suspects: [Range<Int>]
    private var current = 0..<0
    private var attempts = 0

    /// - Parameters:
    ///   - rows: The rows that contain the refused ones.
    ///   - limit: The number of attempts before whole ranges are rejected.
    init(_ rows: Range<Int>, limit: Int = Self.maximumAttempts) {
        suspects = [rows]
        self.limit = limit
    }

    /// The next rows to try, in order; nil when all are decided. They are good unless they are refused.
    mutating func next() -> Range<Int>? {
        while let range = suspects.popLast() {
            attempts += 1
            guard !range.isEmpty else { continue }
            current = range
            return range
        }
        return nil
    }

    /// The rows that were tried are refused.
    mutating func refused() -> Refusal {
        guard current.count > 1, attempts <= limit else { return .giveBack(current) }
        let middle = current.lowerBound + current.count / 2
        suspects.append(middle..<current.upperBound)
        suspects.append(current.lowerBound..<middle)
        return .divided
    }
}
