import Testing

@testable import RembusLake

/// What the writer does with a batch, event by event, without a database.
@Suite struct BatchMachineTests {
    private static let away = LakeError(.away, "the server is away")
    private static let misfit = LakeError(.constraint, "NOT NULL constraint failed: c1")

    /// A machine that has read a batch from the journal.
    private static func gathered(isLast: Bool = true, passed: [UInt64] = [7]) -> (BatchMachine, BatchMachine.Action) {
        var machine = BatchMachine()
        #expect(machine.begin() == .gather)
        let action = machine.gathered(.init(isEmpty: false, isLast: isLast, passed: passed))
        return (machine, action)
    }

    /// … and has laid it out in the staging tables.
    private static func staged() -> BatchMachine {
        var (machine, _) = gathered()
        #expect(machine.catalogIsThere() == .writeDirectly)
        #expect(machine.wroteDirectly(false) == .stage)
        #expect(machine.staged() == .commit)
        return machine
    }

    private static func postponed(
        _ attempt: Int, _ delay: Duration, _ error: LakeError = away, isFirstFatal: Bool = false
    ) -> BatchMachine.Action {
        .postpone(.init(error: error, attempt: attempt, delay: delay, isFirstFatal: isFirstFatal))
    }

    private static func succeeded(
        failures: Int = 0, _ outcome: BatchOutcome = .done, passed: [UInt64] = [7]
    ) -> BatchMachine.Action {
        .succeed(.init(passed: passed, failures: failures, outcome: outcome))
    }

    @Test("a journal with nothing to write is let go of", arguments: [true, false])
    func empty(isLast: Bool) {
        var machine = BatchMachine()
        #expect(machine.begin() == .gather)
        let action = machine.gathered(.init(isEmpty: true, isLast: isLast, passed: [3]))
        #expect(action == .release(passed: [3], isLast ? .done : .more))
        #expect(machine.begin() == .gather)
    }

    @Test("a batch goes from memory into the lake, and the next one is read", arguments: [true, false])
    func direct(isLast: Bool) {
        var (machine, action) = Self.gathered(isLast: isLast)
        #expect(action == .lookForCatalog)
        #expect(machine.catalogIsThere() == .writeDirectly)
        #expect(machine.wroteDirectly(true) == Self.succeeded(isLast ? .done : .more))
        #expect(machine.begin() == .gather)
    }

    @Test("what cannot be written from memory is staged and committed")
    func staging() {
        var machine = Self.staged()
        #expect(machine.committed() == Self.succeeded())
        #expect(machine.begin() == .gather)
    }

    @Test("refused rows are given back and the rest is committed, table after table")
    func refusedRows() {
        var machine = Self.staged()
        for table in [2, 5] {
            #expect(machine.refused(table: table, Self.misfit) == .giveBackRows(table: table, Self.misfit))
            #expect(machine.gaveBack(true) == .commit)
        }
        #expect(machine.committed() == Self.succeeded())
    }

    @Test("a refusal that no row is to blame for is the lake's, and the batch is kept as it lies")
    func nobodyToBlame() {
        var machine = Self.staged()
        #expect(machine.refused(table: 0, Self.misfit) == .giveBackRows(table: 0, Self.misfit))
        #expect(machine.gaveBack(false) == Self.postponed(1, .milliseconds(500), Self.misfit))
        #expect(machine.begin() == .lookForCatalog)
        #expect(machine.catalogIsThere() == .askForProgress)
        #expect(machine.isInLake(false) == .commit)
    }

    @Test("the pause doubles with every failure, up to half a minute, and a success ends that")
    func backoff() {
        var machine = Self.staged()
        var delays: [Duration] = []
        for attempt in 1...9 {
            guard case .postpone(let postponement) = machine.failed(Self.away) else {
                Issue.record("a failure is no failure")
                return
            }
            #expect(postponement.attempt == attempt)
            delays.append(postponement.delay)
            #expect(machine.begin() == .lookForCatalog)
        }
        let seconds = [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
        #expect(delays == seconds.map { .seconds($0) })
        #expect(machine.catalogIsThere() == .askForProgress)
        #expect(machine.isInLake(false) == .commit)
        // The journal has gone on meanwhile, so it is not said to have nothing more.
        #expect(machine.committed() == Self.succeeded(failures: 9, .more, passed: []))
        #expect(machine.begin() == .gather)
        #expect(machine.gathered(.init(isEmpty: false, isLast: true, passed: [])) == .lookForCatalog)
        #expect(machine.failed(Self.away) == Self.postponed(1, .milliseconds(500)))
    }

    @Test("a transaction that went through although it failed is not written again", arguments: [true, false])
    func doubt(isStaged: Bool) {
        var machine = isStaged ? Self.staged() : Self.gathered().0
        if !isStaged { #expect(machine.catalogIsThere() == .writeDirectly) }
        #expect(machine.failed(Self.away) == Self.postponed(1, .milliseconds(500)))
        #expect(machine.begin() == .lookForCatalog)
        #expect(machine.catalogIsThere() == .askForProgress)
        #expect(machine.isInLake(true) == Self.succeeded(failures: 1, .more, passed: []))
    }

    @Test("a batch that never came to lie in the staging tables begins there anew")
    func failedStaging() {
        var (machine, _) = Self.gathered()
        #expect(machine.catalogIsThere() == .writeDirectly)
        #expect(machine.wroteDirectly(false) == .stage)
        #expect(machine.failed(Self.away) == Self.postponed(1, .milliseconds(500)))
        #expect(machine.begin() == .lookForCatalog)
        #expect(machine.catalogIsThere() == .askForProgress)
        #expect(machine.isInLake(false) == .writeDirectly)
    }

    @Test("while the catalog's file is gone nothing is written, wherever the batch lies")
    func lostCatalog() {
        let lost = LakeError(.io, "was deleted")
        var (machine, action) = Self.gathered()
        #expect(action == .lookForCatalog)
        #expect(machine.failed(lost) == Self.postponed(1, .milliseconds(500), lost))
        #expect(machine.begin() == .lookForCatalog)
        #expect(machine.failed(lost) == Self.postponed(2, .seconds(1), lost))
        #expect(machine.begin() == .lookForCatalog)
        #expect(machine.catalogIsThere() == .askForProgress)
    }

    @Test("that only a restart helps is said once")
    func fatal() {
        let fatal = LakeError(.fatal, "the database is invalid")
        var machine = Self.staged()
        #expect(machine.failed(fatal) == Self.postponed(1, .milliseconds(500), fatal, isFirstFatal: true))
        #expect(machine.begin() == .lookForCatalog)
        #expect(machine.failed(fatal) == Self.postponed(2, .seconds(1), fatal))
    }
}
