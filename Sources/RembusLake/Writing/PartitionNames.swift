import RembusTables

/// Finds values of a partitioned table that cannot be the name of a folder of files: a flush with one of them fails,
/// and so does every later one of the table.
///
/// DuckLake puts the values of partition columns, percent-encoded, into the paths of files, and compares them as the
/// text of a statement, which cannot contain a NUL. It takes the bytes of a blob for UTF-8 then.
struct PartitionNames {
    /// The longest name of a folder on all usual file systems.
    private static let maxNameBytes = 255
    /// The most bytes of all names together, which leaves room for the data path in front. Object stores allow 1,024
    /// bytes.
    private static let maxPathBytes = 768

    private let table: TableSchema
    /// The columns whose values are used as names without a conversion that limits them.
    private let columns: [Int]

    /// nil for a table whose partitions always have short and plain names.
    init?(_ table: TableSchema) {
        columns = table.partition.filter { $0.transform == .identity }.map(\.column).filter {
            table.allColumns[$0].type.storage.width == 0
        }
        guard !columns.isEmpty else { return nil }
        self.table = table
    }

    /// Whether all rows of a batch, without its dataframes, are certainly short and plain enough, by a quick check.
    func areSafe(_ batch: TableBatch) -> Bool {
        let share = (Self.maxPathBytes / table.partition.count - 64) / 6
        return columns.allSatisfy { index in
            let column = batch.columns[index]
            // A percent-encoded byte takes three bytes, and a byte of a blob six.
            let isBlob = table.allColumns[index].type == .blob
            let most = min(share, isBlob ? 30 : 60)
            return table.allColumns[index].name.utf8.count <= 64
                && (0..<batch.rowCount).allSatisfy { row in
                    let value = column.bytes(row)
                    return value.count <= most && !value.contains { $0 == 0 || (isBlob && $0 >= 0x80) }
                }
        }
    }

    /// True for rows that cannot be stored.
    /// - Parameter name: Returns the SQL expression of a column's value, by its number in the table.
    func misfits(_ name: (Int) -> String) -> String {
        let encoded = columns.map { index in
            (
                index,
                "octet_length(encode(url_encode(\(SQL.literal(table.allColumns[index].name + "=")) || "
                    + "CAST(\(name(index)) AS VARCHAR))))"
            )
        }
        let tests = encoded.map { index, length in
            "\(isNoText(index, name(index))) OR \(length) > \(Self.maxNameBytes)"
        }
        let sum = encoded.map { "coalesce(\($1), 0)" }.joined(separator: " + ")
        return "coalesce(\(tests.joined(separator: " OR ")) OR \(sum) > \(Self.maxPathBytes), false)"
    }

    /// True for a value that a statement cannot contain as text.
    private func isNoText(_ index: Int, _ name: String) -> String {
        guard table.allColumns[index].type == .blob else { return "contains(CAST(\(name) AS VARCHAR), chr(0))" }
        return "(\(name) IS NOT NULL AND coalesce(contains(TRY(decode(CAST(\(name) AS BLOB))), chr(0)), true))"
    }

    /// Throws when a row of a request cannot be stored.
    func check(_ rows: UpsertRows, _ connection: DatabaseConnection) throws(LakeError) {
        let given = columns.filter(rows.given.contains)
        guard !given.isEmpty else { return }
        try connection.execute("CREATE OR REPLACE TEMP TABLE partition_check (misfits BIGINT)")
        let test = misfits { given.contains($0) ? "c\($0)" : "NULL" }
        try connection.run(
            "INSERT INTO temp.main.partition_check SELECT count(*) FROM partition_rows WHERE \(test)",
            over: rows.source,
            as: "partition_rows")
        let count = try connection.query("SELECT sum(misfits) FROM temp.main.partition_check").value?.integer ?? 0
        guard count == 0 else { throw LakeError(.invalid, "upsert failed: \(Self.reason(table).message)") }
    }

    static func reason(_ table: TableSchema) -> RejectReason {
        let names = table.partition.map { table.allColumns[$0.column].name }.joined(separator: ", ")
        return RejectReason(
            .partitionValue,
            "A value of the partition (\(names)) cannot be the name of a folder: it has a NUL in it, is not UTF-8, or is "
                + "longer than 255 bytes once it is percent-encoded.")
    }
}

extension BatchCommit {
    /// Moves the staged rows of a table that its partition or its keys cannot have to `rejected`.
    func rejectMisfits(_ table: Int) throws(LakeError) {
        var tests: [(sql: String, reason: RejectReason)] = []
        if let keys = KeyTexts(schema.tables[table]) { tests.append((keys.misfits, keys.reason)) }
        if let names = partitionNames[table] {
            tests.append((names.misfits { "c\($0)" }, PartitionNames.reason(schema.tables[table])))
        }
        guard let last = tests.last else { return }
        let test = tests.map(\.sql).joined(separator: " OR ")
        let rows = try connection.query("SELECT rowid FROM \(Staging.path(table)) WHERE \(test) ORDER BY 1").rows
        guard !rows.isEmpty else { return }
        let first = tests[0]
        let isFirst =
            try connection.query("SELECT count(*) FROM \(Staging.path(table)) WHERE \(first.sql)").value?.integer != 0
        let reason = isFirst ? first.reason : last.reason
        let batch = batch.tables[table]
        let numbers = rows.compactMap { $0[0].integer }
        for row in numbers where row < batch.rowCount {
            reject(receivedAt: batch.receivedAt.value(row), table: table, reason)
        }
        try connection.execute("DELETE FROM \(Staging.path(table)) WHERE \(test)")
        // A dataframe is stored completely or not at all.
        for (frame, range) in staging.frameRows(table) where numbers.contains(where: range.contains) {
            reject(receivedAt: batch.frames[frame].receivedAt, table: table, reason)
            try staging.remove(range, of: table)
        }
    }
}
