package import NIOCore
import RembusWire

/// The tables that publications are stored in, read from a `schema.json` (storage.md §2).
package struct StoreSchema: Sendable {
    /// In the order of the file, which decides when several topics match.
    package let tables: [TableSchema]
    /// Sentences for the log about what is accepted but probably not meant.
    package let notices: [String]

    /// A schema without tables.
    package init() {
        tables = []
        notices = []
    }

    /// Reads and checks a schema; `file` is its name for messages.
    package init(json: ByteBuffer, file: String) throws(SchemaError) {
        let source: JSONText
        do {
            source = try JSONText(json)
        } catch {
            throw SchemaError(file: file, position: error.position, problem: error.problem)
        }
        var reader = SchemaFileReader(file: file, source: source)
        tables = try reader.read()
        notices = reader.notices
    }

    /// Names of tables that the broker keeps for itself (storage.md §5).
    static let systemTables: Set<String> = [
        "message", "message_source", "component", "exposer", "subscriber", "mark", "admin", "topic_auth", "tenant",
        "wait_ack2", "rejected",
    ]

    /// Whether a table's name is the broker's own; DuckDB does not tell upper from lower case.
    static func isSystemTable(_ name: String) -> Bool {
        let name = name.lowercased()
        return systemTables.contains(name) || name.hasPrefix("rembus_")
    }
}
