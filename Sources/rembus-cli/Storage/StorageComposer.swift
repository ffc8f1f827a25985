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
    private var folder: URL { BrokerSettings.directory().appendingPathComponent(configuration.name) }

    /// Opens the storage, recovering what an earlier run left. Throws a `CommandFailure` that says what to do.
    func open() throws -> BrokerStorage {
        let schema = try readSchema()
        let policy = try recordPolicy()
        guard !policy.recordsNothing || !schema.tables.isEmpty, configuration.storeBytes > 0 else {
            return BrokerStorage(
                store: MemoryStore(partitions: configuration.eventLoopCount, limit: configuration.storeBytes))
        }
        try makeFolder()
        let lakeIsPossible = try loadLibrary(isNeeded: !schema.tables.isEmpty || settings.lakeURL != nil)
        let journal = try openJournal(awaitsArchive: lakeIsPossible)
        let components = try openComponents()
        let lake = lakeIsPossible ? try openLake(schema, policy, journal) : nil
        if let lake { journal.setArchive(lake.archive) }
        let state = try storedState(lake)
        let restored = restoredComponents(components, state)
        if let lake, let state { try connect(trust, with: lake, state) }
        let recent = try recentPublications(journal)
        try start(journal)
        lake?.start()
        let keeper = ComponentKeeper(file: components, logger: logger) { lake?.project($0) }
        let matcher = TableMatcher(schema)
        var services = lake?.services.mapValues(StorageService.init) ?? [:]
        let metrics = StorageMetrics(journal: journal, lake: lake)
        services[StorageStatus.topic] = StorageService(action: .subscribe) { _ in
            StorageStatus.value(journal.metrics, lake?.metrics)
        }
        return BrokerStorage(
            store: journal,
            isRecorded: { policy.isRecorded($0) || matcher.match($0) != nil },
            archivedTimes: lake?.archivedTimes ?? [], components: keeper, restored: restored,
            recentPublications: recent, services: services,
            reportMetrics: { metrics.report() },
            close: {
                journal.setArchive(nil)
                await lake?.stop()
                await Self.blocking { journal.stop() }
            })
    }

    // MARK: Parts

    private func readSchema() throws -> StoreSchema {
        guard let path = settings.schemaFile else { return StoreSchema() }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure("cannot read the schema \(path); check the path given with --schema")
        }
        do {
            return try StoreSchema(json: ByteBuffer(bytes: data), file: path)
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    private func recordPolicy() throws -> RecordPolicy {
        do {
            return RecordPolicy(try settings.record.map { try RecordPattern(parsing: $0) })
        } catch {
            throw CommandFailure("\(error)", status: .usage)
        }
    }

    private func makeFolder() throws {
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CommandFailure(
                "cannot make the folder \(folder.path) for the broker's state: \(error.localizedDescription); "
                    + "set REMBUS_DIR to a folder that can be written")
        }
    }

    /// Whether DuckDB can be used. Only a broker that was asked for tables cannot do without.
    private func loadLibrary(isNeeded: Bool) throws -> Bool {
        do {
            try DuckDBLibrary.load(path: nil)
            return true
        } catch {
            if isNeeded { throw CommandFailure("\(error)") }
            logger.notice("publications are kept in the journal only, without tables and history: \(error)")
            return false
        }
    }

    private func openJournal(awaitsArchive: Bool) throws -> JournalStore {
        var options = JournalOptions(
            directory: folder.appendingPathComponent("journal").path, partitions: configuration.eventLoopCount)
        options.memoryBytes = configuration.storeBytes
        options.sync =
            switch settings.journalSync {
            case .always: .always
            case .interval: .interval(settings.journalSyncInterval)
            case .none: .none
            }
        options.retainedBytes = UInt64(settings.journalRetainedBytes)
        options.awaitsArchive = awaitsArchive
        options.onSync = StorageMetrics.syncTimer()
        options.maximumBytes = settings.journalMaxBytes > 0 ? UInt64(settings.journalMaxBytes) : nil
        do {
            return try JournalStore(options, logger: logger)
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    private func start(_ journal: JournalStore) throws {
        do {
            try journal.start()
        } catch {
            throw CommandFailure("\(error)")
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
            throw CommandFailure("\(error)")
        }
    }

    private func openLake(_ schema: StoreSchema, _ policy: RecordPolicy, _ journal: JournalStore) throws -> Lake {
        do {
            return try Lake(
                configuration: lakeConfiguration(policy), schema: schema, source: journal,
                number: { journal.number(of: $0) }, logger: logger)
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    private func lakeConfiguration(_ policy: RecordPolicy) throws -> LakeConfiguration {
        var lake = LakeConfiguration(directory: BrokerSettings.directory().path, name: configuration.name)
        lake.objectStore = ObjectStoreSettings(environment: ProcessInfo.processInfo.environment)
        if let url = settings.lakeURL { lake.catalog = try CatalogLocation(url: url) }
        lake.dataPath = settings.lakeDataPath
        lake.ignoresDataPath = settings.ignoresDataPath
        lake.interval = settings.archiverInterval
        lake.memoryLimit = settings.lakeMemoryBytes
        lake.threads = settings.lakeThreads
        lake.readers = settings.queryThreads
        lake.services.timeout = configuration.requestTimeout
        lake.services.maximumAnswerBytes = configuration.limits.maxMessageBytes - 4096
        lake.inliningLimit = settings.inliningRows
        lake.maintenance.interval = settings.maintenanceInterval
        lake.maintenance.snapshotRetention =
            settings.snapshotRetention > .zero ? settings.snapshotRetention : nil
        lake.policy = policy
        lake.onCommit = StorageMetrics.commitTimer()
        // Names prove nothing in anonymous mode, so there a table is everybody's unless the schema says otherwise.
        lake.tableTenant = configuration.isAuthenticated ? .default : .all
        return lake
    }

    // MARK: What an earlier run left

    private func storedState(_ lake: Lake?) throws -> Lake.StoredState? {
        do {
            return try lake?.storedState()
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    private func restoredComponents(_ file: ComponentFile, _ state: Lake.StoredState?) -> [ComponentRecord] {
        // The first run over a catalog that another broker filled: its subscribers go on where they were.
        file.records.isEmpty ? state?.components ?? [] : file.records
    }

    /// The QoS 2 publications that their publishers may send again, of named components (behaviour.md §7).
    private func recentPublications(_ journal: JournalStore) throws -> [RecentPublication] {
        let since = UInt64(max(0, Date.now.timeIntervalSince1970 - 600) * 1e9)
        var ids: [UInt32: CircularBuffer<MessageID>] = [:]
        let limit = configuration.limits.maxDuplicateIDs
        do {
            try journal.forEachRecord(since: since) { record, message, _ in
                guard record.publisher != 0, case .regular(let header) = FrameHeader.parse(message),
                    header.flags.qos == .exactlyOnce, let id = header.id(in: message)
                else { return }
                ids[record.publisher, default: CircularBuffer()].append(id)
                if let count = ids[record.publisher]?.count, count > limit { ids[record.publisher]?.removeFirst() }
            }
        } catch {
            throw CommandFailure("\(error)")
        }
        return ids.flatMap { number, ids in
            journal.name(of: number).map { name in ids.map { RecentPublication(publisher: name, id: $0) } } ?? []
        }
    }

    /// Runs what blocks on a thread of its own.
    private static func blocking(_ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                body()
                continuation.resume()
            }
        }
    }
}

extension StorageService {
    /// A method of a table, with what the broker has to ask before it is called.
    fileprivate init(_ service: TableService) {
        let tenant: String? = if case .only(let tenant) = service.tenant { tenant.string } else { nil }
        self.init(
            tenant: tenant, action: service.isWriting ? .publish : .subscribe, topics: service.topics
        ) { try await service($0) }
    }
}
