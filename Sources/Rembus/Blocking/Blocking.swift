import Dispatch
import Synchronization

/// The result of async code, for the thread that waits for it.
private final class Outcome<R: Sendable>: Sendable {
    private let result = Mutex<Result<R, any Error>?>(nil)
    private let done = DispatchSemaphore(value: 0)

    func set(_ result: Result<R, any Error>) {
        self.result.withLock { $0 = result }
        done.signal()
    }

    func wait() throws -> R {
        done.wait()
        guard let result = result.withLock({ $0 }) else { throw CancellationError() }
        return try result.get()
    }
}

/// Runs async code and waits for its end.
///
/// Never call this on a thread of Swift's concurrency pool: the async code may need that thread to make its result.
func blocking<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) throws -> R {
    let outcome = Outcome<R>()
    Task.detached {
        do {
            outcome.set(.success(try await body()))
        } catch {
            outcome.set(.failure(error))
        }
    }
    return try outcome.wait()
}

extension DispatchQueue {
    /// Runs blocking code on the queue while the calling task is suspended.
    func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            self.async { continuation.resume(with: Result(catching: body)) }
        }
    }
}
