package import NIOCore

/// What the links of one event loop share: the list of links to flush, and the buffers for their output.
///
/// Used on that event loop only. A link with new output adds itself to the list. The code that ends a unit of work (a
/// read, a timer, a batch from another loop) flushes them all, so that each socket is written once per unit of work.
package final class LinkGroup {
    package let eventLoop: any EventLoop
    @exclusivity(unchecked) private var dirty: [Link] = []
    /// An empty list with capacity, so that a flush allocates nothing.
    @exclusivity(unchecked) private var spare: [Link] = []
    @exclusivity(unchecked) private var freeBuffers: [ByteBuffer] = []
    /// The incomplete messages of the links.
    @exclusivity(unchecked) var assemblies = AssemblyAccount()
    /// The memory that unencrypted links receive into.
    let receiveMemory = ReceiveMemory()
    /// The connections that have more to do than fits in one turn.
    package let turns: TurnQueue
    /// The turn of the connection that is being read from, and whether there is one.
    @exclusivity(unchecked) private var turn = Turn()
    @exclusivity(unchecked) private var isInTurn = false
    /// The clock of turns, which tests replace.
    @exclusivity(unchecked) var clock: () -> NIODeadline = { .now() }
    /// The bytes that links have read and that wait for their turn.
    var waitingBytes: Int {
        get { receiveMemory.waitingBytes }
        set { receiveMemory.waitingBytes = newValue }
    }
    /// The memory that links hold for their peers, and the limit for each.
    package let memory: LoopMemory
    /// Memory for unmasking complete small frames; see `WebSocketReader`.
    let scratch: UnsafeMutableRawBufferPointer

    /// The size of that memory in bytes. Frames up to this size take the fast path.
    static let scratchBytes = 64 << 10
    private static let maxFreeBuffers = 32
    private static let maxFreeBufferBytes = Outbox.chunkBytes

    /// - Parameter memory: The memory that the links share with those of other event loops; nil for no common limit.
    package init(eventLoop: any EventLoop, memory: LoopMemory? = nil) {
        self.eventLoop = eventLoop
        turns = TurnQueue(eventLoop)
        self.memory = memory ?? LoopMemory(budget: MemoryBudget(limit: .max / 2))
        self.scratch = .allocate(byteCount: Self.scratchBytes, alignment: 64)
    }

    deinit {
        scratch.deallocate()
        sendScratch?.deallocate()
    }

    /// Memory for a message on its way to a sink. It is separate from `scratch`, where the message that causes it may
    /// be.
    private var sendScratch: UnsafeMutableRawBufferPointer?

    func withSendScratch(_ length: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
        guard length <= Self.scratchBytes else {
            let large = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 64)
            defer { large.deallocate() }
            return body(large)
        }
        let memory = sendScratch ?? .allocate(byteCount: Self.scratchBytes, alignment: 64)
        sendScratch = memory
        body(UnsafeMutableRawBufferPointer(rebasing: memory[..<length]))
    }

    // MARK: Turns

    /// Counts a message. Returns true when other connections should have their turn.
    @inline(__always)
    func isTurnOver() -> Bool {
        turn.isClockDue() && turn.isOver(at: clock())
    }

    /// Called before the bytes of a read are handled.
    @inline(__always)
    func beginTurn() {
        guard !isInTurn else { return }
        isInTurn = true
        turn.begin(at: clock())
    }

    /// Called when the bytes of a read were handled.
    func endTurn() { isInTurn = false }

    // MARK: Flushing

    func enlist(_ link: Link) {
        dirty.append(link)
    }

    /// Writes everything that the links of this event loop have collected.
    ///
    /// A flush can end a connection, whose owner may send to others and flush again. Each call works on a list of its
    /// own, so that no link is lost.
    package func flush() {
        while !dirty.isEmpty {
            var batch = spare
            spare = []
            swap(&batch, &dirty)
            for link in batch { link.flush() }
            batch.removeAll(keepingCapacity: true)
            spare = batch
        }
    }

    /// An empty buffer with capacity, which is returned when it was written.
    package func takeBuffer(_ allocator: ByteBufferAllocator, minimumBytes: Int) -> ByteBuffer {
        if var buffer = freeBuffers.popLast() {
            // This reuses the memory if the socket has released it, and allocates new memory otherwise.
            buffer.clear(minimumCapacity: minimumBytes)
            return buffer
        }
        return allocator.buffer(capacity: max(minimumBytes, 16 << 10))
    }

    package func giveBack(_ buffer: ByteBuffer) {
        if freeBuffers.count < Self.maxFreeBuffers, buffer.capacity <= Self.maxFreeBufferBytes {
            freeBuffers.append(buffer)
        }
    }
}
