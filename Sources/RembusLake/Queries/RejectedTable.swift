import RembusTables
package import RembusWire

/// The table `rejected` for the method `query_rejected`: what did not fit its table, as far as the caller may see it.
extension ServedTable {
    /// - Parameters:
    ///   - broker: The broker's name: others may share the catalog.
    ///   - tenant: Whose publications; nil for everybody's. What an earlier version rejected does not say whose it was, and
    ///     is only shown where that makes no difference.
    static func rejected(broker: String, tenant: String?) -> ServedTable {
        let schema = TableSchema(
            name: SystemTable.rejected.rawValue,
            columns: [
                ("recv", .ubigint), ("table_name", .varchar), ("topic", .varchar), ("reason", .varchar),
                ("data", .blob), ("tenant", .varchar),
            ], receivedAtColumn: 0)
        var table = ServedTable(schema)
        table.restriction = "name = \(SQL.literal(broker))"
        if let tenant { table.restriction? += " AND tenant = \(SQL.literal(tenant))" }
        return table
    }
}

extension TableServices {
    /// Answers `query_rejected`, which takes what `query_<table>` takes. Who may call it is the broker's to say.
    ///
    /// - Parameters:
    ///   - broker: The broker's name in the catalog.
    ///   - tenant: The caller's tenant, outside of which it sees nothing where tables belong to tenants.
    package func rejected(_ arguments: [Value], broker: String, tenant: String) async throws -> Value {
        let table = ServedTable.rejected(broker: broker, tenant: self.tenant == .all ? nil : tenant)
        return try await answer(table, arguments, optionsAt: 0, query)
    }
}
