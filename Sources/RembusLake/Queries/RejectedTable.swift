import RembusTables
package import RembusWire

/// The table `rejected` for the method `query_rejected`: publications that did not fit their table, as far as the
/// caller may see them.
extension ServedTable {
    /// - Parameters:
    ///   - broker: The broker's name, because others may share the catalog.
    ///   - tenant: The tenant of the publications; nil for all. Rows of an earlier version have no tenant, and are
    ///     shown only where this makes no difference.
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
    /// Answers `query_rejected`, which has the arguments of `query_<table>`. The broker decides who may call it.
    ///
    /// - Parameters:
    ///   - broker: The broker's name in the catalog.
    ///   - tenant: The caller's tenant. It sees only this tenant's rows where tables belong to tenants.
    package func rejected(_ arguments: [Value], broker: String, tenant: String) async throws -> Value {
        let table = ServedTable.rejected(broker: broker, tenant: self.tenant == .all ? nil : tenant)
        return try await answer(table, arguments, optionsAt: 0, query)
    }
}
