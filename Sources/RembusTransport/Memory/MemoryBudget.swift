import Synchronization

/// The limit on the memory of everything that waits for peers or comes from them, for all connections together.
///
/// A limit for each connection does not limit a thousand of them. So event loops count what their connections hold
/// (``LoopMemory``), and report larger changes here, so that messages cause no contention. Each connection may use an
/// eighth of what is free: the more is held in all, the less each may use, so that those that hold the most are stopped
/// first.
package final class MemoryBudget: Sendable {
    /// The purposes of memory.
    package enum Kind: Int, CaseIterable, Sendable {
        /// Deliveries, answers and events that peers have not read.
        case outgoing
        /// Answers to HTTP requests that clients have not read.
        case answers
        /// Deliveries at QoS 1 and 2 that are kept until they are acknowledged.
        case unacknowledged
        /// Messages and requests that are incomplete or wait for their turn.
        case incoming
        /// Records that were read from the store for subscribers that catch up.
        case replay
        /// Retained messages.
        case retained
    }

    private let total = Atomic<Int>(0)
    private let current: Atomic<Int>
    private let retainedBytes = Atomic<Int>(0)
    /// The initial limit. ``limit`` is this, or less while the rest of the process takes more than planned.
    package let fullLimit: Int

    /// What every connection may use, however little is free: enough to continue.
    package static let leastRoom = 64 << 10
    /// The size of the changes that event loops report.
    static let reportedBytes = 64 << 10

    /// - Parameter limit: The limit in bytes; at least 1 MiB.
    package init(limit: Int) {
        fullLimit = max(limit, 1 << 20)
        current = Atomic(fullLimit)
    }

    /// The limit in bytes, now.
    package var limit: Int { current.load(ordering: .relaxed) }
    /// The bytes in use, except for changes that event loops have not reported.
    package var used: Int { total.load(ordering: .relaxed) }
    /// Whether the limit is exceeded.
    package var isExceeded: Bool { used > limit }

    /// The bytes of retained messages, which no event loop counts.
    package var retained: Int { retainedBytes.load(ordering: .relaxed) }

    /// Records a change of retained messages.
    package func addRetained(_ bytes: Int) {
        retainedBytes.wrappingAdd(bytes, ordering: .relaxed)
        add(bytes)
    }

    /// Records a change that an event loop reports. Returns the total.
    @discardableResult
    func add(_ bytes: Int) -> Int {
        total.wrappingAdd(bytes, ordering: .relaxed).newValue
    }

    /// What one connection may use when so much is used in all.
    func room(used: Int) -> Int { max((limit - used) / 8, Self.leastRoom) }

    /// Adapts the limit to the memory of the process: what other parts of it use beyond their plan is taken from the
    /// connections.
    ///
    /// - Parameters:
    ///   - residentBytes: The memory of the process that is in use.
    ///   - processLimit: The limit for the whole process.
    package func adapt(residentBytes: Int, processLimit: Int) {
        // A tenth stays free for changes until the next check.
        let free = processLimit / 10 * 9 - residentBytes
        current.store(max(min(fullLimit, used + free), fullLimit / 8), ordering: .relaxed)
    }
}
