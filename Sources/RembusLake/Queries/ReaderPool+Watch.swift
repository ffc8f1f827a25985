import CDuckDBLoader
import Dispatch
import Logging
import Synchronization

/// Checks the queries that wait or run: whether their time is over, and how much memory the process uses meanwhile.
extension ReaderPool {
    /// The interval of the checks, while there are queries.
    private static let interval = Duration.milliseconds(20)
    /// A query that its own timer has stopped reports this itself within this time.
    private static let grace = Duration.milliseconds(250)
    /// The watch ends after this many checks without a query.
    private static let maximumQuietLooks = 50

    /// The growth of memory after which freed memory is returned to the system.
    private static let unsettledMemory = 64 << 20

    private static let queue = DispatchQueue(label: "rembus.lake.query-watch")

    /// The counts of queries.
    package var metrics: QueryMetrics {
        state.withLock { state in
            var metrics = state.metrics
            metrics.lostThreads = state.lostCount
            metrics.running = state.running.count - metrics.lostThreads
            metrics.waiting = state.waiting.count
            return metrics
        }
    }

    /// Starts the watch, unless it runs already.
    func watch() {
        let begins = state.withLock { state in
            state.quietLooks = 0
            defer { state.isWatched = true }
            return !state.isWatched
        }
        if begins { lookLater() }
    }

    private func lookLater() {
        Self.queue.asyncAfter(deadline: .now() + Self.interval.dispatchInterval) { [weak self] in self?.look() }
    }

    private func look() {
        let now = ContinuousClock.now
        let memory = settledMemory()
        let findings = state.withLock { state in
            var findings = Findings()
            findings.late = state.takeLateJobs(now)
            for (number, run) in state.running where !run.isLost {
                if let deadline = run.job.deadline, deadline + Self.grace <= now {
                    state.running[number]?.isLost = true
                    state.metrics.late += 1
                    findings.late.append(run.job)
                    findings.lost += 1
                } else if memory - run.memoryBefore > maximumMemory, !state.cancelled.contains(number) {
                    state.cancelled.insert(number)
                    state.metrics.stoppedForMemory += 1
                    findings.large.append(run)
                }
            }
            findings.started = state.replaceLost(memory)
            state.quietLooks = state.running.isEmpty && state.waiting.isEmpty ? state.quietLooks + 1 : 0
            state.isWatched = state.quietLooks < Self.maximumQuietLooks
            findings.goesOn = state.isWatched
            return findings
        }
        for job in findings.late { job.fail(job.late) }
        for run in findings.large {
            run.job.fail(.memory)
            run.reader.current.withLock { $0?.cancel() }
        }
        if findings.lost > 0 {
            logger.warning(
                "a query goes on after its time-out, because DuckDB cannot interrupt it; another thread takes its place",
                metadata: ["threads": .stringConvertible(findings.lost)])
        }
        for (job, reader) in findings.started { start(job, reader) }
        if findings.goesOn { lookLater() }
    }

    /// The memory of the process, after returning what DuckDB has freed. Otherwise its allocator would keep that for
    /// seconds, and it would grow with each query.
    private func settledMemory() -> Int {
        guard maximumMemory < .max else { return 0 }
        var memory = ProcessMemory.resident
        let (least, isQuiet) = state.withLock { state in
            state.leastMemory = min(state.leastMemory, memory)
            return (state.leastMemory, state.quietLooks + 1 == Self.maximumQuietLooks)
        }
        guard memory - least > (isQuiet ? Self.unsettledMemory / 4 : Self.unsettledMemory) else { return memory }
        rembus_duckdb_release_memory()
        memory = ProcessMemory.resident
        state.withLock { $0.leastMemory = memory }
        return memory
    }

    private struct Findings {
        var late: [Job] = []
        var large: [Run] = []
        var started: [(Job, Reader)] = []
        var lost = 0
        var goesOn = true
    }
}

extension ReaderPool.State {
    /// Removes and returns the queries whose time is over and that are still waiting.
    fileprivate mutating func takeLateJobs(_ now: ContinuousClock.Instant) -> [ReaderPool.Job] {
        var late: [ReaderPool.Job] = []
        waiting.removeAll { job in
            guard let deadline = job.deadline, deadline <= now else { return false }
            late.append(job)
            return true
        }
        return late
    }

    /// Starts new readers in place of lost ones, and gives them waiting queries.
    fileprivate mutating func replaceLost(_ memory: Int) -> [(ReaderPool.Job, ReaderPool.Reader)] {
        guard !isClosed else { return [] }
        while readerCount - lostCount < metrics.threads, lostCount <= ReaderPool.maximumLost {
            readerCount += 1
            idle.append(ReaderPool.Reader(readerCount))
        }
        var started: [(ReaderPool.Job, ReaderPool.Reader)] = []
        while !waiting.isEmpty, let reader = idle.popLast() {
            let job = waiting.removeFirst()
            running[job.number] = ReaderPool.Run(job: job, reader: reader, memoryBefore: memory)
            started.append((job, reader))
        }
        return started
    }
}

extension LakeError {
    static let memory = LakeError(
        .tooLarge, "the query needs too much memory; narrow it with where, or aggregate less at a time")
}
