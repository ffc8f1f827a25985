/// The tables that every broker has in its catalog (storage.md §5), and those of this implementation, which the
/// reference does not use.
enum SystemTable: String, CaseIterable {
    case message, component, exposer, subscriber, mark, admin
    case topicAuth = "topic_auth"
    case tenant
    case waitAck2 = "wait_ack2"
    /// The publisher and the tenant of a message, for which `message` has no columns.
    case messageSource = "message_source"
    /// Publications that did not fit their table, with the reason (storage.md §4.9).
    case rejected
    /// All rights of a broker: also those that `admin` and `topic_auth` cannot express. By comparison with these two,
    /// changes of others are recognised.
    case trust = "rembus_trust"
    /// The newest receive time of each journal partition that is in the tables. The largest row counts.
    case progress = "rembus_progress"
    /// The keys by which the rows of a table are known to be unique.
    case uniqueness = "rembus_table"
    /// The times since which publications are kept, for patterns of `--record` with a size.
    case retention = "rembus_retention"

    struct Column: Equatable {
        var name: String
        var type: String
        var isNullable: Bool

        init(_ name: String, _ type: String, null isNullable: Bool = false) {
            (self.name, self.type, self.isNullable) = (name, type, isNullable)
        }

        var definition: String { "\(SQL.identifier(name)) \(type)\(isNullable ? "" : " NOT NULL")" }
    }

    var columns: [Column] {
        switch self {
        case .message:
            [
                Column("name", "VARCHAR"), Column("recv", "UBIGINT", null: true),
                Column("slot", "UINTEGER", null: true),
                Column("qos", "UTINYINT", null: true), Column("uid", "UBIGINT", null: true), Column("topic", "VARCHAR"),
                Column("data", "BLOB", null: true),
            ]
        case .component:
            [
                Column("broker", "VARCHAR"), Column("host", "VARCHAR"), Column("twin", "VARCHAR"),
                Column("status", "VARCHAR", null: true), Column("last_changed", "TIMESTAMP", null: true),
            ]
        case .exposer, .topicAuth: [Column("name", "VARCHAR"), Column("twin", "VARCHAR"), Column("topic", "VARCHAR")]
        case .subscriber:
            [
                Column("name", "VARCHAR"), Column("twin", "VARCHAR"), Column("topic", "VARCHAR"),
                Column("msg_from", "DOUBLE", null: true),
            ]
        case .mark: [Column("name", "VARCHAR"), Column("twin", "VARCHAR"), Column("mark", "UBIGINT", null: true)]
        case .admin: [Column("name", "VARCHAR"), Column("twin", "VARCHAR", null: true)]
        case .tenant: [Column("name", "VARCHAR"), Column("tenant", "VARCHAR"), Column("secret", "VARCHAR")]
        case .waitAck2:
            [
                Column("name", "VARCHAR"), Column("twin", "VARCHAR"), Column("ts", "UBIGINT", null: true),
                Column("id", "UBIGINT", null: true),
            ]
        case .messageSource:
            [
                Column("name", "VARCHAR"), Column("recv", "UBIGINT", null: true),
                Column("publisher", "VARCHAR", null: true), Column("tenant", "VARCHAR", null: true),
            ]
        case .rejected:
            [
                Column("name", "VARCHAR"), Column("recv", "UBIGINT", null: true),
                Column("topic", "VARCHAR", null: true),
                Column("reason", "VARCHAR", null: true), Column("data", "BLOB", null: true),
                Column("table_name", "VARCHAR", null: true), Column("tenant", "VARCHAR", null: true),
            ]
        case .trust:
            [
                Column("name", "VARCHAR"), Column("kind", "VARCHAR"), Column("twin", "VARCHAR", null: true),
                Column("topic", "VARCHAR", null: true), Column("actions", "VARCHAR", null: true),
            ]
        case .uniqueness: [Column("name", "VARCHAR"), Column("keys", "VARCHAR", null: true)]
        case .retention:
            [Column("name", "VARCHAR"), Column("pattern", "VARCHAR"), Column("recv", "UBIGINT", null: true)]
        case .progress:
            [
                Column("name", "VARCHAR"), Column("partition", "UINTEGER", null: true),
                Column("recv", "UBIGINT", null: true),
            ]
        }
    }

    /// The quoted name, with that of the catalog.
    var sql: String { Catalog.table(rawValue) }
}
