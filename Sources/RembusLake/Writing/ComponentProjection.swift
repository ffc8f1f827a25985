import RembusStore
import Synchronization

/// The component tables of the catalog, `subscriber`, `exposer`, `mark` and `component`, as other brokers read them
/// (storage.md §5). What is in there is a copy: this broker keeps the state of components in a file of its own.
final class ComponentProjection: Sendable {
    private let pending = Mutex<[String: ComponentRecord]>([:])

    /// Takes the newest state of components; earlier ones that are not written yet are forgotten.
    func set(_ records: some Sequence<ComponentRecord>) {
        pending.withLock { pending in
            for record in records { pending[record.name] = record }
        }
    }

    /// Writes what is waiting, in one transaction; false when nothing was. It goes on waiting when that fails.
    func write(_ connection: Connection, name: String) throws(LakeError) -> Bool {
        let records = pending.withLock { pending in
            defer { pending.removeAll() }
            return pending.values.sorted { $0.name < $1.name }
        }
        guard !records.isEmpty else { return false }
        do {
            let statements = ComponentStatements(records, name: name)
            try connection.transaction { () throws(LakeError) in try connection.execute(statements.text) }
            return true
        } catch {
            pending.withLock { pending in
                for record in records where pending[record.name] == nil { pending[record.name] = record }
            }
            throw error
        }
    }
}

/// The SQL that makes the component tables say what the records say, and nothing else about these components
/// (known-defects.md R12).
struct ComponentStatements {
    private let records: [ComponentRecord]
    private let broker: String

    init(_ records: [ComponentRecord], name: String) {
        self.records = records
        broker = SQL.literal(name)
    }

    var text: String {
        let names = records.map { SQL.literal($0.name) }.joined(separator: ", ")
        var statements = [SystemTable.subscriber, .exposer, .mark].map {
            "DELETE FROM \($0.sql) WHERE name = \(broker) AND twin IN (\(names))"
        }
        statements.append("DELETE FROM \(SystemTable.component.sql) WHERE broker = \(broker) AND twin IN (\(names))")
        add(.subscriber, records.flatMap(subscriptions), to: &statements)
        add(.exposer, records.flatMap(exposed), to: &statements)
        add(.mark, records.compactMap(mark), to: &statements)
        add(.component, records.map(component), to: &statements)
        return statements.joined(separator: ";\n")
    }

    private func add(_ table: SystemTable, _ rows: [String], to statements: inout [String]) {
        guard !rows.isEmpty else { return }
        let columns = SQL.list(table.columns.map(\.name))
        statements.append("INSERT INTO \(table.sql) (\(columns)) VALUES \(rows.joined(separator: ", "))")
    }

    private func subscriptions(_ record: ComponentRecord) -> [String] {
        record.subscriptions.map {
            "(\(broker), \(SQL.literal(record.name)), \(SQL.literal($0.topic)), CAST('\($0.messageFrom)' AS DOUBLE))"
        }
    }

    private func exposed(_ record: ComponentRecord) -> [String] {
        record.exposed.map { "(\(broker), \(SQL.literal(record.name)), \(SQL.literal($0)))" }
    }

    /// The reference knows one mark per component: the newest publication that was sent to it.
    private func mark(_ record: ComponentRecord) -> String? {
        guard let mark = record.subscriptions.flatMap(\.marks).max() else { return nil }
        return "(\(broker), \(SQL.literal(record.name)), \(mark))"
    }

    private func component(_ record: ComponentRecord) -> String {
        let status = record.isConnected ? "up" : "down"
        let now = "make_timestamp(\(WallClock.nanoseconds / 1000))"
        return "(\(broker), \(SQL.literal(record.host)), \(SQL.literal(record.name)), '\(status)', \(now))"
    }
}
