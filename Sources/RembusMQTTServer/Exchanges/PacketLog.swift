import CRembusChecksum
import Dispatch
import Logging
import NIOConcurrencyHelpers
import NIOCore
import RembusStore
import RembusWire

/// The log of packet identifiers that are in use at QoS 2, so that exchanges continue after a restart.
///
/// The file is a sequence of blocks: the length and CRC-32C (UInt32 each, little-endian) of a list of changes, each
/// with the number of its session. When the file is much larger than the current state, it is replaced by a snapshot. A
/// block that a crash has torn off is removed. `content` is guarded by `lock`, everything else is used on the writing
/// queue only; hence unchecked.
final class PacketLog: @unchecked Sendable {
    private struct Session {
        var name: String
        var state = PacketState()
    }

    private struct Content {
        var sessions: [UInt32: Session] = [:]
        var numbers: [ExactText: UInt32] = [:]
        var lastNumber: UInt32 = 0
        /// Bytes that are not in the file yet.
        var waiting = ByteBuffer()
    }

    private let lock = NIOLock()
    private var content = Content()
    private var commit: GroupCommit?
    private let path: String
    private let disk = Disk()
    private var file: any StorageFile
    private var size = 0
    private var rewriteSize = PacketLog.smallestRewrite
    private var isNameSynced = true

    private static let magic: [UInt8] = Array("RBPCKT1\n".utf8)
    private static let smallestRewrite = 1 << 20
    private static let (nameKind, forgetKind): (UInt8, UInt8) = (0, 255)

    /// Opens the file and reads it. Creates it when it does not exist.
    init(_ path: String, policy: SyncPolicy, logger: Logger) throws(StorageError) {
        self.path = path
        guard let file = try disk.open(path, readOnly: false) else { throw StorageError("cannot open \(path)") }
        self.file = file
        defer {
            commit = GroupCommit("MQTT packet identifiers", policy: policy, delay: .milliseconds(20), logger: logger) {
                [weak self] isSynced throws(StorageError) in try self?.write(isSynced: isSynced)
            }
        }
        var bytes = try file.content()
        guard bytes.readableBytes >= Self.magic.count else {
            try file.truncate(to: 0)
            try file.write(ByteBuffer(bytes: Self.magic), at: 0)
            size = Self.magic.count
            isNameSynced = false
            return
        }
        guard bytes.readBytes(length: Self.magic.count) == Self.magic else {
            throw StorageError("\(path) is of another kind; move it away and start again")
        }
        while var block = Self.block(&bytes) { apply(&block) }
        size = bytes.readerIndex
        guard bytes.readableBytes > 0 else { return }
        logger.warning("the last \(bytes.readableBytes) bytes of \(path) were torn and are dropped")
        try file.truncate(to: UInt64(size))
    }

    // MARK: Use

    /// The sessions that have open or finished exchanges.
    var states: [(name: String, state: PacketState)] {
        lock.withLock { content.sessions.values.map { ($0.name, $0.state) } }
    }

    /// The exchanges of publications on their way to a client.
    func outgoing(of name: String) -> [UInt16: PacketState.Outgoing] {
        lock.withLock { content.numbers[ExactText(name)].flatMap { content.sessions[$0]?.state.outgoing } ?? [:] }
    }

    /// Adds steps of a session's exchanges. They become durable soon, or when something waits for that.
    func add(_ changes: [PacketChange], of name: String) {
        lock.withLock {
            let number = number(of: name)
            for change in changes {
                content.waiting.writeInteger(number)
                change.encode(into: &content.waiting)
                content.sessions[number]?.state.apply(change)
            }
        }
        commit?.change()
    }

    /// Forgets all steps of a session.
    func forget(_ name: String) {
        let isKnown = lock.withLock { () -> Bool in
            guard let number = content.numbers.removeValue(forKey: ExactText(name)) else { return false }
            content.sessions[number] = nil
            content.waiting.writeInteger(number)
            content.waiting.writeInteger(Self.forgetKind)
            return true
        }
        if isKnown { commit?.change() }
    }

    /// Forgets steps that are also in records of components, which are on the disk. The file shrinks with the next
    /// snapshot.
    func forgetFinished(coveredBy records: [ComponentRecord], key: (String) -> UInt64) {
        lock.withLock {
            for record in records {
                guard let number = content.numbers[ExactText(record.name)] else { continue }
                content.sessions[number]?.state.forgetFinished(coveredBy: record, key: key)
            }
        }
    }

    /// Calls `done`, not on an event loop, when everything added so far is durable. Returns false, without calling it,
    /// when it is already.
    func whenSaved(_ done: @escaping @Sendable () -> Void) -> Bool { commit?.whenDurable(done) ?? false }

    /// Whether the file cannot be written now.
    var isFailing: Bool { commit?.isFailing ?? false }

    /// Returns when everything added so far is written, or could not be.
    func flush() async { await commit?.flush() }

    /// Writes everything and closes the file.
    func close() async { await commit?.close { [self] in file.close() } }

    private func number(of name: String) -> UInt32 {
        if let known = content.numbers[ExactText(name)] { return known }
        content.lastNumber += 1
        let number = content.lastNumber
        content.numbers[ExactText(name)] = number
        content.sessions[number] = Session(name: name)
        Self.write(name: name, number, to: &content.waiting)
        return number
    }

    // MARK: Writing

    private func write(isSynced: Bool) throws(StorageError) {
        guard size < rewriteSize else { return try rewrite(isSynced: isSynced) }
        let waiting = lock.withLock {
            defer { content.waiting = ByteBuffer() }
            return content.waiting
        }
        var blocks = ByteBuffer()
        Self.append(waiting, to: &blocks)
        do throws(StorageError) {
            try file.write(blocks, at: UInt64(size))
            if isSynced { try sync() }
        } catch {
            lock.withLock {
                var all = waiting
                all.writeImmutableBuffer(content.waiting)
                content.waiting = all
            }
            throw error
        }
        size += blocks.readableBytes
    }

    private func rewrite(isSynced: Bool) throws(StorageError) {
        let fresh = path + ".new"
        try disk.remove(fresh)
        guard let target = try disk.open(fresh, readOnly: false) else { throw StorageError("cannot open \(fresh)") }
        let (all, covered) = lock.withLock { (snapshot(), content.waiting.readableBytes) }
        var bytes = ByteBuffer(bytes: Self.magic)
        Self.append(all, to: &bytes)
        do throws(StorageError) {
            try target.write(bytes, at: 0)
            try target.sync()
            try disk.rename(fresh, to: path)
        } catch {
            target.close()
            throw error
        }
        file.close()
        file = target
        size = bytes.readableBytes
        rewriteSize = max(Self.smallestRewrite, 4 * size)
        isNameSynced = false
        // Changes that came meanwhile are behind those in the snapshot.
        lock.withLock { content.waiting.moveReaderIndex(forwardBy: covered) }
        if isSynced { try sync() }
    }

    private func sync() throws(StorageError) {
        try file.sync()
        guard !isNameSynced else { return }
        try disk.syncDirectory(path.parentFolder)
        isNameSynced = true
    }

    /// Changes that produce the current state. Called under the lock.
    private func snapshot() -> ByteBuffer {
        var buffer = ByteBuffer()
        for (number, session) in content.sessions where !session.state.isEmpty {
            Self.write(name: session.name, number, to: &buffer)
            for change in session.state.changes {
                buffer.writeInteger(number)
                change.encode(into: &buffer)
            }
        }
        // A session without a state gets a new number when it has a state again.
        for (number, session) in content.sessions where session.state.isEmpty {
            content.sessions[number] = nil
            content.numbers[ExactText(session.name)] = nil
        }
        return buffer
    }

    // MARK: Blocks

    private static func write(name: String, _ number: UInt32, to buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(number, nameKind, UInt32(name.utf8.count))
        buffer.writeString(name)
    }

    private static func append(_ changes: ByteBuffer, to buffer: inout ByteBuffer) {
        guard changes.readableBytes > 0 else { return }
        let checksum = changes.withUnsafeReadableBytes { rembus_crc32c(0, $0.baseAddress, $0.count) }
        buffer.writeMultipleIntegers(UInt32(changes.readableBytes), checksum, endianness: .little)
        buffer.writeImmutableBuffer(changes)
    }

    private static func block(_ bytes: inout ByteBuffer) -> ByteBuffer? {
        var rest = bytes
        guard let (length, checksum) = rest.readMultipleIntegers(endianness: .little, as: (UInt32, UInt32).self),
            length > 0, let block = rest.readSlice(length: Int(length)),
            block.withUnsafeReadableBytes({ rembus_crc32c(0, $0.baseAddress, $0.count) }) == checksum
        else { return nil }
        bytes = rest
        return block
    }

    private func apply(_ block: inout ByteBuffer) {
        while let (number, kind) = block.readMultipleIntegers(as: (UInt32, UInt8).self) {
            switch kind {
            case Self.nameKind:
                guard let length = block.readInteger(as: UInt32.self),
                    let name = block.readString(length: Int(length))
                else { return }
                if let old = content.numbers.updateValue(number, forKey: ExactText(name)) {
                    content.sessions[old] = nil
                }
                content.sessions[number] = Session(name: name)
                content.lastNumber = max(content.lastNumber, number)
            case Self.forgetKind:
                guard let old = content.sessions.removeValue(forKey: number) else { continue }
                content.numbers[ExactText(old.name)] = nil
            default:
                guard let change = PacketChange(kind: kind, &block) else { return }
                content.sessions[number]?.state.apply(change)
            }
        }
    }
}
