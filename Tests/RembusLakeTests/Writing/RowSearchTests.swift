import Testing

@testable import RembusLake

/// Refused rows are found among many with few attempts.
@Suite struct RowSearchTests {
    /// Searches as the writer does; returns what was given back and what was found good.
    private func run(_ count: Int, bad: Set<Int>, limit: Int = RowSearch.maximumAttempts) -> (
        bad: [Int], good: [Int], attempts: Int
    ) {
        var search = RowSearch(0..<count, limit: limit)
        var found: (bad: [Int], good: [Int], attempts: Int) = ([], [], 0)
        while let range = search.next() {
            found.attempts += 1
            if range.allSatisfy({ !bad.contains($0) }) {
                found.good += range
            } else if case .giveBack(let rows) = search.refused() {
                found.bad += rows
            }
        }
        return found
    }

    @Test(
        "exactly the refused rows are found, in order",
        arguments: [[], [0], [999], [3, 4, 500, 998], Array(0..<1000)])
    func exact(bad: [Int]) {
        let found = run(1000, bad: Set(bad))
        #expect(found.bad == bad)
        #expect(found.good == (0..<1000).filter { !bad.contains($0) })
    }

    @Test("one row among many takes two attempts per halving")
    func attempts() {
        #expect(run(1 << 16, bad: [12_345]).attempts == 1 + 2 * 16)
    }

    @Test("beyond the limit whole ranges are given back, and no row is left out")
    func limit() {
        let bad = Set((0..<1000).filter { $0.isMultiple(of: 2) })
        let found = run(1000, bad: bad, limit: 50)
        #expect(bad.isSubset(of: found.bad))
        #expect(found.bad.count < 1001)
        #expect((found.bad + found.good).sorted() == Array(0..<1000))
    }

    @Test("there is nothing to find among no rows")
    func none() {
        var search = RowSearch(0..<0)
        #expect(search.next() == nil)
    }
}
