/// What stays inside the catalog when it is written, instead of making a small file.
///
/// DuckLake counts rows alone. A hundred rows can be 50 MB of payloads though, which go into the catalog as the text of
/// a statement: that takes a hundred times as long as a file and twenty times the memory. So bytes are counted here.
package struct Inlining: Sendable, Hashable {
    /// The setting that DuckLake goes by; the only one that connections may change once the configuration is locked.
    static let setting = "ducklake_default_data_inlining_row_limit"

    /// Rows of one table and statement that may stay inside; 0 for none.
    package var rows: Int
    /// Bytes of one table and statement that may.
    package var bytes: Int

    /// Whether a write of `rows` rows and `bytes` bytes stays inside the catalog.
    func includes(rows: Int, bytes: Int) -> Bool { rows <= self.rows && bytes <= self.bytes }
}

extension DatabaseConnection {
    /// Decides where what the next statements insert goes, until the next call. Not undone by a rollback.
    func inline(_ isInlined: Bool) throws(LakeError) {
        guard isInlined != inlines else { return }
        try execute("SET SESSION \(Inlining.setting) = \(isInlined ? inlining.rows : 0)")
        inlines = isInlined
    }

    /// Has the next write of `rows` rows and `bytes` bytes go into the catalog, or into a file when it is large.
    func inline(rows: Int, bytes: Int) throws(LakeError) {
        try inline(inlining.includes(rows: rows, bytes: bytes))
    }
}
