import RembusLake
import RembusTables

/// The tables that components of a tenant may know of: the broker's own, and those of the schema that are theirs.
struct VisibleTables {
    private let names: Set<String>
    private let hidesSome: Bool

    /// - Parameter standard: Whose a table is for which the schema does not say.
    init(_ schema: StoreSchema, tenant: String, standard: TableTenant) {
        let visible = schema.tables.filter { ($0.tenant ?? standard).includes(tenant) }
        names = Lake.systemTables.union(visible.map(\.name))
        hidesSome = visible.count < schema.tables.count
    }

    /// Counts by table, without those of other tables.
    func visible(_ counts: [String: UInt64]) -> [String: UInt64] {
        counts.filter { names.contains($0.key) }
    }

    /// The figures without those of other tables.
    func visible(_ metrics: LakeMetrics) -> LakeMetrics {
        var metrics = metrics
        metrics.rows = metrics.rows.filter { names.contains($0.key) }
        metrics.rejected = metrics.rejected.filter { names.contains($0.key.table) }
        metrics.unknownFields = metrics.unknownFields.filter { names.contains($0.key) }
        metrics.files = metrics.files.filter { names.contains($0.key) }
        metrics.inlinedRows = metrics.inlinedRows.filter { names.contains($0.key) }
        // DuckDB's words may name a table, and what is in it.
        if hidesSome, metrics.lastFailure != nil { metrics.lastFailure = "the broker's log says why" }
        return metrics
    }
}
