package import Logging
import RembusIdentity
import RembusSupport
import Synchronization

/// The rights of a broker: in `trust.json` in its state folder, or in memory only.
///
/// The broker and the command may both change the file. Each change is applied to the current content of the file,
/// under a lock. A file that cannot be used never removes restrictions: the broker does not start with it, and keeps
/// its current rights when the file breaks or disappears later.
package final class TrustStore: Sendable {
    private struct State {
        var document: TrustDocument
        /// The stamp of the file that `document` was read from or written to; nil when there was none.
        var stamp: FileStamp?
        /// The stamp of a file that could not be used, which was logged.
        var brokenStamp: FileStamp?
        var isMissingLogged = false
        var handlers: [@Sendable (TrustDocument) -> Void] = []
        var outsideHandlers: [@Sendable (_ old: TrustDocument, _ new: TrustDocument) -> Void] = []
    }

    /// The file; nil to keep rights in memory only.
    let file: TrustFile?
    private let lock: TrustFileLock?
    let logger: Logger
    private let state: Mutex<State>
    /// Held while handlers run, so that the last call has the newest document.
    private let notification = Mutex(())
    /// Held during a change of a store without a file, so that changes are made one after the other.
    private let memoryUpdate = Mutex(())
    /// Whether there was no `trust.json` before, so that no rights were ever stored here.
    package let isNew: Bool
    /// Whether there was a copy of earlier rights, with which the file was compared when it was opened.
    package let hadCopy: Bool

    /// Keeps rights in memory only, for as long as the process runs.
    package init(logger: Logger) {
        self.logger = logger
        (file, lock, isNew, hadCopy) = (nil, nil, true, false)
        state = Mutex(State(document: TrustDocument()))
    }

    /// Reads the rights, and imports those that a broker of the reference has left in the same folder: `admins.json`,
    /// `topic_auth.json` and `tenants.json`, in which plain pins are replaced by their hashes. Blocks.
    ///
    /// - Parameter directory: The broker's state folder, which is created when it is missing; nil for memory only.
    /// - Throws: ``TrustError`` when a file cannot be used.
    package init(directory: String?, logger: Logger) throws(TrustError) {
        self.logger = logger
        guard let directory else {
            (file, lock, isNew, hadCopy) = (nil, nil, true, false)
            state = Mutex(State(document: TrustDocument()))
            return
        }
        do {
            try SecretFile.makeFolder(directory)
        } catch {
            throw TrustError(error.message)
        }
        let file = TrustFile(path: "\(directory)/trust.json")
        let lock = TrustFileLock(path: "\(directory)/trust.lock")
        let reference = ReferenceFiles(directory: directory)
        let copy = Self.readCopy(of: file, logger)
        let (document, stamp, isNew) = try lock.withLock {
            () throws(TrustError) -> (TrustDocument, FileStamp?, Bool) in
            // Taken before reading, so that what somebody writes meanwhile is not taken for known.
            var stamp = FileStamp(file.path)
            let stored = try file.read(knowing: copy)
            var document = stored ?? copy ?? TrustDocument()
            if stored == nil, let copy, copy != TrustDocument() {
                logger.warning("trust.json was missing; the rights are those of its copy, \(file.copy.path)")
            }
            document.hashPins()
            let tenants = try reference.absorb(into: &document)
            try document.check()
            if document != stored ?? TrustDocument() {
                try file.write(document)
                stamp = FileStamp(file.path)
            }
            if let tenants {
                try reference.writeTenants(tenants)
                logger.notice("the plain pins in tenants.json were replaced by their hashes")
            }
            if let copy { Self.warnOfPublic(copy, document, logger) }
            if document != copy, copy != nil || document != TrustDocument() {
                Self.keepCopy(document, of: file, logger)
            }
            return (document, stamp, stored == nil && copy == nil)
        }
        (self.file, self.lock, self.isNew, hadCopy) = (file, lock, isNew, copy != nil)
        state = Mutex(State(document: document, stamp: stamp))
    }

    /// The rights, as last read or written by this store.
    package var document: TrustDocument { state.withLock { $0.document } }

    /// Whether the file on the disk differs from the rights in use, because it cannot be used or is gone.
    package var isStale: Bool { state.withLock { $0.brokenStamp != nil || $0.isMissingLogged } }

    /// Throws when the rights in a broker's state folder cannot be used. Changes nothing.
    package static func check(directory: String) throws(TrustError) {
        guard var document = try TrustFile(path: "\(directory)/trust.json").read() else { return }
        document.hashPins()
        try document.check()
    }

    /// Adds a handler that is called with the newest document after each change, on the thread that has made or found
    /// it. It must not change the store.
    package func onChange(_ body: @escaping @Sendable (TrustDocument) -> Void) {
        state.withLock { $0.handlers.append(body) }
    }

    /// Adds a handler that is called with the rights before and after, when another process or an editor has changed
    /// the file. It must not change the store.
    package func onOutsideChange(
        _ body: @escaping @Sendable (_ old: TrustDocument, _ new: TrustDocument) -> Void
    ) {
        state.withLock { $0.outsideHandlers.append(body) }
    }

    /// Changes the rights. `change` is applied to the current content of the file, under the file's lock, and the
    /// result is written completely or not at all. Blocks on the disk, and for up to 10 seconds for another writer, so
    /// it must not be called on an event loop.
    ///
    /// - Throws: The error of `change`, or the reason why the result cannot be stored. Nothing has changed then.
    package func update<R>(_ change: (inout TrustDocument) throws(TrustError) -> R) throws(TrustError) -> R {
        guard let file, let lock else { return try updateMemory(change) }
        let (result, isChanged) = try lock.withLock { [logger] () throws(TrustError) -> (R, Bool) in
            let known = state.withLock { ($0.document, $0.stamp) }
            // If the file has disappeared, the rights stay.
            var stamp = FileStamp(file.path)
            let stored = stamp == known.1 ? known.0 : try file.read(knowing: known.0) ?? known.0
            var document = stored
            document.hashPins()
            let found = document
            let result = try change(&document)
            document.mergeGrants()
            try document.check()
            if document != stored || FileStamp(file.path) == nil {
                try file.write(document)
                stamp = FileStamp(file.path)
            }
            if document != known.0 { Self.keepCopy(document, of: file, logger) }
            if found != known.0 { notifyOutside(known.0, found) }
            return (result, adopt(document, stamp))
        }
        if isChanged { notify() }
        return result
    }

    /// Reads the file again if it was replaced. Blocks for a moment.
    ///
    /// A file that cannot be used is logged, once, and the rights stay as they are.
    /// - Returns: Whether the rights have changed.
    @discardableResult
    package func reloadIfChanged() -> Bool {
        guard let file else { return false }
        let stamp = FileStamp(file.path)
        guard let stamp else {
            let isNews = state.withLock { state in
                defer { state.isMissingLogged = state.stamp != nil }
                return state.stamp != nil && !state.isMissingLogged
            }
            if isNews { logger.error("\(file.path) is gone; the rights stay as they were until it is back") }
            return false
        }
        let (old, known, broken) = state.withLock { ($0.document, $0.stamp, $0.brokenStamp) }
        guard known != stamp, broken != stamp else { return false }
        do throws(TrustError) {
            guard var document = try file.read(knowing: old) else { return false }
            document.hashPins()
            try document.check()
            // A change of this process meanwhile is newer than what was read.
            let isChanged = adopt(document, stamp, ifStill: known)
            if isChanged {
                Self.warnOfPublic(old, document, logger)
                Self.keepCopy(document, of: file, logger)
                notifyOutside(old, document)
                notify()
            }
            return isChanged
        } catch {
            state.withLock { $0.brokenStamp = stamp }
            logger.error("the rights stay as they were: \(error)")
            return false
        }
    }

    // MARK: State

    private func updateMemory<R>(_ change: (inout TrustDocument) throws(TrustError) -> R) throws(TrustError) -> R {
        let (result, isChanged) = try memoryUpdate.withLock { _ throws(TrustError) -> (R, Bool) in
            var document = self.document
            let result = try change(&document)
            document.mergeGrants()
            try document.check()
            return (result, adopt(document, nil))
        }
        if isChanged { notify() }
        return result
    }

    /// Takes over a document from the file. Returns whether it differs from the one before.
    ///
    /// - Parameter known: The stamp that the store must still have; any if it is not given.
    private func adopt(_ document: TrustDocument, _ stamp: FileStamp?, ifStill known: FileStamp?? = nil) -> Bool {
        state.withLock { state in
            if let known, state.stamp != known { return false }
            (state.stamp, state.brokenStamp, state.isMissingLogged) = (stamp, nil, false)
            guard state.document != document else { return false }
            state.document = document
            return true
        }
    }

    private func notifyOutside(_ old: TrustDocument, _ new: TrustDocument) {
        for handler in state.withLock({ $0.outsideHandlers }) { handler(old, new) }
    }

    private func notify() {
        notification.withLock { _ in
            let (document, handlers) = state.withLock { ($0.document, $0.handlers) }
            for handler in handlers { handler(document) }
        }
    }
}

extension TrustDocument {
    /// Replaces plain pins, which an administrator has written into the file, by their hashes.
    fileprivate mutating func hashPins() {
        for (tenant, pin) in tenants.sorted() where PinHash(pin) == nil { tenants[tenant] = PinHash.make(pin).text }
    }
}

/// The copy of the rights beside their file. With it, restrictions do not end because the file was lost or emptied.
extension TrustStore {
    /// The copy; nil when there is none that can be used. The reason is logged.
    private static func readCopy(of file: TrustFile, _ logger: Logger) -> TrustDocument? {
        do throws(TrustError) {
            return try file.copy.read()
        } catch {
            logger.warning("the copy of the rights is not used: \(error)")
            return nil
        }
    }

    /// Writes the copy. A failure is logged and has no other effect.
    private static func keepCopy(_ document: TrustDocument, of file: TrustFile, _ logger: Logger) {
        do throws(TrustError) {
            try file.copy.write(document)
        } catch {
            logger.warning("the copy of the rights cannot be written: \(error)")
        }
    }

    /// Logs which topics are not private any more.
    private static func warnOfPublic(_ old: TrustDocument, _ new: TrustDocument, _ logger: Logger) {
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
