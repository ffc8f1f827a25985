import NIOCore

/// The calls of one connection (behaviour.md §8): those that it has made and that have no answer yet, and those that it was
/// given and has to answer. A value without a socket, a clock or a thread.
struct CallTable {
    // MARK: As caller

    /// Calls of this connection that have no answer yet.
    private(set) var openCount = 0
    /// Those of them that are queries of the storage's tables, which nobody needs once the caller is gone.
    var tables = TableCalls()
    /// Those of services whose answers have no room yet.
    var gate = AnswerGate()

    mutating func open() { openCount += 1 }
    mutating func close() { openCount -= 1 }

    // MARK: As provider

    private var forwarded: CorrelationTable<RoutedCall>

    /// - Parameter limit: Most calls that the connection may have to answer.
    init(limit: Int) { forwarded = CorrelationTable(limit: limit) }

    /// Calls that the connection has to answer.
    var forwardedCount: Int { forwarded.count }

    /// Takes up a call that is about to be forwarded; its id, or nil when there are too many.
    mutating func forward(_ call: RoutedCall) -> UInt64? { forwarded.insert(call) }

    /// The call that an answer belongs to; nil when there is none, or none any more.
    mutating func answered(_ id: UInt64) -> RoutedCall? { forwarded.take(id) }

    /// Gives up the calls that have waited too long, and returns them.
    mutating func takeExpired(now: NIODeadline) -> [RoutedCall] {
        guard forwarded.count > 0 else { return [] }
        var expired: [UInt64] = []
        forwarded.forEach { id, call in if call.deadline <= now { expired.append(id) } }
        return expired.compactMap { forwarded.take($0) }
    }

    /// Gives up all, because there is nobody to answer them any more.
    mutating func takeForwarded() -> [RoutedCall] { forwarded.count == 0 ? [] : forwarded.removeAll() }
}
