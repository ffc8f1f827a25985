/// LZ4 in its frame format, through the functions of `lz4frame.h`.
struct LZ4Codec: BodyCodec {
    private typealias Create = @convention(c) (UnsafeMutablePointer<OpaquePointer?>, UInt32) -> Int
    private typealias Free = @convention(c) (OpaquePointer?) -> Int
    private typealias Decompress =
        @convention(c) (
            OpaquePointer?, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>, UnsafeRawPointer?,
            UnsafeMutablePointer<Int>, UnsafeRawPointer?
        ) -> Int
    private typealias IsError = @convention(c) (Int) -> UInt32

    private let create: Create
    private let free: Free
    private let decompress: Decompress
    private let isError: IsError

    let maxRatio = 256

    init?() {
        guard let library = SystemLibrary("liblz4", version: 1),
            let create = library.function("LZ4F_createDecompressionContext", as: Create.self),
            let free = library.function("LZ4F_freeDecompressionContext", as: Free.self),
            let decompress = library.function("LZ4F_decompress", as: Decompress.self),
            let isError = library.function("LZ4F_isError", as: IsError.self)
        else { return nil }
        (self.create, self.free, self.decompress, self.isError) = (create, free, decompress, isError)
    }

    func decompress(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int? {
        var context: OpaquePointer?
        // 100 is the version of the frame interface.
        guard isError(create(&context, 100)) == 0 else { return nil }
        defer { _ = free(context) }
        var (read, written) = (0, 0)
        while read < source.count {
            var (taken, made) = (source.count - read, target.count - written)
            let next = decompress(
                context, target.baseAddress.map { $0 + written }, &made, source.baseAddress.map { $0 + read }, &taken,
                nil)
            if isError(next) != 0 { return nil }
            (read, written) = (read + taken, written + made)
            if next == 0 { return written }
            // More input without progress means that there is more output than room.
            if taken == 0, made == 0 { return nil }
        }
        return nil
    }
}
