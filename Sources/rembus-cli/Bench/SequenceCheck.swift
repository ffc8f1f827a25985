/// Finds lost, late and repeated messages by their sequence numbers.
struct SequenceCheck {
    private(set) var received = 0
    /// Messages that came behind a later one.
    private(set) var disordered = 0
    /// Messages that came more than once.
    private(set) var repeated = 0
    private var next: UInt64 = 0
    /// Numbers that were skipped and may still come. Their number is limited; beyond it the exact count does not
    /// matter.
    private var missing: Set<UInt64> = []
    private var forgotten = 0

    private static let maxMissing = 1_000_000

    @inline(__always)
    mutating func see(_ number: UInt64) {
        if number == next {
            next &+= 1
            received &+= 1
        } else {
            seeOther(number)
        }
    }

    private mutating func seeOther(_ number: UInt64) {
        guard number < next else {
            let room = Self.maxMissing - missing.count
            let gap = number - next
            missing.formUnion(next..<next + min(gap, UInt64(room)))
            forgotten += Int(clamping: gap) - Int(min(gap, UInt64(room)))
            next = number + 1
            received += 1
            return
        }
        if missing.remove(number) != nil {
            disordered += 1
            received += 1
        } else {
            repeated += 1
        }
    }

    /// The number of messages among the first `sent` that did not come.
    func lost(of sent: Int) -> Int {
        missing.count + forgotten + max(0, sent - Int(clamping: next))
    }
}
