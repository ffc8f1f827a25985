import RembusSupport
import RembusTables

/// Moves the rows of a table that are inside the catalog to files.
struct InlinedRows {
    let connection: DatabaseConnection
    /// The table's name.
    let table: String
    /// The broker's name.
    let name: String
    /// Whether deleted rows can be removed from the catalog. In an SQLite file they cannot, because DuckLake holds its
    /// lock itself.
    let forgets: Bool
    /// The tenant of the table; nil when it is for all or the broker's own.
    var tenant: String?

    /// The result of moving rows.
    struct Rescue: Equatable {
        /// Rows that are in files now.
        var moved: Int
        /// Rows that cannot be in a file.
        var rejected: Int
    }

    private static let list = "temp.main.inlined_rows"
    private static let metadata = "__ducklake_metadata_\(Catalog.alias)"

    /// Moves the rows with DuckLake's own function.
    func flush() throws(LakeError) {
        try connection.execute(
            """
            CALL ducklake_flush_inlined_data('\(Catalog.alias)', schema_name => '\(Catalog.schema)', \
            table_name => \(SQL.literal(table)))
            """)
    }

    /// Moves some rows at a time, when there is too little memory for all at once. Returns false when this has failed
    /// too. A row that needs more memory than there is stays in the catalog.
    func flushInPieces() throws(LakeError) -> Bool {
        let count = try listRows()
        defer { try? connection.execute("DROP TABLE IF EXISTS \(Self.list)") }
        try connection.inline(false)
        var (start, length) = (0, max(1, count / 8))
        while start < count {
            do throws(LakeError) {
                guard try moves(start..<min(start + length, count)) else { return false }
                start += length
            } catch {
                guard error.kind == .outOfMemory, length > 1 else { throw error }
                length = max(1, length / 8)
            }
        }
        return true
    }

    /// Moves the rows when ``flush()`` cannot. First deleted rows, which it reads too, are removed and it is tried
    /// again. Then the rows are written again; those that cannot be in a file go to `rejected`.
    ///
    /// Every step is complete in itself: whenever the process ends, no row is lost and none exists twice.
    func rescue() throws(LakeError) -> Rescue {
        if forgets, try forgetDeleted() {
            do {
                try flush()
                return Rescue(moved: 0, rejected: 0)
            } catch {
                guard Self.mayBeRows(error) else { throw error }
            }
        }
        let count = try listRows()
        guard count > 0 else { return Rescue(moved: 0, rejected: 0) }
        defer { try? connection.execute("DROP TABLE IF EXISTS \(Self.list)") }
        let bad = try move(0..<count)
        if !bad.isEmpty { try reject(bad) }
        if forgets { _ = try forgetDeleted() }
        let rejected = bad.reduce(0) { $0 + $1.count }
        return Rescue(moved: count - rejected, rejected: rejected)
    }

    /// Whether an error of a move may be because of the rows. Rows that only the catalog's statement cannot contain
    /// fail when the transaction ends.
    static func mayBeRows(_ error: LakeError) -> Bool {
        error.blame != .lake || error.kind == .io || error.kind == .transaction
    }

    /// The catalog's own tables that contain rows of this one: one for each structure that the table has had.
    private func parts() throws(LakeError) -> [String] {
        try connection.query(
            """
            SELECT p.table_name FROM \(path("ducklake_inlined_data_tables")) AS p
            JOIN \(path("ducklake_table")) AS t ON p.table_id = t.table_id
            WHERE t.table_name = ? AND t.end_snapshot IS NULL
            """, [.text(table)]
        ).rows.compactMap { $0[0].text }
    }

    private func path(_ name: String) -> String { SQL.identifier([Self.metadata, name]) }

    /// Removes deleted rows from the catalog, which keeps them for time travel. Returns false when there are none.
    private func forgetDeleted() throws(LakeError) -> Bool {
        var hasFound = false
        for part in try parts() {
            let dead = "FROM \(path(part)) WHERE end_snapshot IS NOT NULL"
            guard let count = try connection.query("SELECT count(*) \(dead)").value?.integer, count > 0 else {
                continue
            }
            try connection.execute("DELETE \(dead)")
            hasFound = true
        }
        return hasFound
    }

    /// Numbers the rows. Returns how many there are.
    private func listRows() throws(LakeError) -> Int {
        try connection.execute("CREATE OR REPLACE TEMP TABLE inlined_rows (row BIGINT)")
        for part in try parts() {
            try connection.execute(
                "INSERT INTO \(Self.list) SELECT row_id FROM \(path(part)) WHERE end_snapshot IS NULL ORDER BY 1")
        }
        return try connection.query("SELECT count(*) FROM \(Self.list)").value?.integer ?? 0
    }

    private func chosen(_ rows: Range<Int>) -> String {
        "rowid IN (SELECT row FROM \(Self.list) WHERE rowid >= \(rows.lowerBound) AND rowid < \(rows.upperBound))"
    }

    /// Moves rows to files, and halves ranges that cannot be moved together. Returns those that cannot be in a file.
    private func move(_ all: Range<Int>) throws(LakeError) -> [Range<Int>] {
        try connection.inline(false)
        var bad: [Range<Int>] = []
        var search = RowSearch(all)
        while let range = search.next() {
            guard try !moves(range), case .giveBack(let rows) = search.refused() else { continue }
            // The failure may be a conflict with another broker's transaction.
            if try !moves(rows) { bad.append(rows) }
        }
        // If no file can be written at all, the cause is the disk.
        guard bad.isEmpty || (canWriteFiles() && isWritable()) else {
            throw LakeError(.io, "no file of the table \(table) can be written")
        }
        return bad
    }

    /// Moves these rows. Returns false when they cannot be in a file, which only the end of the transaction shows.
    private func moves(_ rows: Range<Int>) throws(LakeError) -> Bool {
        let (target, chosen) = (Catalog.table(table), chosen(rows))
        do {
            try connection.transaction { () throws(LakeError) in
                // The rows are selected before they are copied, because the copies are in the same table.
                try connection.execute("INSERT INTO \(target) SELECT * FROM \(target) WHERE \(chosen)")
                try connection.execute("DELETE FROM \(target) WHERE \(chosen)")
            }
            return true
        } catch {
            guard Self.mayBeRows(error) else { throw error }
            return false
        }
    }

    /// Whether the table can be written to, tested without a row.
    private func isWritable() -> Bool {
        let target = Catalog.table(table)
        return (try? connection.execute("INSERT INTO \(target) SELECT * FROM \(target) WHERE false")) != nil
    }

    /// Whether another table can get a file now.
    private func canWriteFiles() -> Bool {
        guard (try? connection.execute("BEGIN TRANSACTION")) != nil else { return false }
        defer { try? connection.execute("ROLLBACK") }
        let progress = SystemTable.progress.sql
        return (try? connection.execute("INSERT INTO \(progress) SELECT \(SQL.literal(name)), 0, 0 FROM range(200)"))
            != nil
    }

    /// The tenant of the publication of a row `t`, in SQL. Rows of a table for all tenants do not contain it.
    var tenantOfRow: String {
        if let tenant { return SQL.literal(tenant) }
        let standard = SQL.literal(MessageBatch.defaultTenant)
        return switch SystemTable(rawValue: table) {
        case .message:
            """
            coalesce((SELECT any_value(s.tenant) FROM \(SystemTable.messageSource.sql) AS s \
            WHERE s.name = t.name AND s.recv = t.recv), \(standard))
            """
        case .messageSource: "coalesce(t.tenant, \(standard))"
        case .rejected: "t.tenant"
        default: "NULL"
        }
    }

    private func reject(_ bad: [Range<Int>]) throws(LakeError) {
        let target = Catalog.table(table)
        let rejected = bad.map { "(\(chosen($0)))" }.joined(separator: " OR ")
        try connection.inline(true)
        try connection.transaction { () throws(LakeError) in
            try connection.execute(
                """
                INSERT INTO \(SystemTable.rejected.sql) (name, recv, topic, reason, data, table_name, tenant)
                SELECT \(SQL.literal(name)), \(WallClock.nanoseconds()), NULL, \
                \(SQL.literal("database: The row of \(table) cannot be in a file.")), encode(CAST(t AS VARCHAR)), \
                \(SQL.literal(table)), \(tenantOfRow)
                FROM \(target) AS t WHERE \(rejected)
                """)
            try connection.execute("DELETE FROM \(target) WHERE \(rejected)")
        }
    }
}

extension CatalogLocation {
    var isSQLite: Bool {
        if case .sqlite = self { true } else { false }
    }
}
