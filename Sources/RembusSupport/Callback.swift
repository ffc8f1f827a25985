import Synchronization

/// A closure that is set by one thread and called by others.
///
/// The closure is wrapped in a structure, because a lock must not hold a bare closure: `Mutex<() -> Void>` passes it
/// `inout`, with another calling convention than the closure's, so that every access wraps it once more. After some
/// hundred thousand calls the chain of wrappers would take all the time and exhaust the stack.
package final class Callback<Argument>: Sendable {
    private struct Holder {
        let body: @Sendable (Argument) -> Void
    }

    private let holder = Mutex<Holder?>(nil)

    package init() {}

    /// Sets the closure; nil removes it.
    package func set(_ body: (@Sendable (Argument) -> Void)?) {
        holder.withLock { $0 = body.map { Holder(body: $0) } }
    }

    /// Calls the closure, outside of the lock.
    package func callAsFunction(_ argument: Argument) {
        holder.withLock { $0 }?.body(argument)
    }
}

extension Callback where Argument == Void {
    /// Sets the closure; nil removes it.
    package func set(_ body: (@Sendable () -> Void)?) {
        set(body.map { body in { @Sendable (_: Void) in body() } })
    }

    package func callAsFunction() { self(()) }
}
