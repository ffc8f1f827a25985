import Dispatch
import Logging
import RembusStore
import RembusTables
import Synchronization

/// The only writer of the lake. It moves publications from the journal to the tables, runs the writes of the table
/// services, keeps the component tables and does maintenance, one after the other.
///
/// All its state except the metrics is used on `queue` only, hence unchecked.
final class LakeWriter: @unchecked Sendable {
    private let queue = DispatchQueue(label: "rembus.lake.writer")
    private let configuration: LakeConfiguration
    private let source: any JournalSource
    private let connection: DatabaseConnection
    private let place: CatalogPlace
    private let metricsStore: LakeMetricsStore
    private let logger: Logger

    private let batches: BatchWriter
    private var projections: CatalogProjections
    private var maintenance: Maintenance
    private var turns: WriterTurns
    private var timer: (any DispatchSourceTimer)?
    /// Fires once, when it was asked for.
    private var alarm: (any DispatchSourceTimer)?
    /// Whether the queue was told that there is something new.
    private let isNudged = Atomic(false)

    /// Reads the progress of the lake. Blocking.
    init(
        _ configuration: LakeConfiguration, schema: StoreSchema, catalog: Catalog, source: any JournalSource,
        components: ComponentProjection, trust: TrustProjection, metricsStore: LakeMetricsStore, logger: Logger
    ) throws(LakeError) {
        self.configuration = configuration
        self.source = source
        self.metricsStore = metricsStore
        self.logger = logger
        connection = try catalog.connect()
        place = catalog.place
        batches = try BatchWriter(
            configuration, schema: schema, connection: connection, place: catalog.place, source: source,
            metricsStore: metricsStore, logger: logger)
        projections = CatalogProjections(components, trust, name: configuration.name, logger: logger)
        turns = WriterTurns(WriteSchedule(interval: configuration.interval))
        let isOwnFolder = catalog.dataPath == "\(configuration.directory)/\(configuration.name)/"
        maintenance = Maintenance(configuration, schema: schema, ownFolder: isOwnFolder ? catalog.dataPath : nil)
        for (pattern, time) in try connection.retentionLimits(name: configuration.name) {
            configuration.retention.raise(pattern, to: time)
        }
        for (partition, time) in archivedAtStart.enumerated() where time > 0 {
            source.archived(partition: partition, through: time)
        }
    }

    /// For each partition, the progress of the lake when it was opened.
    var archivedAtStart: [UInt64] { batches.archivedAtStart }

    private var progress: LakeProgress { batches.progress }

    /// Starts to write: when something is received, and at every interval.
    func start() {
        queue.async { [self] in
            let timer = DispatchSource.makeTimerSource(queue: queue)
            let interval = configuration.interval.dispatchInterval
            timer.schedule(deadline: .now() + interval, repeating: interval, leeway: .milliseconds(20))
            timer.setEventHandler { [weak self] in
                guard let self else { return }
                run(turns.intervalEnded(now: .now))
            }
            timer.activate()
            self.timer = timer
            let alarm = DispatchSource.makeTimerSource(queue: queue)
            alarm.setEventHandler { [weak self] in self?.call() }
            alarm.activate()
            self.alarm = alarm
            source.onWritten { [weak self] in self?.nudge() }
            call()
        }
    }

    /// Writes what is in the journal, and then ends. What cannot be written stays in the journal.
    ///
    /// - Parameter grace: How long to wait for the thread in addition to the time for writing, because DuckDB may be
    ///   doing something that it cannot interrupt.
    func stop(grace: Duration = .seconds(5)) async {
        source.onWritten(nil)
        let ended: Void? = try? await withCheckedThrowingContinuation { continuation in
            let answer = OneAnswer<Void>(continuation)
            queue.async { [self] in
                timer?.cancel()
                alarm?.cancel()
                (timer, alarm) = (nil, nil)
                drain()
                progress.stop()
                answer.give(.success(()))
            }
            let limit = configuration.drainTimeout + grace
            DispatchQueue.global().asyncAfter(deadline: .now() + limit.dispatchInterval) {
                answer.give(.failure(LakeError.stopping))
            }
        }
        guard ended == nil else { return }
        logger.error("the tables' writer does not end and is given up; the journal keeps what it has not written")
    }

    /// Tells the writer that there is something to write. On any thread.
    func nudge() {
        guard !isNudged.exchange(true, ordering: .acquiringAndReleasing) else { return }
        queue.async { [weak self] in
            guard let self else { return }
            isNudged.store(false, ordering: .releasing)
            call()
        }
    }

    /// Returns when everything that the journal has accepted by now is in the lake.
    func waitUntilCurrent(timeout: Duration) async throws {
        try await progress.wait(for: source.reach.accepted, timeout: timeout) { nudge() }
    }

    /// Runs `body` between two batches, with the writer's connection and without an open transaction.
    ///
    /// - Parameters:
    ///   - deadline: When `body` must have started; otherwise it is not run and `late` is thrown.
    func perform<Result: Sendable>(
        until deadline: ContinuousClock.Instant?, late: LakeError,
        _ body: @escaping @Sendable (DatabaseConnection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let answer = OneAnswer(continuation)
            queue.async { [self] in
                guard !turns.isStopping else { return answer.give(.failure(LakeError.stopping)) }
                // The call was answered while it waited, because its time was over.
                guard answer.begin() else { return }
                maintenance.wrote(nil)
                answer.give(Swift.Result { try body(connection) })
            }
            guard let deadline else { return }
            DispatchQueue.global().asyncAfter(deadline: .now() + (deadline - .now).dispatchInterval) {
                answer.refuse(with: late)
            }
        }
    }

    // MARK: - On the queue

    private func call() { run(turns.called(isAwaited: progress.isAwaited, now: .now)) }

    private func run(_ call: WriterTurns.Call) {
        switch call {
        case .nothing: break
        case .wake(let time): wake(at: time)
        case .write:
            let (outcome, time) = batches.writeBatch(isStopping: false, &maintenance)
            run(turns.batchEnded(outcome, wrote: time, isAwaited: progress.isAwaited, now: .now))
        }
    }

    private func run(_ step: WriterTurns.AfterBatch) {
        switch step {
        case .retry(let time): wake(at: time)
        case .tidy(let next):
            batches.logLate()
            project(isLast: false)
            maintain()
            switch next {
            case .rest: break
            case .wake(let time): wake(at: time)
            case .turn:
                queue.async { [weak self] in
                    guard let self else { return }
                    run(turns.turnCame())
                }
            }
        }
    }

    private func wake(at time: ContinuousClock.Instant) {
        alarm?.schedule(deadline: .now() + (time - .now).dispatchInterval, leeway: .milliseconds(1))
    }

    private func project(isLast: Bool) {
        for table in projections.write(connection, isLast: isLast) { maintenance.wrote(table.rawValue) }
    }

    /// Runs one step of maintenance for each turn, so that batches do not wait for all of it.
    private func maintain() {
        guard maintenance.isDue else { return }
        maintenance.begin()
        nextStep()
    }

    private func nextStep() {
        guard !turns.isStopping, maintenance.step(connection, metricsStore: metricsStore, logger: logger) else {
            return
        }
        queue.async { [weak self] in self?.nextStep() }
    }

    /// Writes what the journal has accepted, before the end.
    private func drain() {
        var action = turns.stop(within: configuration.drainTimeout, now: .now)
        source.writeOut(timeout: min(configuration.drainTimeout, .seconds(5)))
        while true {
            switch action {
            case .write(let left, let pause):
                if let left {
                    logger.notice(
                        "the lake is still being written before the end",
                        metadata: [
                            "journal": "\(source.unarchivedBytes >> 10) KiB", "left": "\(left.components.seconds) s",
                        ])
                }
                if pause > .zero { Pause.milliseconds(Int(pause / .milliseconds(1))) }
                let (outcome, _) = batches.writeBatch(isStopping: true, &maintenance)
                action = turns.drained(outcome, canMend: place.isThere, now: .now)
            case .end: return project(isLast: true)
            case .giveUp:
                logger.error(
                    "the lake does not have everything at the end; the journal keeps the rest for the next start",
                    metadata: ["journal": "\(source.unarchivedBytes >> 10) KiB"])
                return
            }
        }
    }
}

extension Duration {
    /// The interval for timers.
    var dispatchInterval: DispatchTimeInterval {
        let (seconds, attoseconds) = components
        return .nanoseconds(Int(clamping: seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000))
    }
}
