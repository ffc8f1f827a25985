import NIOCore

/// The outgoing bytes of a link that its socket has not taken yet, in order: finished chunks, then the open buffer.
///
/// Small frames are copied into the open buffer; a large payload becomes a chunk of its own that shares memory with
/// every other receiver of the same message.
struct Outbox {
    struct Chunk {
        var buffer: ByteBuffer
        /// True for a payload that other receivers and the journal may hold too.
        var isShared: Bool
    }

    private var chunks = CircularBuffer<Chunk>(initialCapacity: 1)
    var open: ByteBuffer?
    private var chunkBytes = 0

    /// An open buffer of this size becomes a chunk, so that one write never needs one huge buffer.
    static let chunkBytes = 256 << 10

    /// Before a frame of so many bytes: the open buffer must not grow beyond a chunk for it, because it would double, and
    /// most of that would be paid for and never used.
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
