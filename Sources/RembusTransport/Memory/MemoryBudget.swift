import Synchronization

/// What everything that waits for peers, or comes from them, may take of the memory: one figure for all connections.
///
/// A bound for each connection does not bound a thousand of them. So the event loops keep count of what their connections
/// hold (``LoopMemory``), and report it here in pieces of some size: nothing is contended for each message. Of what is free
/// each connection may have an eighth: the more is held in all, the less for each, so those that hold most get no more first.
package final class MemoryBudget: Sendable {
    /// What memory is held for.
    package enum Kind: Int, CaseIterable, Sendable {
        /// Deliveries, answers and events that peers have not taken.
        case outgoing
        /// Answers to HTTP requests that clients have not taken.
        case answers
        /// Deliveries at QoS 1 and 2 that are kept until they are acknowledged.
        case unacknowledged
        /// Messages and requests that have not arrived completely, or wait for their turn.
        case incoming
        /// What was read from the store for subscribers that catch up.
        case replay
        /// Retained messages.
        case retained
    }

    private let total = Atomic<Int>(0)
    private let current: Atomic<Int>
    private let retainedBytes = Atomic<Int>(0)
    /// What the broker was started with; ``limit`` is this, or less while the rest of the process takes more than foreseen.
    package let fullLimit: Int

    /// What every connection may hold, however little is free: enough to go on with.
    package static let leastRoom = 64 << 10
    /// How fine the event loops report.
    static let reportedBytes = 64 << 10

    /// - Parameter limit: Bytes; never less than 1 MiB.
    package init(limit: Int) {
        fullLimit = max(limit, 1 << 20)
        current = Atomic(fullLimit)
    }

    /// Bytes that may be held in all, now.
    package var limit: Int { current.load(ordering: .relaxed) }
    /// Bytes that are held, to within what the event loops have not reported.
    package var used: Int { total.load(ordering: .relaxed) }
    /// Whether more is held than may be.
    package var isExceeded: Bool { used > limit }

    /// Bytes of retained messages, which no event loop counts.
    package var retained: Int { retainedBytes.load(ordering: .relaxed) }

    /// Notes a change of them.
    package func addRetained(_ bytes: Int) {
        retainedBytes.wrappingAdd(bytes, ordering: .relaxed)
        add(bytes)
    }

    /// Notes a change of what an event loop counts; gives what is held in all.
    @discardableResult
    func add(_ bytes: Int) -> Int {
        total.wrappingAdd(bytes, ordering: .relaxed).newValue
    }

    /// What one connection may hold when so much is held in all.
    func room(used: Int) -> Int { max((limit - used) / 8, Self.leastRoom) }

    /// Follows what the process really takes: what other parts of it have too much is taken from the connections.
    ///
    /// - Parameters:
    ///   - residentBytes: Memory of the process that is really in use.
    ///   - processLimit: What it is to keep to.
    package func adapt(residentBytes: Int, processLimit: Int) {
        // A tenth stays free for what comes between two looks.
        let free = processLimit / 10 * 9 - residentBytes
        current.store(max(min(fullLimit, used + free), fullLimit / 8), ordering: .relaxed)
    }
}
