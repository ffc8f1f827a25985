/// How publications come from the journal into the lake, batch by batch: whole, once, and with the rows left out that the
/// database refuses. A batch that the lake does not take is kept and tried again.
///
/// It knows neither database nor clock. Each event has the action that comes next; whoever runs that says what became of it
/// with one of the events that the action names, or with ``failed(_:)``.
struct BatchMachine {
    enum Action: Equatable {
        /// Read a batch from the journal, then ``gathered(_:)``.
        case gather
        /// Look whether the catalog is where it was, then ``catalogIsThere()``.
        case lookForCatalog
        /// Ask the lake for its progress, then ``isInLake(_:)``: after a failure a transaction may have gone through all the
        /// same.
        case askForProgress
        /// Write the rows from memory, as far as that can be done, then ``wroteDirectly(_:)``.
        case writeDirectly
        /// Lay the rows out in the staging tables, where refused ones can be found; then ``staged()``.
        case stage
        /// Write what is staged in one transaction, then ``committed()`` or ``refused(table:_:)``.
        case commit
        /// Find the rows of a table that are refused and give them back, then ``gaveBack(_:)``.
        case giveBackRows(table: Int, LakeError)
        /// Empty the staging tables and say that the batch is in the lake; then let go of it. The end.
        case succeed(Success)
        /// Let go of a batch without publications. The end.
        case release(passed: [UInt64], BatchOutcome)
        /// Keep the batch and say that it could not be written. The end.
        case postpone(Postponement)
    }

    /// What reading the journal gave.
    struct Gathered: Equatable {
        /// True when there are no publications among the records.
        var isEmpty: Bool
        /// True when the journal had nothing more.
        var isLast: Bool
        /// Per partition, how far the journal is behind us then, whether or not there was something to write.
        var passed: [UInt64]
    }

    struct Success: Equatable {
        var passed: [UInt64]
        /// How often it had failed before.
        var failures: Int
        var outcome: BatchOutcome
    }

    struct Postponement: Equatable {
        var error: LakeError
        /// How often it has failed by now.
        var attempt: Int
        /// When to try again, from now.
        var delay: Duration
        /// True when only a restart helps, which has not been said yet.
        var isFirstFatal: Bool
    }

    private enum State {
        /// No batch waits.
        case empty
        /// Its rows are in memory.
        case gathered
        /// Its rows lie in the staging tables too.
        case staged
    }

    private var state = State.empty
    private var retry: RetryDelay?
    private var isLast = true
    private var passed: [UInt64] = []
    private var refusal: LakeError?

    /// A batch is to be written: the one that waits, or a new one.
    mutating func begin() -> Action {
        switch state {
        case .empty: .gather
        case .gathered, .staged: .lookForCatalog
        }
    }

    mutating func gathered(_ batch: Gathered) -> Action {
        guard !batch.isEmpty else { return .release(passed: batch.passed, batch.isLast ? .done : .more) }
        (state, isLast, passed) = (.gathered, batch.isLast, batch.passed)
        return .lookForCatalog
    }

    mutating func catalogIsThere() -> Action { retry == nil ? .writeDirectly : .askForProgress }

    mutating func isInLake(_ isThere: Bool) -> Action {
        if isThere { return succeed() }
        if case .staged = state { return .commit }
        return .writeDirectly
    }

    /// - Parameter isWritten: False when nothing is written: the batch needs staging, or rows were refused.
    mutating func wroteDirectly(_ isWritten: Bool) -> Action { isWritten ? succeed() : .stage }

    mutating func staged() -> Action {
        state = .staged
        return .commit
    }

    mutating func committed() -> Action { succeed() }

    /// The transaction was rolled back because of rows of a table.
    mutating func refused(table: Int, _ error: LakeError) -> Action {
        refusal = error
        return .giveBackRows(table: table, error)
    }

    /// - Parameter hasFound: False when no row is refused any more, so that it was not for the rows.
    mutating func gaveBack(_ hasFound: Bool) -> Action {
        defer { refusal = nil }
        guard !hasFound, let refusal else { return .commit }
        return failed(refusal)
    }

    /// The lake does not work now, wherever the batch was.
    mutating func failed(_ error: LakeError) -> Action {
        var delay = retry ?? RetryDelay()
        delay.failed()
        retry = delay
        return .postpone(
            Postponement(
                error: error, attempt: delay.attempts, delay: delay.delay,
                isFirstFatal: error.kind == .fatal && delay.attempts == 1))
    }

    private mutating func succeed() -> Action {
        // The journal has gone on while the lake did not.
        let outcome: BatchOutcome = isLast && retry == nil ? .done : .more
        let success = Success(passed: retry == nil ? passed : [], failures: retry?.attempts ?? 0, outcome: outcome)
        (state, retry, passed) = (.empty, nil, [])
        return .succeed(success)
    }
}

/// What became of a batch.
enum BatchOutcome: Equatable {
    /// Written, and the journal has more.
    case more
    /// Nothing is left to write.
    case done
    /// The lake cannot be written to now. The batch waits, and is to be tried again after a time.
    case failed(retryAfter: Duration)
}
