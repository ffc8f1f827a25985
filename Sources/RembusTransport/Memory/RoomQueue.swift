package import NIOCore

/// Requests on one event loop that wait while there is no memory for their answers.
///
/// The size of an answer is known only when it is there. Where making an answer is expensive, each running request is
/// expected to need as much as the largest answer of late, so that no answer is made and then dropped. Used on its
/// event loop only.
package final class RoomQueue {
    private struct Waiting {
        let deadline: NIODeadline
        let start: () -> Void
        let giveUp: () -> Void
    }

    private let memory: LoopMemory
    private let expectsAnswers: Bool
    private var waiting = CircularBuffer<Waiting>()
    private var running = 0
    private var expectedBytes = RoomQueue.leastBytes

    /// The smallest size that is expected of an answer, in bytes.
    private static let leastBytes = 4 << 10

    /// - Parameter expectsAnswers: Whether memory is reserved for the answers of running requests. Not for requests
    ///   whose duration others decide.
    package init(memory: LoopMemory, expectsAnswers: Bool) {
        self.memory = memory
        self.expectsAnswers = expectsAnswers
    }

    package var isWaiting: Bool { !waiting.isEmpty }

    /// Whether a request can start now. It then counts as running.
    package func begin() -> Bool {
        guard waiting.isEmpty, hasRoom else { return false }
        running += 1
        return true
    }

    /// Starts a request when there is memory. Calls `giveUp` instead when there is none until the deadline.
    package func wait(until deadline: NIODeadline, start: @escaping () -> Void, giveUp: @escaping () -> Void) {
        waiting.append(Waiting(deadline: deadline, start: start, giveUp: giveUp))
    }

    /// Records that a request has ended with an answer of this size. ``proceed(now:)`` then starts others.
    package func ended(answerBytes: Int) {
        running -= 1
        expectedBytes = max(answerBytes, expectedBytes - expectedBytes / 8, Self.leastBytes)
    }

    /// Starts waiting requests. Call it after the end of a request, and some times a second.
    package func proceed(now: NIODeadline) {
        while let next = waiting.first {
            guard hasRoom else { break }
            waiting.removeFirst()
            running += 1
            next.start()
        }
        while let next = waiting.first, next.deadline <= now {
            waiting.removeFirst()
            next.giveUp()
        }
    }

    private var hasRoom: Bool {
        let budget = memory.budget
        guard expectsAnswers, running > 0 else { return !budget.isExceeded }
        return budget.used + (running + 1) * expectedBytes <= budget.limit
    }
}
