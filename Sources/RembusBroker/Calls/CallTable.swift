import NIOCore

/// The calls of one connection (behaviour.md §8): those that it has made and that have no answer yet, and those that
/// were forwarded to it for an answer. A value without a socket, a clock or a thread.
struct CallTable {
    // MARK: As caller

    /// Calls of this connection that have no answer yet.
    private(set) var openCount = 0
    /// Queries of tables among these calls. They are stopped when the caller is gone.
    var tables = TableCalls()
    /// Calls of services among these that wait until there is room for their answer.
    var gate = AnswerGate()

    mutating func open() { openCount += 1 }
    mutating func close() { openCount -= 1 }

    // MARK: As provider

    private var forwarded: CorrelationTable<RoutedCall>

    /// - Parameter limit: The most forwarded calls that may be open at a time.
    init(limit: Int) { forwarded = CorrelationTable(limit: limit) }

    /// The number of forwarded calls that this connection has to answer.
    var forwardedCount: Int { forwarded.count }

    /// Adds a call that is about to be forwarded. Returns its id, or nil when there are too many.
    mutating func forward(_ call: RoutedCall) -> UInt64? { forwarded.insert(call) }

    /// Removes and returns the call that an answer belongs to; nil when there is none, or it has ended.
    mutating func answered(_ id: UInt64) -> RoutedCall? { forwarded.take(id) }

    /// Removes and returns the calls that have waited too long.
    mutating func takeExpired(now: NIODeadline) -> [RoutedCall] {
        guard forwarded.count > 0 else { return [] }
        var expired: [UInt64] = []
        forwarded.forEach { id, call in if call.deadline <= now { expired.append(id) } }
        return expired.compactMap { forwarded.take($0) }
    }

    /// Removes and returns all forwarded calls, because the connection that should answer them has ended.
    mutating func takeForwarded() -> [RoutedCall] { forwarded.count == 0 ? [] : forwarded.removeAll() }
}
