import RembusBroker
import Synchronization

/// Makes sure that a server starts once and stops once, whoever asks for it and however often.
final class ServerLifecycle: Sendable {
    private struct State {
        var starting: Task<Void, any Error>?
        var stopping: Task<Void, Never>?
        /// Called when the stop begins.
        var waiting: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// Runs `body`, unless that has been done. Returns when it has finished.
    func start(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let task = try state.withLock { state throws(BrokerError) -> Task<Void, any Error> in
            guard state.stopping == nil else {
                throw BrokerError("this server was shut down, and cannot start again; make another one")
            }
            if let starting = state.starting { return starting }
            let task = Task { try await body() }
            state.starting = task
            return task
        }
        try await task.value
    }

    /// Runs `body` once, after a start that is in progress. Returns when it has finished. Its argument says whether the
    /// server had started. The cancellation of the caller's task does not cancel it.
    func stop(_ body: @escaping @Sendable (_ hasStarted: Bool) async -> Void) async {
        let (task, waiting) = state.withLock { state -> (Task<Void, Never>, [@Sendable () -> Void]) in
            if let stopping = state.stopping { return (stopping, []) }
            let task = Task { [starting = state.starting] in
                var hasStarted = false
                if let starting, case .success = await starting.result { hasStarted = true }
                await body(hasStarted)
            }
            state.stopping = task
            defer { state.waiting = [] }
            return (task, state.waiting)
        }
        for action in waiting { action() }
        await task.value
    }

    /// Calls `action` when the server begins to stop; at once when it has begun already.
    func whenStopping(_ action: @escaping @Sendable () -> Void) {
        let isStopping = state.withLock { state in
            if state.stopping == nil { state.waiting.append(action) }
            return state.stopping != nil
        }
        if isStopping { action() }
    }
}
