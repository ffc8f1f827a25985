import Dispatch
import Logging
import RembusStore
import Synchronization

/// The one writer of the lake: it moves the journal's publications into the tables, runs the writes of the table
/// services, keeps the component tables and tidies up, one after the other.
///
/// All its state but the metrics is used on `queue` alone, hence unchecked.
final class LakeWriter: @unchecked Sendable {
    let queue = DispatchQueue(label: "rembus.lake.writer")
    let configuration: LakeConfiguration
    let schema: StoreSchema
    let statements: [TableStatements]
    /// By the table's number, of those whose partitions may have names that no folder can have.
    let partitionNames: [Int: PartitionNames]
    let source: any JournalSource
    let logger: Logger
    let connection: DatabaseConnection
    let place: CatalogPlace
    let metricsStore: LakeMetricsStore

    let batch: Batch
    let staging: Staging
    let merger: PageMerger
    let warnings: RejectionLog
    let unknownFields: UnknownFieldLog
    let components: ComponentProjection
    let trust: TrustProjection
    var maintenance: Maintenance
    /// What a failure waits for; nil while all goes well.
    var retry: RetryState?
    /// Set by `prepareInserts()`; by the table's number in the schema those of tables without keys.
    var messageInsert: DirectInsert?
    var sourceInsert: DirectInsert?
    var tableInserts: [Int: DirectInsert] = [:]
    /// True when the batch's rows lie in the staging tables.
    var isStaged = false
    /// Per partition, how far the lake is.
    var committed: [UInt64]
    /// … and how far it was when it was opened.
    let archivedAtStart: [UInt64]
    /// How far the lake is: queries wait here until it has what was accepted before them.
    let progress: LakeProgress
    var schedule: WriteSchedule
    private var timer: (any DispatchSourceTimer)?
    /// Fires once, when the next batch may be written.
    private var alarm: (any DispatchSourceTimer)?
    /// True when the queue has been told that there is something new.
    private let isNudged = Atomic(false)
    var nextProjection = ContinuousClock.now
    /// Lines that come with every attempt.
    var failureLine = RepeatedLine()
    var journalLine = RepeatedLine()
    var componentsLine = RepeatedLine()
    var trustLine = RepeatedLine()
    private var isCycling = false
    private(set) var isStopping = false

    /// Reads how far the lake is. Blocking.
    init(
        _ configuration: LakeConfiguration, schema: StoreSchema, catalog: Catalog, source: any JournalSource,
        components: ComponentProjection, trust: TrustProjection, metricsStore: LakeMetricsStore, logger: Logger
    ) throws(LakeError) {
        self.components = components
        self.trust = trust
        self.configuration = configuration
        self.schema = schema
        self.source = source
        self.metricsStore = metricsStore
        self.logger = logger
        statements = schema.tables.map(TableStatements.init)
        partitionNames = Dictionary(
            uniqueKeysWithValues: schema.tables.enumerated().compactMap { index, table in
                PartitionNames(table).map { (index, $0) }
            })
        connection = try catalog.connect()
        place = catalog.place
        let matcher = TableMatcher(schema, tenant: configuration.tableTenant)
        batch = Batch(schema, matcher: matcher, recording: configuration.retention) { [source] in
            source.name(of: $0)
        }
        staging = Staging(connection, statements: statements)
        committed = []
        let stored = try connection.archivedTimes(name: configuration.name, count: source.partitionCount)
        merger = PageMerger(source, progress: stored)
        committed = stored
        archivedAtStart = stored
        progress = LakeProgress(stored)
        schedule = WriteSchedule(interval: configuration.interval)
        warnings = RejectionLog(schema, logger: logger)
        unknownFields = UnknownFieldLog(schema, logger: logger)
        let isOwnFolder = catalog.dataPath == "\(configuration.directory)/\(configuration.name)/"
        maintenance = Maintenance(configuration, schema: schema, ownFolder: isOwnFolder ? catalog.dataPath : nil)
        for (pattern, time) in try connection.retentionLimits(name: configuration.name) {
            configuration.retention.raise(pattern, to: time)
        }
        try prepareInserts()
        for (partition, time) in stored.enumerated() where time > 0 {
            source.archived(partition: partition, through: time)
        }
    }

    /// Begins to write: when something comes, and at every interval.
    func start() {
        queue.async { [self] in
            let timer = DispatchSource.makeTimerSource(queue: queue)
            let interval = configuration.interval.dispatchInterval
            timer.schedule(deadline: .now() + interval, repeating: interval, leeway: .milliseconds(20))
            timer.setEventHandler { [weak self] in self?.tick() }
            timer.activate()
            self.timer = timer
            let alarm = DispatchSource.makeTimerSource(queue: queue)
            alarm.setEventHandler { [weak self] in self?.writeWhenDue() }
            alarm.activate()
            self.alarm = alarm
            source.onWritten { [weak self] in self?.nudge() }
            writeWhenDue()
        }
    }

    /// Writes what the journal has, then ends. What cannot be written stays in the journal.
    ///
    /// - Parameter patience: How long it waits for the thread beyond the time for writing: DuckDB may be in the middle of
    ///   something that it cannot interrupt.
    func stop(patience: Duration = .seconds(5)) async {
        source.onWritten(nil)
        let ended: Void? = try? await withCheckedThrowingContinuation { continuation in
            let answer = OneAnswer<Void>(continuation)
            queue.async { [self] in
                isStopping = true
                timer?.cancel()
                alarm?.cancel()
                (timer, alarm) = (nil, nil)
                finish()
                progress.stop()
                answer.give(.success(()))
            }
            let limit = configuration.drainTimeout + patience
            DispatchQueue.global().asyncAfter(deadline: .now() + limit.dispatchInterval) {
                answer.give(.failure(LakeError.stopping))
            }
        }
        guard ended == nil else { return }
        logger.error("the tables' writer does not end and is given up; the journal keeps what it has not written")
    }

    /// Says that there is something to write, from any thread.
    func nudge() {
        guard !isNudged.exchange(true, ordering: .acquiringAndReleasing) else { return }
        queue.async { [weak self] in
            guard let self else { return }
            isNudged.store(false, ordering: .releasing)
            writeWhenDue()
        }
    }

    /// Returns when everything that the journal has accepted by now is in the lake.
    func waitUntilCurrent(timeout: Duration) async throws {
        try await progress.wait(for: source.reach.accepted, timeout: timeout) { nudge() }
    }

    /// Runs `body` between two batches, with the writer's connection and no transaction open.
    ///
    /// - Parameters:
    ///   - deadline: When it must have begun; else it is not run and `late` is thrown.
    func perform<Result: Sendable>(
        until deadline: ContinuousClock.Instant?, late: LakeError,
        _ body: @escaping @Sendable (DatabaseConnection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let answer = OneAnswer(continuation)
            queue.async { [self] in
                guard !isStopping else { return answer.give(.failure(LakeError.stopping)) }
                // Answered already: its time was over while it waited.
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

    /// Writes a batch now if one may be written, else when it may.
    private func writeWhenDue() {
        guard !isCycling, !isStopping else { return }
        let now = ContinuousClock.now
        let due = schedule.due(isAwaited: progress.isAwaited, now: now)
        guard due > now else { return tick() }
        alarm?.schedule(deadline: .now() + (due - now).dispatchInterval, leeway: .milliseconds(1))
    }

    private func tick() {
        guard !isCycling, !isStopping else { return }
        isCycling = true
        cycle()
    }

    /// Writes a batch, then gives callers that wait for the thread a turn before the next one.
    private func cycle() {
        guard !isStopping, retry?.isDue ?? true else {
            isCycling = false
            return
        }
        let outcome = writeBatch()
        if outcome != .failed {
            // Also while the journal is ahead for hours: files that are never merged slow down the batches themselves.
            warnings.logLate()
            project()
            maintain()
        }
        if outcome == .more {
            queue.async { [weak self] in self?.cycle() }
            return
        }
        isCycling = false
        guard outcome == .done else { return }
        guard progress.isAwaited else { return }
        // What they wait for is not on the disk yet, which the journal will say, or its time is still ahead by the clock.
        alarm?.schedule(deadline: .now() + .milliseconds(20), leeway: .milliseconds(1))
    }

    /// One step of maintenance per turn, so that batches do not wait for all of it.
    private func maintain() {
        guard maintenance.isDue else { return }
        maintenance.begin()
        nextStep()
    }

    private func nextStep() {
        guard !isStopping, maintenance.step(connection, metricsStore: metricsStore, logger: logger) else { return }
        queue.async { [weak self] in self?.nextStep() }
    }

    /// Takes what the journal has accepted into the lake before the end. Most of a second of it is the rule; after a
    /// failure it may be hours, which go on at the next start.
    private func finish() {
        let clock = ContinuousClock()
        let deadline = clock.now + configuration.drainTimeout
        source.writeOut(timeout: min(configuration.drainTimeout, .seconds(5)))
        var report = clock.now + .seconds(1)
        while true {
            let outcome = writeBatch()
            if outcome == .done { return project() }
            let now = clock.now
            // When the catalog's file is gone, waiting does not help.
            guard now < deadline, outcome != .failed || place.isThere else {
                logger.error(
                    "the lake does not have everything at the end; the journal keeps the rest for the next start",
                    metadata: ["journal": "\(source.unarchivedBytes >> 10) KiB"])
                return
            }
            if now >= report {
                logger.notice(
                    "the lake is still being written before the end",
                    metadata: [
                        "journal": "\(source.unarchivedBytes >> 10) KiB",
                        "left": "\((deadline - now).components.seconds) s",
                    ])
                report = now + .seconds(1)
            }
            if outcome == .failed { Pause.milliseconds(250) }
        }
    }
}

extension Duration {
    /// For timers.
    var dispatchInterval: DispatchTimeInterval {
        let (seconds, attoseconds) = components
        return .nanoseconds(Int(clamping: seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000))
    }
}
