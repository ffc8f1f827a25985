/// Gathers small adjacent writes to one file, so that a mix of recorded and unrecorded publications does not need a
/// system call each. Large stretches are written directly.
///
/// Used by the writer thread only.
final class WriteStaging {
    private static let capacity = 1 << 17
    private static let directBytes = 1 << 14

    private let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: WriteStaging.capacity, alignment: 4096)
    private var count = 0
    /// Where in the file the staged bytes belong.
    private var place: UInt64 = 0

    deinit { storage.deallocate() }

    /// Writes `bytes` at a place in the file, now or with the next ``flush(to:)``.
    func put(_ bytes: UnsafeRawBufferPointer, at offset: UInt64, of file: any StorageFile) throws(StorageError) {
        if bytes.count >= Self.directBytes {
            try flush(to: file)
            return try file.write(bytes, at: offset)
        }
        if count > 0, place + UInt64(count) != offset || count + bytes.count > Self.capacity { try flush(to: file) }
        if count == 0 { place = offset }
        UnsafeMutableRawBufferPointer(rebasing: storage[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    /// Writes what is staged.
    func flush(to file: any StorageFile) throws(StorageError) {
        guard count > 0 else { return }
        try file.write(UnsafeRawBufferPointer(rebasing: storage[..<count]), at: place)
        count = 0
    }

    /// Forgets what is staged, after an error.
    func discard() {
        count = 0
    }
}
