import RembusStore
import RembusTables
import RembusTransport
import RembusWire

/// The subscriptions of one connection that are served from the store until they have caught up with live publications.
///
/// One reader serves all of them. A component with a thousand subscriptions therefore costs one pass over the log, and
/// gets past publications in the order in which they were received.
///
/// It has the subscriptions and the pages; ``CatchUpMachine`` decides where to read.
final class CatchUp {
    private(set) var subscriptions: [Subscription] = []
    var machine: CatchUpMachine
    /// Records of each partition that were fetched; the first ones may have been delivered already.
    private var pages: [StorePage?]
    /// True when a subscription is here because its connection was full. Publications that only memory had, and has
    /// dropped since, are then lost to it.
    var hasFallenBehind = false
    private var matches: [UInt64: [Subscription]] = [:]
    /// For the hash of a topic, the index of its retention pattern; -1 for none.
    private var retentions: [UInt64: Int] = [:]
    /// The version of the retention patterns that `retentions` was computed with.
    private var retentionVersion = 0
    /// The version of the rules that `matches` was computed with.
    private var rulesVersion: UInt64 = 0

    init(partitionCount: Int) {
        machine = CatchUpMachine(partitionCount: partitionCount)
        pages = Array(repeating: nil, count: partitionCount)
    }

    /// The bytes of the pages that are held, and the account where they are counted.
    private var heldBytes = 0
    private var memory: LoopMemory?

    deinit {
        if heldBytes > 0 { memory?.change(.replay, by: -heldBytes) }
    }

    /// Takes over a page, or with nil releases the one that is held.
    func setPage(_ page: StorePage?, of partition: Int, counting memory: LoopMemory) {
        self.memory = memory
        pages[partition] = page
        count()
    }

    /// Calls `body` with the records of a page until it returns false. False when there is no page.
    func readPage(_ partition: Int, _ body: (RecordHeader, UnsafeRawBufferPointer) -> Bool) -> Bool {
        guard pages[partition] != nil else { return false }
        pages[partition]?.read(body)
        return true
    }

    /// Whether all records of a page were taken.
    func isPageEmpty(_ partition: Int) -> Bool { pages[partition]?.isEmpty ?? true }

    /// Releases all pages. Records that were delivered are not sent again, because the marks of the subscriptions tell
    /// them.
    func dropPages() {
        machine.dropPages()
        for index in pages.indices { pages[index] = nil }
        count()
    }

    private func count() {
        let bytes = pages.reduce(0) { $0 + ($1?.byteCount ?? 0) }
        memory?.change(.replay, by: bytes - heldBytes)
        heldBytes = bytes
    }

    func contains(_ subscription: Subscription) -> Bool {
        subscriptions.contains { $0 === subscription }
    }

    /// Adds a subscription, to be served from `positions` on, one for each partition.
    func add(_ subscription: Subscription, from positions: [StorePosition]) {
        subscription.mode = .catchingUp
        if !contains(subscription) { subscriptions.append(subscription) }
        matches = [:]
        machine.move(to: positions)
        for index in pages.indices { pages[index] = nil }
        count()
    }

    func remove(_ subscription: Subscription) {
        subscriptions.removeAll { $0 === subscription }
        matches = [:]
    }

    /// The topics to ask the store for; nil for all, when there are patterns or too many topics for a selection to pay.
    var topics: [String]? {
        guard subscriptions.count <= 100, subscriptions.allSatisfy({ !$0.isPattern }) else { return nil }
        return subscriptions.map(\.matched)
    }

    /// The subscriptions that match a topic; none when the rules forbid it.
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

    /// Whether the retention time of a record is over. It is then hidden from everybody, also while its bytes are still
    /// there.
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
