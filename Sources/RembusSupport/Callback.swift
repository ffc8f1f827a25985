import Synchronization

/// A closure that somebody sets and others call, from any thread.
///
/// It stands in a structure of its own because a lock must not hold a bare closure: `Mutex<() -> Void>` hands it out
/// `inout`, in another calling convention than the closure's, and every access wraps it once more. After some hundred
/// thousand calls the chain of wrappers takes all time and, in the end, the stack.
package final class Callback<Argument>: Sendable {
    private struct Holder {
        let body: @Sendable (Argument) -> Void
    }

    private let holder = Mutex<Holder?>(nil)

    package init() {}

    /// Has `body` called from now on; nil: nobody.
    package func set(_ body: (@Sendable (Argument) -> Void)?) {
        holder.withLock { $0 = body.map { Holder(body: $0) } }
    }

    /// Calls it, outside of the lock.
    package func callAsFunction(_ argument: Argument) {
        holder.withLock { $0 }?.body(argument)
    }
}

extension Callback where Argument == Void {
    /// Has `body` called from now on; nil: nobody.
    package func set(_ body: (@Sendable () -> Void)?) {
        set(body.map { body in { @Sendable (_: Void) in body() } })
    }

    package func callAsFunction() { self(()) }
}
