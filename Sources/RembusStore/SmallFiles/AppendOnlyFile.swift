import NIOCore

/// A file that grows at its end, and is written anew now and then: beside itself, and then put in its own place.
///
/// What counts are its first ``size`` bytes. What a full disk or a failing sync has left behind them is cut off before
/// something else is written there. A crash leaves the old file or the new one, whole. Used by one thread at a time.
final class AppendOnlyFile {
    let path: String
    /// How many bytes of it count.
    private(set) var size: Int

    private let fileSystem: any StorageFileSystem
    private var file: any StorageFile
    /// Whether there may be something behind what counts.
    private var hasRemains = false
    /// Whether all that counts survives a power failure.
    private var isConfirmed = false
    /// Whether a part of what counts may have been lost before it was on the disk.
    private var isDamaged = false
    /// Whether a power failure leaves the file under its name.
    private var isNameSynced = false

    /// Opens a file, making it when it does not exist.
    init(_ path: String, fileSystem: any StorageFileSystem = Disk()) throws(StorageError) {
        self.path = path
        self.fileSystem = fileSystem
        guard let file = try fileSystem.open(path, readOnly: false) else { throw StorageError("cannot open \(path)") }
        self.file = file
        size = Int(try file.size())
    }

    func close() { file.close() }

    /// Everything that counts.
    func content() throws(StorageError) -> ByteBuffer {
        let (file, size) = (self.file, self.size)
        guard size < UInt32.max else {
            throw StorageError("\(path) is larger than 4 GiB; move it away and start again")
        }
        var bytes = ByteBuffer()
        _ = try bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { target throws(StorageError) in
            try file.read(into: UnsafeMutableRawBufferPointer(rebasing: target[..<size]), at: 0)
        }
        return bytes
    }

    /// Cuts off what a crash has torn.
    func cut(to size: Int) throws(StorageError) {
        try file.truncate(to: UInt64(size))
        self.size = size
    }

    /// Adds bytes. With `isSynced` they and all before them survive a power failure when it returns. What it throws for counts
    /// for nothing, and is to be appended again.
    ///
    /// - Parameter all: What is to be in the file with these bytes, for when that has to be written anew: somebody deleted the
    ///   file, or a disk that failed has perhaps lost something of it.
    func append(
        _ bytes: ByteBuffer, isSynced: Bool, orAll all: () throws(StorageError) -> ByteBuffer
    ) throws(StorageError) {
        if mustBeReplaced {
            try replace(with: all())
            if isSynced { try sync() }
            return
        }
        if hasRemains { try cut(to: size) }
        hasRemains = true
        try file.write(bytes, at: UInt64(size))
        if isSynced { try sync() }
        hasRemains = false
        size += bytes.readableBytes
        if !isSynced, bytes.readableBytes > 0 { isConfirmed = false }
    }

    /// Whether the next bytes have the whole file written anew.
    var mustBeReplaced: Bool { isDamaged || file.isDeleted }

    /// Writes the file anew. When it throws, the old one is as it was, and nothing else takes room.
    func replace(with bytes: ByteBuffer) throws(StorageError) {
        let temporary = path + ".new"
        try fileSystem.remove(temporary)
        guard let fresh = try fileSystem.open(temporary, readOnly: false) else {
            throw StorageError("cannot open \(temporary)")
        }
        do throws(StorageError) {
            try fresh.write(bytes, at: 0)
            try fresh.sync()
            try fileSystem.rename(temporary, to: path)
        } catch {
            fresh.close()
            try? fileSystem.remove(temporary)
            throw error
        }
        file.close()
        file = fresh
        size = bytes.readableBytes
        (isConfirmed, isDamaged, isNameSynced, hasRemains) = (true, false, false, false)
    }

    private func sync() throws(StorageError) {
        do throws(StorageError) {
            try file.sync()
        } catch {
            // The system says it once, and may have dropped what was on its way to the disk. What is not counted yet is
            // written again anyway.
            if !isConfirmed { isDamaged = true }
            throw error
        }
        isConfirmed = true
        guard !isNameSynced else { return }
        try fileSystem.syncDirectory(path.parentFolder)
        isNameSynced = true
    }
}
