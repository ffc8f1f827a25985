import CDuckDB

/// A connection to a database, with its own transaction and settings. Used by one thread at a time; only
/// ``interrupter`` may be used by others.
package final class DatabaseConnection {
    let handle: duckdb_connection
    private let database: Database
    /// Whether a transaction is open, whose statements cannot be repeated by themselves.
    private var isInTransaction = false

    /// Stops the running statement. May be used on any thread.
    package let interrupter: Interrupter

    /// How much of this connection's writes stays inside the catalog, and whether those of the next statement do.
    var inlining = Inlining(rows: 0, bytes: 0)
    var inlines = true

    init(_ handle: duckdb_connection, database: Database) {
        self.handle = handle
        self.database = database
        interrupter = Interrupter(handle)
    }

    deinit {
        interrupter.close()
        var closing: duckdb_connection? = handle
        duckdb_disconnect(&closing)
    }

    /// Runs one or more statements without parameters, and discards their results. The text must not contain anything
    /// from a client.
    package func execute(_ sql: String, timeout: Duration? = nil) throws(LakeError) {
        try whileLocked(for: timeout) { () throws(LakeError) in
            var result = duckdb_result()
            defer { duckdb_destroy_result(&result) }
            let outcome = interrupter.run(timeout: timeout) { duckdb_query(handle, sql, &result) }
            try check(outcome, &result, timeout: timeout)
        }
    }

    /// Runs one statement with values for its parameters (`?` or `$1`) and returns the whole result.
    package func query(
        _ sql: String, _ parameters: [DatabaseValue] = [], timeout: Duration? = nil
    ) throws(LakeError) -> QueryResult {
        try whileLocked(for: timeout) { () throws(LakeError) in try prepare(sql).query(parameters, timeout: timeout) }
    }

    /// Prepares a statement that is run several times. It belongs to this connection's thread.
    package func prepare(_ sql: String) throws(LakeError) -> Statement {
        try Statement(sql, connection: self)
    }

    /// Runs `body` in a transaction, which is committed when it returns and rolled back when it throws. After an error
    /// of the commit it is rolled back too.
    package func transaction<Result>(_ body: () throws(LakeError) -> Result) throws(LakeError) -> Result {
        try execute("BEGIN TRANSACTION")
        isInTransaction = true
        defer { isInTransaction = false }
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // DuckDB ends the transaction itself after some errors. Ending it again is refused, without any effect.
            try? execute("ROLLBACK")
            throw error
        }
    }

    /// Runs `body`, a single statement or a whole transaction, again for some seconds while another process or
    /// connection holds the lock of an SQLite catalog.
    func whileLocked<Result>(
        for limit: Duration? = nil, _ body: () throws(LakeError) -> Result
    ) throws(LakeError) -> Result {
        guard !isInTransaction else { return try body() }
        let deadline = ContinuousClock.now + min(limit ?? .seconds(10), .seconds(10))
        var delay = 10
        while true {
            do {
                return try body()
            } catch {
                guard error.isLock, !interrupter.isCancelled, ContinuousClock.now < deadline else { throw error }
                Pause.milliseconds(delay)
                delay = min(2 * delay, 500)
            }
        }
    }

    /// Loads an extension that was installed with the library, such as `ducklake`.
    package func load(extension name: String) throws(LakeError) {
        try execute("LOAD \(SQL.literal(DuckDBLibrary.extensionFile(name)))")
    }

    func check(_ outcome: Interrupter.Outcome, _ result: inout duckdb_result, timeout: Duration?) throws(LakeError) {
        if outcome.state == DuckDBSuccess { return }
        if outcome.isCancelled { throw LakeError(.interrupted, "the query was cancelled") }
        if outcome.isExpired {
            throw LakeError(.timedOut, "the statement took longer than \(timeout?.inWords ?? "it may")")
        }
        throw LakeError(duckdb_result_error_type(&result), text: duckdb_result_error(&result))
    }
}

extension Duration {
    /// Whole seconds or milliseconds, for messages: `30 s`, `250 ms`.
    fileprivate var inWords: String {
        let (seconds, attoseconds) = components
        return attoseconds == 0 ? "\(seconds) s" : "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000) ms"
    }
}
