import Testing

@testable import RembusBroker

/// Calls begin when there is room for their answers.
@Suite("Answers that nobody reads")
struct AnswerGateTests {
    private static let (limit, largest) = (64 << 20, 60 << 20)

    /// How many of `count` calls begin with so much unread.
    private func started(_ gate: inout AnswerGate, unread: Int) -> Int {
        var count = 0
        while let start = gate.next(unread: unread, limit: Self.limit, largest: Self.largest) {
            start()
            count += 1
        }
        return count
    }

    @Test("Until the size of an answer is known, there is one at a time")
    func first() {
        var gate = AnswerGate()
        for _ in 0..<100 { gate.append {} }
        #expect(started(&gate, unread: 0) == 1)
        gate.ended(answerBytes: 20 << 20)
        #expect(started(&gate, unread: 0) == 3)
    }

    @Test("Small answers do not wait for each other")
    func small() {
        var gate = AnswerGate()
        for _ in 0..<100 { gate.append {} }
        #expect(started(&gate, unread: 0) == 1)
        gate.ended(answerBytes: 100)
        #expect(started(&gate, unread: 100) == 99)
        #expect(!gate.isWaiting)
    }

    @Test("While answers are not read, no further call begins")
    func unread() {
        var gate = AnswerGate()
        for _ in 0..<10 { gate.append {} }
        #expect(started(&gate, unread: 0) == 1)
        gate.ended(answerBytes: 20 << 20)
        #expect(started(&gate, unread: 60 << 20) == 0)
        #expect(gate.isWaiting)
        // Whoever reads gets on, however large its answers are.
        #expect(started(&gate, unread: 4 << 20) == 3)
    }
}
