/// Reduces the memory of maintenance, table by table. Merging needs memory for a group of rows of the new file. When
/// DuckDB has too little, smaller groups and files are tried, and larger ones again when that has worked for a while.
struct WorkingSizes {
    /// The sizes in which a table is processed.
    struct Pieces: Equatable {
        /// Rows of a Parquet file that are collected before they are written.
        var groupRows: Int
        /// The largest file that a merge makes, in the form of DuckLake's option.
        var fileSize: String
    }

    /// The sizes while there is enough memory, which are the defaults of DuckLake and the catalog.
    static let usual = Pieces(groupRows: 122_880, fileSize: "128MB")
    /// Smaller sizes, which are tried one after the other when memory was short.
    static let smaller = [
        Pieces(groupRows: 8192, fileSize: "32MB"), Pieces(groupRows: 2048, fileSize: "8MB"),
        Pieces(groupRows: 2048, fileSize: "2MB"),
    ]
    /// How many steps must succeed before larger sizes are tried again.
    static let stepsBeforeLarger = 50

    private var levels: [String: Int] = [:]
    private var successes: [String: Int] = [:]

    /// The sizes for a table; nil for the usual ones.
    func pieces(of table: String) -> Pieces? {
        levels[table].map { Self.smaller[$0 - 1] }
    }

    /// Reduces the sizes after DuckDB had too little memory. Returns false when they are the smallest.
    mutating func tighten(_ table: String) -> Bool {
        let level = levels[table, default: 0] + 1
        guard level <= Self.smaller.count else { return false }
        (levels[table], successes[table]) = (level, 0)
        return true
    }

    /// Counts a step that has succeeded.
    mutating func succeeded(_ table: String) {
        guard let level = levels[table] else { return }
        successes[table, default: 0] += 1
        guard successes[table, default: 0] >= Self.stepsBeforeLarger else { return }
        (levels[table], successes[table]) = (level > 1 ? level - 1 : nil, 0)
    }
}

extension DatabaseConnection {
    /// Runs a step with the sizes for its table. DuckLake stores them in the catalog, so they are reset to the usual
    /// ones afterwards.
    func working(in pieces: WorkingSizes.Pieces?, on table: String, _ body: () throws(LakeError) -> Void)
        throws(LakeError)
    {
        guard let pieces else { return try body() }
        defer { try? use(WorkingSizes.usual, for: table) }
        try use(pieces, for: table)
        try body()
    }

    private func use(_ pieces: WorkingSizes.Pieces, for table: String) throws(LakeError) {
        for (option, value) in [
            ("parquet_row_group_size", "\(pieces.groupRows)"), ("target_file_size", pieces.fileSize),
        ] {
            try execute(
                "CALL \(Catalog.alias).set_option('\(option)', '\(value)', table_name => \(SQL.literal(table)))")
        }
    }
}
