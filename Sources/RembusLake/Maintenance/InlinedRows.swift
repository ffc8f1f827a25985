import RembusSupport
import RembusTables

/// The rows of a table that lie inside the catalog, for moving them into files.
struct InlinedRows {
    let connection: DatabaseConnection
    /// The table's name.
    let table: String
    /// The broker's name.
    let name: String
    /// Whether rows that are deleted can be taken out of the catalog. In an SQLite file they cannot, as DuckLake holds its
    /// lock itself.
    let forgets: Bool
    /// Whose the table is; nil when it is everybody's or the broker's.
    var tenant: String?

    /// What became of the rows.
    struct Rescue: Equatable {
        /// Rows that are in files now.
        var moved: Int
        /// Rows that no file can have.
        var rejected: Int
    }

    private static let list = "temp.main.inlined_rows"
    private static let metadata = "__ducklake_metadata_\(Catalog.alias)"

    /// Moves them, as DuckLake does it.
    func flush() throws(LakeError) {
        try connection.execute(
            """
            CALL ducklake_flush_inlined_data('\(Catalog.alias)', schema_name => '\(Catalog.schema)', \
            table_name => \(SQL.literal(table)))
            """)
    }

    /// Moves them some at a time, for want of memory for all at once; false when that did not do. A row that needs more than
    /// there is stays where it is.
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

    /// Moves them when ``flush()`` cannot. Deleted rows, which it looks at too, are forgotten, and it is tried again. Then
    /// the rows are written anew; those that no file can have go to `rejected`.
    ///
    /// Every step is whole in itself: whenever the process ends, no row is lost and none is there twice.
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

    /// Whether an error of a move may be about the rows. What only the catalog's statement cannot have comes when the
    /// transaction ends.
    static func mayBeRows(_ error: LakeError) -> Bool {
        error.blame != .lake || error.kind == .io || error.kind == .transaction
    }

    /// The catalog's own tables with rows of this one: one for each form that the table has had.
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

    /// Takes deleted rows out of the catalog, where they are kept for time travel; false when there are none.
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

    /// Numbers the rows; returns how many they are.
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

    /// Moves rows into files, by halves where they cannot be moved together; returns those that no file can have.
    private func move(_ all: Range<Int>) throws(LakeError) -> [Range<Int>] {
        try connection.inline(false)
        var bad: [Range<Int>] = []
        var search = RowSearch(all)
        while let range = search.next() {
            guard try !moves(range), case .giveBack(let rows) = search.refused() else { continue }
            // Another broker's transaction may have been in the way.
            if try !moves(rows) { bad.append(rows) }
        }
        // When no file can be written at all, it is the disk.
        guard bad.isEmpty || (canWriteFiles() && isWritable()) else {
            throw LakeError(.io, "no file of the table \(table) can be written")
        }
        return bad
    }

    /// Whether these rows are in files now. Only the end of the transaction tells.
    private func moves(_ rows: Range<Int>) throws(LakeError) -> Bool {
        let (target, chosen) = (Catalog.table(table), chosen(rows))
        do {
            try connection.transaction { () throws(LakeError) in
                // Known before they are copied, as the copies are in the same table.
                try connection.execute("INSERT INTO \(target) SELECT * FROM \(target) WHERE \(chosen)")
                try connection.execute("DELETE FROM \(target) WHERE \(chosen)")
            }
            return true
        } catch {
            guard Self.mayBeRows(error) else { throw error }
            return false
        }
    }

    /// Whether the table can be written to, seen with no row.
    private func isWritable() -> Bool {
        let target = Catalog.table(table)
        return (try? connection.execute("INSERT INTO \(target) SELECT * FROM \(target) WHERE false")) != nil
    }

    /// Whether another table can have a file now.
    private func canWriteFiles() -> Bool {
        guard (try? connection.execute("BEGIN TRANSACTION")) != nil else { return false }
        defer { try? connection.execute("ROLLBACK") }
        let progress = SystemTable.progress.sql
        return (try? connection.execute("INSERT INTO \(progress) SELECT \(SQL.literal(name)), 0, 0 FROM range(200)"))
            != nil
    }

    /// The tenant of the publication behind a row `t`, in SQL; a row of a table that is everybody's does not tell.
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
