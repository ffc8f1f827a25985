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
    let source: any JournalSource
    let logger: Logger
    let connection: Connection
    let board: LakeBoard

    let batch: Batch
    let staging: Staging
    let merger: PageMerger
    let warnings: RejectionLog
    let components = ComponentProjection()
    let trust = TrustProjection()
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
    private var timer: (any DispatchSourceTimer)?
    private var nextProjection = ContinuousClock.now
    private var isCycling = false
    private var isStopping = false

    /// Reads how far the lake is. Blocking.
    init(
        _ configuration: LakeConfiguration, schema: StoreSchema, catalog: Catalog, source: any JournalSource,
        board: LakeBoard, logger: Logger
    ) throws(LakeError) {
        self.configuration = configuration
        self.schema = schema
        self.source = source
        self.board = board
        self.logger = logger
        statements = schema.tables.map(TableStatements.init)
        connection = try catalog.connect()
        let matcher = TableMatcher(schema, tenant: configuration.tableTenant)
        batch = Batch(schema, matcher: matcher, policy: configuration.policy) { [source] in
            source.name(of: $0)
        }
        staging = Staging(connection, statements: statements)
        committed = []
        let progress = try connection.archivedTimes(name: configuration.name, count: source.partitionCount)
        merger = PageMerger(source, progress: progress)
        committed = progress
        warnings = RejectionLog(schema, logger: logger)
        maintenance = Maintenance(configuration, schema: schema)
        try prepareInserts()
        for (partition, time) in progress.enumerated() where time > 0 {
            source.archived(partition: partition, through: time)
        }
    }

    /// Begins to write at every interval.
    func start() {
        queue.async { [self] in
            let timer = DispatchSource.makeTimerSource(queue: queue)
            let interval = configuration.interval.dispatchInterval
            timer.schedule(deadline: .now() + interval, repeating: interval, leeway: .milliseconds(20))
            timer.setEventHandler { [weak self] in self?.tick() }
            timer.activate()
            self.timer = timer
        }
    }

    /// Writes what the journal has, then ends. What cannot be written stays in the journal.
    func stop() async {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                isStopping = true
                timer?.cancel()
                timer = nil
                finish()
                continuation.resume()
            }
        }
    }

    /// Runs `body` between two batches, with the writer's connection and no transaction open.
    func perform<Result: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in
                guard !isStopping else {
                    return continuation.resume(throwing: LakeError.stopping)
                }
                maintenance.wrote(nil)
                continuation.resume(with: Swift.Result { try body(connection) })
            }
        }
    }

    // MARK: - On the queue

    private func tick() {
        guard !isCycling, !isStopping else { return }
        isCycling = true
        cycle()
    }

    /// Writes a batch; then lets whoever waits have a turn before the next.
    private func cycle() {
        guard !isStopping, retry?.isDue ?? true else {
            isCycling = false
            return
        }
        let outcome = writeBatch()
        if outcome == .more {
            queue.async { [weak self] in self?.cycle() }
            return
        }
        isCycling = false
        if outcome == .done {
            project()
            maintain()
        }
    }

    /// Writes what changed of rights at once, and the component tables seldom enough that marks, which change all the
    /// time, cost little.
    private func project() {
        projectTrust()
        guard nextProjection <= .now || isStopping else { return }
        nextProjection = .now + .seconds(5)
        do throws(LakeError) {
            guard try components.write(connection, name: configuration.name) else { return }
            for table in [SystemTable.subscriber, .exposer, .mark, .component] { maintenance.wrote(table.rawValue) }
        } catch {
            logger.warning("the component tables cannot be written now", metadata: ["error": "\(error)"])
        }
    }

    private func projectTrust() {
        do throws(LakeError) {
            guard try trust.write(connection, name: configuration.name) else { return }
            for table in TrustProjection.tables { maintenance.wrote(table.rawValue) }
        } catch {
            logger.warning("the tables of rights cannot be written now", metadata: ["error": "\(error)"])
        }
    }

    /// One step of maintenance per turn, so that batches do not wait for all of it.
    private func maintain() {
        guard maintenance.isDue else { return }
        maintenance.begin()
        nextStep()
    }

    private func nextStep() {
        guard !isStopping, maintenance.step(connection, board: board, logger: logger) else { return }
        queue.async { [weak self] in self?.nextStep() }
    }

    private func finish() {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            switch writeBatch() {
            case .more: continue
            case .done: return project()
            case .failed:
                guard ContinuousClock.now < deadline else {
                    logger.error("the lake could not be written before the end; the journal keeps the rest")
                    return
                }
                Pause.milliseconds(250)
            }
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
