import Dispatch
import Logging
import RembusStore
import RembusTables
import Synchronization

/// The catalog and its writer, which exist when the catalog can be reached: at the start, or later when a server is not
/// available then. Until then the broker routes and writes its journal, and requests for tables get an error.
final class LakeAccess: Sendable {
    /// The parts that exist while the catalog is open.
    struct Opened: Sendable {
        let catalog: Catalog
        let writer: LakeWriter
    }

    private struct State {
        var opened: Opened?
        /// Why the catalog is not open.
        var reason: LakeError?
        var retry = RetryDelay()
        var line = RepeatedLine()
        var isStarted = false
        var isClosed = false
        var whenOpen: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "rembus.lake.attach")
    private let metricsStore: LakeMetricsStore
    private let logger: Logger
    private let make: @Sendable () throws(LakeError) -> Opened

    /// - Parameter make: Opens the catalog. Called on a queue of its own, repeatedly until it succeeds.
    init(metricsStore: LakeMetricsStore, logger: Logger, make: @escaping @Sendable () throws(LakeError) -> Opened) {
        self.metricsStore = metricsStore
        self.logger = logger
        self.make = make
    }

    /// Opens the catalog. If it cannot be reached, or does not answer within `timeout`, attempts continue in the
    /// background. Blocking.
    /// - Throws: ``LakeError`` when trying again cannot help: a wrong configuration, or a table that does not fit.
    func open(timeout: Duration) throws(LakeError) {
        let first = FirstAttempt()
        queue.async { [self] in
            let error = attempt()
            // The reason is set before waiting callers are woken.
            if first.isDealtWithHere(error) { follow(error) }
            first.end()
        }
        if let error = first.wait(timeout) { throw error }
        // The attempt may still be in progress.
        state.withLock { if $0.opened == nil, $0.reason == nil { $0.reason = .unreached } }
    }

    /// Starts to write when the catalog is open.
    func start() {
        let opened = state.withLock { state in
            state.isStarted = true
            return state.opened
        }
        opened?.writer.start()
    }

    /// Calls `body` when the catalog is open and before anything is written; at once when it is open already.
    func whenOpen(_ body: @escaping @Sendable () -> Void) {
        let isOpen = state.withLock { state in
            if state.opened == nil { state.whenOpen.append(body) }
            return state.opened != nil
        }
        if isOpen { body() }
    }

    /// The open catalog with its parts; nil while it cannot be reached.
    var opened: Opened? { state.withLock { $0.opened } }

    /// Why the catalog is not open; nil when it is.
    var reason: LakeError? { state.withLock { $0.opened == nil ? $0.reason : nil } }

    /// Makes a new connection to the catalog, for a reader.
    func connect() throws(LakeError) -> DatabaseConnection { try present().catalog.connect() }

    /// Ends the attempts, and returns what was open. Waits some seconds for an attempt that is in progress.
    func close() async -> Opened? {
        let opened = state.withLock { state in
            state.isClosed = true
            return state.opened
        }
        guard opened == nil else { return opened }
        await withCheckedContinuation { continuation in
            let end = OneEnd(continuation)
            queue.async { end.resume() }
            DispatchQueue.global().asyncAfter(deadline: .now() + 6) { end.resume() }
        }
        return nil
    }

    private func present() throws(LakeError) -> Opened {
        guard let opened else { throw .unreached }
        return opened
    }

    // MARK: On the queue

    private func attempt() -> LakeError? {
        do throws(LakeError) {
            let opened = try make()
            let (handlers, isClosed) = state.withLock { state in
                defer { state.whenOpen = [] }
                return (state.whenOpen, state.isClosed)
            }
            guard !isClosed else {
                opened.catalog.close()
                return nil
            }
            // This is for requests from here on. The writer starts when the handlers have finished.
            state.withLock { $0.opened = opened }
            for handler in handlers { handler() }
            let (attempts, isStarted) = state.withLock { state in
                state.reason = nil
                return (state.retry.attempts, state.isStarted)
            }
            if attempts > 0 {
                metricsStore.recovered()
                logger.notice("the tables are there: their catalog is reached after \(attempts + 1) attempts")
            }
            if isStarted { opened.writer.start() }
            return nil
        } catch {
            return error
        }
    }

    /// Logs why an attempt has failed, and schedules the next one.
    private func follow(_ error: LakeError?) {
        guard let error else { return }
        metricsStore.failed(error)
        let delay = state.withLock { state -> Duration? in
            guard !state.isClosed else { return nil }
            state.reason = error
            state.retry.failed()
            let delay = state.retry.delay
            state.line.log(
                logger, error.isLogin || !error.mayPass ? .error : .warning,
                "the catalog of the tables cannot be reached; the broker works without tables, and the journal keeps what is for them",
                about: error.message, metadata: ["error": "\(error.inOneLine)", "next": "\(delay)"])
            return delay
        }
        guard let delay else { return }
        queue.asyncAfter(deadline: .now() + delay.dispatchInterval) { [weak self] in
            guard let self, !state.withLock({ $0.isClosed }) else { return }
            follow(attempt())
        }
    }
}

extension LakeAccess: TableWriting {
    func perform<Output: Sendable>(
        until deadline: ContinuousClock.Instant?, late: LakeError,
        _ body: @escaping @Sendable (DatabaseConnection) throws -> Output
    ) async throws -> Output {
        try await present().writer.perform(until: deadline, late: late, body)
    }

    func waitUntilCurrent(timeout: Duration) async throws {
        try await present().writer.waitUntilCurrent(timeout: timeout)
    }
}

extension LakeError {
    /// The error for callers while the catalog cannot be reached. The log has the reason.
    static let unreached = LakeError(
        .away,
        """
        the tables cannot be reached: their catalog does not answer. What is published is kept in the journal and will be in \
        them; try again later
        """)

    /// The reason without the statement that DuckDB quotes.
    fileprivate var inOneLine: String {
        let lines = message.split(whereSeparator: \.isNewline).prefix { !$0.hasPrefix("LINE ") }
        return lines.joined(separator: " ")
    }

    /// Whether a server has refused the login, which a person has to correct.
    fileprivate var isLogin: Bool {
        ["authentication failed", "no pg_hba.conf entry", "does not exist"].contains { message.contains($0) }
    }
}

/// The outcome of the first attempt, for a caller that waits for it for a limited time.
private final class FirstAttempt: Sendable {
    private let state = Mutex<(error: LakeError?, isAwaited: Bool)>((nil, true))
    private let isDone = DispatchSemaphore(value: 0)

    /// Sets the outcome. Returns false for an error that the waiting caller throws, and true when the queue has to
    /// handle the outcome.
    func isDealtWithHere(_ error: LakeError?) -> Bool {
        state.withLock { state in
            guard let error, !error.mayPass, state.isAwaited else { return true }
            state.error = error
            return false
        }
    }

    /// Wakes the caller that waits.
    func end() { isDone.signal() }

    /// Waits for an error that further attempts would not correct; nil when there is none, or none yet.
    func wait(_ timeout: Duration) -> LakeError? {
        _ = isDone.wait(timeout: .now() + timeout.dispatchInterval)
        return state.withLock { state in
            state.isAwaited = false
            return state.error
        }
    }
}

/// Resumes when the first of two things has happened.
private final class OneEnd: Sendable {
    private let waiting: Mutex<CheckedContinuation<Void, Never>?>

    init(_ continuation: CheckedContinuation<Void, Never>) { waiting = Mutex(continuation) }

    func resume() {
        waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }?.resume()
    }
}
