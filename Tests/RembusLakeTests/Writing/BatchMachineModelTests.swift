import Testing

@testable import RembusLake

/// Whatever fails, and whenever, a publication is in the lake once or is rejected once.
@Suite struct BatchMachineModelTests {
    /// A journal and a lake of numbers, of which every seventh cannot be in a table. Some operations fail, and some
    /// transactions go through although they seem to fail.
    private struct Model {
        var machine = BatchMachine()
        var journal = Array(0..<200)
        var batch: [Int] = []
        var staged: [Int] = []
        var rejected: [Int] = []
        var lake: [Int] = []
        var seed: UInt64

        mutating func dice(_ sides: UInt64) -> Bool {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (seed >> 33) % sides == 0
        }

        mutating func mayFail() throws(LakeError) {
            if dice(4) { throw LakeError(.io, "the disk is full") }
        }

        /// Both or neither: the rows and those that were rejected.
        mutating func write(_ rows: [Int]) throws(LakeError) {
            try mayFail()
            lake += rows + rejected
            try mayFail()
        }

        static func isBad(_ number: Int) -> Bool { number % 7 == 3 }

        /// One batch, as the executor does it.
        mutating func turn() -> BatchOutcome {
            var action = machine.begin()
            while true {
                do throws(LakeError) {
                    switch action {
                    case .gather:
                        let count = dice(5) ? 0 : min(journal.count, dice(2) ? 3 : 20)
                        batch = Array(journal.prefix(count))
                        journal.removeFirst(count)
                        action = machine.gathered(.init(isEmpty: batch.isEmpty, isLast: journal.isEmpty, passed: []))
                    case .lookForCatalog:
                        try mayFail()
                        action = machine.catalogIsThere()
                    case .askForProgress:
                        try mayFail()
                        action = machine.isInLake(batch.allSatisfy(lake.contains))
                    case .writeDirectly:
                        let isClean = !batch.contains(where: Self.isBad)
                        if isClean { try write(batch) }
                        action = machine.wroteDirectly(isClean)
                    case .stage:
                        try mayFail()
                        staged = batch
                        action = machine.staged()
                    case .commit:
                        if staged.contains(where: Self.isBad) {
                            action = machine.refused(table: 0, LakeError(.constraint, "NOT NULL"))
                        } else {
                            try write(staged)
                            action = machine.committed()
                        }
                    case .giveBackRows:
                        try mayFail()
                        let bad = staged.filter(Self.isBad)
                        rejected += bad
                        staged.removeAll(where: Self.isBad)
                        action = machine.gaveBack(!bad.isEmpty)
                    case .succeed(let success):
                        (batch, staged, rejected) = ([], [], [])
                        return success.outcome
                    case .release(_, let outcome): return outcome
                    case .postpone(let postponement): return .failed(retryAfter: postponement.delay)
                    }
                } catch {
                    action = machine.failed(error)
                }
            }
        }
    }

    @Test("every publication comes into the lake once", arguments: 0..<200)
    func once(seed: UInt64) {
        var model = Model(seed: seed)
        var turns = 0
        while model.turn() != .done, turns < 100_000 { turns += 1 }
        #expect(model.journal.isEmpty)
        #expect(model.lake.sorted() == Array(0..<200))
    }
}
