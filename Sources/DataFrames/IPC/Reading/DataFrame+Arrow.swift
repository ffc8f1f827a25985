public import NIOCore

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
