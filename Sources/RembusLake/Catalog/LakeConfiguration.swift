import Foundation
package import RembusTables

/// Where the tables lie and how they are written.
package struct LakeConfiguration: Sendable {
    /// The folder of everything that brokers keep (`REMBUS_DIR`).
    package var directory: String
    /// The broker's name, which is in every row of the system tables.
    package var name: String
    /// The catalog; by default the DuckDB file `<directory>/<name>.ducklake`.
    package var catalog: CatalogLocation
    /// Where data files go: a folder or an `s3://bucket/prefix` URL. Nil for `<directory>/<name>`.
    package var dataPath: String?
    /// True to use the data path that the catalog remembers, whatever is configured here (`DUCKDB_IGNORE_DATA_PATH`).
    package var ignoresDataPath = false
    /// The server of an `s3://` data path.
    package var objectStore = ObjectStoreSettings()
    /// DuckDB's library; nil to look in the usual places.
    package var libraryPath: String?

    /// Whose the tables are for which the schema does not say: everybody's where names prove nothing.
    package var tableTenant = TableTenant.all

    /// What DuckDB may use of memory, in bytes, for writing and queries together; beyond it spills to disk.
    package var memoryLimit = 1 << 30
    /// Threads of DuckDB, for writing and queries together. More make queries faster and leave the event loops less.
    package var threads = 1
    /// How many queries of clients run at the same time.
    package var readers = 2
    /// Limits of the table services.
    package var services = TableServices.Limits()
    /// How long publications gather while they keep coming (`REMBUS_ARCHIVER_INTERVAL`). After a pause they are written at
    /// once, unless this is more than a second.
    package var interval = Duration.seconds(1)
    /// How long a stop waits at most until everything in the journal is in the tables.
    package var drainTimeout = Duration.seconds(30)
    /// A batch is written when it has this many publications …
    package var batchRows = 500_000
    /// … or this many bytes.
    package var batchBytes = 16 << 20
    /// Up to so many rows of one table and batch stay inside the catalog instead of making a small file; 0 to always
    /// make a file. Maintenance moves them into files later.
    package var inliningLimit = 100
    /// … unless they are more bytes: larger payloads make a file however few they are.
    package var inliningBytes = 64 << 10
    /// The files that are merged, the snapshots that are forgotten.
    package var maintenance = MaintenanceSettings()
    /// Which publications go to the `message` table, and how long and how much of it is kept, by topic. What fills a
    /// table of the schema goes there in any case.
    package var policy: RecordPolicy {
        get { retention.policy }
        set { retention = RetentionHorizon(newValue) }
    }
    /// The same, which may be replaced while the lake is open, and how far back publications are there by that; the lake
    /// moves it on.
    package var retention = RetentionHorizon(RecordPolicy())
    /// Told how long each batch took to write, on the writer's thread.
    package var onCommit: @Sendable (Duration) -> Void = { _ in }

    /// The defaults for a broker called `name` that keeps its files in `directory`.
    package init(directory: String, name: String) {
        self.directory = directory
        self.name = name
        catalog = .duckdb(path: "\(directory)/\(name).ducklake")
    }

    /// What stays inside the catalog.
    var inlining: Inlining { Inlining(rows: max(0, inliningLimit), bytes: inliningBytes) }

    /// The configured or default data path, whole and without a slash at its end.
    var resolvedDataPath: String {
        var path = dataPath ?? "\(directory)/\(name)"
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        // Absolute, because the catalog remembers the path and a later process may start in another folder.
        if !path.hasPrefix("/"), !path.contains("://") {
            path = URL(fileURLWithPath: path).standardizedFileURL.path
        }
        return path
    }
}
