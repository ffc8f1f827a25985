/// The segment that a partition's newest records are written to. Used by the writer thread only.
final class SegmentWriter {
    /// Unrecorded stretches up to this length are filled with zeros rather than skipped: one write instead of two.
    private static let shortHole = 4096

    private let file: any StorageFile
    private let staging: WriteStaging
    private let capacity: UInt64
    /// A header and zeros behind it.
    private let hole = UnsafeMutableRawBufferPointer.allocate(byteCount: SegmentWriter.shortHole, alignment: 8)
    /// The segment as readers may see it: everything before `segment.end` is in the file.
    private(set) var segment: Segment
    private(set) var writtenBytes: UInt64 = 0
    /// True when something was written since the last sync.
    private(set) var isDirty = true

    /// Creates the file; an existing file of that name is overwritten.
    init(
        directory: String, partition: Int, start: UInt64, firstReceivedAt: UInt64, capacity: UInt64,
        staging: WriteStaging,
        fileSystem: any StorageFileSystem
    ) throws(StorageError) {
        self.staging = staging
        self.capacity = capacity
        segment = Segment(start: start, firstReceivedAt: firstReceivedAt)
        hole.initializeMemory(as: UInt8.self, repeating: 0)
        let path = "\(directory)/\(segment.fileName)"
        guard let file = try fileSystem.open(path, readOnly: false) else { throw StorageError("cannot create \(path)") }
        self.file = file
        do throws(StorageError) {
            try file.truncate(to: 0)
            file.reserve(capacity + UInt64(SegmentFormat.headerBytes))
            try file.write(
                SegmentFormat.header(partition: partition, start: start, firstReceivedAt: firstReceivedAt), at: 0)
            try fileSystem.syncDirectory(directory)
        } catch {
            file.close()
            try? fileSystem.remove(path)
            throw error
        }
    }

    deinit { hole.deallocate() }

    /// Whether the file was deleted.
    var isDeleted: Bool { file.isDeleted }

    /// True when a record that ends at `end` belongs here.
    func hasRoom(until end: UInt64, from offset: UInt64) -> Bool {
        end - segment.start <= capacity || offset == segment.start
    }

    /// Notes a record that is passed to ``put(_:at:)``.
    @inline(__always)
    func note(_ header: RecordHeader, at offset: UInt64) {
        segment.note(header, at: offset)
    }

    /// Writes whole records.
    func put(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError) {
        guard bytes.count > 0 else { return }
        isDirty = true
        writtenBytes += UInt64(bytes.count)
        try staging.put(bytes, at: place(of: offset), of: file)
    }

    /// Writes one header that stands for the unrecorded publications between two offsets.
    func skip(from start: UInt64, to end: UInt64, receivedAt: UInt64) throws(StorageError) {
        guard let base = hole.baseAddress else { return }
        let header = RecordHeader(receivedAt: receivedAt, topicHash: 0, publisher: 0, tenant: 0, isRecorded: false)
        RecordFormat.write(header, message: UnsafeRawBufferPointer(start: nil, count: 0), to: base)
        let count = UInt32(truncatingIfNeeded: end - start) - UInt32(RecordFormat.headerBytes)
        base.storeBytes(of: (count | RecordFormat.unrecorded).littleEndian, as: UInt32.self)
        RecordChecksum.fill(base, count: 0, offset: start)
        let length = end - start <= UInt64(Self.shortHole) ? Int(end - start) : RecordFormat.headerBytes
        try put(UnsafeRawBufferPointer(rebasing: hole[..<length]), at: start)
    }

    /// Returns when everything up to `end` is in the file.
    func flush(to end: UInt64) throws(StorageError) {
        try staging.flush(to: file)
        segment.end = max(segment.end, end)
    }

    func sync() throws(StorageError) {
        guard isDirty else { return }
        try file.sync()
        isDirty = false
    }

    /// Completes the segment with its footer, so that it need not be read again at the next start.
    func finish(syncing: Bool) throws(StorageError) {
        try Self.finish(file, segment, syncing: syncing)
        file.close()
    }

    static func finish(_ file: any StorageFile, _ segment: Segment, syncing: Bool) throws(StorageError) {
        let footer = SegmentFormat.footer(of: segment)
        let place = segment.end - segment.start + UInt64(SegmentFormat.headerBytes)
        // The file is cut first, so that a sound footer is always at its end.
        try file.truncate(to: place)
        try file.write(footer, at: place)
        if syncing { try file.sync() }
    }

    private func place(of offset: UInt64) -> UInt64 {
        offset - segment.start + UInt64(SegmentFormat.headerBytes)
    }
}
