import NIOCore
import Synchronization

/// The bounded queue between event loops that deliver and a task that reads.
final class SubscriptionQueue: Sendable {
    private struct State {
        var messages = CircularBuffer<Publication>()
        var bytes = 0
        /// How many of the messages may be dropped.
        var droppable = 0
        var dropped = 0
        /// On how many connections messages for this queue can come.
        var sources = 0
        var isFinished = false
        var waiters: [(id: UInt64, continuation: CheckedContinuation<Publication?, Never>)] = []
        var nextWaiter: UInt64 = 0
    }

    private let state = Mutex(State())
    let buffer: SubscriptionBuffer

    init(_ buffer: SubscriptionBuffer) { self.buffer = buffer }

    var droppedCount: Int { state.withLock { $0.dropped } }
    var isFinished: Bool { state.withLock { $0.isFinished } }

    // MARK: Delivery

    enum Outcome {
        /// The message is in the queue; `wakesReader` asks for `wake()` at the end of the burst.
        case accepted(wakesReader: Bool)
        /// There is no room for it, and no reason to make room.
        case refused
    }

    /// Appends a message. A QoS 0 one that is refused is counted as dropped; another one must not be acknowledged.
    func push(_ message: Publication) -> Outcome {
        state.withLock { state in
            if state.isFinished { return .refused }
            let size = message.list.byteCount
            let isDroppable = message.qos == .atMostOnce
            while !fits(size, state) {
                guard isDroppable else { return .refused }
                state.dropped += 1
                guard buffer.overflow == .dropOldest, Self.dropOldest(&state) else { return .refused }
            }
            state.messages.append(message)
            state.bytes += size
            if isDroppable { state.droppable += 1 }
            return .accepted(wakesReader: !state.waiters.isEmpty)
        }
    }

    private func fits(_ size: Int, _ state: borrowing State) -> Bool {
        state.messages.isEmpty || (state.messages.count < buffer.limit && state.bytes + size <= buffer.maxBytes)
    }

    private static func dropOldest(_ state: inout State) -> Bool {
        guard state.droppable > 0, let index = state.messages.firstIndex(where: { $0.qos == .atMostOnce }) else {
            return false
        }
        let message = state.messages.remove(at: index)
        state.bytes -= message.list.byteCount
        state.droppable -= 1
        return true
    }

    /// Hands messages to tasks that wait for one.
    func wake() {
        while let (continuation, message) = state.withLock({ state in Self.match(&state) }) {
            continuation.resume(returning: message)
        }
    }

    private static func match(_ state: inout State) -> (CheckedContinuation<Publication?, Never>, Publication)? {
        guard !state.waiters.isEmpty, let message = pop(&state) else { return nil }
        return (state.waiters.removeFirst().continuation, message)
    }

    /// One more connection delivers here.
    func addSource() { state.withLock { $0.sources += 1 } }

    /// A connection delivers no more; the queue ends with the last one.
    func removeSource() {
        let isLast = state.withLock { state in
            state.sources -= 1
            return state.sources <= 0
        }
        if isLast { finish() }
    }

    /// No more messages will come; what is queued can still be read.
    private func finish() {
        wake()
        let waiters = state.withLock { state in
            state.isFinished = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume(returning: nil) }
    }

    // MARK: Reading

    private static func pop(_ state: inout State) -> Publication? {
        guard let message = state.messages.popFirst() else { return nil }
        state.bytes -= message.list.byteCount
        if message.qos == .atMostOnce { state.droppable -= 1 }
        return message
    }

    /// The next message; nil at the end, or when the task is cancelled.
    func next(isolation: isolated (any Actor)?) async -> Publication? {
        if Task.isCancelled { return nil }
        let (ready, id) = state.withLock { state -> (Publication?, UInt64) in
            if let message = Self.pop(&state) { return (message, 0) }
            state.nextWaiter += 1
            return (nil, state.nextWaiter)
        }
        if let ready { return ready }
        return await withTaskCancellationHandler(
            operation: {
                await withCheckedContinuation(isolation: isolation) { continuation in wait(id, continuation) }
            },
            onCancel: { cancel(id) }, isolation: isolation)
    }

    private func wait(_ id: UInt64, _ continuation: CheckedContinuation<Publication?, Never>) {
        enum Decision {
            case wait
            case resume(Publication?)
        }
        let decision: Decision = state.withLock { state in
            if let message = Self.pop(&state) { return .resume(message) }
            // A cancellation before this moment found no waiter to resume.
            if state.isFinished || Task.isCancelled { return .resume(nil) }
            state.waiters.append((id, continuation))
            return .wait
        }
        if case .resume(let message) = decision { continuation.resume(returning: message) }
    }

    private func cancel(_ id: UInt64) {
        let waiter = state.withLock { state in
            state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0).continuation }
        }
        waiter?.resume(returning: nil)
    }
}
