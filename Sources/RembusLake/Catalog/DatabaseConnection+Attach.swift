import Logging

extension DatabaseConnection {
    /// How many times opening a catalog in an SQLite file is tried while another process uses it. Each statement also
    /// waits some seconds, see ``whileLocked(for:_:)``.
    private static let attempts = 3

    /// Loads the extensions and attaches the catalog. Returns the folder of its data files, without a slash at the end.
    func attach(_ configuration: LakeConfiguration, logger: Logger) throws(LakeError) -> String {
        try load(extension: "ducklake")
        if let name = configuration.catalog.extensionName { try load(extension: name) }
        if configuration.resolvedDataPath.contains("://") || configuration.ignoresDataPath {
            try loadObjectStore(configuration)
        }
        // Other brokers use UTC. Without the extension for time zones, times are UTC anyway.
        try? execute("SET GLOBAL TimeZone = 'UTC'")
        let path = try attachWithDataPath(configuration, logger: logger)
        try execute("USE \(Catalog.alias)")
        try execute("SET GLOBAL ducklake_max_retry_count = 100")
        try execute("SET GLOBAL \(Inlining.setting) = \(max(0, configuration.inliningLimit))")
        return path
    }

    /// Attaches the catalog with data files in this folder or, without one, in the folder that the catalog remembers.
    func attach(
        _ configuration: LakeConfiguration, dataPath: String?, logger: Logger
    ) throws(LakeError) {
        var options = ["AUTOMATIC_MIGRATION true"]
        if let dataPath {
            // The path that the catalog remembers is compared afterwards, see `DataPathChoice`.
            options += ["DATA_PATH \(SQL.literal(dataPath))", "OVERRIDE_DATA_PATH true"]
        }
        if case .sqlite = configuration.catalog {
            // With a write-ahead log, readers and the writer do not block each other. SQLite stores this setting in the
            // file.
            options.append("META_JOURNAL_MODE 'WAL'")
        }
        let url = SQL.literal(configuration.catalog.attachURL)
        let statement = "ATTACH \(url) AS \(Catalog.alias) (\(options.joined(separator: ", ")))"
        do {
            try retryingWhenLocked(logger) { () throws(LakeError) in try execute(statement) }
        } catch {
            let kind = configuration.catalog.isAway(error) ? LakeError.Kind.away : error.kind
            throw LakeError(kind, "cannot open \(configuration.catalog): \(Self.hint(error.message))")
        }
    }

    /// The data path that the catalog remembers, with a slash at its end.
    func storedDataPath() throws(LakeError) -> String? {
        let sql = "SELECT value FROM ducklake_options('\(Catalog.alias)') WHERE option_name = 'data_path'"
        guard let path = try query(sql).value?.text, !path.isEmpty else { return nil }
        return path.hasSuffix("/") ? path : path + "/"
    }

    /// Changes the data path that the catalog remembers.
    func remember(dataPath: String) throws(LakeError) {
        let table = SQL.identifier(["__ducklake_metadata_\(Catalog.alias)", "ducklake_metadata"])
        _ = try query(
            "UPDATE \(table) SET value = ? WHERE key = 'data_path' AND scope IS NULL", [.text(dataPath + "/")])
    }

    /// Makes DuckDB not cache the content of local files in its own memory. The system does that already, and merging
    /// reads each file only once, which would fill all the memory that DuckDB may use.
    func leaveCachingToTheSystem(dataPath: String) throws(LakeError) {
        guard !dataPath.contains("://") else { return }
        try execute("SET GLOBAL enable_external_file_cache = false")
    }

    /// Removes the right to change settings and to access files outside of the data path from every connection,
    /// permanently.
    func lockDown(dataPath: String) throws(LakeError) {
        try execute("SET GLOBAL allowed_directories = [\(SQL.literal(dataPath))]")
        try execute("SET GLOBAL enable_external_access = false")
        // Clients' texts never become statements. This setting is for the writer, see `Inlining`.
        try execute("SET GLOBAL allowed_configs = [\(SQL.literal(Inlining.setting))]")
        try execute("SET GLOBAL lock_configuration = true")
    }

    /// Runs `body` again while another process holds the lock of the catalog's SQLite file.
    func retryingWhenLocked<Result>(
        _ logger: Logger, _ body: () throws(LakeError) -> Result
    ) throws(LakeError) -> Result {
        var delay = 100
        var attempt = 1
        while true {
            do {
                return try body()
            } catch {
                guard attempt < Self.attempts, error.isLock else { throw error }
                logger.warning(
                    "the catalog is locked by another process; trying again",
                    metadata: ["attempt": .stringConvertible(attempt)])
                Pause.milliseconds(delay)
                delay = min(2 * delay, 2000)
                attempt += 1
            }
        }
    }

    private func loadObjectStore(_ configuration: LakeConfiguration) throws(LakeError) {
        do {
            try load(extension: "httpfs")
        } catch {
            // A catalog with an unknown data path may have a local one.
            if configuration.ignoresDataPath { return }
            throw error
        }
        try execute(configuration.objectStore.createSecret)
    }

    private static func hint(_ message: String) -> String {
        if message.contains("Conflicting lock") || message.contains("Could not set lock") {
            return "another process has it open (\(message))"
        }
        return message
    }
}
