import Synchronization

/// Holds memory for a peer, and can be told to release it by ending the connection.
package protocol MemoryHolder: AnyObject {
    /// Ends the connection at once: the peer holds the most of all and takes nothing, and memory is short.
    func giveUpMemory()
    /// Reports again how many bytes wait for the peer.
    func recountMemory()
}

/// Bytes that several connections hold together, each counted once. Their last reference can go on another event loop,
/// hence atomic; as a rule one thread alone touches it.
package final class KeptBytes: Sendable {
    private let count = Atomic<Int>(0)

    package var bytes: Int { count.load(ordering: .relaxed) }
    package func add(_ bytes: Int) { count.wrappingAdd(bytes, ordering: .relaxed) }
    package func remove(_ bytes: Int) { count.wrappingSubtract(bytes, ordering: .relaxed) }
}

/// What the connections of one event loop hold, in plain numbers, and what one of them may hold.
///
/// Used on that event loop only.
package final class LoopMemory {
    package let budget: MemoryBudget
    /// Bytes by ``MemoryBudget/Kind``.
    @exclusivity(unchecked) package private(set) var held = [Int](repeating: 0, count: MemoryBudget.Kind.allCases.count)
    /// Bytes that were not reported to ``budget`` yet.
    @exclusivity(unchecked) private var unreported = 0
    /// Deliveries that wait for an acknowledgement.
    package let kept = KeptBytes()
    @exclusivity(unchecked) private var reportedKept = 0
    /// Bytes that may wait for one connection of this event loop now.
    @exclusivity(unchecked) package private(set) var room: Int
    /// Those with more than ``largeBytes``, so that counting costs small ones an addition.
    private var large: [ObjectIdentifier: Holding] = [:]

    private struct Holding {
        let holder: any MemoryHolder
        var bytes: Int
        /// Looks since the peer has taken something.
        var idleLooks = 0
    }

    /// What a connection may hold before it is remembered by name.
    static let largeBytes = 64 << 10
    /// After this many looks without progress a holder counts as stuck.
    private static let patience = 4

    package init(budget: MemoryBudget) {
        self.budget = budget
        room = budget.room(used: 0)
    }

    // MARK: Counting

    /// Notes bytes that no holder can be made to give up.
    @inline(__always)
    package func change(_ kind: MemoryBudget.Kind, by bytes: Int) {
        held[kind.rawValue] &+= bytes
        unreported &+= bytes
        if unreported.magnitude >= MemoryBudget.reportedBytes { report() }
    }

    /// Notes that `holder` holds `new` bytes in place of `old`; less means that its peer has taken something.
    package func change(_ kind: MemoryBudget.Kind, _ holder: any MemoryHolder, from old: Int, to new: Int) {
        guard new != old else { return }
        change(kind, by: new &- old)
        guard new > Self.largeBytes || old > Self.largeBytes else { return }
        let key = ObjectIdentifier(holder)
        guard new > Self.largeBytes else { return large[key] = nil }
        let idleLooks = new < old ? 0 : large[key]?.idleLooks ?? 0
        large[key] = Holding(holder: holder, bytes: new, idleLooks: idleLooks)
    }

    /// Notes that the peer of a holder has taken something, though more may have come than has gone.
    package func noteProgress(_ holder: any MemoryHolder) {
        large[ObjectIdentifier(holder)]?.idleLooks = 0
    }

    /// The end of a unit of work: what was kept meanwhile is reported, if it is much.
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

    // MARK: Being short

    /// Looks, some times a second, at what there is; ends connections that hold most and take nothing, when there is too little.
    /// Gives how many those were.
    package func look() -> Int {
        for (key, holding) in large {
            // One whose peer takes something begins to count again.
            large[key]?.idleLooks += 1
            holding.holder.recountMemory()
        }
        report()
        guard budget.isExceeded else { return 0 }
        var ended = 0
        for holding in large.values.sorted(by: { $0.bytes > $1.bytes }) where isDue(holding) {
            // Its own doing counts it out, unless it holds on to what it has; it is asked once in any case.
            holding.holder.giveUpMemory()
            large[ObjectIdentifier(holding.holder)] = nil
            report()
            ended += 1
        }
        return ended
    }

    /// Whether a holder is to be ended: of those that are stuck, or of all when far too much is held.
    private func isDue(_ holding: Holding) -> Bool {
        budget.isExceeded && (holding.idleLooks >= Self.patience || budget.used > budget.limit / 4 * 5)
    }
}
