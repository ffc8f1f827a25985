import NIOConcurrencyHelpers
package import RembusStore

/// Components that become known only after the start, because the catalog with their copy could not be reached then.
package final class LateComponents: Sendable {
    private struct State {
        var receiver: (@Sendable ([ComponentRecord]) -> Void)?
        var waiting: [ComponentRecord] = []
    }

    private let state = NIOLockedValueBox(State())

    package init() {}

    /// Hands over what was found. On any thread.
    package func arrive(_ components: [ComponentRecord]) {
        let receiver = state.withLockedValue { state in
            if state.receiver == nil { state.waiting += components }
            return state.receiver
        }
        receiver?(components)
    }

    /// Has `receiver` called with what was found so far and what is found later.
    func receive(_ receiver: @escaping @Sendable ([ComponentRecord]) -> Void) {
        let waiting = state.withLockedValue { state in
            state.receiver = receiver
            defer { state.waiting = [] }
            return state.waiting
        }
        if !waiting.isEmpty { receiver(waiting) }
    }
}
