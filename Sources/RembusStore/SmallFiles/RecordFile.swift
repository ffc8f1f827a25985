package import Logging
package import NIOCore

/// An append-only file of checked records, of which later ones make earlier ones out of date.
///
/// It only grows until most of it is out of date; then its owner gives it what is left, and it is written anew. What a crash
/// tore off its end is cut off when it is opened. Used by one thread at a time.
package final class RecordFile {
    private let layout: RecordLayout
    private let file: AppendOnlyFile
    private let logger: Logger
    /// From which size on it is looked whether it should be written anew.
    private var rewriteSize = smallestRewrite

    /// A file smaller than this is not worth writing anew.
    private static let smallestRewrite = 1 << 20
    /// By how much it grows at most until it is tried again.
    private static let largestPause = 64 << 20

    /// Opens the file, making it when it does not exist.
    ///
    /// - Parameters:
    ///   - subject: What it holds, in the plural, for messages.
    ///   - each: Gets the parts of each record, which share the memory of the whole file. The first that it does not
    ///     understand (false), and all behind it, are taken for torn.
    /// - Throws: ``StorageError`` when the file cannot be opened or is of another kind.
    package init(
        _ path: String, _ subject: String, _ layout: RecordLayout, fileSystem: any StorageFileSystem = Disk(),
        logger: Logger, each: ([ByteBuffer]) -> Bool
    ) throws(StorageError) {
        self.layout = layout
        self.logger = logger
        file = try AppendOnlyFile(path, fileSystem: fileSystem)
        let content = try file.content()
        let magic = layout.magic
        guard content.readableBytesView.starts(with: magic.prefix(content.readableBytes)) else {
            throw StorageError("\(path) holds no \(subject); move it away and start again")
        }
        guard content.readableBytes >= magic.count else {
            try file.cut(to: 0)
            try append(ByteBuffer(bytes: magic), isSynced: false) { ByteBuffer() }
            return
        }
        let end = self.end(of: content, each)
        guard end < content.readableBytes else { return }
        logger.warning("the last \(content.readableBytes - end) bytes of \(path) were torn or damaged and are dropped")
        try file.cut(to: end)
    }

    package var size: Int { file.size }

    package func close() { file.close() }

    /// Adds records. With `isSynced` they and all before them survive a power failure when it returns. Those that it throws
    /// for count for nothing, and are to be appended again.
    ///
    /// - Parameter all: The records that are to be in the file with these ones, for when that has to be written anew.
    package func append(
        _ records: ByteBuffer, isSynced: Bool, orAll all: () throws(StorageError) -> ByteBuffer
    ) throws(StorageError) {
        try file.append(records, isSynced: isSynced) { () throws(StorageError) in whole(try all()) }
    }

    /// Writes the file anew when it is large and less than a third of it is not out of date. True when it was done.
    ///
    /// It does not throw: all that was appended is as safe in the old file.
    ///
    /// - Parameters:
    ///   - liveBytes: How many bytes of it are not out of date.
    ///   - live: The records that are not.
    @discardableResult
    package func shrink(liveBytes: Int, live: () throws(StorageError) -> ByteBuffer) -> Bool {
        guard size > rewriteSize, size > 3 * liveBytes else { return false }
        do throws(StorageError) {
            try file.replace(with: whole(try live()))
        } catch {
            // Not at every write, of which each would take the time of the whole file.
            rewriteSize = size + min(size, Self.largestPause)
            logger.warning("\(file.path) cannot be made smaller: \(error)")
            return false
        }
        rewriteSize = Self.smallestRewrite
        return true
    }

    /// Reads the records again.
    /// - Throws: ``StorageError`` also when not all that was appended can be read.
    package func read(_ each: ([ByteBuffer]) -> Bool) throws(StorageError) {
        let content = try file.content()
        let end = end(of: content, each)
        guard end == size else { throw StorageError("\(file.path) is damaged behind its first \(end) bytes") }
    }

    /// Where the readable records end.
    private func end(of content: ByteBuffer, _ each: ([ByteBuffer]) -> Bool) -> Int {
        var rest = content
        rest.moveReaderIndex(forwardBy: layout.magic.count)
        var end = rest.readerIndex
        while let parts = layout.next(&rest), each(parts) { end = rest.readerIndex }
        return end
    }

    private func whole(_ records: ByteBuffer) -> ByteBuffer {
        var content = ByteBuffer(bytes: layout.magic)
        content.writeImmutableBuffer(records)
        return content
    }
}
