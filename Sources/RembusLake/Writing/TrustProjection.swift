import RembusWire
import Synchronization

/// The tables of rights in the catalog: `admin`, `topic_auth` and `tenant`, as other brokers read them (storage.md §5),
/// and `rembus_trust`. They are copies: this broker keeps rights in a file of its own.
final class TrustProjection: Sendable {
    static let tables: [SystemTable] = [.admin, .topicAuth, .tenant, .trust]

    private let pending = Mutex<ProjectedTrust?>(nil)

    /// Queues the newest rights, in place of older ones that were not written yet.
    func set(_ trust: ProjectedTrust) {
        pending.withLock { $0 = trust }
    }

    /// Writes the queued rights in one transaction. Returns false when there were none. They stay queued when writing
    /// fails.
    func write(_ connection: DatabaseConnection, name: String) throws(LakeError) -> Bool {
        let taken = pending.withLock { pending in
            defer { pending = nil }
            return pending
        }
        guard let trust = taken else { return false }
        do {
            let statements = TrustStatements(trust, name: name).statements
            try connection.transaction { () throws(LakeError) in
                for statement in statements { try connection.execute(statement) }
            }
            return true
        } catch {
            pending.withLock { $0 = $0 ?? trust }
            throw error
        }
    }
}

/// The kinds of rows in `rembus_trust`.
enum TrustKind: String {
    case admin
    case readOnly = "read_only"
    case privateTopic = "private"
    case grant
    /// Marks that these tables were written, also when there are no rights.
    case present
}

/// The SQL that replaces this broker's rows in the tables of rights.
private struct TrustStatements {
    /// The number of rows that one statement inserts.
    private static let rowsPerStatement = 1000

    private let trust: ProjectedTrust
    private let broker: String

    init(_ trust: ProjectedTrust, name: String) {
        self.trust = trust
        broker = SQL.literal(name)
    }

    var statements: [String] {
        var statements = TrustProjection.tables.map { "DELETE FROM \($0.sql) WHERE name = \(broker)" }
        add(.admin, trust.administrators.map { row($0) }, to: &statements)
        // The reference has only complete authorizations for single topics. Lesser rights must not become one.
        let authorizations = trust.grants.filter { $0.isComplete && !TopicPattern.isPattern($0.topic) }
        add(.topicAuth, authorizations.map { row($0.name, $0.topic) }, to: &statements)
        add(.tenant, trust.tenants.map { row($0.tenant, $0.secret) }, to: &statements)
        add(.trust, trustRows, to: &statements)
        return statements
    }

    private var trustRows: [String] {
        var rows = [row(.present, nil, nil)]
        rows += trust.administrators.map { row(.admin, $0, nil) }
        rows += trust.readOnly.map { row(.readOnly, $0, nil) }
        rows += trust.privateTopics.map { row(.privateTopic, nil, $0) }
        rows += trust.grants.map {
            row(.grant, $0.name, $0.topic, ($0.isComplete ? ["all"] : $0.actions).joined(separator: ","))
        }
        return rows
    }

    private func row(_ kind: TrustKind, _ twin: String?, _ topic: String?, _ actions: String? = nil) -> String {
        let values = [twin, topic, actions].map { $0.map(SQL.literal) ?? "NULL" }
        return "(\(broker), '\(kind.rawValue)', \(values.joined(separator: ", ")))"
    }

    private func row(_ values: String...) -> String {
        "(\(([broker] + values.map(SQL.literal)).joined(separator: ", ")))"
    }

    private func add(_ table: SystemTable, _ rows: [String], to statements: inout [String]) {
        let columns = SQL.list(table.columns.map(\.name))
        for start in stride(from: 0, to: rows.count, by: Self.rowsPerStatement) {
            let part = rows[start..<min(start + Self.rowsPerStatement, rows.count)].joined(separator: ", ")
            statements.append("INSERT INTO \(table.sql) (\(columns)) VALUES \(part)")
        }
    }
}
