import Logging
import RembusTables
import RembusWire

extension Maintenance {
    /// The tenants of the tables that belong to one.
    static func owners(_ schema: StoreSchema, _ configuration: LakeConfiguration) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: schema.tables.compactMap { table in
                guard case .only(let tenant) = table.tenant ?? configuration.tableTenant else { return nil }
                return (table.name, tenant.string)
            })
    }

    /// Moves a table's rows from the catalog to files.
    static func flush(_ rows: InlinedRows, _ logger: Logger) throws(LakeError) {
        do throws(LakeError) {
            try rows.flush()
        } catch {
            if error.kind == .outOfMemory, try rows.flushInPieces() { return }
            // The cause is the disk or a row that cannot be in a file. In the second case every later flush would fail
            // too.
            guard InlinedRows.mayBeRows(error) else { throw error }
            // The failure may be a conflict with another broker's transaction.
            if error.kind == .transaction, (try? rows.flush()) != nil { return }
            let rescue = try rows.rescue()
            guard rescue.moved + rescue.rejected > 0 else { return }
            logger.warning(
                "rows that could not be moved out of the catalog were looked at one by one",
                metadata: [
                    "table": "\(rows.table)", "moved": .stringConvertible(rescue.moved),
                    "rejected": .stringConvertible(rescue.rejected),
                    "error": "\(error)",
                ])
        }
    }
}
