import Synchronization

/// What a start has opened, for the case that a later step of it fails: a program goes on then, and may try again.
final class OpenParts: Sendable {
    private let closers = Mutex<[@Sendable () async -> Void]>([])

    /// Has `body` called when the start fails, before those that were given earlier.
    func whenStartFails(_ body: @escaping @Sendable () async -> Void) {
        closers.withLock { $0.append(body) }
    }

    /// Closes everything, the last one first.
    func close() async {
        let all = closers.withLock { closers in
            defer { closers = [] }
            return closers
        }
        for close in all.reversed() { await close() }
    }
}
