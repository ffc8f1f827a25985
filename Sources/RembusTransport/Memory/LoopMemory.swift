import Synchronization

/// Holds memory for a peer, and can be told to release it by ending the connection.
package protocol MemoryHolder: AnyObject {
    /// Ends the connection at once, because memory is short, and the peer holds the most and reads nothing.
    func giveUpMemory()
    /// Reports again how many bytes wait for the peer.
    func recountMemory()
}

/// The bytes that several connections hold together, each counted once. The last reference can be released on another
/// event loop, hence atomic; usually only one thread uses it.
package final class KeptBytes: Sendable {
    private let count = Atomic<Int>(0)

    package var bytes: Int { count.load(ordering: .relaxed) }
    package func add(_ bytes: Int) { count.wrappingAdd(bytes, ordering: .relaxed) }
    package func remove(_ bytes: Int) { count.wrappingSubtract(bytes, ordering: .relaxed) }
}

/// The memory that the connections of one event loop hold, in plain numbers, and the limit for each connection.
///
/// Used on that event loop only.
package final class LoopMemory {
    package let budget: MemoryBudget
    /// Bytes by ``MemoryBudget/Kind``.
    @exclusivity(unchecked) package private(set) var held = [Int](repeating: 0, count: MemoryBudget.Kind.allCases.count)
    /// The change that was not reported to ``budget`` yet.
    @exclusivity(unchecked) private var unreported = 0
    /// Deliveries that wait for an acknowledgement.
    package let kept = KeptBytes()
    @exclusivity(unchecked) private var reportedKept = 0
    /// The most bytes that may wait for one connection of this event loop now.
    @exclusivity(unchecked) package private(set) var room: Int
    /// The holders with more than ``largeBytes``, so that smaller ones cost only an addition.
    private var large: [ObjectIdentifier: Holding] = [:]

    private struct Holding {
        let holder: any MemoryHolder
        var bytes: Int
        /// The number of checks since the peer has read something.
        var idleLooks = 0
    }

    /// The bytes from which a holder is recorded by itself.
    static let largeBytes = 64 << 10
    /// After this many checks without progress a holder counts as stuck.
    private static let stuckLooks = 4

    package init(budget: MemoryBudget) {
        self.budget = budget
        room = budget.room(used: 0)
    }

    // MARK: Counting

    /// Counts bytes whose holder cannot be ended.
    @inline(__always)
    package func change(_ kind: MemoryBudget.Kind, by bytes: Int) {
        held[kind.rawValue] &+= bytes
        unreported &+= bytes
        if unreported.magnitude >= MemoryBudget.reportedBytes { report() }
    }

    /// Records that `holder` holds `new` bytes instead of `old`. Less means that its peer has read something.
    package func change(_ kind: MemoryBudget.Kind, _ holder: any MemoryHolder, from old: Int, to new: Int) {
        guard new != old else { return }
        change(kind, by: new &- old)
        guard new > Self.largeBytes || old > Self.largeBytes else { return }
        let key = ObjectIdentifier(holder)
        guard new > Self.largeBytes else { return large[key] = nil }
        let idleLooks = new < old ? 0 : large[key]?.idleLooks ?? 0
        large[key] = Holding(holder: holder, bytes: new, idleLooks: idleLooks)
    }

    /// Records that the peer of a holder has read something, although more may have been added.
    package func noteProgress(_ holder: any MemoryHolder) {
        large[ObjectIdentifier(holder)]?.idleLooks = 0
    }

    /// Called at the end of a unit of work. Reports the change of kept deliveries, if it is large.
    @inline(__always)
    package func settle() {
        if (kept.bytes &- reportedKept).magnitude >= MemoryBudget.reportedBytes { report() }
    }

    private func report() {
        let now = kept.bytes
        let change = unreported &+ now &- reportedKept
        held[MemoryBudget.Kind.unacknowledged.rawValue] &+= now &- reportedKept
        reportedKept = now
        unreported = 0
        room = budget.room(used: budget.add(change))
    }

    // MARK: Shortage

    /// Checks the memory; called some times a second. When there is too little, ends the connections that hold the most
    /// and read nothing. Returns how many those were.
    package func look() -> Int {
        for (key, holding) in large {
            // The count starts again when the peer reads something.
            large[key]?.idleLooks += 1
            holding.holder.recountMemory()
        }
        report()
        guard budget.isExceeded else { return 0 }
        var ended = 0
        for holding in large.values.sorted(by: { $0.bytes > $1.bytes }) where isDue(holding) {
            // The end of the connection removes the holder from the table, unless it keeps its memory. It is ended only
            // once in any case.
            holding.holder.giveUpMemory()
            large[ObjectIdentifier(holding.holder)] = nil
            report()
            ended += 1
        }
        return ended
    }

    /// Whether a holder is to be ended: only stuck ones, or any when far too much is held.
    private func isDue(_ holding: Holding) -> Bool {
        budget.isExceeded && (holding.idleLooks >= Self.stuckLooks || budget.used > budget.limit / 4 * 5)
    }
}
