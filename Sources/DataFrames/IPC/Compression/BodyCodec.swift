/// A compression that buffers of a stream can have. It is read only; streams are written without.
protocol BodyCodec: Sendable {
    /// More than this factor no data becomes smaller, so that a larger claim is wrong.
    var maxRatio: Int { get }

    /// Fills `target`, and returns how many bytes that were; nil for damaged data.
    func decompress(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int?
}

/// The codecs, which come from libraries of the system that are loaded when a stream needs one.
enum BodyCodecs {
    private static let lz4 = LZ4Codec()
    private static let zstandard = ZstandardCodec()

    /// The codec with a number of Arrow's `CompressionType`.
    static func codec(_ number: UInt8) throws(DataFrameError) -> any BodyCodec {
        switch number {
        case 0:
            guard let lz4 else { throw missing("LZ4", "liblz4") }
            return lz4
        case 1:
            guard let zstandard else { throw missing("Zstandard", "libzstd") }
            return zstandard
        default: throw .unsupported("the stream is compressed by method \(number), which is unknown")
        }
    }

    private static func missing(_ name: String, _ library: String) -> DataFrameError {
        .unsupported("the stream is compressed with \(name), for which \(library) is not installed")
    }
}
