import NIOCore

/// The output of a link that its socket has not accepted yet, in order: finished chunks, and then the open buffer.
///
/// Small frames are copied into the open buffer. A large payload becomes a chunk of its own, which shares its memory
/// with all other receivers of the same message.
struct Outbox {
    struct Chunk {
        var buffer: ByteBuffer
        /// Whether other receivers and the journal may refer to the payload too.
        var isShared: Bool
    }

    private var chunks = CircularBuffer<Chunk>(initialCapacity: 1)
    var open: ByteBuffer?
    private var chunkBytes = 0

    /// An open buffer of this size becomes a chunk, so that no write needs one huge buffer.
    static let chunkBytes = 256 << 10

    /// Prepares for a frame of so many bytes. The open buffer must not grow beyond a chunk for it, because its size
    /// would double and most of it would never be used.
    @inline(__always)
    mutating func makeRoom(for bytes: Int) {
        if let count = open?.readableBytes, count > 0, count &+ bytes > Self.chunkBytes { sealOpenBuffer() }
    }

    var byteCount: Int { chunkBytes &+ (open?.readableBytes ?? 0) }
    var isEmpty: Bool { byteCount == 0 }

    mutating func append(shared payload: ByteBuffer) {
        sealOpenBuffer()
        chunkBytes &+= payload.readableBytes
        chunks.append(Chunk(buffer: payload, isShared: true))
    }

    mutating func sealOpenBuffer() {
        guard let buffer = open, buffer.readableBytes > 0 else { return }
        chunkBytes &+= buffer.readableBytes
        chunks.append(Chunk(buffer: buffer, isShared: false))
        open = nil
    }

    mutating func nextChunk() -> Chunk? {
        if chunks.isEmpty { sealOpenBuffer() }
        guard let chunk = chunks.popFirst() else { return nil }
        chunkBytes &-= chunk.buffer.readableBytes
        return chunk
    }

    mutating func removeAll() {
        self = Outbox()
    }
}
