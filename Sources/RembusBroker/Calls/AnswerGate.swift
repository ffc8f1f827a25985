import NIOCore

/// Whether one more call of a service may begin for a connection, by what it has not read of earlier answers.
///
/// How large an answer is shows when it is there: until the first one is, there is one at a time; then those that run are
/// each expected to be as large as the largest of late.
struct AnswerGate {
    private var running = 0
    private var expectedBytes: Int?
    private var waiting = CircularBuffer<() -> Void>()

    /// What is expected of an answer at least.
    private static let leastBytes = 16 << 10

    var isWaiting: Bool { !waiting.isEmpty }

    /// Has a call begin behind those that wait already.
    mutating func append(_ start: @escaping () -> Void) { waiting.append(start) }

    /// The next call that may begin; it counts as running from here on.
    ///
    /// - Parameters:
    ///   - unread: Bytes that the peer has not taken.
    ///   - limit: Bytes of them at most.
    ///   - largest: The largest answer that there can be.
    mutating func next(unread: Int, limit: Int, largest: Int) -> (() -> Void)? {
        guard !waiting.isEmpty, mayStart(unread, limit, largest) else { return nil }
        running += 1
        return waiting.removeFirst()
    }

    private func mayStart(_ unread: Int, _ limit: Int, _ largest: Int) -> Bool {
        // Whoever reads always gets on, however large its answers are.
        guard running > 0 else { return unread <= max(limit - largest, 64 << 10) }
        guard let expectedBytes else { return false }
        return unread + (running + 1) * expectedBytes <= limit
    }

    /// A call is done.
    mutating func ended(answerBytes: Int) {
        running -= 1
        expectedBytes = max(answerBytes, (expectedBytes ?? 0) / 8 * 7, Self.leastBytes)
    }

    /// Forgets those that wait.
    mutating func removeAll() { waiting = CircularBuffer() }
}
