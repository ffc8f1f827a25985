extension LakeError {
    /// Whose fault an error of a write is.
    enum Blame {
        /// The rows of the statement: some of them cannot be written.
        case rows
        /// The lake, which cannot work now.
        case lake
        /// Not known from the class of the error: those of an SQLite or PostgreSQL catalog have none of their own.
        case unknown
    }

    /// By DuckDB's class of the error, never by its text.
    var blame: Blame {
        switch kind {
        case .conversion, .constraint, .invalid, .name, .syntax: .rows
        case .unavailable, .transaction, .interrupted, .timedOut, .outOfMemory, .io, .away, .permission, .tooLarge,
            .fatal:
            .lake
        case .other: .unknown
        }
    }
}

extension BatchCommit {
    /// Whether the database refused what a statement brought. Where the class of the error does not tell, the lake is
    /// asked to take something else: when it does, it works. No transaction may be open.
    func isAboutRows(_ error: LakeError) throws(LakeError) -> Bool {
        switch error.blame {
        case .rows: true
        case .lake: false
        case .unknown: takesWrites()
        }
    }

    /// Says once more how far the lake is, which changes nothing.
    private func takesWrites() -> Bool {
        let name = SQL.literal(self.name)
        do throws(LakeError) {
            try connection.inline(true)
            try connection.execute(
                "INSERT INTO \(SystemTable.progress.sql) VALUES (\(name), 0, \(committed.first ?? 0))")
            return true
        } catch {
            return false
        }
    }
}
