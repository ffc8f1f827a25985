package import NIOCore

extension StorageFile {
    /// Everything in the file.
    package func content() throws(StorageError) -> ByteBuffer {
        let count = Int(try size())
        var bytes = ByteBuffer()
        _ = try bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target throws(StorageError) in
            try self.read(into: UnsafeMutableRawBufferPointer(rebasing: target[..<count]), at: 0)
        }
        return bytes
    }

    /// Writes all bytes at an offset.
    package func write(_ bytes: ByteBuffer, at offset: UInt64) throws(StorageError) {
        try bytes.withUnsafeReadableBytes { bytes throws(StorageError) in try self.write(bytes, at: offset) }
    }
}
