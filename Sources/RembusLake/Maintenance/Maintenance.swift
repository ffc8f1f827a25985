import Logging
import RembusSupport
import RembusTables

/// Maintains the lake in rounds of small steps, which alternate with the batches (known-defects.md R26).
///
/// Used on the writer's thread only.
struct Maintenance {
    /// A short piece of work. Its kind is its name in the metrics.
    struct Step {
        var kind: String
        /// The table; nil for all tables.
        var table: String?
        /// Distinguishes the step from others of its kind and table.
        var part = ""
        var run: (DatabaseConnection, Logger) throws(LakeError) -> Void
    }

    private var sizes = WorkingSizes()
    private var failures = StepFailures()
    /// Publications that the current step has deleted.
    let expired = ExpiredCount()

    let configuration: LakeConfiguration
    /// The names of all tables in the catalog.
    let tables: [String]
    let keyedTables: [String]
    private let tableNames: [String]
    /// The tenants of the tables that belong to one.
    private let owners: [String: String]

    /// The number of rows that may be inside the catalog, by table. The first round handles those of an earlier
    /// process.
    private(set) var inlined: [String: Int] = [:]
    private var inlinedBytes: [String: Int] = [:]
    private var isFirst = true
    private var hasChanged = true
    private(set) var round = 0
    private var due: ContinuousClock.Instant
    private var retentionDue: ContinuousClock.Instant
    private var steps: [Step] = []
    private var isInRound = false
    /// Whether the round has all steps. Rounds of retention alone have an interval of their own.
    private var isFull = false
    /// The folder of data files that nobody else uses; nil when there is none.
    let ownFolder: String?
    /// When orphaned files are looked for next.
    private var orphansDue = ContinuousClock.now

    init(_ configuration: LakeConfiguration, schema: StoreSchema, ownFolder: String?) {
        self.ownFolder = ownFolder
        self.configuration = configuration
        tableNames = schema.tables.map(\.name)
        owners = Self.owners(schema, configuration)
        tables = SystemTable.allCases.map(\.rawValue) + tableNames
        keyedTables = schema.tables.filter { !$0.keys.isEmpty }.map(\.name)
        due = .now + configuration.maintenance.interval
        // Due at once, because publications of an earlier process may exceed their retention.
        retentionDue = .now
    }

    var settings: MaintenanceSettings { configuration.maintenance }

    var isDue: Bool { settings.isEnabled && !isInRound && (due <= .now || retentionDue <= .now) }

    /// Counts the rows of a batch that are inside the catalog instead of in files.
    mutating func committed(_ batch: Batch, frames: [Int: Int]) {
        hasChanged = true
        let inlining = configuration.inlining
        func add(_ size: Batch.Size, _ table: String) {
            guard size.rows > 0, inlining.includes(rows: size.rows, bytes: size.bytes) else { return }
            inlined[table, default: 0] += size.rows
            inlinedBytes[table, default: 0] += size.bytes
        }
        for table in [SystemTable.message, .messageSource, .rejected, .progress] {
            add(batch.size(table), table.rawValue)
        }
        for index in batch.tables.indices {
            add(batch.size(index, frameRows: frames[index] ?? 0), tableNames[index])
        }
    }

    /// Counts a write that was not from the journal; to an unknown table when nil.
    mutating func wrote(_ table: String?) {
        hasChanged = true
        for table in table.map({ [$0] }) ?? tableNames { inlined[table, default: 0] += 1 }
    }

    /// Plans a round.
    mutating func begin() {
        isInRound = true
        isFull = due <= .now
        steps = []
        let isRetentionDue = retentionDue <= .now
        if isFull {
            round += 1
            // This includes rows from before the last change, so that in a quiet lake all rows get into files.
            steps = flushes
            if !steps.isEmpty { hasChanged = true }
        }
        if isRetentionDue { steps += retention }
        guard isFull else { return }
        if hasChanged { steps += tables.flatMap(tidying) }
        steps += snapshots + orphans
        hasChanged = false
        isFirst = false
    }

    /// Sets when retention is due again, so that it takes at most a twentieth of the writer's time.
    mutating func retained(in time: Duration) {
        let interval = settings.retentionInterval(of: configuration.policy)
        retentionDue = max(retentionDue, .now + max(interval, time * 20))
    }

    /// Runs the next step of the round. Returns false when it was the last one.
    mutating func step(_ connection: DatabaseConnection, metricsStore: LakeMetricsStore, logger: Logger) -> Bool {
        guard !steps.isEmpty else {
            end(connection, metricsStore: metricsStore)
            return false
        }
        let step = steps.removeFirst()
        guard failures.isDue(step.name, round: round) else {
            hasChanged = true
            return true
        }
        let start = ContinuousClock.now
        var failure: LakeError?
        do throws(LakeError) {
            if let table = step.table {
                try connection.working(in: sizes.pieces(of: table), on: table) { () throws(LakeError) in
                    try step.run(connection, logger)
                }
                sizes.succeeded(table)
            } else {
                try step.run(connection, logger)
            }
            failures.succeeded(step, logger)
        } catch {
            failure = error
        }
        let time = ContinuousClock.now - start
        if step.kind == Self.retentionKind { retained(in: time) }
        if let error = failure, error.kind == .outOfMemory, let table = step.table, sizes.tighten(table) {
            logger.notice(
                "memory is short for maintenance of a table; it goes on in smaller pieces",
                metadata: ["step": "\(step.kind)", "table": "\(table)", "error": "\(error)"])
            steps.insert(step, at: 0)
            failure = nil
        }
        if let failure {
            // Nothing is lost when this is left for a later round.
            hasChanged = true
            if step.kind == Self.flushKind, let table = step.table { inlined[table] = settings.flushRows }
            failures.failed(step, failure, round: round, logger)
        }
        let (areFailing, deleted) = (!failures.isEmpty, expired.take())
        metricsStore.update { metrics in
            var entry = metrics.steps[step.kind] ?? LakeMetrics.Step()
            entry.count += 1
            entry.failures += failure == nil ? 0 : 1
            entry.time += time
            entry.longest = max(entry.longest, time)
            metrics.expired += deleted
            metrics.steps[step.kind] = entry
            metrics.isMaintenanceFailing = areFailing
        }
        return true
    }

    static let retentionKind = "retention"
    static let flushKind = "flush"

    private mutating func end(_ connection: DatabaseConnection, metricsStore: LakeMetricsStore) {
        isInRound = false
        guard isFull else { return }
        due = .now + settings.interval
        let files = try? connection.dataFiles()
        let snapshots = try? connection.snapshotCount()
        let memory = try? connection.memory()
        let inlined = inlined
        metricsStore.update { metrics in
            if let files { metrics.files = files }
            if let snapshots { metrics.snapshots = snapshots }
            if let memory { metrics.memory = memory }
            metrics.inlinedRows = inlined.mapValues(UInt64.init)
            metrics.maintenanceRounds += 1
            metrics.lastMaintenance = WallClock.nanoseconds()
        }
    }

    // MARK: - Steps

    /// Moves rows from the catalog to files.
    private var flushes: [Step] {
        mutating get {
            let isRegular = round % max(1, settings.flushRounds) == 0
            let due = tables.filter { table in
                isFirst || inlined[table, default: 0] >= settings.flushRows
                    || inlinedBytes[table, default: 0] >= settings.flushBytes || (isRegular && inlined[table] != nil)
            }
            for table in due { (inlined[table], inlinedBytes[table]) = (nil, nil) }
            return due.map { table in
                Step(kind: Self.flushKind, table: table) {
                    [configuration, owners] connection, logger throws(LakeError) in
                    let rows = InlinedRows(
                        connection: connection, table: table, name: configuration.name,
                        forgets: !configuration.catalog.isSQLite, tenant: owners[table])
                    try Self.flush(rows, logger)
                }
            }
        }
    }

    /// Rewrites files with many deleted rows, and merges small files.
    private func tidying(_ table: String) -> [Step] {
        let name = SQL.literal(table)
        let call = "'\(Catalog.alias)', \(name), schema => '\(Catalog.schema)'"
        let (settings, threshold) = (settings, settings.rewriteThreshold)
        let rewrite = Step(kind: "rewrite", table: table) { connection, _ throws(LakeError) in
            guard try connection.hasDeletions(in: table) else { return }
            try connection.execute("CALL ducklake_rewrite_data_files(\(call), delete_threshold => \(threshold))")
        }
        var low = 0
        var merges: [Step] = []
        for high in settings.mergeSizes {
            let sizes = low..<high
            merges.append(
                Step(kind: "merge", table: table, part: "\(high)") { connection, _ throws(LakeError) in
                    guard try connection.fileCount(of: table, sizes: sizes) >= settings.mergeFiles else { return }
                    // The limit is the number of new files, each of at most the target size.
                    try connection.execute(
                        """
                        CALL ducklake_merge_adjacent_files(\(call), max_compacted_files => 1, \
                        min_file_size => \(sizes.lowerBound), max_file_size => \(sizes.upperBound))
                        """)
                })
            low = high
        }
        return [rewrite] + merges
    }

    /// Deletes old snapshots, and then files that are not needed any more.
    private var snapshots: [Step] {
        var steps: [Step] = []
        if let retention = settings.snapshotRetention {
            steps.append(
                Step(kind: "expire") { connection, _ throws(LakeError) in
                    try connection.expireSnapshots(olderThan: retention)
                })
        }
        let grace = settings.fileGrace
        steps.append(
            Step(kind: "cleanup") { connection, _ throws(LakeError) in
                try connection.execute(
                    "CALL ducklake_cleanup_old_files('\(Catalog.alias)', older_than => \(grace.ago))")
            })
        return steps
    }

    /// Deletes files of failed writes, once an hour and at the start.
    private var orphans: [Step] {
        mutating get {
            guard let ownFolder, orphansDue <= .now else { return [] }
            orphansDue = .now + settings.orphanInterval
            let grace = settings.fileGrace
            return [
                Step(kind: "orphans") { connection, logger throws(LakeError) in
                    let count = try OrphanedFiles(folder: ownFolder, connection: connection).remove(grace: grace)
                    guard count > 0 else { return }
                    logger.notice(
                        "files that no snapshot knows are removed", metadata: ["files": .stringConvertible(count)])
                }
            ]
        }
    }
}

extension Maintenance.Step {
    /// Identifies the step.
    var name: String { "\(kind) \(table ?? "") \(part)" }
}

extension Duration {
    /// The time so long ago, in SQL.
    var ago: String {
        let (seconds, attoseconds) = components
        return "now() - INTERVAL '\(seconds).\(String(1000 + attoseconds / 1_000_000_000_000_000).dropFirst()) seconds'"
    }
}
