import Synchronization

/// An answer that is given once, by the first of several that try.
final class OneAnswer<Output: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Output, any Error>?>
    private let isBegun = Atomic(false)

    init(_ continuation: CheckedContinuation<Output, any Error>) {
        self.continuation = Mutex(continuation)
    }

    func give(_ result: sending Result<Output, any Error>) {
        let continuation = continuation.withLock { continuation in
            defer { continuation = nil }
            return continuation
        }
        continuation?.resume(with: result)
    }

    /// Claims the work that leads to the answer. Returns false when the answer was given before.
    func begin() -> Bool {
        !isBegun.exchange(true, ordering: .acquiringAndReleasing)
    }

    /// Answers with an error, unless the work was claimed.
    func refuse(with error: LakeError) {
        if begin() { give(.failure(error)) }
    }
}
