import NIOCore

extension StorageFile {
    /// Writes all bytes at an offset.
    func write(_ bytes: ByteBuffer, at offset: UInt64) throws(StorageError) {
        try bytes.withUnsafeReadableBytes { bytes throws(StorageError) in try self.write(bytes, at: offset) }
    }
}
