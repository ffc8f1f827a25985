extension DatabaseConnection {
    /// Deletes snapshots older than a time: all at once or, when there is too little memory for that, some at a time,
    /// as after a long time without maintenance.
    func expireSnapshots(olderThan retention: Duration) throws(LakeError) {
        do {
            return try execute("CALL ducklake_expire_snapshots('\(Catalog.alias)', older_than => \(retention.ago))")
        } catch {
            guard error.kind == .outOfMemory else { throw error }
        }
        let snapshots = SQL.identifier(["__ducklake_metadata_\(Catalog.alias)", "ducklake_snapshot"])
        var count = 1000
        while true {
            let oldest = try query(
                """
                SELECT snapshot_id FROM \(snapshots) WHERE snapshot_time < \(retention.ago)
                AND snapshot_id < (SELECT max(snapshot_id) FROM \(snapshots)) ORDER BY snapshot_id LIMIT \(count)
                """
            ).rows.compactMap { $0[0].integer }
            guard !oldest.isEmpty else { return }
            let list = oldest.map(String.init).joined(separator: ", ")
            do throws(LakeError) {
                try execute("CALL ducklake_expire_snapshots('\(Catalog.alias)', versions => [\(list)])")
            } catch {
                guard error.kind == .outOfMemory, count > 4 else { throw error }
                count /= 4
            }
        }
    }
}
