import RembusStore
import RembusSupport
import Synchronization

/// The component tables of the catalog, `subscriber`, `exposer`, `mark` and `component`, as other brokers read them
/// (storage.md §5). They are a copy: this broker keeps the state of components in a file of its own.
final class ComponentProjection: Sendable {
    private static let maxForgotten = 250_000
    private let pending = Mutex<[String: ComponentRecord]>([:])

    /// Queues the newest state of components, in place of older ones that were not written yet.
    func set(_ records: some Sequence<ComponentRecord>) {
        pending.withLock { pending in
            for record in records {
                // While the catalog cannot be written, forgotten names do not pile up. The copy may then have some
                // names too many.
                let isKept = !record.isEmpty || pending.count < Self.maxForgotten
                pending[record.name] = isKept ? record : nil
            }
        }
    }

    /// The most rows that one transaction writes, because DuckDB needs a multiple of a statement's size to parse it.
    private static let maxRows = 4096

    /// Writes the changes that wait now. Returns false when there are none. When writing fails, they wait for the next
    /// attempt.
    ///
    /// Changes that come meanwhile are left to the next call, because otherwise components that come and go faster than
    /// they are written could keep the writer here for ever.
    func write(_ connection: DatabaseConnection, name: String) throws(LakeError) -> Bool {
        var waiting = pending.withLock { pending in
            let waiting = pending
            pending = [:]
            return waiting.values.sorted { $0.name < $1.name }[...]
        }
        guard !waiting.isEmpty else { return false }
        while !waiting.isEmpty {
            let end = Self.end(of: waiting)
            do {
                let statements = ComponentStatements(Array(waiting[..<end]), name: name)
                try connection.transaction { () throws(LakeError) in try connection.execute(statements.text) }
            } catch {
                pending.withLock { pending in
                    for record in waiting where pending[record.name] == nil { pending[record.name] = record }
                }
                throw error
            }
            waiting = waiting[end...]
        }
        return true
    }

    /// The end of the records for the next transaction.
    private static func end(of records: ArraySlice<ComponentRecord>) -> Int {
        var rows = 0
        let end = records.firstIndex { record in
            rows += record.subscriptions.count + record.exposed.count + 1
            return rows > maxRows
        }
        return max(records.startIndex + 1, end ?? records.endIndex)
    }
}

/// The SQL that replaces these components' rows in the component tables by the content of the records (known-defects.md
/// R12).
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

    /// The reference has one mark for each component: the newest publication that was sent to it.
    private func mark(_ record: ComponentRecord) -> String? {
        guard let mark = record.subscriptions.flatMap(\.marks).max() else { return nil }
        return "(\(broker), \(SQL.literal(record.name)), \(mark))"
    }

    private func component(_ record: ComponentRecord) -> String {
        let status = record.isConnected ? "up" : "down"
        let now = "make_timestamp(\(WallClock.nanoseconds() / 1000))"
        return "(\(broker), \(SQL.literal(record.host)), \(SQL.literal(record.name)), '\(status)', \(now))"
    }
}
