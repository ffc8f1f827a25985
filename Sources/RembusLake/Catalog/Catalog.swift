package import Logging
package import RembusTables

/// The attached DuckLake catalog: a DuckDB database in memory, in which the catalog has the name `rl`. It makes the
/// connections for writing, reading and maintenance.
package final class Catalog: Sendable {
    /// The name that the catalog is attached under, as the reference does (storage.md §7).
    package static let alias = "rl"
    /// The schema that all tables are in.
    static let schema = "main"

    private let database: Database
    private let inlining: Inlining
    /// Held while the catalog is open.
    private let lock: CatalogLock?
    private let folder: DataFolderLock?
    /// The data path of the catalog, with a slash at its end.
    package let dataPath: String
    let place: CatalogPlace
    /// The broker's name in the rows of the system tables.
    package let name: String

    /// Opens the catalog, creates missing tables, and locks DuckDB's configuration: from then on no connection can
    /// access files outside of the data path or load anything. Blocking.
    ///
    /// - Throws: ``LakeError`` in one sentence: the library is missing, the catalog is in use, or a table does not fit.
    package init(_ configuration: LakeConfiguration, schema: StoreSchema, logger: Logger) throws(LakeError) {
        try DuckDBLibrary.load(path: configuration.libraryPath)
        try configuration.makeFolders()
        lock = try CatalogLock(configuration)
        name = configuration.name
        let database = try Database(options: configuration.databaseOptions)
        let connection = try database.connect()
        do throws(LakeError) {
            let path = try connection.attach(configuration, logger: logger)
            folder = try connection.takeDataFolder(path, configuration, logger: logger)
            dataPath = path + "/"
            place = CatalogPlace(catalog: configuration.catalog.file, dataPath: path + "/")
            try connection.makeTables(schema, configuration, logger: logger)
            try BudgetFunctions.register(connection)
            try connection.leaveCachingToTheSystem(dataPath: dataPath)
            try connection.lockDown(dataPath: dataPath)
        } catch {
            // A server may become unreachable while it is being used.
            throw configuration.catalog.isAway(error) ? LakeError(.away, error.message) : error
        }
        self.database = database
        inlining = configuration.inlining
    }

    /// A new connection that uses the catalog.
    package func connect() throws(LakeError) -> DatabaseConnection {
        let connection = try database.connect()
        try connection.execute("USE \(Self.alias)")
        connection.inlining = inlining
        return connection
    }

    /// Closes the catalog, so that its file is complete and others can open it. Existing connections have no tables any
    /// more.
    func close() {
        defer {
            folder?.release()
            lock?.release()
        }
        guard let connection = try? database.connect() else { return }
        try? connection.execute("DETACH \(Self.alias)")
    }

    /// The quoted name of a table of the catalog.
    package static func table(_ name: String) -> String {
        SQL.identifier([alias, schema, name])
    }
}

extension LakeConfiguration {
    /// DuckDB's settings at the start.
    var databaseOptions: [String: String] {
        [
            "threads": String(max(1, threads)),
            "memory_limit": "\(max(64, memoryLimit >> 20))MiB",
            "temp_directory": "\(directory)/\(name).spill",
            // Memory that a query has allocated and released is returned to the system soon after it.
            "allocator_background_threads": "true",
        ]
    }

    /// Creates the folders of the catalog's file and of the data files.
    fileprivate func makeFolders() throws(LakeError) {
        try Folders.make(directory)
        if let file = catalog.file, let slash = file.lastIndex(of: "/"), slash > file.startIndex {
            try Folders.make(String(file[..<slash]))
        }
        let path = resolvedDataPath
        if !ignoresDataPath, !path.contains("://") { try Folders.make(path) }
    }
}
