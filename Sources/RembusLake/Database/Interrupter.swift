import CDuckDB
import Dispatch
import Synchronization

/// Stops the running statement of a connection, because it took too long or because of a request.
///
/// The connection's handle is used under the lock only, and not after ``close()``; hence unchecked.
package final class Interrupter: @unchecked Sendable {
    private struct State {
        var isOpen = true
        /// The number of the running statement; nil between statements.
        var running: UInt64?
        var count: UInt64 = 0
        var isExpired = false
        /// Whether statements must not run: from ``cancel()`` to ``begin()``.
        var isCancelled = false
    }

    /// The outcome of a statement.
    struct Outcome {
        var state: duckdb_state
        /// Whether it was stopped because its time was over.
        var isExpired: Bool
        /// Whether it was not started.
        var isCancelled = false
    }

    private static let timers = DispatchQueue(label: "rembus.lake.timeouts")

    private let connection: duckdb_connection
    private let state = Mutex(State())

    init(_ connection: duckdb_connection) {
        self.connection = connection
    }

    /// Interrupts the running statement, if there is one. It fails with ``LakeError/Kind/interrupted``.
    package func interrupt() {
        state.withLock { if $0.isOpen, $0.running != nil { duckdb_interrupt(connection) } }
    }

    /// Stops the running statement and makes later ones fail, until ``begin()``.
    package func cancel() {
        let number = state.withLock { state in
            state.isCancelled = true
            return state.running
        }
        // Repeated, because DuckDB ignores an interrupt that comes just before a statement starts.
        if let number { repeatInterrupt(number) }
    }

    /// Whether statements must not run.
    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Whether the running statement should end, for code that can end it between DuckDB's own checks.
    var mustStop: Bool { state.withLock { $0.isCancelled || $0.isExpired && $0.running != nil } }

    /// Allows statements again after ``cancel()``.
    func begin() {
        state.withLock { $0.isCancelled = false }
    }

    private func repeatInterrupt(_ number: UInt64) {
        let isRunning = state.withLock { state in
            guard state.isOpen, state.running == number else { return false }
            duckdb_interrupt(connection)
            return true
        }
        guard isRunning else { return }
        Self.timers.asyncAfter(deadline: .now() + .milliseconds(20)) { [weak self] in self?.repeatInterrupt(number) }
    }

    /// Runs a statement and interrupts it after `timeout`.
    func run(timeout: Duration?, _ body: () -> duckdb_state) -> Outcome {
        let number = state.withLock { state -> UInt64? in
            if state.isCancelled { return nil }
            state.count += 1
            state.running = state.count
            state.isExpired = false
            return state.count
        }
        guard let number else { return Outcome(state: DuckDBError, isExpired: false, isCancelled: true) }
        let timer = timeout.map { schedule(number, after: $0) }
        let result = body()
        timer?.cancel()
        return state.withLock { state in
            state.running = nil
            return Outcome(state: result, isExpired: state.isExpired)
        }
    }

    /// The handle is not used after this.
    func close() {
        state.withLock { $0.isOpen = false }
    }

    private func schedule(_ number: UInt64, after delay: Duration) -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: Self.timers)
        let (seconds, attoseconds) = delay.components
        let nanoseconds = Int(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let wait = nanoseconds.overflow ? Int.max / 2 : nanoseconds.partialValue + Int(attoseconds / 1_000_000_000)
        // Repeated until the statement ends, because DuckDB ignores an interrupt that comes just before a statement
        // starts.
        timer.schedule(deadline: .now() + .nanoseconds(wait), repeating: .milliseconds(20))
        timer.setEventHandler { [weak self] in self?.expire(number) }
        timer.activate()
        return timer
    }

    private func expire(_ number: UInt64) {
        state.withLock { state in
            guard state.isOpen, state.running == number else { return }
            state.isExpired = true
            duckdb_interrupt(connection)
        }
    }
}
