import CDuckDB

/// An open DuckDB database: a file, or memory that is released with it. Different threads may use different connections
/// at the same time.
package final class Database: Sendable {
    private let handle: DatabaseHandle

    /// Opens a database.
    /// - Parameters:
    ///   - path: The file; nil for a database in memory.
    ///   - options: DuckDB's settings by name, such as `threads` or `memory_limit`. Others have DuckDB's defaults, with
    ///     two exceptions: extensions are not downloaded and are loaded only by name, and texts and blobs of dataframes
    ///     have offsets of 64 bits.
    package init(path: String? = nil, options: [String: String] = [:]) throws(LakeError) {
        try DuckDBLibrary.load()
        let defaults = [
            "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
            "allow_community_extensions": "false", "arrow_large_buffer_size": "true",
        ]
        handle = try DatabaseHandle(path: path, options: defaults.merging(options) { $1 })
    }

    /// Makes a new connection, which keeps the database open.
    package func connect() throws(LakeError) -> DatabaseConnection {
        var connection: duckdb_connection?
        guard duckdb_connect(handle.pointer, &connection) == DuckDBSuccess, let connection else {
            throw LakeError(.other, "DuckDB gives no connection")
        }
        return DatabaseConnection(connection, database: self)
    }
}

/// Owns DuckDB's database object, which may be used by several threads (hence unchecked), and closes it.
private final class DatabaseHandle: @unchecked Sendable {
    private(set) var pointer: duckdb_database?

    init(path: String?, options: [String: String]) throws(LakeError) {
        var config: duckdb_config?
        guard duckdb_create_config(&config) == DuckDBSuccess else {
            throw LakeError(.outOfMemory, "DuckDB gives no configuration")
        }
        defer { duckdb_destroy_config(&config) }
        for (name, value) in options where duckdb_set_config(config, name, value) != DuckDBSuccess {
            throw LakeError(.invalid, "DuckDB has no option \(name) with the value \(value)")
        }
        var reason: UnsafeMutablePointer<CChar>?
        defer { duckdb_free(reason) }
        guard duckdb_open_ext(path ?? ":memory:", &pointer, config, &reason) == DuckDBSuccess else {
            let text = reason.map { String(cString: $0) } ?? "DuckDB gave no reason"
            throw LakeError(.io, "the database \(path ?? "in memory") cannot be opened: \(text)")
        }
    }

    deinit {
        duckdb_close(&pointer)
    }
}
