import NIOCore

/// The memory that the connections of one event loop receive into, one after the other.
///
/// It is large, because a few large reads are best for a fast publisher. All connections share it, because with a large
/// buffer for each, some thousand peers with one burst each would take gigabytes, and because memory that was just used
/// is still in the cache.
///
/// A connection takes the buffer for a read, and its link returns it when the bytes were handled. Used on the event
/// loop only.
package final class ReceiveMemory {
    /// The most bytes of one read.
    static let size = 1 << 20
    /// The most bytes of one read while many bytes of earlier reads wait. Even with the most connections, the total
    /// stays acceptable.
    static let smallSize = 16 << 10
    /// The waiting bytes above which reads become small.
    static let maxWaitingBytes = 8 << 20

    private var idle: ByteBuffer?
    /// The bytes of earlier reads that connections have not handled.
    var waitingBytes = 0
    /// How many times memory was allocated; for tests.
    private(set) var allocations = 0

    /// Returns the buffer, emptied, or a new one while another read uses it.
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

/// Makes a channel receive into the memory of its event loop.
///
/// A channel keeps the first buffer that it gets, and later ones if they may be used again. Hence the first one is
/// small, and `record` returns `true`. With one read per turn (`maxMessagesPerRead`) the channel then holds none of the
/// shared memory.
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
