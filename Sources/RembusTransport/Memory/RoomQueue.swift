package import NIOCore

/// Requests on one event loop, which wait while there is no memory for their answers.
///
/// How large an answer is shows when it is there. Where making one is work, those that run are each expected to be as large as
/// the largest of late, rather than made and thrown away.
/// Used on its event loop only.
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

    /// The least size that an answer is expected to have, bytes.
    private static let leastBytes = 4 << 10

    /// - Parameter expectsAnswers: Whether room is kept for the answers of those that run. Not for requests that others take as
    ///   long over as they like.
    package init(memory: LoopMemory, expectsAnswers: Bool) {
        self.memory = memory
        self.expectsAnswers = expectsAnswers
    }

    package var isWaiting: Bool { !waiting.isEmpty }

    /// Whether a request can begin now; it then counts as running.
    package func begin() -> Bool {
        guard waiting.isEmpty, hasRoom else { return false }
        running += 1
        return true
    }

    /// Has a request begin when there is room; `giveUp` is called instead when there is none until the deadline.
    package func wait(until deadline: NIODeadline, start: @escaping () -> Void, giveUp: @escaping () -> Void) {
        waiting.append(Waiting(deadline: deadline, start: start, giveUp: giveUp))
    }

    /// Notes that a request has ended and how large its answer was; ``proceed(now:)`` then starts others.
    package func ended(answerBytes: Int) {
        running -= 1
        expectedBytes = max(answerBytes, expectedBytes - expectedBytes / 8, Self.leastBytes)
    }

    /// Goes on with those that wait. Behind the end of a request, and some times a second.
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
