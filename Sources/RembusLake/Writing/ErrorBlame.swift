extension LakeError {
    /// The cause of a failed write.
    enum Blame {
        /// The rows of the statement: some of them cannot be written.
        case rows
        /// The lake, which does not work now.
        case lake
        /// Not known from the class of the error: errors of an SQLite or PostgreSQL catalog have no class of their own.
        case unknown
    }

    /// Decided by DuckDB's error class, never by the text.
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
    /// Whether the database has refused the rows of a statement. If the class of the error does not tell, something
    /// else is written to see whether the lake works. No transaction may be open.
    func isAboutRows(_ error: LakeError) throws(LakeError) -> Bool {
        switch error.blame {
        case .rows: true
        case .lake: false
        case .unknown: takesWrites()
        }
    }

    /// Writes the progress of the lake again, which changes nothing.
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
