import Synchronization

/// A queue that tests wait on.
final class Mailbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var waiters: [(id: Int, continuation: CheckedContinuation<Element, any Error>)] = []
        var nextID = 0
    }

    private let state = Mutex(State())

    func put(_ element: Element) {
        let waiter: CheckedContinuation<Element, any Error>? = state.withLock { state in
            guard state.waiters.isEmpty else { return state.waiters.removeFirst().continuation }
            state.elements.append(element)
            return nil
        }
        waiter?.resume(returning: element)
    }

    /// The next element. Waits as long as it takes: the time limit of the test cancels a wait that is in vain.
    func next() async throws -> Element {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Element, any Error>? = state.withLock { state in
                    if !state.elements.isEmpty { return .success(state.elements.removeFirst()) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.waiters.append((id, continuation))
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0).continuation }
            }
            waiter?.resume(throwing: CancellationError())
        }
    }

    /// What is there now.
    var pending: [Element] { state.withLock { $0.elements } }
}
