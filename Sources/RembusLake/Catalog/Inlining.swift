/// Decides whether written rows stay inside the catalog instead of becoming a small file.
///
/// DuckLake counts only rows. But a hundred rows may have 50 MB of payloads, which would become part of the text of a
/// statement: that takes a hundred times as long as a file, and twenty times the memory. So bytes are counted here.
package struct Inlining: Sendable, Hashable {
    /// DuckLake's setting for this, and the only one that connections may change after the configuration was locked.
    static let setting = "ducklake_default_data_inlining_row_limit"

    /// The most rows of one table and statement that may stay inside the catalog; 0 for none.
    package var rows: Int
    /// The most bytes of one table and statement that may stay inside the catalog.
    package var bytes: Int

    /// Whether a write of `rows` rows and `bytes` bytes stays inside the catalog.
    func includes(rows: Int, bytes: Int) -> Bool { rows <= self.rows && bytes <= self.bytes }
}

extension DatabaseConnection {
    /// Sets whether rows of the next statements stay inside the catalog. A rollback does not undo this.
    func inline(_ isInlined: Bool) throws(LakeError) {
        guard isInlined != inlines else { return }
        try execute("SET SESSION \(Inlining.setting) = \(isInlined ? inlining.rows : 0)")
        inlines = isInlined
    }

    /// Makes the next write of `rows` rows and `bytes` bytes go into the catalog or, when it is large, into a file.
    func inline(rows: Int, bytes: Int) throws(LakeError) {
        try inline(inlining.includes(rows: rows, bytes: bytes))
    }
}
