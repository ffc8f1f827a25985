import NIOCore
import Synchronization

/// The way from any thread to the event loop of a connection: callers append, the loop takes everything at once.
///
/// Only the first entry of a burst wakes the loop, so a fast publisher costs one wake-up for hundreds of messages. Frames
/// are written into one shared buffer. While too many bytes wait here or in the link, callers that send are suspended.
final class Submissions: Sendable {
    enum Item: Sendable {
        /// The next `length` bytes of the buffer are a message to send.
        case frame(length: Int)
        /// A message, and the call that waits for its answer.
        case call(id: UInt64, length: Int, PendingCall)
        /// A QoS 1 or 2 publication, which keeps its frame.
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

    /// `wakeUp` makes the event loop call `take` soon.
    init(maxUnsentBytes: Int, wakeUp: @escaping @Sendable () -> Void) {
        self.maxUnsentBytes = max(maxUnsentBytes, 1)
        self.wakeUp = wakeUp
    }

    // MARK: Callers

    /// Queues a message that nobody answers, when there is a connection and room; suspends until there is room.
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

    /// Queues a request. Does not suspend; `room` comes before.
    func call(id: UInt64, frame: OutgoingFrame, _ call: PendingCall) throws(RembusError) {
        let length = frame.length
        let outcome = try state.withLock { state throws(RembusError) in
            try Self.checkConnected(state)
            return Self.append(frame, length: length, .call(id: id, length: length, call), to: &state)
        }
        if outcome == .wake { wakeUp() }
    }

    /// Suspends while too much waits to be sent.
    nonisolated(nonsending) func room() async throws {
        while !state.withLock({ hasRoom($0) }) { try await waitForRoom() }
    }

    /// Queues a publication that is kept until acknowledged, connected or not.
    func publish(_ publication: OutgoingPublication) throws(RembusError) {
        try submit(.publication(publication))
    }

    /// Queues something to do on the event loop, in order with what is sent. Dropped when the component is closed.
    func perform(_ action: @escaping @Sendable (ClientSession) -> Void) {
        _ = tryPerform(action)
    }

    /// The same; false when the component is closed and the action will not run.
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

    /// Whether a caller is suspended because too much waits to be sent.
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
                    // A cancellation before this moment found no waiter to resume.
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

    /// Everything queued so far. `spare` gives its memory to the next batch.
    func take(recycling spare: Batch) -> Batch {
        state.withLock { state in
            let batch = state.batch
            state.batch = spare
            state.isWakeUpDue = false
            return batch
        }
    }

    /// Tells whether the link takes more, and wakes the callers that wait for it.
    func setCongested(_ isCongested: Bool) {
        resumeWaiters { $0.isLinkCongested = isCongested }
    }

    /// Opens or closes the way; callers that wait for room find out.
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
