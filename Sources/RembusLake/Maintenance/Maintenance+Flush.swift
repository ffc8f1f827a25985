import Logging
import RembusTables
import RembusWire

extension Maintenance {
    /// Whose the tables are that are one tenant's.
    static func owners(_ schema: StoreSchema, _ configuration: LakeConfiguration) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: schema.tables.compactMap { table in
                guard case .only(let tenant) = table.tenant ?? configuration.tableTenant else { return nil }
                return (table.name, tenant.string)
            })
    }

    /// Moves a table's rows out of the catalog into files.
    static func flush(_ rows: InlinedRows, _ logger: Logger) throws(LakeError) {
        do throws(LakeError) {
            try rows.flush()
        } catch {
            if error.kind == .outOfMemory, try rows.flushInPieces() { return }
            // The disk, or a row that no file can have: every later flush would fail as well.
            guard InlinedRows.mayBeRows(error) else { throw error }
            // Another broker's transaction may have been in the way.
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
