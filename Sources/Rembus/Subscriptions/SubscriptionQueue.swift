import NIOCore
import Synchronization

/// The bounded queue between the event loops that deliver and the task that reads.
///
/// Messages at QoS 1 and 2 are put in the queue even when it is full, so that the reader gets them in the order of
/// publication. Such a message is *owed*: it is acknowledged when there is room for it. Their number is limited,
/// because the broker sends only so many messages without an acknowledgement.
final class SubscriptionQueue: Sendable {
    private struct Entry {
        /// Increases from message to message.
        let number: UInt64
        let message: Publication
    }

    /// A message that the queue holds beyond its limit.
    private struct Owed {
        let number: UInt64
        let size: Int
        let acknowledge: @Sendable () -> Void
    }

    private struct State {
        var messages = CircularBuffer<Entry>()
        var nextNumber: UInt64 = 0
        /// The number of messages that count towards the limit, which are those not in `owed`. Below, their bytes.
        var count = 0
        var bytes = 0
        /// Queued messages at QoS 1 and 2 that are not acknowledged yet, oldest first. They are acknowledged when the
        /// program reads, or when there is room. While this list is not empty, every further message at QoS 1 or 2 is
        /// added to it, so that acknowledgements keep the order.
        var owed = CircularBuffer<Owed>()
        var owedBytes = 0
        /// Callbacks of connections that stopped reading because the queue is full. Each makes its connection read
        /// again.
        var resumptions: [ObjectIdentifier: @Sendable () -> Void] = [:]
        /// The number of messages that may be dropped.
        var droppable = 0
        var dropped = 0
        /// The number of connections that deliver to this queue.
        var sources = 0
        var isFinished = false
        var waiters: [(id: UInt64, continuation: CheckedContinuation<Publication?, Never>)] = []
        var nextWaiter: UInt64 = 0
    }

    /// The most that is kept for a broker that does not stop sending without acknowledgements.
    private static let (maxOwed, maxOwedBytes) = (65_536, 256 << 20)

    private let state = Mutex(State())
    let buffer: SubscriptionBuffer

    init(_ buffer: SubscriptionBuffer) { self.buffer = buffer }

    var droppedCount: Int { state.withLock { $0.dropped } }
    var isFinished: Bool { state.withLock { $0.isFinished } }
    /// The number of messages that wait for the reader, and of those at QoS 0 among them, which no broker sends again.
    var waiting: (all: Int, atMostOnce: Int) { state.withLock { ($0.messages.count, $0.droppable) } }

    // MARK: Delivery

    enum Outcome {
        /// The message is in the queue. `wakesReader` asks for a call of `wake()` at the end of the burst.
        case accepted(wakesReader: Bool)
        /// The message is in the queue, which is full now. The connection should stop reading until `whenRoom` calls
        /// it.
        case full(wakesReader: Bool)
        /// The message is in the queue beyond the limit. Its acknowledgement is called when there is room for it.
        case owed(wakesReader: Bool)
        /// The queue is full, and its policy does not drop an older message for this one.
        case refused
    }

    /// Appends a message. A refused message at QoS 0 is counted as dropped. A refused message at another QoS must not
    /// be acknowledged.
    ///
    /// `acknowledgement` is called only when the outcome is `owed`. It returns the closure that acknowledges the
    /// message, which may be called on any thread.
    func push(_ message: Publication, acknowledgement: () -> @Sendable () -> Void = { {} }) -> Outcome {
        state.withLock { state in
            if state.isFinished { return .refused }
            let size = message.list.byteCount
            if message.qos == .atMostOnce {
                guard makeRoom(size, &state) else { return .refused }
                state.droppable += 1
            } else if isOwed(size, state) {
                return pushOwed(message, size, acknowledgement, &state)
            }
            state.count += 1
            state.bytes += size
            Self.append(message, &state)
            let wakesReader = !state.waiters.isEmpty
            return isFull(state) ? .full(wakesReader: wakesReader) : .accepted(wakesReader: wakesReader)
        }
    }

    private func isOwed(_ size: Int, _ state: borrowing State) -> Bool {
        if buffer.acknowledgesWhenRead || !state.owed.isEmpty { return true }
        return buffer.overflow != .pauseReading && !fits(size, state)
    }

    private func isFull(_ state: borrowing State) -> Bool {
        buffer.overflow == .pauseReading && (state.count >= buffer.limit || state.bytes >= buffer.maxBytes)
    }

    /// Whether half of the buffer is free. Stopping and continuing for each message would cost more than it saves.
    private func hasRoom(_ state: borrowing State) -> Bool {
        state.isFinished || (state.count <= buffer.limit / 2 && state.bytes <= buffer.maxBytes / 2)
    }

    /// Calls `resume` once, on any thread, when a full queue has room again; at once if it has room already.
    func whenRoom(for source: ObjectIdentifier, _ resume: @escaping @Sendable () -> Void) {
        let isNow = state.withLock { state in
            if hasRoom(state) { return true }
            state.resumptions[source] = resume
            return false
        }
        if isNow { resume() }
    }

    private func makeRoom(_ size: Int, _ state: inout State) -> Bool {
        if buffer.overflow == .pauseReading { return true }
        while !fits(size, state) {
            state.dropped += 1
            guard buffer.overflow == .dropOldest, Self.dropOldest(&state) else { return false }
        }
        return true
    }

    private func pushOwed(
        _ message: Publication, _ size: Int, _ acknowledgement: () -> @Sendable () -> Void, _ state: inout State
    ) -> Outcome {
        guard state.owed.count < Self.maxOwed, state.owedBytes + size <= Self.maxOwedBytes else { return .refused }
        state.owed.append(Owed(number: state.nextNumber, size: size, acknowledge: acknowledgement()))
        state.owedBytes += size
        Self.append(message, &state)
        return .owed(wakesReader: !state.waiters.isEmpty)
    }

    private static func append(_ message: Publication, _ state: inout State) {
        state.messages.append(Entry(number: state.nextNumber, message: message))
        state.nextNumber += 1
    }

    private func fits(_ size: Int, _ state: borrowing State) -> Bool {
        state.count == 0 || (state.count < buffer.limit && state.bytes + size <= buffer.maxBytes)
    }

    private static func dropOldest(_ state: inout State) -> Bool {
        guard state.droppable > 0, let index = state.messages.firstIndex(where: { $0.message.qos == .atMostOnce })
        else { return false }
        let message = state.messages.remove(at: index).message
        state.count -= 1
        state.bytes -= message.list.byteCount
        state.droppable -= 1
        return true
    }

    /// Drops the messages at QoS 0 and returns their number.
    func discardAtMostOnce() -> Int {
        let (count, resumptions) = state.withLock { state in
            let count = state.droppable
            if count > 0 {
                for entry in state.messages where entry.message.qos == .atMostOnce {
                    state.bytes -= entry.message.list.byteCount
                }
                state.messages.removeAll { $0.message.qos == .atMostOnce }
                (state.count, state.droppable) = (state.count - count, 0)
            }
            guard hasRoom(state) else { return (count, [ObjectIdentifier: @Sendable () -> Void]()) }
            defer { state.resumptions = [:] }
            return (count, state.resumptions)
        }
        for resume in resumptions.values { resume() }
        return count
    }

    /// Gives messages to tasks that wait for one.
    func wake() {
        while let (continuation, popped) = state.withLock({ state in match(&state) }) {
            continuation.resume(returning: popped.taken())
        }
    }

    private func match(_ state: inout State) -> (CheckedContinuation<Publication?, Never>, Popped)? {
        guard !state.waiters.isEmpty, let popped = pop(&state) else { return nil }
        return (state.waiters.removeFirst().continuation, popped)
    }

    /// Adds a connection that delivers to this queue.
    func addSource() { state.withLock { $0.sources += 1 } }

    /// Removes a connection that delivers to this queue. The queue ends with the last one.
    func removeSource() {
        let isLast = state.withLock { state in
            state.sources -= 1
            return state.sources <= 0
        }
        if isLast { finish() }
    }

    /// Ends the queue. Messages that are queued can still be read.
    private func finish() {
        wake()
        let (waiters, owed, resumptions) = state.withLock { state in
            state.isFinished = true
            defer {
                (state.waiters, state.resumptions) = ([], [:])
                if !buffer.acknowledgesWhenRead { (state.owed, state.owedBytes) = ([], 0) }
            }
            return (state.waiters, buffer.acknowledgesWhenRead ? [] : state.owed, state.resumptions)
        }
        for waiter in waiters { waiter.continuation.resume(returning: nil) }
        // These messages may never be read. They are acknowledged, because otherwise the broker would go on sending
        // copies.
        for message in owed { message.acknowledge() }
        for resume in resumptions.values { resume() }
    }

    // MARK: Reading

    /// A message that left the queue, and what has to be done outside of the lock: acknowledge messages, continue
    /// reading.
    private struct Popped {
        let message: Publication
        var consequences: [@Sendable () -> Void] = []

        func taken() -> Publication {
            for consequence in consequences { consequence() }
            return message
        }
    }

    private func pop(_ state: inout State) -> Popped? {
        guard let entry = state.messages.popFirst() else { return nil }
        var popped = Popped(message: entry.message)
        if let first = state.owed.first, first.number == entry.number {
            state.owed.removeFirst()
            state.owedBytes -= first.size
            popped.consequences.append(first.acknowledge)
        } else {
            state.count -= 1
            state.bytes -= entry.message.list.byteCount
            if entry.message.qos == .atMostOnce { state.droppable -= 1 }
        }
        while !buffer.acknowledgesWhenRead, let next = state.owed.first, fits(next.size, state) {
            state.owed.removeFirst()
            state.owedBytes -= next.size
            state.count += 1
            state.bytes += next.size
            popped.consequences.append(next.acknowledge)
        }
        if !state.resumptions.isEmpty, hasRoom(state) {
            popped.consequences += state.resumptions.values
            state.resumptions = [:]
        }
        return popped
    }

    /// The next message; nil at the end, or when the task is cancelled.
    func next(isolation: isolated (any Actor)?) async -> Publication? {
        if Task.isCancelled { return nil }
        let (ready, id) = state.withLock { state -> (Popped?, UInt64) in
            if let popped = pop(&state) { return (popped, 0) }
            state.nextWaiter += 1
            return (nil, state.nextWaiter)
        }
        if let ready { return ready.taken() }
        return await withTaskCancellationHandler(
            operation: {
                await withCheckedContinuation(isolation: isolation) { continuation in wait(id, continuation) }
            },
            onCancel: { cancel(id) }, isolation: isolation)
    }

    private func wait(_ id: UInt64, _ continuation: CheckedContinuation<Publication?, Never>) {
        enum Decision {
            case wait
            case resume(Popped?)
        }
        let decision: Decision = state.withLock { state in
            if let popped = pop(&state) { return .resume(popped) }
            // A cancellation before the waiter was added found nothing to resume.
            if state.isFinished || Task.isCancelled { return .resume(nil) }
            state.waiters.append((id, continuation))
            return .wait
        }
        if case .resume(let popped) = decision { continuation.resume(returning: popped?.taken()) }
    }

    private func cancel(_ id: UInt64) {
        let waiter = state.withLock { state in
            state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0).continuation }
        }
        waiter?.resume(returning: nil)
    }
}
