/// An error of the tables: of DuckDB, of its missing library, or a refused request.
package struct LakeError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of an error, by what can be done about it. DuckDB's own classes are mapped to these.
    package enum Kind: Sendable, Hashable {
        /// DuckDB's library or an extension is missing or has another version.
        case unavailable
        /// The SQL text is not valid.
        case syntax
        /// A table, column or function does not exist, or does not fit its arguments.
        case name
        /// A value does not fit its type.
        case conversion
        /// A `NOT NULL` or another constraint of a table is violated.
        case constraint
        /// The transaction cannot continue, or conflicts with another one.
        case transaction
        /// The statement was interrupted, because its client left or the broker stops.
        case interrupted
        /// The statement took longer than it may.
        case timedOut
        /// The statement needs more memory than it may use.
        case outOfMemory
        /// An error of a file, a disk or the network.
        case io
        /// The catalog or the server of the data files cannot be reached now. This may pass.
        case away
        /// The configuration of the connection forbids the operation.
        case permission
        /// The answer is larger than the limit.
        case tooLarge
        /// DuckDB cannot continue with the database. Only a restart helps.
        case fatal
        /// Arguments were refused before they reached the database.
        case invalid
        /// Any other error.
        case other
    }

    /// The kind of the error.
    package let kind: Kind
    /// A sentence for a person, mostly DuckDB's own, without passwords.
    package let message: String

    /// An error with a text. Passwords and secret keys in the text are removed.
    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message.withoutSecrets()
    }

    package var description: String { message }

    /// Whether opening a catalog may succeed later with the same configuration.
    var mayPass: Bool { kind == .away }

    /// Whether another process holds the lock of an SQLite catalog. DuckDB has no error class for this.
    var isLock: Bool { message.contains("database is locked") || message.contains("database table is locked") }
}
