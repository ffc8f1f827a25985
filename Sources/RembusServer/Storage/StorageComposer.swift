import Foundation
import Logging
import RembusBroker
import RembusLake
import RembusStore
import RembusTables
import RembusTrust
import RembusWire

/// Makes the storage of a broker: the journal, the components' file and, where DuckDB is available, the lake.
struct StorageComposer {
    let configuration: BrokerConfiguration
    let logger: Logger
    /// The broker's rights, which are copied to the catalog.
    let trust: TrustStore

    var settings: StorageConfiguration { configuration.storage }
    /// The folder of the broker's own files.
    var folder: URL { configuration.folder }

    /// Opens the storage and recovers what an earlier run has left. Throws a ``BrokerError`` that says what to do.
    ///
    /// - Parameter parts: Gets the parts that have to be closed when the start fails later.
    func open(_ parts: OpenParts) throws -> BrokerStorage {
        let schema = try readSchema()
        let policy = try recordPolicy()
        try requireStore(for: schema)
        try makeFolder()
        guard !policy.recordsNothing || !schema.tables.isEmpty, configuration.storeBytes > 0 else {
            return try withoutJournal(parts)
        }
        let lakeIsPossible = try loadLibrary(isNeeded: !schema.tables.isEmpty || settings.lakeURL != nil)
        let journal = try openJournal(policy, awaitsArchive: lakeIsPossible)
        parts.whenStartFails { await blocking { journal.stop() } }
        let components = try openComponents()
        logCuts(hasLake: lakeIsPossible)
        let recording = RetentionHorizon(policy)
        let lake = lakeIsPossible ? try openLake(schema, recording, journal) : nil
        parts.whenStartFails { await lake?.stop() }
        try NameRecovery(journal: journal, lake: lake, logger: logger).run()
        if let lake { journal.setArchive(lake.archive) }
        var restored = components.takeComponents()
        // If another broker has filled the catalog, its subscribers continue where they were.
        let state = try storedState(lake, withComponents: restored.isEmpty)
        if restored.isEmpty, let state { restored = state.components.map { PackedComponent($0) } }
        let late = restored.isEmpty && state == nil && lake != nil ? LateComponents() : nil
        if let lake {
            if let state { try connect(trust, with: lake, state) } else { connectLater(trust, with: lake, late) }
        }
        let recent = try recentPublications(journal)
        try start(journal)
        lake?.start()
        let keeper = ComponentKeeper(file: components, policy: settings.syncPolicy, logger: logger) {
            lake?.project($0)
        }
        let tables = FilledTables(schema, logger: logger)
        var services = lake?.services.mapValues(StorageService.init) ?? [:]
        if let lake { services[StorageService.rejectedTopic] = .rejected(of: lake) }
        let metrics = StorageMetrics(journal: journal, lake: lake, tables: tables)
        let standard = tableTenant
        services[StorageStatus.topic] = StorageService(action: .subscribe) { _, tenant in
            StorageStatus.value(
                journal.metrics, lake?.metrics, tables, VisibleTables(schema, tenant: tenant, standard: standard))
        }
        var storage = BrokerStorage(
            store: journal,
            isRecorded: { recording.policy.isRecorded($0) || tables.table($0) != nil },
            retention: recording, tables: tables,
            archivedTimes: lake?.archivedTimes ?? [], components: keeper, restored: restored,
            recentPublications: recent, services: services,
            changeRecording: { patterns in
                let policy = RecordPolicy(try patterns.map { try RecordPattern(parsing: $0) })
                recording.replace(policy)
                journal.retain(for: policy.longestAge.map { .nanoseconds(Int64(clamping: $0)) })
            },
            unreadyReasons: { Self.unreadyReasons(journal, lake) },
            reportMetrics: { metrics.report() },
            close: {
                journal.setArchive(nil)
                await lake?.stop()
                await blocking { journal.stop() }
            })
        storage.memory = MemoryPlan(configuration, hasLake: lakeIsPossible)
        storage.late = late
        storage.figures = { StorageFigures(journal, lake, tables) }
        return storage
    }

    /// Opens the storage of a broker that keeps publications in memory only. The state of components with a name is
    /// saved nevertheless.
    private func withoutJournal(_ parts: OpenParts) throws -> BrokerStorage {
        let lock: any StorageFile
        do {
            lock = try Disk().lock(folder.appendingPathComponent("components.lock").path)
        } catch {
            throw BrokerError("\(error)")
        }
        parts.whenStartFails { lock.close() }
        let components = try openComponents()
        let restored = components.takeComponents()
        return BrokerStorage(
            store: MemoryStore(
                partitions: configuration.eventLoopCount, limit: MemoryPlan(configuration, hasLake: false).store),
            components: ComponentKeeper(file: components, policy: settings.syncPolicy, logger: logger),
            restored: restored, close: { lock.close() })
    }

    /// Logs the settings that are reduced to what the memory limit leaves for them.
    private func logCuts(hasLake: Bool) {
        let plan = MemoryPlan(configuration, hasLake: hasLake)
        let cuts = plan.cuts(of: configuration, hasLake: hasLake)
        guard !cuts.isEmpty else { return }
        logger.notice(
            "to keep to memory_limit (\(plan.limit >> 20) MiB) \(cuts.joined(separator: ", ")); raise memory_limit for more"
        )
    }

    /// Throws when the schema cannot be used, or needs something that the other settings exclude.
    func checkSchema() throws {
        let schema = try readSchema()
        try requireStore(for: schema)
        guard configuration.storeBytes > 0 else { return }
        _ = try loadLibrary(isNeeded: !schema.tables.isEmpty || settings.lakeURL != nil)
    }

    /// Throws when a value of `--record` cannot be used.
    func checkRecordPolicy() throws { _ = try recordPolicy() }

    /// Throws when tables, a lake or recording are configured without a store.
    private func requireStore(for schema: StoreSchema) throws {
        guard configuration.storeBytes == 0 else { return }
        let wanted: String
        if !schema.tables.isEmpty {
            wanted = "the tables of \(written("schema"))"
        } else if settings.lakeURL != nil {
            wanted = "the catalog of \(written("ducklake_url"))"
        } else if settings.record != ["all"], settings.record != ["none"] {
            wanted = "what \(written("record")) names"
        } else {
            return
        }
        throw BrokerError(
            "store_bytes is 0, which keeps no publication at all and so cannot fill \(wanted); "
                + "leave out \(written("store_bytes")), or do without the other", isUsage: true)
    }

    /// The name of a setting as it was written by whoever set it.
    func written(_ key: String) -> String {
        BrokerSettings.origin(of: key, in: configuration).text
    }
}
