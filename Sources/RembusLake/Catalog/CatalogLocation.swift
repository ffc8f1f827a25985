/// The location of the DuckLake catalog: the list of tables, snapshots and data files (storage.md §7).
package enum CatalogLocation: Sendable, Hashable, CustomStringConvertible {
    /// A DuckDB file, which one process can open at a time.
    case duckdb(path: String)
    /// An SQLite file, which several processes on one machine can open.
    case sqlite(path: String)
    /// A database of a PostgreSQL server, as a connection URL or as `dbname=… host=…`. It contains passwords.
    case postgres(connection: String)

    /// Parses the forms of `DUCKLAKE_URL`: `ducklake:<path>`, `ducklake:sqlite:<path>`,
    /// `ducklake:postgres:<connection>`.
    package init(url: String) throws(LakeError) {
        let scheme = "ducklake:"
        guard url.hasPrefix(scheme) else {
            throw LakeError(
                .invalid,
                "DUCKLAKE_URL must begin with ducklake:, as in ducklake:/path/file.ducklake, ducklake:sqlite:/path/file"
                    + " or ducklake:postgres:postgresql://user@host/database")
        }
        let rest = url.dropFirst(scheme.count)
        let forms: [(prefix: String, make: (String) -> CatalogLocation)] = [
            ("sqlite:", CatalogLocation.sqlite), ("postgres:", CatalogLocation.postgres),
            ("postgresql:", CatalogLocation.postgres), ("duckdb:", CatalogLocation.duckdb),
        ]
        for form in forms where rest.hasPrefix(form.prefix) {
            // `ducklake:postgresql://…` is a whole URL, not a prefix before one.
            if form.prefix == "postgresql:", rest.dropFirst(form.prefix.count).hasPrefix("//") {
                self = .postgres(connection: String(rest))
                return
            }
            self = try Self.checked(form.make(String(rest.dropFirst(form.prefix.count))), url)
            return
        }
        self = try Self.checked(.duckdb(path: String(rest)), url)
    }

    private static func checked(_ location: CatalogLocation, _ url: String) throws(LakeError) -> CatalogLocation {
        switch location {
        case .duckdb(let path) where path.isEmpty, .sqlite(let path) where path.isEmpty,
            .postgres(let path) where path.isEmpty:
            throw LakeError(.invalid, "DUCKLAKE_URL \(url) names no catalog behind its last colon")
        case .duckdb, .sqlite, .postgres: return location
        }
    }

    /// The URL for `ATTACH`. It contains the passwords of a connection to PostgreSQL.
    var attachURL: String {
        switch self {
        case .duckdb(let path): "ducklake:\(path)"
        case .sqlite(let path): "ducklake:sqlite:\(path)"
        case .postgres(let connection): "ducklake:postgres:\(Self.withTimeout(connection))"
        }
    }

    /// Adds a time limit of some seconds for a server that does not answer at all, instead of minutes.
    private static func withTimeout(_ connection: String) -> String {
        let setting = "connect_timeout"
        guard !connection.contains(setting) else { return connection }
        guard connection.hasPrefix("postgres://") || connection.hasPrefix("postgresql://") else {
            return "\(connection) \(setting)=5"
        }
        return "\(connection)\(connection.contains("?") ? "&" : "?")\(setting)=5"
    }

    /// The extension for such a catalog, besides that of DuckLake.
    var extensionName: String? {
        switch self {
        case .duckdb: nil
        case .sqlite: "sqlite_scanner"
        case .postgres: "postgres_scanner"
        }
    }

    /// Whether brokers with different names can use the catalog at the same time.
    var isShareable: Bool {
        if case .duckdb = self { false } else { true }
    }

    /// The file of the catalog; nil for a server.
    package var file: String? {
        switch self {
        case .duckdb(let path), .sqlite(let path): path
        case .postgres: nil
        }
    }

    /// Whether an error while opening the catalog is about reaching it, so that it may pass: a server that does not
    /// answer or refuses the login, or a file that another program has open. Errors of a server are in its own
    /// language, so all of them count.
    func isAway(_ error: LakeError) -> Bool {
        switch error.kind {
        case .away: return true
        case .invalid, .unavailable, .syntax: return false
        default: break
        }
        switch self {
        case .duckdb: return error.message.contains("Conflicting lock") || error.message.contains("Could not set lock")
        case .sqlite: return error.isLock || error.message.contains("unable to open database")
        case .postgres: return true
        }
    }

    /// The URL without passwords.
    package var description: String {
        switch self {
        case .duckdb, .sqlite: attachURL
        case .postgres(let connection): "ducklake:postgres:\(connection)".withoutSecrets()
        }
    }
}
