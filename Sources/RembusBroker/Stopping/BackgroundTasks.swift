import Dispatch
import NIOConcurrencyHelpers

/// Work outside of the event loops, such as table queries, whose results come back to one of them. The loops must run until
/// all of it has ended.
package final class BackgroundTasks: Sendable {
    private struct State {
        var running = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = NIOLockedValueBox(State())

    /// Starts some work. It hands its result to an event loop before it returns.
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

    /// Returns when nothing is running, or after `seconds`: a handler of the program that embeds the broker may never end.
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
