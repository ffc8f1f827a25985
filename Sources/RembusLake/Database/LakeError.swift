import CDuckDB
import Foundation

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

extension LakeError {
    /// An error of DuckDB's class `type` with its text, preceded by `context`.
    init(_ type: duckdb_error_type, text: UnsafePointer<CChar>?, context: String? = nil) {
        var message = text.map { String(cString: $0) } ?? "DuckDB gave no reason"
        // The text about a following error says nothing new, and would be the last thing that a person reads.
        if let end = message.range(of: "\nFollowed by: ") { message.removeSubrange(end.lowerBound...) }
        self.init(Kind(type, message: message), context.map { "\($0): \(message)" } ?? message)
    }

    /// The error in DuckDB's error object, which is destroyed; nil when it contains none.
    init?(consuming data: duckdb_error_data?, context: String? = nil) {
        guard let data else { return nil }
        var consumed: duckdb_error_data? = data
        defer { duckdb_destroy_error_data(&consumed) }
        guard duckdb_error_data_has_error(data) else { return nil }
        let type = duckdb_error_data_error_type(data)
        var message = duckdb_error_data_message(data).map { String(cString: $0) } ?? "DuckDB gave no reason"
        // Appenders put these texts in front of the reason.
        for prefix in ["Failed to append: ", "Failed to flush: "] where message.hasPrefix(prefix) {
            message = String(message.dropFirst(prefix.count))
        }
        self.init(Kind(type, message: message), context.map { "\($0): \(message)" } ?? message)
    }
}

extension LakeError.Kind {
    fileprivate init(_ type: duckdb_error_type, message: String) {
        switch type {
        case DUCKDB_ERROR_PARSER, DUCKDB_ERROR_SYNTAX: self = .syntax
        case DUCKDB_ERROR_CATALOG, DUCKDB_ERROR_BINDER: self = .name
        case DUCKDB_ERROR_CONVERSION, DUCKDB_ERROR_OUT_OF_RANGE, DUCKDB_ERROR_MISMATCH_TYPE, DUCKDB_ERROR_DECIMAL,
            DUCKDB_ERROR_INVALID_TYPE, DUCKDB_ERROR_DIVIDE_BY_ZERO, DUCKDB_ERROR_INVALID_INPUT:
            self = .conversion
        case DUCKDB_ERROR_CONSTRAINT: self = .constraint
        case DUCKDB_ERROR_TRANSACTION: self = .transaction
        case DUCKDB_ERROR_INTERRUPT: self = .interrupted
        case DUCKDB_ERROR_OUT_OF_MEMORY: self = .outOfMemory
        case DUCKDB_ERROR_IO, DUCKDB_ERROR_NETWORK, DUCKDB_ERROR_HTTP, DUCKDB_ERROR_CONNECTION: self = .io
        case DUCKDB_ERROR_PERMISSION: self = .permission
        case DUCKDB_ERROR_FATAL: self = .fatal
        case DUCKDB_ERROR_MISSING_EXTENSION, DUCKDB_ERROR_AUTOLOAD: self = .unavailable
        default: self = Self(message)
        }
    }

    /// Finds the class by the beginning of the text, for functions of the C API that return only a text.
    private init(_ message: String) {
        let prefixes: [(String, LakeError.Kind)] = [
            ("Parser Error", .syntax), ("Syntax Error", .syntax), ("Binder Error", .name), ("Catalog Error", .name),
            ("Conversion Error", .conversion), ("Out of Range Error", .conversion),
            ("Invalid Input Error", .conversion), ("Constraint Error", .constraint),
            ("TransactionContext Error", .transaction), ("INTERRUPT Error", .interrupted),
            ("Out of Memory Error", .outOfMemory), ("IO Error", .io), ("HTTP Error", .io),
            ("Permission Error", .permission), ("FATAL Error", .fatal),
        ]
        self = prefixes.first { message.hasPrefix($0.0) }?.1 ?? .other
    }
}
