package import NIOCore

/// What the links of one event loop share: the list of links to flush and the buffers they write into.
///
/// Used on that event loop only. Links that got something to send enlist here, and whoever finished a unit of work (a
/// read burst, a timer, a batch from another loop) flushes them together, so each socket is written once per unit.
package final class LinkGroup {
    package let eventLoop: any EventLoop
    @exclusivity(unchecked) private var dirty: [Link] = []
    /// An empty list with room, so that a flush allocates none.
    @exclusivity(unchecked) private var spare: [Link] = []
    @exclusivity(unchecked) private var freeBuffers: [ByteBuffer] = []
    /// What the links hold of messages that have not arrived completely.
    @exclusivity(unchecked) var assemblies = AssemblyAccount()
    /// What unencrypted links receive into.
    let receiveMemory = ReceiveMemory()
    /// The connections that have more to do than fits into one turn.
    package let turns: TurnQueue
    /// How long the connection that is being read from may go on, and whether one is.
    @exclusivity(unchecked) private var turn = Turn()
    @exclusivity(unchecked) private var isInTurn = false
    /// For the turns of connections; tests have one of their own.
    @exclusivity(unchecked) var clock: () -> NIODeadline = { .now() }
    /// Bytes that links have read and that wait for their turn.
    var waitingBytes: Int {
        get { receiveMemory.waitingBytes }
        set { receiveMemory.waitingBytes = newValue }
    }
    /// What the links hold for their peers, and what each may hold.
    package let memory: LoopMemory
    /// Where whole small frames are unmasked to; see `WebSocketReader`.
    let scratch: UnsafeMutableRawBufferPointer

    /// Bytes of the scratch area: frames up to this size take the fast path.
    static let scratchBytes = 64 << 10
    private static let maxFreeBuffers = 32
    private static let maxFreeBufferBytes = Outbox.chunkBytes

    /// - Parameter memory: What the links share with those of other event loops; nil for no bound but their own.
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

    /// Memory for one message on its way to a sink: not `scratch`, where the message that causes it may lie.
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

    /// Counts a message; true when its connection is to let others go on.
    @inline(__always)
    func isTurnOver() -> Bool {
        turn.isClockDue() && turn.isOver(at: clock())
    }

    /// The first part of what is read together is going to be handled.
    @inline(__always)
    func beginTurn() {
        guard !isInTurn else { return }
        isInTurn = true
        turn.begin(at: clock())
    }

    /// What was read together has been handled.
    func endTurn() { isInTurn = false }

    // MARK: Flushing

    func enlist(_ link: Link) {
        dirty.append(link)
    }

    /// Writes out everything that the links of this loop have collected.
    ///
    /// A flush can end a connection, whose owner may send to others and flush again: each call works on a list of its own,
    /// so none loses what another has enlisted.
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

    /// An empty buffer with room, to be given back when it was written.
    package func takeBuffer(_ allocator: ByteBufferAllocator, minimumBytes: Int) -> ByteBuffer {
        if var buffer = freeBuffers.popLast() {
            // Reuses the memory when the socket is done with it and takes fresh memory otherwise.
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
