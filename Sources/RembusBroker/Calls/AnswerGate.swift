import NIOCore

/// Decides whether a connection may start another call of a service, depending on how much of earlier answers it has
/// not read.
///
/// The size of an answer is known only when it is there. Until the first answer has come, one call runs at a time.
/// After that, each running call is expected to need as much as the largest answer of late.
struct AnswerGate {
    private var running = 0
    private var expectedBytes: Int?
    private var waiting = CircularBuffer<() -> Void>()

    /// The smallest size that is expected of an answer, in bytes.
    private static let leastBytes = 16 << 10

    var isWaiting: Bool { !waiting.isEmpty }

    /// Queues a call behind those that are waiting.
    mutating func append(_ start: @escaping () -> Void) { waiting.append(start) }

    /// Returns the next call that may start, and counts it as running.
    ///
    /// - Parameters:
    ///   - unread: Bytes of answers that the peer has not read.
    ///   - limit: The most bytes that may be unread.
    ///   - largest: The size of the largest possible answer, in bytes.
    mutating func next(unread: Int, limit: Int, largest: Int) -> (() -> Void)? {
        guard !waiting.isEmpty, mayStart(unread, limit, largest) else { return nil }
        running += 1
        return waiting.removeFirst()
    }

    private func mayStart(_ unread: Int, _ limit: Int, _ largest: Int) -> Bool {
        // A peer that reads its answers always gets the next one, however large they are.
        guard running > 0 else { return unread <= max(limit - largest, 64 << 10) }
        guard let expectedBytes else { return false }
        return unread + (running + 1) * expectedBytes <= limit
    }

    /// Records that a call has ended.
    mutating func ended(answerBytes: Int) {
        running -= 1
        expectedBytes = max(answerBytes, (expectedBytes ?? 0) / 8 * 7, Self.leastBytes)
    }

    /// Drops the calls that are waiting.
    mutating func removeAll() { waiting = CircularBuffer() }
}
