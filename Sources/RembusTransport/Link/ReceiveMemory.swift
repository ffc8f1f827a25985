import NIOCore

/// The memory that the connections of one event loop receive into, one after the other.
///
/// It is large, because a fast publisher is served best with few large reads. It is one for all, because a large buffer
/// for each connection would let some thousand peers with one burst each take gigabytes, and because memory that was just
/// used is still in the cache.
///
/// A connection takes the buffer for a read, and its link gives it back when the bytes were handled. Used on the event
/// loop only.
package final class ReceiveMemory {
    /// Bytes of one read at most.
    static let size = 1 << 20
    /// Bytes of one read at most while much of earlier reads waits: for as many connections as there may be, these waiting as
    /// well are not too much.
    static let smallSize = 16 << 10
    /// How much may wait before reads become small.
    static let maxWaitingBytes = 8 << 20

    private var idle: ByteBuffer?
    /// Bytes of earlier reads that connections have not handled.
    var waitingBytes = 0
    /// How often memory was allocated; for tests.
    private(set) var allocations = 0

    /// The buffer, empty, or a new one while another read has it.
    func take(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        if waitingBytes > Self.maxWaitingBytes { return allocator.buffer(capacity: Self.smallSize) }
        guard var buffer = idle.take() else {
            allocations += 1
            return allocator.buffer(capacity: Self.size)
        }
        // Allocates new memory if a slice of the old one is still in use.
        buffer.clear()
        return buffer
    }

    /// Keeps a buffer for the next read, if it came from here.
    @inline(__always)
    func giveBack(_ buffer: ByteBuffer) {
        if buffer.capacity == Self.size { idle = buffer }
    }
}

/// Has a channel receive into the memory of its event loop.
///
/// A channel keeps the first buffer that it gets, and later ones if they may be used again: hence a small first one and
/// `true` from `record`. With one read per turn (`maxMessagesPerRead`) it then holds none of the shared memory.
struct SharedReceiveAllocator: RecvByteBufferAllocator {
    private let memory: NIOLoopBound<ReceiveMemory>
    private var hasRead = false
    private static let firstRead = 512

    init(_ memory: ReceiveMemory, eventLoop: any EventLoop) {
        self.memory = NIOLoopBound(memory, eventLoop: eventLoop)
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        hasRead ? memory.value.take(allocator) : allocator.buffer(capacity: Self.firstRead)
    }

    mutating func record(actualReadBytes: Int) -> Bool {
        hasRead = true
        return true
    }
}
