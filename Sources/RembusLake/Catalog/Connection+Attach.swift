import Logging

extension Connection {
    /// How often a catalog in an SQLite file that another process uses is tried again, and how long between (storage.md
    /// §7): 0.1 s, doubling up to 2 s.
    private static let attempts = 12

    /// Loads the extensions and attaches the catalog.
    func attach(_ configuration: LakeConfiguration, logger: Logger) throws(LakeError) {
        try load(extension: "ducklake")
        if let name = configuration.catalog.extensionName { try load(extension: name) }
        if configuration.resolvedDataPath.contains("://") || configuration.ignoresDataPath {
            try loadObjectStore(configuration)
        }
        // Times of other brokers are UTC; without the extension that knows time zones they are anyway.
        try? execute("SET GLOBAL TimeZone = 'UTC'")
        var options = ["AUTOMATIC_MIGRATION true"]
        if !configuration.ignoresDataPath {
            options.append("DATA_PATH \(SQL.literal(configuration.resolvedDataPath))")
        }
        let url = SQL.literal(configuration.catalog.attachURL)
        let statement = "ATTACH \(url) AS \(Catalog.alias) (\(options.joined(separator: ", ")))"
        do {
            try retryingWhenLocked(logger) { () throws(LakeError) in try execute(statement) }
        } catch {
            throw LakeError(error.kind, "cannot open \(configuration.catalog): \(Self.hint(error.message))")
        }
        try execute("USE \(Catalog.alias)")
        try execute("SET GLOBAL ducklake_max_retry_count = 100")
        try execute("SET GLOBAL ducklake_default_data_inlining_row_limit = \(max(0, configuration.inliningLimit))")
    }

    /// The data path that the catalog remembers, with a slash at its end.
    func storedDataPath() throws(LakeError) -> String? {
        let sql = "SELECT value FROM ducklake_options('\(Catalog.alias)') WHERE option_name = 'data_path'"
        guard let path = try query(sql).value?.text, !path.isEmpty else { return nil }
        return path.hasSuffix("/") ? path : path + "/"
    }

    /// Has DuckDB not keep the content of files on this machine's disk in its own memory: the system does that already,
    /// and merging reads each file once and never again, which would fill all the memory that DuckDB may use.
    func leaveCachingToTheSystem(dataPath: String) throws(LakeError) {
        guard !dataPath.contains("://") else { return }
        try execute("SET GLOBAL enable_external_file_cache = false")
    }

    /// Takes the right to files outside the data path and to settings away from every connection, for good.
    func lockDown(dataPath: String) throws(LakeError) {
        try execute("SET GLOBAL allowed_directories = [\(SQL.literal(dataPath))]")
        try execute("SET GLOBAL enable_external_access = false")
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
                guard attempt < Self.attempts, error.message.contains("database is locked") else { throw error }
                logger.warning(
                    "the catalog is locked by another process; trying again", metadata: ["attempt": "\(attempt)"])
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
            // A catalog with an unknown data path may well have a local one.
            if configuration.ignoresDataPath { return }
            throw error
        }
        try execute(configuration.objectStore.createSecret)
    }

    private static func hint(_ message: String) -> String {
        if message.contains("does not match existing data path") {
            return message.replacing("You can override the DATA_PATH by setting OVERRIDE_DATA_PATH to True.", with: "")
                + " Set DUCKDB_IGNORE_DATA_PATH to use the catalog's own."
        }
        if message.contains("Conflicting lock") || message.contains("Could not set lock") {
            return "another process has it open (\(message))"
        }
        return message
    }
}
