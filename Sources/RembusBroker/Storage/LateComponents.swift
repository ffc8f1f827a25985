import NIOConcurrencyHelpers
package import RembusStore

/// Records of components that are found after the start, because the catalog with their copy could not be reached
/// before.
package final class LateComponents: Sendable {
    private struct State {
        var receiver: (@Sendable ([ComponentRecord]) -> Void)?
        var waiting: [ComponentRecord] = []
    }

    private let state = NIOLockedValueBox(State())

    package init() {}

    /// Passes on records that were found. On any thread.
    package func arrive(_ components: [ComponentRecord]) {
        let receiver = state.withLockedValue { state in
            if state.receiver == nil { state.waiting += components }
            return state.receiver
        }
        receiver?(components)
    }

    /// Sets the receiver of the records that were found so far and will be found later.
    func receive(_ receiver: @escaping @Sendable ([ComponentRecord]) -> Void) {
        let waiting = state.withLockedValue { state in
            state.receiver = receiver
            defer { state.waiting = [] }
            return state.waiting
        }
        if !waiting.isEmpty { receiver(waiting) }
    }
}
