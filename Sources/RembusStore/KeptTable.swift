import CRembusChecksum
import Dispatch
package import Logging
import NIOConcurrencyHelpers
package import NIOCore

/// A file with the newest value of each key, written behind the event loops.
///
/// An entry consists of the lengths of key and value, the CRC-32C of both (UInt32 each, little-endian), the key and the
/// value; an entry without a value removes its key. The file only grows until most of its entries are out of date; then
/// a new file replaces it. An incomplete entry at the end, left by a crash, is cut off. `waiting` is guarded by `lock`;
/// everything else is used on the writing queue only. Hence unchecked.
package final class KeptTable: @unchecked Sendable {
    private let path: String
    private let lock = NIOLock()
    private var waiting: [[UInt8]: ByteBuffer?] = [:]
    private var commit: GroupCommit?
    private let disk = Disk()
    private var file: any StorageFile
    private var live: [[UInt8]: ByteBuffer] = [:]
    private var liveBytes = 0
    private var size = 0
    /// Whether the file keeps its name through a power failure.
    private var isNameSynced = true

    private static let headBytes = 12
    private static let magic: [UInt8] = Array("RBMQTT1\n".utf8)
    private static let smallestRewrite = 1 << 20

    /// Opens the file, making it when it does not exist; `each` gets what it holds.
    ///
    /// - Parameters:
    /// - subject: What the file holds, as a plural noun for messages.
    ///   - policy: When a value counts as written.
    package init(
        _ path: String, _ subject: String = "values", policy: SyncPolicy = .always, logger: Logger,
        each: ([UInt8], ByteBuffer) -> Void
    ) throws(StorageError) {
        self.path = path
        guard let file = try disk.open(path, readOnly: false) else { throw StorageError("cannot open \(path)") }
        self.file = file
        defer {
            commit = GroupCommit(subject, policy: policy, delay: .milliseconds(50), logger: logger) {
                [weak self] isSynced throws(StorageError) in try self?.write(isSynced: isSynced)
            }
        }
        var content = try Self.content(of: file)
        guard content.readableBytes >= Self.magic.count else {
            try file.truncate(to: 0)
            let magic = ByteBuffer(bytes: Self.magic)
            try magic.withUnsafeReadableBytes { bytes throws(StorageError) in try file.write(bytes, at: 0) }
            size = Self.magic.count
            isNameSynced = false
            return
        }
        guard content.readBytes(length: Self.magic.count) == Self.magic else {
            throw StorageError("\(path) is of another kind; move it away and start again")
        }
        size = Self.magic.count
        while let (key, value, length) = Self.entry(&content) {
            note(key, value)
            size += length
        }
        if content.readableBytes > 0 {
            logger.warning("the last \(content.readableBytes) bytes of \(path) were torn or damaged and are dropped")
            try file.truncate(to: UInt64(size))
        }
        for (key, value) in live { each(key, value) }
    }

    /// Writes a value soon; nil removes the key.
    package func set(_ key: [UInt8], _ value: ByteBuffer?) {
        lock.withLock { waiting[key] = .some(value) }
        commit?.change()
    }

    /// Whether the last attempt to write failed.
    package var isFailing: Bool { commit?.isFailing ?? false }

    /// Calls `done`, not on an event loop, when everything set so far is durable. Returns false, without calling
    /// `done`, when it is durable already.
    package func whenSaved(_ done: @escaping @Sendable () -> Void) -> Bool { commit?.whenDurable(done) ?? false }

    /// Returns when everything set so far is written, or its writing has failed.
    package func flush() async { await commit?.flush() }

    /// Does the same as ``flush()`` and closes the file: nothing is written after that.
    package func close() async { await commit?.close { [self] in file.close() } }

    private func write(isSynced: Bool) throws(StorageError) {
        let changes = lock.withLock {
            defer { waiting = [:] }
            return waiting
        }
        var bytes = ByteBuffer()
        for (key, value) in changes { Self.append(key, value, to: &bytes) }
        do throws(StorageError) {
            try append(bytes, isSynced: isSynced)
        } catch {
            // A newer value of the same key takes precedence.
            lock.withLock { waiting.merge(changes) { newer, _ in newer } }
            throw error
        }
        for (key, value) in changes { note(key, value) }
        guard size > Self.smallestRewrite, size > 3 * liveBytes else { return }
        try rewrite()
        if isSynced { try sync() }
    }

    private func sync() throws(StorageError) {
        try file.sync()
        guard !isNameSynced else { return }
        try disk.syncDirectory(path.parentFolder)
        isNameSynced = true
    }

    /// The size grows only when the bytes are as durable as demanded: an entry that failed is written again at the same
    /// place.
    private func append(_ bytes: ByteBuffer, isSynced: Bool) throws(StorageError) {
        // The deleted file's entries are all in memory.
        if file.isDeleted { try rewrite() }
        let (file, size) = (self.file, self.size)
        try bytes.withUnsafeReadableBytes { bytes throws(StorageError) in try file.write(bytes, at: UInt64(size)) }
        if isSynced { try sync() }
        self.size += bytes.readableBytes
    }

    private func rewrite() throws(StorageError) {
        let fresh = path + ".new"
        try disk.remove(fresh)
        guard let target = try disk.open(fresh, readOnly: false) else { return }
        var bytes = ByteBuffer(bytes: Self.magic)
        for (key, value) in live { Self.append(key, value, to: &bytes) }
        try bytes.withUnsafeReadableBytes { bytes throws(StorageError) in try target.write(bytes, at: 0) }
        try target.sync()
        try disk.rename(fresh, to: path)
        file.close()
        file = target
        isNameSynced = false
        size = bytes.readableBytes
    }

    private func note(_ key: [UInt8], _ value: ByteBuffer?) {
        if let old = live[key] { liveBytes -= Self.headBytes + key.count + old.readableBytes }
        live[key] = value
        if let value { liveBytes += Self.headBytes + key.count + value.readableBytes }
    }

    // MARK: Entries

    private static func append(_ key: [UInt8], _ value: ByteBuffer?, to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt32(key.count), endianness: .little)
        buffer.writeInteger(UInt32(value?.readableBytes ?? 0), endianness: .little)
        buffer.writeInteger(checksum(key, value), endianness: .little)
        buffer.writeBytes(key)
        if let value { buffer.writeImmutableBuffer(value) }
    }

    private static func checksum(_ key: [UInt8], _ value: ByteBuffer?) -> UInt32 {
        let first = key.withUnsafeBytes { rembus_crc32c(0, $0.baseAddress, $0.count) }
        return value?.withUnsafeReadableBytes { rembus_crc32c(first, $0.baseAddress, $0.count) } ?? first
    }

    private static func entry(_ content: inout ByteBuffer) -> ([UInt8], ByteBuffer?, length: Int)? {
        var rest = content
        guard let keyLength = rest.readInteger(endianness: .little, as: UInt32.self),
            let valueLength = rest.readInteger(endianness: .little, as: UInt32.self),
            let sum = rest.readInteger(endianness: .little, as: UInt32.self),
            let key = rest.readBytes(length: Int(keyLength)), let slice = rest.readSlice(length: Int(valueLength))
        else { return nil }
        // A copy: a slice would keep the whole file in memory.
        let value = slice.readableBytes > 0 ? ByteBuffer(bytes: slice.readableBytesView) : nil
        guard checksum(key, value) == sum else { return nil }
        content = rest
        return (key, value, headBytes + Int(keyLength) + Int(valueLength))
    }

    private static func content(of file: any StorageFile) throws(StorageError) -> ByteBuffer {
        let size = Int(try file.size())
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, 1), alignment: 8)
        defer { bytes.deallocate() }
        var offset = 0
        while offset < size {
            let target = UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<size])
            let count = try file.read(into: target, at: UInt64(offset))
            guard count > 0 else { break }
            offset += count
        }
        return ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: bytes[..<offset]))
    }
}
