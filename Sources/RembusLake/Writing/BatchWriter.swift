import Logging
import RembusStore
import RembusSupport
import RembusTables

/// Runs the actions of `BatchMachine`: reads batches from the journal, writes them to the lake, and releases them here
/// and in the journal.
///
/// Used on the writer's thread only.
final class BatchWriter {
    /// The progress of the lake. Queries wait here until it has what was accepted before them.
    let progress: LakeProgress
    /// The progress for each partition when the lake was opened.
    let archivedAtStart: [UInt64]

    private let configuration: LakeConfiguration
    private let source: any JournalSource
    private let place: CatalogPlace
    private let commit: BatchCommit
    private let merger: PageMerger
    private let metricsStore: LakeMetricsStore
    private let log: BatchLog
    private var machine = BatchMachine()

    private var batch: Batch { commit.batch }

    /// Reads the progress of the lake. Blocking.
    init(
        _ configuration: LakeConfiguration, schema: StoreSchema, connection: DatabaseConnection, place: CatalogPlace,
        source: any JournalSource, metricsStore: LakeMetricsStore, logger: Logger
    ) throws(LakeError) {
        self.configuration = configuration
        self.source = source
        self.place = place
        self.metricsStore = metricsStore
        let stored = try connection.archivedTimes(name: configuration.name, count: source.partitionCount)
        archivedAtStart = stored
        progress = LakeProgress(stored)
        merger = PageMerger(source, progress: stored)
        let matcher = TableMatcher(schema, tenant: configuration.tableTenant)
        let batch = Batch(schema, matcher: matcher, recording: configuration.retention) { [source] in
            source.name(of: $0)
        }
        commit = try BatchCommit(
            connection, name: configuration.name, schema: schema, batch: batch, committed: stored, logger: logger)
        log = BatchLog(schema, logger: logger)
    }

    /// Warns of rejections since the last line, if it is time for another one.
    func logLate() { log.warnings.logLate() }

    /// Writes the batch that waits or, if there is none, the next one of the journal. Returns the time that writing
    /// took, if something was written.
    ///
    /// - Parameters:
    ///   - isStopping: Whether records ahead of the clock are written too.
    ///   - maintenance: Gets the number of rows that are inside the catalog.
    func writeBatch(
        isStopping: Bool, _ maintenance: inout Maintenance
    ) -> (outcome: BatchOutcome, time: Duration?) {
        var action = machine.begin()
        var start = ContinuousClock.now
        while true {
            do throws(LakeError) {
                switch action {
                case .gather:
                    action = machine.gathered(gather(isStopping: isStopping))
                    start = .now
                case .lookForCatalog:
                    try place.check()
                    action = machine.catalogIsThere()
                case .askForProgress: action = machine.isInLake(try commit.isCommitted())
                case .writeDirectly: action = machine.wroteDirectly(try commit.writeDirectly())
                case .stage:
                    try commit.stage()
                    action = machine.staged()
                case .commit:
                    let refusal = try commit.writeTransaction()
                    action = refusal.map { machine.refused(table: $0.table, $0.error) } ?? machine.committed()
                case .giveBackRows(let table, let error):
                    action = machine.gaveBack(try commit.isolate(table, error))
                case .succeed(let success):
                    let time = start.duration(to: .now)
                    succeed(success, in: time, &maintenance)
                    return (success.outcome, time)
                case .release(let passed, let outcome):
                    // Records without publications give no rows, but the journal need not keep them for the lake.
                    release(passed)
                    return (outcome, nil)
                case .postpone(let postponement):
                    metricsStore.failed(postponement.error)
                    log.failed(postponement, unarchivedBytes: source.unarchivedBytes)
                    return (.failed(retryAfter: postponement.delay), nil)
                }
            } catch {
                action = machine.failed(error)
            }
        }
    }

    /// Adds records of the journal to the batch.
    private func gather(isStopping: Bool) -> BatchMachine.Gathered {
        do {
            let (isLast, passed) = try read(isStopping: isStopping)
            log.canRead()
            return BatchMachine.Gathered(isEmpty: batch.isEmpty, isLast: isLast, passed: passed)
        } catch {
            // Publications that were read before the error are written as usual.
            log.cannotRead(error)
            return BatchMachine.Gathered(isEmpty: batch.isEmpty, isLast: true, passed: [])
        }
    }

    private func read(isStopping: Bool) throws -> (isLast: Bool, passed: [UInt64]) {
        defer { batch.close(merger.taken) }
        // A record behind this time may have been received after one of another partition that is not on the disk yet.
        let reach = source.reach
        let horizon = isStopping ? reach.readable : min(WallClock.nanoseconds(), reach.readable)
        let (rows, bytes) = (configuration.batchRows, configuration.batchBytes)
        let isLast = try merger.read(horizon: horizon) { header, message in
            guard batch.messages.rowCount < rows, batch.byteCount < bytes else { return false }
            batch.append(header, message)
            return true
        }
        return (isLast, isLast ? reach.accepted.map { $0 <= horizon ? $0 : 0 } : [])
    }

    private func succeed(_ success: BatchMachine.Success, in time: Duration, _ maintenance: inout Maintenance) {
        commit.clear()
        log.wrote(batch, failures: success.failures)
        metricsStore.committed(batch, frameRows: commit.frameRows, schema: commit.schema, time: time)
        configuration.onCommit(time)
        maintenance.committed(batch, frames: commit.frameRows)
        release(success.passed)
    }

    /// Releases the batch here and in the journal, and wakes requests that wait for it.
    /// - Parameter passed: Further parts of the journal that were processed, as receive times by partition.
    private func release(_ passed: [UInt64]) {
        for (partition, time) in batch.progress.enumerated() where time > 0 {
            source.archived(partition: partition, through: time)
        }
        progress.pass(batch.progress)
        progress.pass(passed)
        batch.reset()
    }
}
