import Synchronization

/// The parts that a start has opened. If a later step fails, they are closed, because the program goes on and may try
/// again.
final class OpenParts: Sendable {
    private let closers = Mutex<[@Sendable () async -> Void]>([])

    /// Adds a closure that is called when the start fails, before those that were added earlier.
    func whenStartFails(_ body: @escaping @Sendable () async -> Void) {
        closers.withLock { $0.append(body) }
    }

    /// Closes everything, the last part first.
    func close() async {
        let all = closers.withLock { closers in
            defer { closers = [] }
            return closers
        }
        for close in all.reversed() { await close() }
    }
}
