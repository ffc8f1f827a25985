import RembusStore
import RembusTables
import RembusTransport
import RembusWire

/// The subscriptions of one connection that read from the store until they have caught up with what is live.
///
/// One pass over the log serves them all, so a component with a thousand subscriptions costs one reader and gets its
/// past in the order in which it was received.
final class CatchUp {
    /// Where the reader stands in one partition.
    struct Cursor {
        /// Where the log goes on behind `page`.
        var position: StorePosition = .max
        /// Records that were fetched, the first ones possibly taken already.
        var page: StorePage?
        /// Where `page` began, to read it again.
        var pageStart: StorePosition = .max
        var isFetching = false
    }

    private(set) var subscriptions: [Subscription] = []
    var cursors: [Cursor]
    /// True while the connection or its window of unacknowledged deliveries is full.
    var isWaiting = false
    /// True when a subscription came here because its connection was full: what only memory had and has lost since is
    /// then lost to it.
    var hasFallenBehind = false
    /// True while a continuation is queued on the event loop.
    var isScheduled = false
    /// Rises when a subscription joins: what was asked for before may not have all that it wants.
    private(set) var generation = 0
    private var matches: [UInt64: [Subscription]] = [:]
    /// The pattern of retention of a topic, by its hash; -1 for none.
    private var retentions: [UInt64: Int] = [:]
    /// The patterns that `retentions` goes by.
    private var retentionVersion = 0
    /// The rules that `matches` go by.
    private var rulesVersion: UInt64 = 0

    init(partitionCount: Int) {
        cursors = Array(repeating: Cursor(), count: partitionCount)
    }

    /// What is held of pages, and where it is counted.
    private var heldBytes = 0
    private var memory: LoopMemory?

    deinit {
        if heldBytes > 0 { memory?.change(.replay, by: -heldBytes) }
    }

    /// Takes a page, or gives up the one that is there.
    func setPage(_ page: StorePage?, of partition: Int, counting memory: LoopMemory) {
        self.memory = memory
        cursors[partition].page = page
        count()
    }

    /// Gives up what was read and not taken. Marks keep what was already sent from being sent again.
    func dropPages() {
        for index in cursors.indices where cursors[index].page != nil {
            cursors[index] = Cursor(position: cursors[index].pageStart)
        }
        count()
    }

    private func count() {
        let bytes = cursors.reduce(0) { $0 + ($1.page?.byteCount ?? 0) }
        memory?.change(.replay, by: bytes - heldBytes)
        heldBytes = bytes
    }

    func contains(_ subscription: Subscription) -> Bool {
        subscriptions.contains { $0 === subscription }
    }

    /// Has a subscription served from `positions` on, one for each partition.
    func add(_ subscription: Subscription, from positions: [StorePosition]) {
        subscription.mode = .catchingUp
        if !contains(subscription) { subscriptions.append(subscription) }
        matches = [:]
        generation += 1
        for index in cursors.indices {
            // Marks keep what was already sent of a page from being sent again.
            let current = cursors[index].page == nil ? cursors[index].position : cursors[index].pageStart
            cursors[index] = Cursor(position: min(current, positions[index]))
        }
        count()
    }

    func remove(_ subscription: Subscription) {
        subscriptions.removeAll { $0 === subscription }
        matches = [:]
    }

    /// The topics to ask the store for; nil when there are patterns, or too many topics to be worth it.
    var topics: [String]? {
        guard subscriptions.count <= 100, subscriptions.allSatisfy({ !$0.isPattern }) else { return nil }
        return subscriptions.map(\.matched)
    }

    /// The subscriptions that a topic belongs to; none when the rules say so.
    func matching(
        _ hash: UInt64, _ rules: UInt64, topic: () -> String, isAllowed: (String) -> Bool
    ) -> [Subscription] {
        if rules != rulesVersion { (matches, rulesVersion) = ([:], rules) }
        if let known = matches[hash] { return known }
        let text = topic()
        let found =
            !isAllowed(text)
            ? [] : subscriptions.filter { $0.pattern?.matches(text) ?? (ExactText($0.matched) == ExactText(text)) }
        if matches.count >= 10_000 { matches = [:] }
        matches[hash] = found
        return found
    }

    /// Whether a record is past its time, and so gone for everybody wherever its bytes still are.
    /// - Parameter now: Nanoseconds since the epoch.
    func isGone(
        _ record: RecordHeader, _ hash: UInt64, by retention: RetentionHorizon, now: UInt64, topic: () -> String
    ) -> Bool {
        guard retention.isLimited else { return false }
        let version = retention.version
        if version != retentionVersion { (retentions, retentionVersion) = ([:], version) }
        let pattern: Int
        if let known = retentions[hash] {
            pattern = known
        } else {
            pattern = retention.pattern(for: topic()) ?? -1
            if retentions.count >= 10_000 { retentions = [:] }
            retentions[hash] = pattern
        }
        return pattern >= 0 && record.receivedAt < retention.oldest(pattern, now: now)
    }
}
