import Dispatch
import Synchronization

/// The progress of the lake, and the requests that wait for it: queries that are to see everything that was published
/// before them.
///
/// The writer advances it after every commit, which wakes waiting requests.
final class LakeProgress: Sendable {
    private struct Waiter {
        var target: [UInt64]
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        /// For each journal partition, the receive time up to which everything is in the lake.
        var passed: [UInt64]
        var waiters: [UInt64: Waiter] = [:]
        var nextNumber: UInt64 = 0
        var isStopped = false
    }

    /// The most requests that may wait; further ones are told to try again.
    private static let maximumWaiting = 10_000

    private let state: Mutex<State>

    init(_ passed: [UInt64]) {
        state = Mutex(State(passed: passed))
    }

    var isAwaited: Bool { state.withLock { !$0.waiters.isEmpty } }

    /// Advances the progress, and resumes requests whose target is reached. Partitions never go back.
    func pass(_ times: [UInt64]) {
        let done = state.withLock { state -> [Waiter] in
            for (partition, time) in times.enumerated() where partition < state.passed.count {
                state.passed[partition] = max(state.passed[partition], time)
            }
            guard !state.waiters.isEmpty else { return [] }
            let numbers = state.waiters.filter { Self.covers(state.passed, $0.value.target) }.keys
            return numbers.compactMap { state.waiters.removeValue(forKey: $0) }
        }
        for waiter in done { waiter.continuation.resume() }
    }

    /// Returns when everything up to these times, for each partition, is in the lake.
    ///
    /// - Parameter onWait: Called when it has to wait, so that the writer writes soon.
    /// - Throws: ``LakeError``; `timedOut` when the time is over before.
    func wait(for target: [UInt64], timeout: Duration, onWait: () -> Void) async throws {
        if state.withLock({ Self.covers($0.passed, target) }) { return }
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            enum Outcome {
                case done
                case refused(LakeError)
                case waits(UInt64)
            }
            let outcome = state.withLock { state -> Outcome in
                if state.isStopped { return .refused(.stopping) }
                if Self.covers(state.passed, target) { return .done }
                guard state.waiters.count < Self.maximumWaiting else { return .refused(.busy) }
                state.nextNumber += 1
                state.waiters[state.nextNumber] = Waiter(target: target, continuation: continuation)
                return .waits(state.nextNumber)
            }
            switch outcome {
            case .done: continuation.resume()
            case .refused(let error): continuation.resume(throwing: error)
            case .waits(let number):
                DispatchQueue.global().asyncAfter(deadline: .now() + timeout.dispatchInterval) { [weak self] in
                    self?.expire(number)
                }
                onWait()
            }
        }
    }

    /// Ends all waiting. Later requests are refused.
    func stop() {
        let left = state.withLock { state in
            state.isStopped = true
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in left { waiter.continuation.resume(throwing: LakeError.stopping) }
    }

    private func expire(_ number: UInt64) {
        state.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume(throwing: LakeError.behind)
    }

    private static func covers(_ passed: [UInt64], _ target: [UInt64]) -> Bool {
        zip(passed, target).allSatisfy { $0 >= $1 } && target.dropFirst(passed.count).allSatisfy { $0 == 0 }
    }
}

extension LakeError {
    static let behind = LakeError(
        .timedOut,
        """
        the tables do not have everything yet that was published before this request, because more comes than can be \
        written or the lake cannot be written to; try again later, or ask with fresh: false for what they have
        """)
}
