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

extension DataFrame {
    /// The rows in pieces in which no column has more than one chunk. A frame without rows has none, or an empty one if
    /// there are dictionaries: their values are worth keeping, as they are all that an enumeration can be.
    var batches: [(length: Int, arrays: [ArrayData])] {
        if rowCount == 0 {
            guard columns.contains(where: { $0.chunks.first?.hasDictionary == true }) else { return [] }
            return [(0, columns.map { $0.chunks.first ?? ArrayBuilder($0.type).finish() })]
        }
        var ends = Set(columns.flatMap { column in column.starts.dropFirst() })
        ends.insert(rowCount)
        var (batches, start) = ([(length: Int, arrays: [ArrayData])](), 0)
        for end in ends.sorted() {
            let arrays = columns.map { column in
                let (chunk, row) = column.locate(start)
                return chunk.slice(row..<row + end - start)
            }
            batches.append((end - start, arrays))
            start = end
        }
        return batches
    }
}

extension ArrayData {
    /// Whether the array, or an array nested in it, is dictionary-encoded.
    fileprivate var hasDictionary: Bool { dictionary != nil || children.contains { $0.hasDictionary } }
}

extension DataFrame {
    /// Reads an Arrow IPC stream (docs/spec/protocol.md §5): all its batches, which become the chunks of the columns.
    ///
    /// The values stay where they are, in the memory of `buffer`, if they are aligned to 8 bytes there; else each batch
    /// is copied once. Everything that could lead an access outside is checked here; fixed-width values are not looked
    /// at. What is malformed, not supported or beyond `limits` is an error. Bytes behind the end mark of the stream are
    /// ignored.
    public init(arrow buffer: ByteBuffer, limits: ArrowLimits = .standard) throws(DataFrameError) {
        var reader = StreamReader(ArrowBuffer(sharing: buffer), limits)
        self = try reader.read()
    }
}
