import Logging
import RembusStore

/// Keeps the lake tidy, in rounds of small steps that take turns with the batches (known-defects.md R26).
///
/// Of the writer's thread only.
struct Maintenance {
    /// One short piece of work with a name for the metrics.
    struct Step {
        var kind: String
        var run: (Connection) throws(LakeError) -> Void
    }

    let configuration: LakeConfiguration
    /// All tables of the catalog by name.
    let tables: [String]
    let keyedTables: [String]
    private let tableNames: [String]

    /// Rows that may lie inside the catalog, by table. The first round takes what an earlier process left.
    private(set) var inlined: [String: Int] = [:]
    private var isFirst = true
    private var hasChanged = true
    private(set) var round = 0
    private var due: ContinuousClock.Instant
    private var steps: [Step] = []
    private var isInRound = false

    init(_ configuration: LakeConfiguration, schema: StoreSchema) {
        self.configuration = configuration
        tableNames = schema.tables.map(\.name)
        tables = SystemTable.allCases.map(\.rawValue) + tableNames
        keyedTables = schema.tables.filter { !$0.keys.isEmpty }.map(\.name)
        due = .now + configuration.maintenance.interval
    }

    var settings: MaintenanceSettings { configuration.maintenance }

    var isDue: Bool { settings.isEnabled && !isInRound && due <= .now }

    /// Counts what a batch may have put into the catalog instead of files.
    mutating func committed(_ batch: Batch, frames: [Int: Int]) {
        hasChanged = true
        func add(_ rows: Int, _ table: String) {
            if rows > 0, rows <= configuration.inliningLimit { inlined[table, default: 0] += rows }
        }
        add(batch.messages.rowCount, SystemTable.message.rawValue)
        add(batch.messages.sourceCount, SystemTable.messageSource.rawValue)
        add(batch.rejections.kept.count, SystemTable.rejected.rawValue)
        inlined[SystemTable.progress.rawValue, default: 0] += 1
        for (index, table) in batch.tables.enumerated() {
            add(table.rowCount + (frames[index] ?? 0), tableNames[index])
        }
    }

    /// Counts a write that did not come from the journal; of an unknown table when nil.
    mutating func wrote(_ table: String?) {
        hasChanged = true
        for table in table.map({ [$0] }) ?? tableNames { inlined[table, default: 0] += 1 }
    }

    /// Plans a round.
    mutating func begin() {
        isInRound = true
        round += 1
        steps = []
        if hasChanged { steps = flushes + retention + tables.flatMap(tidying) }
        steps += snapshots
        hasChanged = false
        isFirst = false
    }

    /// Runs the next step of the round; false when that was the last one.
    mutating func step(_ connection: Connection, board: LakeBoard, logger: Logger) -> Bool {
        guard !steps.isEmpty else {
            end(connection, board: board)
            return false
        }
        let step = steps.removeFirst()
        let start = ContinuousClock.now
        var failure: LakeError?
        do throws(LakeError) { try step.run(connection) } catch { failure = error }
        let time = ContinuousClock.now - start
        if let failure {
            // Nothing is lost by leaving it for the next round.
            hasChanged = true
            logger.warning("maintenance of the lake failed", metadata: ["step": "\(step.kind)", "error": "\(failure)"])
        }
        board.update { metrics in
            var entry = metrics.steps[step.kind] ?? LakeMetrics.Step()
            entry.count += 1
            entry.failures += failure == nil ? 0 : 1
            entry.time += time
            entry.longest = max(entry.longest, time)
            metrics.steps[step.kind] = entry
        }
        return true
    }

    private mutating func end(_ connection: Connection, board: LakeBoard) {
        isInRound = false
        due = .now + settings.interval
        let files = try? connection.dataFiles()
        let snapshots = try? connection.snapshotCount()
        let memory = try? connection.memory()
        let inlined = inlined
        board.update { metrics in
            if let files { metrics.files = files }
            if let snapshots { metrics.snapshots = snapshots }
            if let memory { metrics.memory = memory }
            metrics.inlinedRows = inlined.mapValues(UInt64.init)
            metrics.maintenanceRounds += 1
            metrics.lastMaintenance = WallClock.nanoseconds
        }
    }

    // MARK: - Steps

    /// Moves rows out of the catalog into files.
    private var flushes: [Step] {
        mutating get {
            let isRegular = round % max(1, settings.flushRounds) == 0
            let due = tables.filter { table in
                isFirst || inlined[table, default: 0] >= settings.flushRows || (isRegular && inlined[table] != nil)
            }
            for table in due { inlined[table] = nil }
            return due.map { table in
                Step(kind: "flush") { connection throws(LakeError) in
                    try connection.execute(
                        """
                        CALL ducklake_flush_inlined_data('\(Catalog.alias)', schema_name => '\(Catalog.schema)', \
                        table_name => \(SQL.literal(table)))
                        """)
                }
            }
        }
    }

    /// Writes files with many deleted rows anew, and merges small files.
    private func tidying(_ table: String) -> [Step] {
        let name = SQL.literal(table)
        let call = "'\(Catalog.alias)', \(name), schema => '\(Catalog.schema)'"
        let (settings, threshold) = (settings, settings.rewriteThreshold)
        let rewrite = Step(kind: "rewrite") { connection throws(LakeError) in
            guard try connection.hasDeletions(in: table) else { return }
            try connection.execute("CALL ducklake_rewrite_data_files(\(call), delete_threshold => \(threshold))")
        }
        var low = 0
        var merges: [Step] = []
        for high in settings.mergeSizes {
            let sizes = low..<high
            merges.append(
                Step(kind: "merge") { connection throws(LakeError) in
                    guard try connection.fileCount(of: table, sizes: sizes) >= settings.mergeFiles else { return }
                    // The limit is of new files, each of the target size at most.
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

    /// Forgets old snapshots, and removes the files that nothing needs any more.
    private var snapshots: [Step] {
        var steps: [Step] = []
        if let retention = settings.snapshotRetention {
            steps.append(
                Step(kind: "expire") { connection throws(LakeError) in
                    try connection.execute(
                        "CALL ducklake_expire_snapshots('\(Catalog.alias)', older_than => \(retention.ago))")
                })
        }
        let grace = settings.fileGrace
        steps.append(
            Step(kind: "cleanup") { connection throws(LakeError) in
                try connection.execute(
                    "CALL ducklake_cleanup_old_files('\(Catalog.alias)', older_than => \(grace.ago))")
            })
        return steps
    }
}

extension Duration {
    /// The time so long ago, in SQL.
    var ago: String {
        let (seconds, attoseconds) = components
        return "now() - INTERVAL '\(seconds).\(String(1000 + attoseconds / 1_000_000_000_000_000).dropFirst()) seconds'"
    }
}
