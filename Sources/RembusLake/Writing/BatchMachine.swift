/// Decides how publications get from the journal to the lake, batch by batch: complete, exactly once, and without the
/// rows that the database refuses. A batch that the lake does not accept is kept and tried again.
///
/// It uses neither the database nor a clock. Each event returns the next action. The caller runs it and reports its
/// result with one of the events that the action names, or with ``failed(_:)``.
struct BatchMachine {
    enum Action: Equatable {
        /// Read a batch from the journal: ``gathered(_:)``.
        case gather
        /// Check that the catalog is where it was: ``catalogIsThere()``.
        case lookForCatalog
        /// Read the progress of the lake: ``isInLake(_:)``. After a failure the transaction may have been committed
        /// nevertheless.
        case askForProgress
        /// Write the rows from memory, as far as possible: ``wroteDirectly(_:)``.
        case writeDirectly
        /// Write the rows to the staging tables, where refused ones can be found: ``staged()``.
        case stage
        /// Write the staged rows in one transaction: ``committed()`` or ``refused(table:_:)``.
        case commit
        /// Find the rows of a table that are refused, and reject them: ``gaveBack(_:)``.
        case giveBackRows(table: Int, LakeError)
        /// Empty the staging tables, report that the batch is in the lake, and release it. The end.
        case succeed(Success)
        /// Release a batch without publications. The end.
        case release(passed: [UInt64], BatchOutcome)
        /// Keep the batch and report that it could not be written. The end.
        case postpone(Postponement)
    }

    /// The result of reading the journal.
    struct Gathered: Equatable {
        /// Whether there are no publications among the records.
        var isEmpty: Bool
        /// Whether the journal has no more records.
        var isLast: Bool
        /// For each partition, the position in the journal, whether or not there was something to write.
        var passed: [UInt64]
    }

    struct Success: Equatable {
        var passed: [UInt64]
        /// How many times it had failed before.
        var failures: Int
        var outcome: BatchOutcome
    }

    struct Postponement: Equatable {
        var error: LakeError
        /// How many times it has failed.
        var attempt: Int
        /// The time until the next attempt.
        var delay: Duration
        /// Whether only a restart helps, and this was not logged yet.
        var isFirstFatal: Bool
    }

    private enum State {
        /// No batch is waiting.
        case empty
        /// The batch's rows are in memory.
        case gathered
        /// The batch's rows are also in the staging tables.
        case staged
    }

    private var state = State.empty
    private var retry: RetryDelay?
    private var isLast = true
    private var passed: [UInt64] = []
    private var refusal: LakeError?

    /// Begins to write a batch: the one that is waiting, or a new one.
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

    /// - Parameter hasFound: False when no row is refused any more, so that the failure was not because of rows.
    mutating func gaveBack(_ hasFound: Bool) -> Action {
        defer { refusal = nil }
        guard !hasFound, let refusal else { return .commit }
        return failed(refusal)
    }

    /// The lake does not work now, whatever the state of the batch.
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
        // The journal has continued while the lake did not work.
        let outcome: BatchOutcome = isLast && retry == nil ? .done : .more
        let success = Success(passed: retry == nil ? passed : [], failures: retry?.attempts ?? 0, outcome: outcome)
        (state, retry, passed) = (.empty, nil, [])
        return .succeed(success)
    }
}

/// The outcome of a batch.
enum BatchOutcome: Equatable {
    /// The batch was written, and the journal has more.
    case more
    /// There is nothing to write.
    case done
    /// The lake cannot be written to now. The batch waits, and is tried again after a time.
    case failed(retryAfter: Duration)
}
