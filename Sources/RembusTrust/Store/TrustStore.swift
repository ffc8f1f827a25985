package import Logging
import RembusIdentity
import RembusSupport
import Synchronization

/// Where a broker's rights are kept: in `trust.json` in its state folder, or in memory only.
///
/// Broker and command line may both change the file: each change is made on what the file holds at that time, under a
/// lock. A file that cannot be used never loosens anything: the broker does not start with it, and goes on with the
/// rights it has when the file breaks or goes away later.
package final class TrustStore: Sendable {
    private struct State {
        var document: TrustDocument
        /// The file that `document` was read from or written to; nil before there was one.
        var stamp: FileStamp?
        /// A file that could not be used, which was logged.
        var brokenStamp: FileStamp?
        var isMissingLogged = false
        var handlers: [@Sendable (TrustDocument) -> Void] = []
        var outsideHandlers: [@Sendable (_ old: TrustDocument, _ new: TrustDocument) -> Void] = []
    }

    /// Nil for memory only.
    let file: TrustFile?
    private let lock: TrustFileLock?
    let logger: Logger
    private let state: Mutex<State>
    /// Held while handlers run, so that the last one to run has the newest document.
    private let notification = Mutex(())
    /// Held during a change of a store without a file, so that changes come one after the other.
    private let memoryUpdate = Mutex(())
    /// Whether there was no `trust.json` before: nothing was ever decided here.
    package let isNew: Bool
    /// Whether there was a copy of earlier rights, with which the file was compared when it was opened.
    package let hadCopy: Bool

    /// Keeps rights in memory only, for as long as the process runs.
    package init(logger: Logger) {
        self.logger = logger
        (file, lock, isNew, hadCopy) = (nil, nil, true, false)
        state = Mutex(State(document: TrustDocument()))
    }

    /// Reads the rights, and takes over those that a broker of the reference left in the same folder: `admins.json`,
    /// `tenants.json`, whose plain pins are replaced by their hashes there, and `topic_auth.json`. Blocks.
    ///
    /// - Parameter directory: The broker's state folder, which is made when it is missing; nil for memory only.
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
        let (document, isNew) = try lock.withLock { () throws(TrustError) -> (TrustDocument, Bool) in
            let stored = try file.read(knowing: copy)
            var document = stored ?? copy ?? TrustDocument()
            if stored == nil, let copy, copy != TrustDocument() {
                logger.warning("trust.json was missing; the rights are those of its copy, \(file.copy.path)")
            }
            document.hashPins()
            let tenants = try reference.absorb(into: &document)
            try document.check()
            if document != stored ?? TrustDocument() { try file.write(document) }
            if let tenants {
                try reference.writeTenants(tenants)
                logger.notice("the plain pins in tenants.json were replaced by their hashes")
            }
            if let copy { Self.warnOfPublic(copy, document, logger) }
            if document != copy, copy != nil || document != TrustDocument() {
                Self.keepCopy(document, of: file, logger)
            }
            return (document, stored == nil && copy == nil)
        }
        (self.file, self.lock, self.isNew, hadCopy) = (file, lock, isNew, copy != nil)
        state = Mutex(State(document: document, stamp: FileStamp(file.path)))
    }

    /// The rights as last read or written here.
    package var document: TrustDocument { state.withLock { $0.document } }

    /// Whether the file on the disk is another one than that in use, and cannot be used, or is gone.
    package var isStale: Bool { state.withLock { $0.brokenStamp != nil || $0.isMissingLogged } }

    /// Whether the rights in a broker's state folder can be used. Reads, and changes nothing.
    package static func check(directory: String) throws(TrustError) {
        guard var document = try TrustFile(path: "\(directory)/trust.json").read() else { return }
        document.hashPins()
        try document.check()
    }

    /// Calls `body` with the newest document after each change, on the thread that made or found it. It must not change
    /// the store itself.
    package func onChange(_ body: @escaping @Sendable (TrustDocument) -> Void) {
        state.withLock { $0.handlers.append(body) }
    }

    /// Calls `body` with the rights before and after when another process, or an editor, has changed the file. It must
    /// not change the store itself.
    package func onOutsideChange(
        _ body: @escaping @Sendable (_ old: TrustDocument, _ new: TrustDocument) -> Void
    ) {
        state.withLock { $0.outsideHandlers.append(body) }
    }

    /// Changes the rights: under the file's lock, on what the file then holds, written as a whole or not at all. Blocks
    /// on the disk, and up to 10 seconds for another writer; not on an event loop.
    ///
    /// - Throws: What `change` throws, or why the result cannot be stored; then nothing is changed.
    package func update<R>(_ change: (inout TrustDocument) throws(TrustError) -> R) throws(TrustError) -> R {
        guard let file, let lock else { return try updateMemory(change) }
        let (result, isChanged) = try lock.withLock { [logger] () throws(TrustError) -> (R, Bool) in
            let known = state.withLock { ($0.document, $0.stamp) }
            // A file that went away must not take the rights with it.
            let stored = FileStamp(file.path) == known.1 ? known.0 : try file.read(knowing: known.0) ?? known.0
            var document = stored
            document.hashPins()
            let found = document
            let result = try change(&document)
            document.mergeGrants()
            try document.check()
            if document != stored || FileStamp(file.path) == nil { try file.write(document) }
            if document != known.0 { Self.keepCopy(document, of: file, logger) }
            if found != known.0 { notifyOutside(known.0, found) }
            return (result, adopt(document, FileStamp(file.path)))
        }
        if isChanged { notify() }
        return result
    }

    /// Reads the file again when it is another one than before. Blocks for a moment.
    ///
    /// A file that cannot be used is logged, once, and the rights stay as they are.
    /// - Returns: Whether there are other rights now.
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
        guard state.withLock({ $0.stamp != stamp && $0.brokenStamp != stamp }) else { return false }
        do throws(TrustError) {
            let old = self.document
            guard var document = try file.read(knowing: old) else { return false }
            document.hashPins()
            try document.check()
            let isChanged = adopt(document, stamp)
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

    /// Takes a document that is in the file; true when it is another one than before.
    private func adopt(_ document: TrustDocument, _ stamp: FileStamp?) -> Bool {
        state.withLock { state in
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
    /// Replaces plain pins, which an administrator wrote into the file, by their hashes.
    fileprivate mutating func hashPins() {
        for (tenant, pin) in tenants.sorted() where PinHash(pin) == nil { tenants[tenant] = PinHash.make(pin).text }
    }
}
