public import NIOCore

extension DataFrame {
    /// The size of the Arrow IPC stream in bytes; known without writing it.
    public var arrowByteCount: Int { StreamWriter(self).byteCount }

    /// Appends the frame as an Arrow IPC stream: little-endian, not compressed, buffers aligned to 64
    /// bytes from the stream's start, one batch for each chunk of the columns, none for a frame without rows.
    ///
    /// Types are written as they are. Throws an error if the stream does not fit into a `ByteBuffer`, of which at most
    /// 2 GiB are used.
    public func write(into buffer: inout ByteBuffer) throws(DataFrameError) {
        for column in columns where column.type.hasNestedDictionary {
            throw .unsupported("column \(column.name) has a dictionary of a dictionary, which a stream cannot have")
        }
        let writer = StreamWriter(self)
        guard writer.byteCount <= Int(UInt32.max) >> 1 - buffer.writerIndex else {
            throw DataFrameError(.limit, "a frame of \(writer.byteCount) bytes is too large for one message")
        }
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: writer.byteCount) { target in
            if let start = target.baseAddress { writer.write(to: start) }
            return writer.byteCount
        }
    }

    /// The frame as an Arrow IPC stream, like ``write(into:)``.
    public func arrowBuffer() throws(DataFrameError) -> ByteBuffer {
        var buffer = ByteBuffer()
        try write(into: &buffer)
        return buffer
    }
}
