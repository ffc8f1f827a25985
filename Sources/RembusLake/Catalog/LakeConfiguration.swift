import Foundation
package import RembusTables

/// The location of the tables, and how they are written.
package struct LakeConfiguration: Sendable {
    /// The folder of everything that brokers store (`REMBUS_DIR`).
    package var directory: String
    /// The broker's name, which is in every row of the system tables.
    package var name: String
    /// The catalog; by default the DuckDB file `<directory>/<name>.ducklake`.
    package var catalog: CatalogLocation
    /// The location of data files: a folder or an `s3://bucket/prefix` URL; nil for `<directory>/<name>`.
    package var dataPath: String?
    /// Whether the data path that the catalog remembers is used instead of the configured one
    /// (`DUCKDB_IGNORE_DATA_PATH`).
    package var ignoresDataPath = false
    /// The server of an `s3://` data path.
    package var objectStore = ObjectStoreSettings()
    /// DuckDB's library; nil to look in the usual places.
    package var libraryPath: String?

    /// The tenant of tables for which the schema names none. In anonymous mode, where names prove nothing, these are
    /// for all.
    package var tableTenant = TableTenant.all

    /// The memory that DuckDB may use, in bytes, for writing and queries together. What needs more is spilled to disk.
    package var memoryLimit = 1 << 30
    /// The threads of DuckDB, for writing and queries together. With more of them queries are faster, and event loops
    /// get less time.
    package var threads = 1
    /// How many queries of clients may run at a time.
    package var readers = 2
    /// Limits of the table services.
    package var services = TableServices.Limits()
    /// How long publications are collected while they keep coming (`REMBUS_ARCHIVER_INTERVAL`). After a pause they are
    /// written at once, unless the interval is longer than a second.
    package var interval = Duration.seconds(1)
    /// How long a stop waits at most for everything in the journal to be written to the tables.
    package var drainTimeout = Duration.seconds(30)
    /// A batch is written when it has this many publications …
    package var batchRows = 500_000
    /// … or this many bytes.
    package var batchBytes = 16 << 20
    /// Up to so many rows of one table and batch stay inside the catalog instead of becoming a small file; with 0 there
    /// is always a file. Maintenance moves them into files later.
    package var inliningLimit = 100
    /// … unless they have more than so many bytes. Larger payloads become a file however few they are.
    package var inliningBytes = 64 << 10
    /// The settings of maintenance.
    package var maintenance = MaintenanceSettings()
    /// Which publications are stored in the `message` table, and how long and how many of them are kept, by topic.
    /// Publications that fill a table of the schema are stored there in any case.
    package var policy: RecordPolicy {
        get { retention.policy }
        set { retention = RetentionHorizon(newValue) }
    }
    /// The same policy, which may be replaced while the lake is open, with the time since which publications are kept.
    /// The lake moves that time on.
    package var retention = RetentionHorizon(RecordPolicy())
    /// Called with the time that each batch took, on the writer's thread.
    package var onCommit: @Sendable (Duration) -> Void = { _ in }

    /// The defaults for a broker `name` that stores its files in `directory`.
    package init(directory: String, name: String) {
        self.directory = directory
        self.name = name
        catalog = .duckdb(path: "\(directory)/\(name).ducklake")
    }

    /// What stays inside the catalog.
    var inlining: Inlining { Inlining(rows: max(0, inliningLimit), bytes: inliningBytes) }

    /// The configured or default data path as an absolute path, without a slash at its end.
    var resolvedDataPath: String {
        var path = dataPath ?? "\(directory)/\(name)"
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        // The path is absolute, because the catalog remembers it and a later process may start in another folder.
        if !path.hasPrefix("/"), !path.contains("://") {
            path = URL(fileURLWithPath: path).standardizedFileURL.path
        }
        return path
    }
}
