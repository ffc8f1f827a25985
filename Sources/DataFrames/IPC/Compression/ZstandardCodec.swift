/// Zstandard, through the functions of `zstd.h`.
struct ZstandardCodec: BodyCodec {
    private typealias Decompress =
        @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int) -> Int
    private typealias IsError = @convention(c) (Int) -> UInt32

    private let decompress: Decompress
    private let isError: IsError

    /// A block that repeats one byte makes 128 KiB of four bytes.
    let maxRatio = 1 << 15

    init?() {
        guard let library = SystemLibrary("libzstd", version: 1),
            let decompress = library.function("ZSTD_decompress", as: Decompress.self),
            let isError = library.function("ZSTD_isError", as: IsError.self)
        else { return nil }
        (self.decompress, self.isError) = (decompress, isError)
    }

    func decompress(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int? {
        let count = decompress(target.baseAddress, target.count, source.baseAddress, source.count)
        return isError(count) != 0 ? nil : count
    }
}
