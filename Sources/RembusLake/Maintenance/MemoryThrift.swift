/// How sparing maintenance is with memory, table by table. Merging holds a group of rows of the new file in memory: where
/// DuckDB has too little for that, smaller groups and files are tried, and larger ones again when that has gone well.
struct MemoryThrift {
    /// How large the pieces are that a table is worked on in.
    struct Pieces: Equatable {
        /// Rows of a Parquet file that are gathered before they are written.
        var groupRows: Int
        /// The largest file that a merge makes, as DuckLake's option has it.
        var fileSize: String
    }

    /// What is used as long as there is memory, as DuckLake and the catalog have it by default.
    static let usual = Pieces(groupRows: 122_880, fileSize: "128MB")
    /// The smaller pieces that are tried one after the other when memory was short.
    static let smaller = [
        Pieces(groupRows: 8192, fileSize: "32MB"), Pieces(groupRows: 2048, fileSize: "8MB"),
        Pieces(groupRows: 2048, fileSize: "2MB"),
    ]
    /// How many steps must succeed before larger pieces are tried again.
    static let patience = 50

    private var levels: [String: Int] = [:]
    private var successes: [String: Int] = [:]

    /// The pieces for a table; nil for the usual ones.
    func pieces(of table: String) -> Pieces? {
        levels[table].map { Self.smaller[$0 - 1] }
    }

    /// Makes them smaller after DuckDB had too little memory; false when they are the smallest.
    mutating func tighten(_ table: String) -> Bool {
        let level = levels[table, default: 0] + 1
        guard level <= Self.smaller.count else { return false }
        (levels[table], successes[table]) = (level, 0)
        return true
    }

    /// Counts a step that went well.
    mutating func succeeded(_ table: String) {
        guard let level = levels[table] else { return }
        successes[table, default: 0] += 1
        guard successes[table, default: 0] >= Self.patience else { return }
        (levels[table], successes[table]) = (level > 1 ? level - 1 : nil, 0)
    }
}

extension DatabaseConnection {
    /// Runs a step of maintenance with the pieces for its table, which DuckLake keeps in the catalog: they are put back to
    /// the usual ones afterwards.
    func working(in pieces: MemoryThrift.Pieces?, on table: String, _ body: () throws(LakeError) -> Void)
        throws(LakeError)
    {
        guard let pieces else { return try body() }
        defer { try? use(MemoryThrift.usual, for: table) }
        try use(pieces, for: table)
        try body()
    }

    private func use(_ pieces: MemoryThrift.Pieces, for table: String) throws(LakeError) {
        for (option, value) in [
            ("parquet_row_group_size", "\(pieces.groupRows)"), ("target_file_size", pieces.fileSize),
        ] {
            try execute(
                "CALL \(Catalog.alias).set_option('\(option)', '\(value)', table_name => \(SQL.literal(table)))")
        }
    }
}
