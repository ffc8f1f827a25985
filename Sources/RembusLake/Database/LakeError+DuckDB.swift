import CDuckDB
import Foundation

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
