import NIOCore
import Synchronization

/// Passes messages and actions from any thread to the event loop of a connection: callers append, and the event loop
/// takes everything at once.
///
/// Only the first entry of a burst wakes the event loop, so a fast publisher costs one wake-up for hundreds of
/// messages. Frames are written into one shared buffer. While too many bytes wait here or in the link, callers that
/// send are suspended.
final class Submissions: Sendable {
    enum Item: Sendable {
        /// A message: the next `length` bytes of the buffer.
        case frame(length: Int)
        /// A message, with the call that waits for its answer.
        case call(id: UInt64, length: Int, PendingCall)
        /// A publication at QoS 1 or 2, which keeps its frame.
        case publication(OutgoingPublication)
        case action(@Sendable (ClientSession) -> Void)
    }

    struct Batch: Sendable {
        var frames = ByteBuffer()
        var items: [Item] = []
    }

    /// Whether there is a connection to send on.
    enum Availability: Sendable {
        case offline
        case connected
        case closed(RembusError?)
    }

    private struct State {
        var batch = Batch()
        var availability = Availability.offline
        var isWakeUpDue = false
        var isLinkCongested = false
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter: UInt64 = 0
    }

    private let state = Mutex(State())
    private let maxUnsentBytes: Int
    private let wakeUp: @Sendable () -> Void

    /// - Parameters:
    ///   - maxUnsentBytes: The bytes that may wait before callers are suspended.
    ///   - wakeUp: Makes the event loop call `take` soon.
    init(maxUnsentBytes: Int, wakeUp: @escaping @Sendable () -> Void) {
        self.maxUnsentBytes = max(maxUnsentBytes, 1)
        self.wakeUp = wakeUp
    }

    // MARK: Callers

    /// Queues a message without an answer. Suspends until there is room. Throws when there is no connection.
    nonisolated(nonsending) func send(_ frame: OutgoingFrame) async throws {
        let length = frame.length
        while true {
            switch try trySend(frame, length: length) {
            case .done: return
            case .wake: return wakeUp()
            case .full: try await waitForRoom()
            }
        }
    }

    private enum Outcome {
        case done
        case wake
        case full
    }

    private func trySend(_ frame: OutgoingFrame, length: Int) throws(RembusError) -> Outcome {
        try state.withLock { state throws(RembusError) in
            try Self.checkConnected(state)
            guard hasRoom(state) else { return .full }
            return Self.append(frame, length: length, .frame(length: length), to: &state)
        }
    }

    /// Queues a request. Does not suspend; callers await `room` before.
    func call(id: UInt64, frame: OutgoingFrame, _ call: PendingCall) throws(RembusError) {
        let length = frame.length
        let outcome = try state.withLock { state throws(RembusError) in
            try Self.checkConnected(state)
            return Self.append(frame, length: length, .call(id: id, length: length, call), to: &state)
        }
        if outcome == .wake { wakeUp() }
    }

    /// Suspends while too many bytes wait to be sent.
    nonisolated(nonsending) func room() async throws {
        while !state.withLock({ hasRoom($0) }) { try await waitForRoom() }
    }

    /// Queues a publication that is kept until it is acknowledged, connected or not.
    func publish(_ publication: OutgoingPublication) throws(RembusError) {
        try submit(.publication(publication))
    }

    /// Queues an action for the event loop, in order with the messages. It is dropped when the component is closed.
    func perform(_ action: @escaping @Sendable (ClientSession) -> Void) {
        _ = tryPerform(action)
    }

    /// Queues an action as ``perform(_:)`` does. Returns false when the component is closed, so that the action will
    /// not run.
    func tryPerform(_ action: @escaping @Sendable (ClientSession) -> Void) -> Bool {
        do {
            try submit(.action(action))
            return true
        } catch {
            return false
        }
    }

    private func submit(_ item: Item) throws(RembusError) {
        let isFirst = try state.withLock { state throws(RembusError) in
            if case .closed(let reason) = state.availability { throw Self.closedError(reason) }
            state.batch.items.append(item)
            return Self.wakesUp(&state)
        }
        if isFirst { wakeUp() }
    }

    private static func append(
        _ frame: OutgoingFrame, length: Int, _ item: Item, to state: inout State
    ) -> Outcome {
        state.batch.frames.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { target in
            if let base = target.baseAddress { frame.write(to: base) }
            return length
        }
        state.batch.items.append(item)
        return wakesUp(&state) ? .wake : .done
    }

    private static func wakesUp(_ state: inout State) -> Bool {
        if state.isWakeUpDue { return false }
        state.isWakeUpDue = true
        return true
    }

    private static func checkConnected(_ state: borrowing State) throws(RembusError) {
        switch state.availability {
        case .connected: return
        case .offline:
            throw RembusError(
                .notConnected,
                "There is no connection to the broker at the moment; the component is trying to get one. "
                    + "Wait for `stateUpdates` to say connected, then retry.")
        case .closed(let reason): throw closedError(reason)
        }
    }

    static func closedError(_ reason: RembusError?) -> RembusError {
        reason ?? RembusError(.closed, "The component is closed. Connect a new one.")
    }

    // MARK: Back-pressure

    /// Whether callers are suspended because too many bytes wait to be sent.
    var hasWaiters: Bool { state.withLock { !$0.waiters.isEmpty } }

    private func hasRoom(_ state: borrowing State) -> Bool {
        guard case .connected = state.availability else { return true }
        return !state.isLinkCongested && state.batch.frames.readableBytes < maxUnsentBytes
    }

    nonisolated(nonsending) private func waitForRoom() async throws {
        try Task.checkCancellation()
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isLate = state.withLock { state in
                    // A cancellation before the waiter was added found nothing to resume.
                    if hasRoom(state) || Task.isCancelled { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isLate { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
        try Task.checkCancellation()
    }

    // MARK: The event loop

    /// Takes everything that is queued. The memory of `spare` is used for the next batch.
    func take(recycling spare: Batch) -> Batch {
        state.withLock { state in
            let batch = state.batch
            state.batch = spare
            state.isWakeUpDue = false
            return batch
        }
    }

    /// Sets whether the link takes no more, and wakes callers when it does again.
    func setCongested(_ isCongested: Bool) {
        resumeWaiters { $0.isLinkCongested = isCongested }
    }

    /// Sets whether there is a connection, and wakes callers that wait for room.
    func setAvailability(_ availability: Availability) {
        resumeWaiters { state in
            if case .closed = state.availability { return }
            state.availability = availability
            state.isLinkCongested = false
        }
    }

    private func resumeWaiters(after change: (inout State) -> Void) {
        let waiters = state.withLock { state -> [UInt64: CheckedContinuation<Void, Never>] in
            change(&state)
            guard !state.waiters.isEmpty, hasRoom(state) else { return [:] }
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }
}
