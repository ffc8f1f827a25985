import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The location of a catalog's data files, and the owner of the folder.
extension DatabaseConnection {
    private static var metadata: String { "__ducklake_metadata_\(Catalog.alias)" }

    /// Attaches the catalog with its data path, which may have changed because its folder was moved or copied.
    func attachWithDataPath(_ configuration: LakeConfiguration, logger: Logger) throws(LakeError) -> String {
        let configured = configuration.resolvedDataPath
        let ignores = configuration.ignoresDataPath
        try attach(configuration, dataPath: ignores ? nil : configured, logger: logger)
        var remembered = try storedDataPath() ?? configured
        while remembered.count > 1, remembered.hasSuffix("/") { remembered.removeLast() }
        if Self.isSame(remembered, configured) { return ignores ? remembered : configured }
        let listed = try listedFiles()
        let choice = DataPathChoice(
            configured: configured, remembered: remembered, ignoresConfigured: ignores,
            isShareable: configuration.catalog.isShareable, isOnServer: configuration.catalog.file == nil,
            isRememberedThere: Self.exists(remembered),
            isRememberedForeign: isForeign(remembered, configuration), listed: listed.count,
            missing: listed.filter { !Self.exists("\(configured)/\($0)") },
            missingInRemembered: listed.count { !Self.exists("\(remembered)/\($0)") })
        guard try choice.outcome() == .moved else { return remembered }
        if ignores {
            try execute("DETACH \(Catalog.alias)")
            try attach(configuration, dataPath: configured, logger: logger)
        }
        try remember(dataPath: configured)
        logger.notice(
            "the data folder of the catalog has another path than before, and is used where it is now",
            metadata: ["before": "\(remembered)", "now": "\(configured)", "files": .stringConvertible(listed.count)])
        return configured
    }

    /// Takes the data folder for the catalog. Returns nil where there is no lock, as on an object store.
    func takeDataFolder(_ path: String, _ configuration: LakeConfiguration, logger: Logger) throws(LakeError)
        -> DataFolderLock?
    {
        let wanted = DataOwner(catalog: try identity(of: configuration.catalog), data: Self.real(path))
        guard path.contains("://") else {
            try Folders.make(path)
            return try DataFolderLock(
                wanted, folder: path, for: configuration, unclaimedOwner: unclaimedOwner(of: path, configuration))
        }
        try takeObjectStore(path, wanted, logger: logger)
        return nil
    }

    /// Identifies the catalog: the path of its file, or its server and database. A copy has another identity.
    private func identity(of catalog: CatalogLocation) throws(LakeError) -> String {
        if let file = catalog.file { return Self.real(file) }
        func ask(_ sql: String) throws(LakeError) -> String? {
            try query("SELECT * FROM postgres_query('\(Self.metadata)', \(SQL.literal(sql)))").value?.text
        }
        let database = try ask("SELECT current_database()::text") ?? ""
        let server = try? ask("SELECT system_identifier::text FROM pg_control_system()")
        let fallback = try? ask("SELECT oid::text FROM pg_database WHERE datname = current_database()")
        return "postgres:\(database)@\(server ?? fallback ?? "")"
    }

    /// The owner of a folder without a file that names one: the catalog with the folder's name, unless this is the
    /// usual folder of this catalog.
    private func unclaimedOwner(of path: String, _ configuration: LakeConfiguration) -> DataOwner? {
        guard configuration.ignoresDataPath || !Self.isSame(path, configuration.resolvedDataPath) else { return nil }
        let beside = Self.real(path) + ".ducklake"
        guard Self.exists(beside) else { return nil }
        return DataOwner(catalog: Self.real(beside), data: Self.real(path))
    }

    private func isForeign(_ path: String, _ configuration: LakeConfiguration) -> Bool {
        guard !path.contains("://"), let identity = try? identity(of: configuration.catalog) else { return false }
        let beside = Self.real(path) + ".ducklake"
        let byName = Self.exists(beside) ? Self.real(beside) : identity
        let owner = DataFolderLock.owner(of: path)?.catalog ?? byName
        return owner != identity
    }

    /// The files of the newest snapshot, as paths in the data folder. Files elsewhere are left out.
    private func listedFiles() throws(LakeError) -> [String] {
        func path(_ table: String) -> String { SQL.identifier([Self.metadata, table]) }
        let files = ["ducklake_data_file", "ducklake_delete_file"].map { table in
            """
            SELECT s.path || t.path || f.path FROM \(path(table)) AS f
            JOIN \(path("ducklake_table")) AS t ON t.table_id = f.table_id AND t.end_snapshot IS NULL
            JOIN \(path("ducklake_schema")) AS s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL
            WHERE f.end_snapshot IS NULL AND f.path_is_relative AND t.path_is_relative AND s.path_is_relative
            """
        }
        return try query(files.joined(separator: " UNION ALL ")).rows.compactMap { $0[0].text }
    }

    // MARK: Object stores

    /// Writes the owner into a data path on an object store, unless another one is named there. Object stores have no
    /// locks.
    private func takeObjectStore(_ path: String, _ wanted: DataOwner, logger: Logger) throws(LakeError) {
        let file = "\(path)/\(DataOwner.fileName)"
        let pattern = "\(path)/\(DataOwner.fileName.dropLast())*"
        do throws(LakeError) {
            // A listing tells that a file does not exist, while reading it gives the same error as other problems.
            let found = try query("SELECT file FROM glob(\(SQL.literal(pattern)))").value?.text
            let text = found == nil ? nil : try query("SELECT content FROM read_text(\(SQL.literal(file)))").value?.text
            let owner = text.flatMap { DataOwner(json: Array($0.utf8)) }
            if let owner, !owner.gives(way: wanted, exists: Self.exists) { throw owner.refusal(of: wanted) }
            guard owner != wanted else { return }
            let values = [("catalog", wanted.catalog), ("data", wanted.data), ("host", wanted.host)]
            let columns = values.map { "\(SQL.literal($0.1)) AS \($0.0)" }.joined(separator: ", ")
            try execute("COPY (SELECT \(columns)) TO \(SQL.literal(file)) (FORMAT json)")
        } catch {
            if error.kind == .invalid { throw error }
            throw LakeError(.away, "cannot see whose the data path \(path) is: \(error)")
        }
    }

    // MARK: Paths

    /// Whether a file or folder exists. On an object store this is assumed.
    private static func exists(_ path: String) -> Bool { path.contains("://") || access(path, F_OK) == 0 }

    private static func isSame(_ one: String, _ other: String) -> Bool { one == other || real(one) == real(other) }

    /// The path with links resolved, as far as it exists.
    private static func real(_ path: String) -> String {
        guard !path.contains("://"), let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
