import Dispatch
import NIOConcurrencyHelpers

/// Tasks outside of the event loops, such as table queries, whose results are passed to an event loop. The loops must
/// run until all tasks have ended.
package final class BackgroundTasks: Sendable {
    private struct State {
        var running = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = NIOLockedValueBox(State())

    /// Starts a task, which passes its result to an event loop before it returns.
    @discardableResult
    package func run(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        state.withLockedValue { $0.running += 1 }
        return Task {
            await work()
            end()
        }
    }

    private func end() {
        let isIdle = state.withLockedValue { state in
            state.running -= 1
            return state.running == 0
        }
        if isIdle { release() }
    }

    private func release() {
        let waiters = state.withLockedValue { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when no task is running, or after `seconds`, because a handler of the program around the broker may
    /// never end.
    func finish(within seconds: Int) async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLockedValue { state in
                if state.running > 0 { state.waiters.append(continuation) }
                return state.running == 0
            }
            if isIdle { return continuation.resume() }
            DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds)) { [self] in release() }
        }
    }
}
