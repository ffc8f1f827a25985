import RembusBroker
import RembusWire

/// Settings about what is kept on the disk.
extension BrokerSettings {
    static let storageKeys: [Key] = [
        seconds("replay_window", "REMBUS_REPLAY_WINDOW", \.replayWindow),
        text("schema", "REMBUS_SCHEMA", \.storage.schemaFile),
        Key(
            name: "record", variable: "REMBUS_RECORD", read: { .array($0.storage.record.map { .text($0) }) },
            write: { value, configuration in
                // The environment has one text, in which a comma may be part of a pattern's retention.
                let patterns =
                    value.arrayValue?.map(\.stringValue)
                    ?? value.stringValue?.split(separator: ";").map { String($0) }
                guard let patterns, !patterns.isEmpty, !patterns.contains(nil) else { return false }
                configuration.storage.record = patterns.compactMap { $0 }
                return true
            }, expects: "a list of patterns like plant/**,age=7d, or all, or none"),
        texts("last_values", "REMBUS_LAST_VALUES", \.storage.lastValues, "topics and patterns") { !$0.isEmpty },
        choice("journal_sync", "REMBUS_JOURNAL_SYNC", \.storage.journalSync),
        seconds(
            "journal_sync_interval", "REMBUS_JOURNAL_SYNC_INTERVAL", \.storage.journalSyncInterval, 0.001...86_400),
        whole("journal_retained_bytes", "REMBUS_JOURNAL_RETAINED_BYTES", 0...(1 << 50), \.storage.journalRetainedBytes),
        whole("journal_max_bytes", "REMBUS_JOURNAL_MAX_BYTES", 0...(1 << 50), \.storage.journalMaxBytes),
        Key(
            // Printed settings must not show a password.
            name: "ducklake_url", variable: "DUCKLAKE_URL",
            read: { $0.storage.lakeURL.map { .text(SecretMask.masked($0)) } ?? .null },
            write: { value, configuration in
                guard value != .null else { return true }
                guard let url = value.stringValue, url.hasPrefix("ducklake:") else { return false }
                configuration.storage.lakeURL = url
                return true
            }, expects: "ducklake:PATH, ducklake:sqlite:PATH or ducklake:postgres:CONNINFO"),
        text("data_path", "REMBUS_DATA_PATH", \.storage.lakeDataPath),
        Key(
            // In the environment any value means yes, as in the reference (storage.md §7).
            name: "ignore_data_path", variable: "DUCKDB_IGNORE_DATA_PATH",
            read: { .bool($0.storage.ignoresDataPath) },
            write: { value, configuration in
                guard value.boolValue != nil || value.stringValue != nil else { return false }
                configuration.storage.ignoresDataPath = value.boolValue ?? true
                return true
            }, expects: "true or false"),
        seconds("archiver_interval", "REMBUS_ARCHIVER_INTERVAL", \.storage.archiverInterval, 0.001...86_400),
        whole("lake_memory_bytes", "REMBUS_LAKE_MEMORY_BYTES", (64 << 20)...(1 << 46), \.storage.lakeMemoryBytes),
        whole("lake_threads", "REMBUS_LAKE_THREADS", 1...256, \.storage.lakeThreads),
        whole("query_threads", "REMBUS_QUERY_THREADS", 1...64, \.storage.queryThreads),
        whole("inlining_rows", "REMBUS_INLINING_ROWS", 0...100_000, \.storage.inliningRows),
        seconds(
            "maintenance_interval", "REMBUS_MAINTENANCE_INTERVAL", \.storage.maintenanceInterval, 0.001...1_000_000_000),
        seconds("snapshot_retention", "REMBUS_SNAPSHOT_RETENTION", \.storage.snapshotRetention),
    ]

    static let storageMeanings = [
        "replay_window": "seconds that a replay goes back at most; 0 for as far as there is anything",
        "schema": "the file that describes tables and the topics that fill them; null for none",
        "record":
            "publications that are recorded: `all`, `none` or patterns with retention like `alarm/**,age=30d,size=1GB`;"
            + " `;` between them in the environment",
        "last_values":
            "topics and patterns whose last publication is kept for those who ask for it, as retained MQTT messages are",
        "journal_sync":
            "when a publication counts as stored: `always` (the disk has confirmed it), `interval`, `none` (it was written)",
        "journal_sync_interval": "seconds between confirmations of the disk with `interval`",
        "journal_retained_bytes": "bytes of journal that stay for fast replay when the lake has them too",
        "journal_max_bytes":
            "bytes of journal at most while the lake cannot take them, then as with a full disk; 0 for no limit",
        "ducklake_url":
            "the catalog: `ducklake:<path>`, `ducklake:sqlite:<path>`, `ducklake:postgres:<conninfo>`; null for a file in"
            + " the state folder",
        "data_path": "folder or `s3://` URL of the data files; null for the broker's folder in the state folder",
        "ignore_data_path": "use the data path that the catalog remembers",
        "archiver_interval":
            "seconds between moves from the journal to the lake while publications keep coming; up to one second, a lake that"
            + " has little to do takes them at once",
        "lake_memory_bytes": "bytes of memory that DuckDB may use; what needs more spills to the disk",
        "lake_threads": "threads that DuckDB may use",
        "query_threads": "queries that run at a time",
        "inlining_rows":
            "batches of up to this many rows and 64 KiB for each table stay in the catalog until they are flushed into a file",
        "maintenance_interval": "seconds between flushes of small batches and merges of small files",
        "snapshot_retention": "seconds that time travel goes back at least; 0 keeps every snapshot",
    ]

    static func text(
        _ name: String, _ variable: String, _ path: any WritableKeyPath<BrokerConfiguration, String?> & Sendable
    ) -> Key {
        Key(
            name: name, variable: variable, read: { $0[keyPath: path].map { .text($0) } ?? .null },
            write: { value, configuration in
                guard value != .null else { return true }
                guard let text = value.stringValue, !text.isEmpty else { return false }
                configuration[keyPath: path] = text
                return true
            }, expects: "a text that is not empty, or null")
    }
}

/// Removes passwords from connection texts that are shown to people.
enum SecretMask {
    /// `password=…` and the password of `scheme://user:password@host` become `***`.
    static func masked(_ text: String) -> String {
        text.replacing(/(:\/\/[^:@\/\s]*:)[^@\s]*@/) { "\($0.1)***@" }
            .replacing(/(?i)(password\s*=\s*)('[^']*'|\S+)/) { "\($0.1)***" }
    }
}
