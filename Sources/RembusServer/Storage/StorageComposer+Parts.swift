import Foundation
import Logging
import NIOCore
import RembusBroker
import RembusLake
import RembusStore
import RembusTables
import RembusWire

/// Opens the parts of the storage that the configuration asks for. Every method throws a ``BrokerError`` that says what
/// to do.
extension StorageComposer {
    func readSchema() throws -> StoreSchema {
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

    func recordPolicy() throws -> RecordPolicy {
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

    func makeFolder() throws {
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw BrokerError(
                "cannot make the folder \(folder.path) for the broker's state: \(error.fileReason); "
                    + "set REMBUS_DIR to a folder that can be written")
        }
    }

    /// Whether DuckDB can be used. It is an error only for a broker that was asked for tables.
    func loadLibrary(isNeeded: Bool) throws -> Bool {
        do {
            try DuckDBLibrary.load(path: nil)
            return true
        } catch {
            if isNeeded { throw BrokerError("\(error)") }
            logger.notice("publications are kept in the journal only, without tables and history: \(error)")
            return false
        }
    }

    func openJournal(_ policy: RecordPolicy, awaitsArchive: Bool) throws -> JournalStore {
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

    func start(_ journal: JournalStore) throws {
        do {
            try journal.start()
        } catch {
            throw BrokerError("\(error)")
        }
    }

    func openComponents() throws -> ComponentFile {
        do {
            return try ComponentFile(folder.appendingPathComponent("components").path, logger: logger)
        } catch {
            throw BrokerError("\(error)")
        }
    }

    func openLake(
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

    func lakeConfiguration(_ recording: RetentionHorizon) throws -> LakeConfiguration {
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

    /// In anonymous mode names prove nothing, so a table belongs to all tenants unless the schema says otherwise.
    var tableTenant: TableTenant { configuration.isAuthenticated ? .default : .all }

    /// The parts of the storage that do not work now.
    static func unreadyReasons(_ journal: JournalStore, _ lake: Lake?) -> Set<UnreadyReason> {
        var reasons: Set<UnreadyReason> = []
        if journal.isFailing { reasons.insert(.journal) }
        if let lake {
            if lake.absence != nil { reasons.insert(.catalog) } else if lake.isFailing { reasons.insert(.lake) }
        }
        if lake?.absence != nil { reasons.insert(.catalog) }
        return reasons
    }
}
