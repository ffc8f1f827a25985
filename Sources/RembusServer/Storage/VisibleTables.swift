import RembusLake
import RembusTables

/// The tables that components of a tenant may see: the broker's own, and those of the schema that belong to the tenant.
struct VisibleTables {
    private let names: Set<String>
    private let hidesSome: Bool

    /// - Parameter standard: The tenant of tables for which the schema names none.
    init(_ schema: StoreSchema, tenant: String, standard: TableTenant) {
        let visible = schema.tables.filter { ($0.tenant ?? standard).includes(tenant) }
        names = Lake.systemTables.union(visible.map(\.name))
        hidesSome = visible.count < schema.tables.count
    }

    /// Counts by table, without those of hidden tables.
    func visible(_ counts: [String: UInt64]) -> [String: UInt64] {
        counts.filter { names.contains($0.key) }
    }

    /// The figures without those of hidden tables.
    func visible(_ metrics: LakeMetrics) -> LakeMetrics {
        var metrics = metrics
        metrics.rows = metrics.rows.filter { names.contains($0.key) }
        metrics.rejected = metrics.rejected.filter { names.contains($0.key.table) }
        metrics.unknownFields = metrics.unknownFields.filter { names.contains($0.key) }
        metrics.files = metrics.files.filter { names.contains($0.key) }
        metrics.inlinedRows = metrics.inlinedRows.filter { names.contains($0.key) }
        // An error text of DuckDB may name a table and contain data of it.
        if hidesSome, metrics.lastFailure != nil { metrics.lastFailure = "the broker's log says why" }
        return metrics
    }
}
