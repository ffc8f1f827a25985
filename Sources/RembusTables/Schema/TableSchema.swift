package import RembusWire

/// A table of the schema file (storage.md §2), checked.
package struct TableSchema: Sendable {
    /// The table's name, also the suffix of its services (storage.md §6).
    package let name: String
    /// The topic pattern with `:name` segments.
    package let topic: String
    /// The columns that payloads fill, in positional order.
    package let columns: [ColumnSchema]
    /// All columns as created: ``columns``, then receive time and slot when the schema asks for them, always in this
    /// order.
    package let allColumns: [ColumnSchema]
    /// The logical primary key as indexes into ``columns``. Empty: rows are appended, never updated.
    package let keys: [Int]
    /// Where the receive time is in ``allColumns``.
    package let receivedAtColumn: Int?
    /// Where the slot is in ``allColumns``.
    package let slotColumn: Int?
    /// What the table's files are divided by; empty for one division.
    package let partition: [PartitionKey]
    /// Whose table it is; nil when the schema does not say.
    package let tenant: TableTenant?
    /// Read from the schema file, not used by anything (storage.md §2).
    package let deleteTopic: String?

    /// A table that no publication fills by itself, such as one of the broker's own.
    package init(name: String, columns: [(name: String, type: ColumnType)], receivedAtColumn: Int?) {
        let columns = columns.map {
            ColumnSchema(name: $0.name, type: $0.type, isNullable: true, defaultValue: nil)
        }
        self.init(
            name: name, topic: name, columns: columns, allColumns: columns, keys: [],
            receivedAtColumn: receivedAtColumn, slotColumn: nil, partition: [], tenant: nil, deleteTopic: nil)
    }

    init(
        name: String, topic: String, columns: [ColumnSchema], allColumns: [ColumnSchema], keys: [Int],
        receivedAtColumn: Int?, slotColumn: Int?, partition: [PartitionKey], tenant: TableTenant?, deleteTopic: String?
    ) {
        (self.name, self.topic) = (name, topic)
        (self.columns, self.allColumns, self.keys) = (columns, allColumns, keys)
        (self.receivedAtColumn, self.slotColumn) = (receivedAtColumn, slotColumn)
        (self.partition, self.tenant, self.deleteTopic) = (partition, tenant, deleteTopic)
    }

    /// The type in which a batch holds a column's rows: receive times are nanoseconds there, whatever the table makes of
    /// them.
    package func batchType(_ column: Int) -> ColumnType {
        column == receivedAtColumn ? .ubigint : allColumns[column].type
    }
}

/// A column of a table.
package struct ColumnSchema: Sendable {
    package let name: String
    package let type: ColumnType
    /// False: the column is created `NOT NULL`, and a row that has null there is not stored.
    package let isNullable: Bool
    /// What a payload that lacks the column stands for; nil without a default.
    package let defaultValue: Value?
    /// What numbers in the column count; nil when numbers are no times.
    package var epoch: EpochUnit?

    /// The default as an SQL literal that can be cast to the type; nil without a default, and for one that only this broker
    /// understands.
    package var defaultLiteral: String? {
        guard let defaultValue, epoch == nil, !type.isNested else { return nil }
        switch defaultValue {
        case .bool, .integer, .unsigned, .negative, .bigInteger: return defaultValue.description
        case .float(let value) where value.isFinite: return "\(value)"
        case .text(let text): return text.quoted(with: "'")
        default: return defaultValue.jsonText.quoted(with: "'")
        }
    }
}

/// One key that a table's files are divided by: a column, or a part of a column's time.
package struct PartitionKey: Sendable, Hashable {
    /// What is taken of the column.
    package enum Transform: String, Sendable, CaseIterable {
        case identity
        case year
        case month
        case day
        case hour
    }

    package let transform: Transform
    /// An index into ``TableSchema/allColumns``.
    package let column: Int

    /// The key for `SET PARTITIONED BY`, with the column's name quoted.
    package func sql(in table: TableSchema) -> String {
        let name = table.allColumns[column].name.quoted(with: "\"")
        return transform == .identity ? name : "\(transform.rawValue)(\(name))"
    }
}
