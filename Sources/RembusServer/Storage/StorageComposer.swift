import Foundation
import Logging
import NIOCore
import RembusBroker
import RembusLake
import RembusStore
import RembusTrust
import RembusWire

/// Puts together what a broker keeps its data in: the journal, the components' file and, where DuckDB is there, the
/// lake.
struct StorageComposer {
    let configuration: BrokerConfiguration
    let logger: Logger
    /// The broker's rights, of which the catalog has a copy.
    let trust: TrustStore

    private var settings: StorageConfiguration { configuration.storage }
    /// Where the broker's own files are.
    private var folder: URL { configuration.folder }

    /// Opens the storage, recovering what an earlier run left. Throws a ``BrokerError`` that says what to do.
    ///
    /// - Parameter parts: Gets what has to be closed when the start fails later.
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
        // The first run over a catalog that another broker filled: its subscribers go on where they were.
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

    /// Publications stay in memory. What was answered to a component with a name is kept all the same.
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

    /// Says which settings are cut to what the memory limit leaves for them.
    private func logCuts(hasLake: Bool) {
        let plan = MemoryPlan(configuration, hasLake: hasLake)
        let cuts = plan.cuts(of: configuration, hasLake: hasLake)
        guard !cuts.isEmpty else { return }
        logger.notice(
            "to keep to memory_limit (\(plan.limit >> 20) MiB) \(cuts.joined(separator: ", ")); raise memory_limit for more"
        )
    }

    /// Throws when the schema cannot be used, or asks for what the other settings do not give.
    func checkSchema() throws {
        let schema = try readSchema()
        try requireStore(for: schema)
        guard configuration.storeBytes > 0 else { return }
        _ = try loadLibrary(isNeeded: !schema.tables.isEmpty || settings.lakeURL != nil)
    }

    /// Throws when a value of `--record` cannot be used.
    func checkRecordPolicy() throws { _ = try recordPolicy() }

    /// Without a store there are no tables, no lake and no recording: whoever asks for one of these is told so.
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

    /// A setting by the name that whoever set it knows.
    private func written(_ key: String) -> String {
        BrokerSettings.origin(of: key, in: configuration).text
    }

    // MARK: Parts

    private func readSchema() throws -> StoreSchema {
        guard let path = settings.schemaFile else { return StoreSchema() }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw BrokerError("cannot read the schema \(path); check the path given with \(written("schema"))")
        }
        do {
            return try StoreSchema(json: ByteBuffer(bytes: data), file: path)
        } catch {
            throw BrokerError("\(error)")
        }
    }

    private func recordPolicy() throws -> RecordPolicy {
        do {
            let patterns = try settings.record.map { try RecordPattern(parsing: $0) }
            for case .pattern(let pattern) in patterns.map(\.topics) {
                TopicPattern.warning(aboutMQTTWildcards: pattern.text).map { logger.warning("record: \($0)") }
            }
            return RecordPolicy(patterns)
        } catch {
            throw BrokerError("\(written("record")): \(BrokerError.phrase("\(error)"))", isUsage: true)
        }
    }

    private func makeFolder() throws {
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw BrokerError(
                "cannot make the folder \(folder.path) for the broker's state: \(error.fileReason); "
                    + "set REMBUS_DIR to a folder that can be written")
        }
    }

    /// Whether DuckDB can be used. Only a broker that was asked for tables cannot do without.
    private func loadLibrary(isNeeded: Bool) throws -> Bool {
        do {
            try DuckDBLibrary.load(path: nil)
            return true
        } catch {
            if isNeeded { throw BrokerError("\(error)") }
            logger.notice("publications are kept in the journal only, without tables and history: \(error)")
            return false
        }
    }

    private func openJournal(_ policy: RecordPolicy, awaitsArchive: Bool) throws -> JournalStore {
        var options = JournalOptions(
            directory: folder.appendingPathComponent("journal").path, partitions: configuration.eventLoopCount)
        options.memoryBytes = MemoryPlan(configuration, hasLake: awaitsArchive).store
        options.sync = settings.syncPolicy
        options.retainedBytes = UInt64(settings.journalRetainedBytes)
        options.retainedAge = policy.longestAge.map { .nanoseconds(Int64(clamping: $0)) }
        options.awaitsArchive = awaitsArchive
        options.onSync = StorageMetrics.syncTimer()
        options.maximumBytes = settings.journalMaxBytes > 0 ? UInt64(settings.journalMaxBytes) : nil
        do {
            return try JournalStore(options, logger: logger)
        } catch {
            throw BrokerError("\(error)")
        }
    }

    private func start(_ journal: JournalStore) throws {
        do {
            try journal.start()
        } catch {
            throw BrokerError("\(error)")
        }
    }

    private func openComponents() throws -> ComponentFile {
        do {
            let file = try ComponentFile(folder.appendingPathComponent("components").path)
            if file.lostBytes > 0 {
                logger.warning("the last \(file.lostBytes) bytes of the components' file were torn and are dropped")
            }
            return file
        } catch {
            throw BrokerError("\(error)")
        }
    }

    private func openLake(
        _ schema: StoreSchema, _ recording: RetentionHorizon, _ journal: JournalStore
    ) throws -> Lake {
        do {
            return try Lake(
                configuration: lakeConfiguration(recording), schema: schema, source: journal,
                number: { journal.number(of: $0) }, logger: logger)
        } catch {
            throw BrokerError(BrokerSettings.asWritten("\(error)", in: configuration))
        }
    }

    private func lakeConfiguration(_ recording: RetentionHorizon) throws -> LakeConfiguration {
        var lake = LakeConfiguration(directory: configuration.root.path, name: configuration.name)
        lake.objectStore = ObjectStoreSettings(environment: ProcessInfo.processInfo.environment)
        if let url = settings.lakeURL { lake.catalog = try CatalogLocation(url: url) }
        lake.dataPath = settings.lakeDataPath
        lake.ignoresDataPath = settings.ignoresDataPath
        lake.interval = settings.archiverInterval
        lake.memoryLimit = MemoryPlan(configuration).lake
        lake.threads = settings.lakeThreads
        lake.readers = settings.queryThreads
        lake.services.timeout = configuration.requestTimeout
        lake.services.maximumChunkBytes = max(64 << 20, lake.memoryLimit / 4)
        lake.services.maximumAnswerBytes = configuration.limits.maxMessageBytes - 4096
        lake.inliningLimit = settings.inliningRows
        lake.maintenance.interval = settings.maintenanceInterval
        lake.maintenance.snapshotRetention =
            settings.snapshotRetention > .zero ? settings.snapshotRetention : nil
        lake.retention = recording
        lake.onCommit = StorageMetrics.commitTimer()
        lake.tableTenant = tableTenant
        return lake
    }

    /// Names prove nothing in anonymous mode, so there a table is everybody's unless the schema says otherwise.
    private var tableTenant: TableTenant { configuration.isAuthenticated ? .default : .all }

    /// What of the storage does not work now.
    private static func unreadyReasons(_ journal: JournalStore, _ lake: Lake?) -> Set<UnreadyReason> {
        var reasons: Set<UnreadyReason> = []
        if journal.isFailing { reasons.insert(.journal) }
        if let lake {
            if lake.absence != nil { reasons.insert(.catalog) } else if lake.isFailing { reasons.insert(.lake) }
        }
        if lake?.absence != nil { reasons.insert(.catalog) }
        return reasons
    }

    // MARK: What an earlier run left

    /// Nil without tables, and while their catalog cannot be reached.
    private func storedState(_ lake: Lake?, withComponents: Bool) throws -> Lake.StoredState? {
        guard let lake, lake.absence == nil else { return nil }
        do {
            return try lake.storedState(withComponents: withComponents)
        } catch {
            throw BrokerError("\(error)")
        }
    }

    /// The QoS 2 publications that their publishers may send again, of named components (behaviour.md §7).
    private func recentPublications(_ journal: JournalStore) throws -> [RecentPublication] {
        let since = UInt64(max(0, Date.now.timeIntervalSince1970 - 600) * 1e9)
        var ids: [UInt32: CircularBuffer<(id: MessageID, receivedAt: UInt64)>] = [:]
        let limit = configuration.limits.maxDuplicateIDs
        do {
            try journal.forEachRecord(since: since) { record, message, _ in
                guard record.publisher != 0, case .regular(let header) = FrameHeader.parse(message),
                    header.flags.qos == .exactlyOnce, let id = header.id(in: message)
                else { return }
                ids[record.publisher, default: CircularBuffer()].append((id, record.receivedAt))
                if let count = ids[record.publisher]?.count, count > limit { ids[record.publisher]?.removeFirst() }
            }
        } catch {
            throw BrokerError("\(error)")
        }
        return ids.flatMap { number, ids in
            journal.name(of: number).map { name in
                ids.map { RecentPublication(publisher: name, id: $0.id, receivedAt: $0.receivedAt) }
            } ?? []
        }
    }
}
