import Logging
import RembusTables

/// The errors of the table services for callers (known-defects.md S17): errors of their request are described, and
/// internal errors are a number that is also in the log.
struct ServiceFailures: Sendable {
    let logger: Logger

    /// The error for the caller.
    func forCaller(_ error: any Error, table: TableSchema) -> LakeError {
        let error = error as? LakeError ?? LakeError(.other, "\(error)")
        if let text = Self.text(of: error, table) { return LakeError(error.kind, text) }
        let reference = String(UInt32.random(in: .min ... .max), radix: 16)
        logger.error(
            "a table service failed inside",
            metadata: ["reference": "\(reference)", "table": "\(table.name)", "error": "\(error)"])
        return LakeError(error.kind, "the tables cannot do this now; the broker's log says more under \(reference)")
    }

    /// The description, if the error is about the request; nil otherwise.
    private static func text(of error: LakeError, _ table: TableSchema) -> String? {
        switch error.kind {
        // These texts are our own.
        case .invalid, .tooLarge, .timedOut, .interrupted, .away: return error.message
        // DuckDB's texts about a value or an expression.
        case .syntax, .conversion, .constraint: return words(of: error, table)
        case .name:
            // Errors about the tables themselves are not shown to the caller.
            return error.message.hasPrefix("Catalog Error: Table") ? nil : words(of: error, table)
        case .unavailable:
            return ownTexts.contains(error.message) ? error.message : nil
        case .other:
            return error.message.contains("Unknown TimeZone") ? words(of: error, table) : nil
        case .transaction, .outOfMemory, .io, .permission, .fatal: return nil
        }
    }

    private static let ownTexts: Set<String> = [
        LakeError.stopping.message, LakeError.closed.message, LakeError.busy.message,
    ]

    private static func words(of error: LakeError, _ table: TableSchema) -> String {
        DatabaseWords(error, table: table)?.sentence(table: table)
            ?? String(error.message.prefix { !$0.isNewline }.prefix(500))
    }
}

extension LakeError {
    static let stopping = LakeError(.unavailable, "the broker is stopping")
    static let closed = LakeError(.unavailable, "the tables are closed")
    static let busy = LakeError(.unavailable, "too many queries are waiting; try again later")
}
