import Dispatch
package import Logging
import Synchronization

/// Connections for queries, each with a thread of its own. A query waits until one is free.
///
/// The connections belong to a database whose configuration is locked: no access to files outside of its data path, no
/// settings, no extensions. They run generated SQL only.
///
/// A query gets its answer when its time is over, whatever its thread does, because DuckDB cannot stop some functions
/// within a chunk of rows. Such a thread counts as lost until it returns, and another one replaces it.
package final class ReaderPool: Sendable {
    /// A connection with its queue.
    final class Reader: @unchecked Sendable {
        // Used on `queue` only, except for its interrupter; hence unchecked.
        let queue: DispatchQueue
        var connection: DatabaseConnection?
        let current = Mutex<Interrupter?>(nil)

        init(_ number: Int) {
            queue = DispatchQueue(label: "rembus.lake.reader.\(number)")
        }
    }

    /// A query. Its result, its time-out and its cancellation compete, and the first one is the answer.
    struct Job: Sendable {
        let number: UInt64
        let deadline: ContinuousClock.Instant?
        /// The answer when its time is over.
        let late: LakeError
        let run: @Sendable (DatabaseConnection) -> Void
        let fail: @Sendable (LakeError) -> Void
    }

    /// A query that has a thread.
    struct Run {
        let job: Job
        let reader: Reader
        /// The memory of the process when the query started.
        let memoryBefore: Int
        /// Whether its time is over and it was answered, while its thread is still busy.
        var isLost = false
    }

    struct State {
        var idle: [Reader]
        var running: [UInt64: Run] = [:]
        var waiting: [Job] = []
        /// Queries to be refused, or to be stopped when their reader is ready.
        var cancelled: Set<UInt64> = []
        var count: UInt64 = 0
        var readerCount: Int
        var isClosed = false
        var isWatched = false
        /// The number of checks without a query.
        var quietLooks = 0
        var metrics = QueryMetrics()
        /// The least memory of the process since memory was last returned to the system.
        var leastMemory = Int.max
        /// Called after `close`, when the last query has ended or counts as lost.
        var closing: [CheckedContinuation<Void, Never>] = []

        var lostCount: Int { running.values.count { $0.isLost } }
    }

    private let connect: @Sendable () throws(LakeError) -> DatabaseConnection
    private let maximumWaiting: Int
    let maximumMemory: Int
    let logger: Logger
    let state: Mutex<State>

    /// The most threads that may be lost and replaced at a time.
    static let maximumLost = 8

    /// A pool of `count` readers, whose connections are made when they are first needed.
    /// - Parameters:
    ///   - maximumWaiting: How many queries may wait for a reader; further ones are refused.
    ///   - maximumMemory: How many bytes the process may grow during a query before the query is stopped.
    ///   - connect: Makes a connection to the catalog.
    package init(
        count: Int, maximumWaiting: Int = 256, maximumMemory: Int = .max, logger: Logger,
        connect: @escaping @Sendable () throws(LakeError) -> DatabaseConnection
    ) {
        self.connect = connect
        self.maximumWaiting = maximumWaiting
        self.maximumMemory = maximumMemory
        self.logger = logger
        let count = max(1, count)
        var state = State(idle: (0..<count).map(Reader.init), readerCount: count)
        state.metrics.threads = count
        self.state = Mutex(state)
    }

    /// Runs `body` on a reader's thread. It is interrupted when the task is cancelled.
    ///
    /// - Parameters:
    ///   - deadline: When `late` is thrown, although `body` may run on for a while.
    ///   - late: The error for a query whose time is over.
    package func perform<Output: Sendable>(
        until deadline: ContinuousClock.Instant? = nil,
        late: LakeError = LakeError(.timedOut, "the query took too long"),
        _ body: @escaping @Sendable (DatabaseConnection) throws -> Output
    ) async throws -> Output {
        let number = state.withLock { state in
            state.count += 1
            return state.count
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer = OneAnswer(continuation)
                submit(
                    Job(number: number, deadline: deadline, late: late) { connection in
                        answer.give(Result { try body(connection) })
                    } fail: { error in
                        answer.give(.failure(error))
                    })
            }
        } onCancel: {
            cancel(number)
        }
    }

    /// Refuses further queries, interrupts the running ones and closes the connections. Threads that do not end within
    /// `timeout` are left to end with the process.
    package func close(timeout: Duration = .seconds(3)) async {
        let (runs, waiting) = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return (Array(state.running.values), state.waiting)
        }
        for job in waiting { job.fail(.closed) }
        for run in runs { run.reader.current.withLock { $0?.cancel() } }
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.running.isEmpty { return true }
                state.closing.append(continuation)
                return false
            }
            if isDone { return continuation.resume() }
            DispatchQueue.global().asyncAfter(deadline: .now() + timeout.dispatchInterval) { [self] in giveUp() }
        }
        // After `isClosed` is set no query takes a reader, so the idle ones can be ended.
        let idle = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
        for reader in idle { reader.queue.sync { reader.connection = nil } }
    }

    private func giveUp() {
        let (closing, left) = state.withLock { state in
            defer { state.closing = [] }
            return (state.closing, Array(state.running.values))
        }
        guard !closing.isEmpty else { return }
        logger.error(
            "queries that DuckDB cannot interrupt are given up: their threads end with the process",
            metadata: ["threads": .stringConvertible(left.count)])
        for run in left { run.job.fail(.closed) }
        for continuation in closing { continuation.resume() }
    }

    private enum Placement {
        case started(Reader)
        case waits
        case refused(LakeError)
    }

    private func submit(_ job: Job) {
        let memory = maximumMemory == .max ? 0 : ProcessMemory.resident
        let placement = state.withLock { state -> Placement in
            if state.isClosed { return .refused(.closed) }
            if state.cancelled.remove(job.number) != nil { return .refused(.cancelled) }
            if let reader = state.idle.popLast() {
                state.running[job.number] = Run(job: job, reader: reader, memoryBefore: memory)
                return .started(reader)
            }
            guard state.waiting.count < maximumWaiting else { return .refused(.busy) }
            state.waiting.append(job)
            return .waits
        }
        switch placement {
        case .started(let reader): start(job, reader)
        case .waits: break
        case .refused(let error): return job.fail(error)
        }
        watch()
    }

    func start(_ job: Job, _ reader: Reader) {
        reader.queue.async { [self] in
            do throws(LakeError) {
                let connection = try open(reader)
                connection.interrupter.begin()
                reader.current.withLock { $0 = connection.interrupter }
                if state.withLock({ $0.cancelled.contains(job.number) || $0.isClosed }) {
                    connection.interrupter.cancel()
                }
                job.run(connection)
            } catch {
                job.fail(error)
            }
            // A late cancellation of this query must not stop the next one.
            reader.current.withLock { $0 = nil }
            finish(job, reader)
        }
    }

    /// Opens the connection. On the reader's queue.
    private func open(_ reader: Reader) throws(LakeError) -> DatabaseConnection {
        if let connection = reader.connection { return connection }
        let connection = try connect()
        reader.connection = connection
        return connection
    }

    /// Ends a query. On the reader's queue.
    private func finish(_ job: Job, _ reader: Reader) {
        let memory = maximumMemory == .max ? 0 : ProcessMemory.resident
        let (next, closing, isSpare) = state.withLock { state -> (Job?, [CheckedContinuation<Void, Never>], Bool) in
            let run = state.running.removeValue(forKey: job.number)
            state.cancelled.remove(job.number)
            // Another reader has replaced this one.
            let isSpare = run?.isLost == true && state.readerCount - state.lostCount > state.metrics.threads
            if isSpare { state.readerCount -= 1 }
            if !isSpare, !state.waiting.isEmpty {
                let next = state.waiting.removeFirst()
                state.running[next.number] = Run(job: next, reader: reader, memoryBefore: memory)
                return (next, [], false)
            }
            if !isSpare { state.idle.append(reader) }
            guard state.isClosed, state.running.isEmpty else { return (nil, [], isSpare) }
            defer { state.closing = [] }
            return (nil, state.closing, isSpare)
        }
        if isSpare { reader.connection = nil }
        for continuation in closing { continuation.resume() }
        if let next { start(next, reader) }
    }

    private func cancel(_ number: UInt64) {
        let (reader, job) = state.withLock { state -> (Reader?, Job?) in
            state.metrics.cancelled += 1
            if let index = state.waiting.firstIndex(where: { $0.number == number }) {
                return (nil, state.waiting.remove(at: index))
            }
            // The query is running, or has not reached the pool yet. In the second case it is refused when it does.
            state.cancelled.insert(number)
            return (state.running[number]?.reader, nil)
        }
        reader?.current.withLock { $0?.cancel() }
        job?.fail(.cancelled)
    }
}

extension LakeError {
    static let cancelled = LakeError(.interrupted, "the query was cancelled")
}
