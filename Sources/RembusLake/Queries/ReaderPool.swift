import Dispatch
import Synchronization

/// Connections for queries, each with a thread of its own; a query waits until one is free.
///
/// The connections come from a database whose configuration is locked: no access to files outside of its data path, no
/// settings, no extensions. They run generated SQL only.
package final class ReaderPool: Sendable {
    /// A connection and where it may be used.
    private final class Reader: @unchecked Sendable {
        // Used on `queue` alone, but for its interrupter; hence unchecked.
        let queue: DispatchQueue
        var connection: Connection?
        let current = Mutex<Interrupter?>(nil)

        init(_ number: Int) {
            queue = DispatchQueue(label: "rembus.lake.reader.\(number)")
        }
    }

    private struct Job {
        let number: UInt64
        let run: @Sendable (Result<Connection, LakeError>) -> Void
    }

    private struct State {
        var idle: [Reader]
        var running: [UInt64: Reader] = [:]
        var waiting: [Job] = []
        /// Queries to be refused, or to be stopped when their reader is ready.
        var cancelled: Set<UInt64> = []
        var count: UInt64 = 0
        var isClosed = false
        /// Called when the last query ended, after `close`.
        var closing: [CheckedContinuation<Void, Never>] = []
    }

    private let connect: @Sendable () throws(LakeError) -> Connection
    private let maximumWaiting: Int
    private let state: Mutex<State>

    /// A pool of `count` readers; connections are made when they are first needed.
    /// - Parameters:
    ///   - maximumWaiting: How many queries may wait for a reader; the next is refused.
    ///   - connect: Makes a connection to the catalog.
    package init(
        count: Int, maximumWaiting: Int = 256, connect: @escaping @Sendable () throws(LakeError) -> Connection
    ) {
        self.connect = connect
        self.maximumWaiting = maximumWaiting
        state = Mutex(State(idle: (0..<max(1, count)).map(Reader.init)))
    }

    /// Runs `body` on a reader's thread. Interrupted when the task is cancelled.
    package func perform<Output: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Output
    ) async throws -> Output {
        let number = state.withLock { state in
            state.count += 1
            return state.count
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                submit(
                    Job(number: number) { connection in
                        continuation.resume(with: Result { try body(connection.get()) })
                    })
            }
        } onCancel: {
            cancel(number)
        }
    }

    /// Refuses further queries, interrupts the running ones and closes the connections.
    package func close() async {
        let (readers, waiting) = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return (Array(state.running.values), state.waiting)
        }
        for job in waiting { job.run(.failure(.closed)) }
        for reader in readers { reader.current.withLock { $0?.cancel() } }
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.running.isEmpty { return true }
                state.closing.append(continuation)
                return false
            }
            if isDone { continuation.resume() }
        }
        // Nobody takes a reader out of a closed pool.
        let idle = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
        for reader in idle { reader.queue.sync { reader.connection = nil } }
    }

    private enum Placement {
        case started(Reader)
        case waits
        case refused(LakeError)
    }

    private func submit(_ job: Job) {
        let placement = state.withLock { state -> Placement in
            if state.isClosed { return .refused(.closed) }
            if state.cancelled.remove(job.number) != nil {
                return .refused(LakeError(.interrupted, "the query was cancelled"))
            }
            if let reader = state.idle.popLast() {
                state.running[job.number] = reader
                return .started(reader)
            }
            guard state.waiting.count < maximumWaiting else {
                return .refused(.busy)
            }
            state.waiting.append(job)
            return .waits
        }
        switch placement {
        case .started(let reader): start(job, reader)
        case .waits: break
        case .refused(let error): job.run(.failure(error))
        }
    }

    private func start(_ job: Job, _ reader: Reader) {
        reader.queue.async { [self] in
            do throws(LakeError) {
                let connection = try open(reader)
                connection.interrupter.begin()
                reader.current.withLock { $0 = connection.interrupter }
                if state.withLock({ $0.cancelled.contains(job.number) || $0.isClosed }) {
                    connection.interrupter.cancel()
                }
                job.run(.success(connection))
            } catch {
                job.run(.failure(error))
            }
            // Whoever cancels this query late must not stop the next one.
            reader.current.withLock { $0 = nil }
            finish(job, reader)
        }
    }

    /// On the reader's queue.
    private func open(_ reader: Reader) throws(LakeError) -> Connection {
        if let connection = reader.connection { return connection }
        let connection = try connect()
        reader.connection = connection
        return connection
    }

    private func finish(_ job: Job, _ reader: Reader) {
        let (next, closing) = state.withLock { state -> (Job?, [CheckedContinuation<Void, Never>]) in
            state.running[job.number] = nil
            state.cancelled.remove(job.number)
            if !state.waiting.isEmpty {
                let next = state.waiting.removeFirst()
                state.running[next.number] = reader
                return (next, [])
            }
            state.idle.append(reader)
            guard state.isClosed, state.running.isEmpty else { return (nil, []) }
            defer { state.closing = [] }
            return (nil, state.closing)
        }
        for continuation in closing { continuation.resume() }
        if let next { start(next, reader) }
    }

    private func cancel(_ number: UInt64) {
        let (reader, job) = state.withLock { state -> (Reader?, Job?) in
            if let index = state.waiting.firstIndex(where: { $0.number == number }) {
                return (nil, state.waiting.remove(at: index))
            }
            // It runs, or did not come here yet: then it is refused when it does.
            state.cancelled.insert(number)
            return (state.running[number], nil)
        }
        reader?.current.withLock { $0?.cancel() }
        job?.run(.failure(LakeError(.interrupted, "the query was cancelled")))
    }
}
