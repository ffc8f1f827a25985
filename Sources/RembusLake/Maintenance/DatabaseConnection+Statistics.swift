extension DatabaseConnection {
    /// The data files and their bytes, by table.
    func dataFiles() throws(LakeError) -> [String: LakeMetrics.Files] {
        let rows = try query(
            "SELECT table_name, file_count, file_size_bytes FROM ducklake_table_info('\(Catalog.alias)')"
        ).rows
        var files: [String: LakeMetrics.Files] = [:]
        for row in rows {
            guard let name = row[0].text else { continue }
            files[name] = LakeMetrics.Files(count: row[1].unsigned ?? 0, bytes: row[2].unsigned ?? 0)
        }
        return files
    }

    /// The number of snapshots. DuckLake's own function for this takes seconds for a week of them.
    func snapshotCount() throws(LakeError) -> UInt64 {
        let table = SQL.identifier(["__ducklake_metadata_\(Catalog.alias)", "ducklake_snapshot"])
        return try query("SELECT count(*) FROM \(table)").value?.unsigned ?? 0
    }

    /// The memory of DuckDB in bytes, by purpose: `base_table`, `hash_table` and others. Purposes without memory are
    /// left out.
    func memory() throws(LakeError) -> [String: UInt64] {
        let rows = try query(
            "SELECT lower(tag), memory_usage_bytes FROM duckdb_memory() WHERE memory_usage_bytes > 0"
        ).rows
        var memory: [String: UInt64] = [:]
        for row in rows {
            guard let use = row[0].text else { continue }
            memory[use] = row[1].unsigned ?? 0
        }
        return memory
    }

    /// The number of data files of a table whose size is in the range.
    func fileCount(of table: String, sizes: Range<Int>) throws(LakeError) -> Int {
        try query(
            """
            SELECT count(*) FROM ducklake_list_files('\(Catalog.alias)', \(SQL.literal(table)))
            WHERE data_file_size_bytes >= \(sizes.lowerBound) AND data_file_size_bytes < \(sizes.upperBound)
            """
        ).value?.integer ?? 0
    }

    /// Whether a file of a table has deleted rows.
    func hasDeletions(in table: String) throws(LakeError) -> Bool {
        let rows = try query(
            """
            SELECT delete_file_count > 0 FROM ducklake_table_info('\(Catalog.alias)')
            WHERE table_name = \(SQL.literal(table))
            """)
        return rows.value == true
    }
}
