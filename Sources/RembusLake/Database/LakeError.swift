/// An error of the tables behind the broker: DuckDB's, the library's absence, or a refused request.
package struct LakeError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What to do about an error. DuckDB's own classes are mapped onto these.
    package enum Kind: Sendable, Hashable {
        /// DuckDB's library or an extension is missing or of another version.
        case unavailable
        /// The SQL text is not valid.
        case syntax
        /// A table, column or function that does not exist, or does not fit its arguments.
        case name
        /// A value that does not fit its type.
        case conversion
        /// A `NOT NULL` or other constraint of a table.
        case constraint
        /// The transaction cannot go on, or another one was first.
        case transaction
        /// The statement was interrupted on request: its client left, or the broker stops.
        case interrupted
        /// The statement ran longer than it may.
        case timedOut
        /// The statement needs more memory than it may have.
        case outOfMemory
        /// A file, a disk or the network.
        case io
        /// The catalog or the server of the data files cannot be reached now, which may pass.
        case away
        /// Something that the configuration of the connection forbids.
        case permission
        /// An answer larger than the limit.
        case tooLarge
        /// DuckDB has given up on the database: only a restart helps.
        case fatal
        /// Arguments that are refused before they reach the database.
        case invalid
        /// Anything else.
        case other
    }

    /// What to do about it.
    package let kind: Kind
    /// A sentence for a person, mostly DuckDB's own, without passwords.
    package let message: String

    /// An error with a text of our own or of the database; passwords and secret keys in the text are taken out.
    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message.withoutSecrets()
    }

    package var description: String { message }

    /// Whether trying again can help, with the same configuration, when a catalog could not be opened.
    var mayPass: Bool { kind == .away }

    /// Whether somebody else holds the lock of an SQLite catalog, which has no class of errors of its own in DuckDB.
    var isLock: Bool { message.contains("database is locked") || message.contains("database table is locked") }
}
