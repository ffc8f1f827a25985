import Logging

/// The copy of the rights beside their file. With it, restrictions do not end because the file was lost or emptied.
extension TrustStore {
    /// The copy; nil when there is none that can be used. The reason is logged.
    static func readCopy(of file: TrustFile, _ logger: Logger) -> TrustDocument? {
        do throws(TrustError) {
            return try file.copy.read()
        } catch {
            logger.warning("the copy of the rights is not used: \(error)")
            return nil
        }
    }

    /// Writes the copy. A failure is logged and has no other effect.
    static func keepCopy(_ document: TrustDocument, of file: TrustFile, _ logger: Logger) {
        do throws(TrustError) {
            try file.copy.write(document)
        } catch {
            logger.warning("the copy of the rights cannot be written: \(error)")
        }
    }

    /// Logs which topics are not private any more.
    static func warnOfPublic(_ old: TrustDocument, _ new: TrustDocument, _ logger: Logger) {
        let opened = old.privateTopics.sorted().filter { !new.privateTopics.contains($0) }
        guard !opened.isEmpty else { return }
        let some = opened.prefix(5).joined(separator: ", ")
        logger.warning(
            "trust.json was changed: \(opened.count) topics that were private are public now: \(some)\(opened.count > 5 ? ", …" : "")"
        )
    }

    /// Throws when the file lacks restrictions that are in the catalog.
    package func check(againstPrivateTopics topics: [String], readOnly: [String]) throws(TrustError) {
        guard let file, !hadCopy else { return }
        var known = TrustDocument()
        for topic in topics { known.makePrivate(topic) }
        for name in readOnly { known.readOnly.insert(name) }
        guard let found = try file.read(knowing: known) else { return }
        Self.warnOfPublic(known, found, logger)
    }
}
