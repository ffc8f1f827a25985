package import NIOCore
package import RembusStore
import RembusTransport
package import RembusWire
import Synchronization

/// The last values of topics, of all tenants, in memory and, if there is a state folder, in a file.
///
/// A publication becomes the last value before it is delivered, under the lock. So a subscriber whose subscription is
/// in the routes finds each publication either here or among the deliveries, and none in both
/// (``snapshot(of:tenant:partitions:)``).
package final class LastValues: Sendable {
    /// The place of a topic of a tenant. What may change is guarded by the lock of the ``LastValues`` that it belongs
    /// to; hence unchecked.
    final class Slot: @unchecked Sendable {
        let topic: String
        let tenant: String
        /// The key in the file.
        fileprivate let key: [UInt8]
        fileprivate var value: LastValue?

        fileprivate init(_ topic: String, tenant: String) {
            self.topic = topic
            self.tenant = tenant
            key = Array(tenant.utf8) + [0] + Array(topic.utf8)
        }
    }

    private struct Content {
        /// Every slot in here has a value.
        var tenants: [String: TopicDirectory<Slot>] = [:]
        /// The bytes of values and of the trees that hold them: a topic may have many segments, and its message few
        /// bytes.
        var bytes = 0
        var table: KeptTable?
        /// The receive time of the newest value of each partition.
        var newest = [UInt64](repeating: 0, count: RecordHeader.maxPartitions)

        func growth(_ value: LastValue, _ slot: Slot) -> Int {
            if let old = slot.value { return value.byteCount - old.byteCount }
            guard let tree = tenants[slot.tenant] else {
                return value.byteCount + (TopicPattern.segments(of: slot.topic).count + 1) * nodeBytes
            }
            return value.byteCount + tree.newNodes(for: slot.topic) * nodeBytes
        }

        func slots(matching pattern: TopicPattern, _ tenant: String) -> [Slot] {
            guard let tree = tenants[tenant] else { return [] }
            var patience = Int.max
            if let found = tree.values(matching: pattern, patience: &patience) { return found }
            // The pattern is too long for the tree, so every topic is compared with it.
            var (index, found) = (TopicIndex<Void>(), [Slot]())
            index.insert(pattern, element: ())
            tree.forEach { slot in
                var isMatch = false
                index.forEachMatch(of: slot.topic) { _ in isMatch = true }
                if isMatch { found.append(slot) }
            }
            return found
        }

        /// Stores a value in its slot, or removes it.
        mutating func set(_ value: LastValue?, in slot: Slot) {
            let old = slot.value
            slot.value = value
            bytes += (value?.byteCount ?? 0) - (old?.byteCount ?? 0)
            if (value == nil) != (old == nil) { place(slot) }
            table?.set(slot.key, value?.stored)
        }

        private mutating func place(_ slot: Slot) {
            let before = treeBytes(slot.tenant)
            if slot.value == nil {
                tenants[slot.tenant]?.remove(slot.topic)
                if tenants[slot.tenant]?.count == 0 { tenants[slot.tenant] = nil }
            } else {
                tenants[slot.tenant, default: TopicDirectory()].insert(slot, for: slot.topic)
            }
            bytes += treeBytes(slot.tenant) - before
        }

        private func treeBytes(_ tenant: String) -> Int { tenants[tenant].map { ($0.nodeCount + 1) * nodeBytes } ?? 0 }

        /// An estimate of the memory that a segment takes, in bytes.
        private var nodeBytes: Int { 384 }
    }

    private let content = Mutex(Content())
    private let maxBytes: Int
    private let memory = Mutex<MemoryBudget?>(nil)

    private let clock: BrokerClock

    package init(maxBytes: Int, clock: BrokerClock = .system) {
        self.maxBytes = maxBytes
        self.clock = clock
    }

    /// Counts the values in the budget of all connections. Call it once.
    func count(in budget: MemoryBudget) {
        memory.withLock { $0 = budget }
        budget.addRetained(byteCount)
    }

    package var byteCount: Int { content.withLock { $0.bytes } }

    // MARK: Writing

    /// A change by a publication, which is undone if the publication is not accepted after all.
    struct Change {
        let slot: Slot
        fileprivate let old: LastValue?
        /// The receive time of the value that was stored; 0 when one was removed, or there was no room.
        fileprivate let receivedAt: UInt64
        /// False when there was no room for the value.
        let isKept: Bool
        let times: (publication: UInt64, value: UInt64)
    }

    /// The slot of a topic, with or without a value.
    func slot(of topic: String, tenant: String) -> Slot {
        content.withLock { $0.tenants[tenant]?[topic] } ?? Slot(topic, tenant: tenant)
    }

    /// Stores a publication as the last value of its topic, or removes the value. Returns nil when `isStale` returns
    /// true under the lock: the publication must then be routed again first.
    ///
    /// - Parameters:
    ///   - times: Returns a receive time for the publication and a later one that identifies the value. Called under
    ///     the lock.
    ///   - keepsOld: Whether an older value stays when there is no room for the new one.
    func update(
        _ slot: Slot, _ intent: LastValueIntent, _ bytes: UnsafeRawBufferPointer, partition: Int, keepsOld: Bool,
        isStale: () -> Bool, times: () -> (publication: UInt64, value: UInt64)
    ) -> Change? {
        let outcome = content.withLock { content -> (change: Change, growth: Int)? in
            guard !isStale() else { return nil }
            let times = times()
            let before = content.bytes
            content.newest[partition] = max(content.newest[partition], times.value)
            // Another lane may have made the topic's slot meanwhile, or removed this one.
            let slot = slot.value != nil ? slot : content.tenants[slot.tenant]?[slot.topic] ?? slot
            let old = slot.value
            var value: LastValue?
            var isKept = true
            if case .keep(let expiry) = intent {
                let expiresAt = expiry.map { times.value / 1_000_000_000 + UInt64($0) }
                value = LastValue(topic: slot.topic, bytes, receivedAt: times.value, expiresAt: expiresAt)
                let growth = value.map { content.growth($0, slot) } ?? 0
                if growth > 0, content.bytes + growth > maxBytes {
                    (isKept, value) = (false, keepsOld ? old : nil)
                }
            }
            if value != nil || old != nil { content.set(value, in: slot) }
            let change = Change(
                slot: slot, old: old, receivedAt: isKept ? value?.message.receivedAt ?? 0 : 0, isKept: isKept,
                times: times)
            return (change, content.bytes - before)
        }
        guard let outcome else { return nil }
        count(outcome.growth)
        return outcome.change
    }

    /// Restores the value before a publication that was not accepted, unless the value has changed since.
    func undo(_ change: Change) {
        count(
            content.withLock { content in
                let before = content.bytes
                if change.receivedAt != 0, change.slot.value?.message.receivedAt == change.receivedAt {
                    content.set(change.old, in: change.slot)
                }
                return content.bytes - before
            })
    }

    private func count(_ growth: Int) {
        if growth != 0 { memory.withLock { $0 }?.addRetained(growth) }
    }

    private func forget(_ expired: [Slot], _ now: UInt64) {
        guard !expired.isEmpty else { return }
        count(
            content.withLock { content in
                let before = content.bytes
                for slot in expired where slot.value?.hasExpired(now) == true { content.set(nil, in: slot) }
                return content.bytes - before
            })
    }

    // MARK: Reading

    /// The value of a topic; nil when there is none.
    package func value(of topic: String, tenant: String) -> LastValue? {
        let now = clock.wall() / 1_000_000_000
        return content.withLock { $0.tenants[tenant]?[topic]?.value }.flatMap { $0.hasExpired(now) ? nil : $0 }
    }

    /// The values of the topics that a pattern matches, oldest first.
    package func values(matching pattern: TopicPattern, tenant: String) -> [LastValue] {
        let now = clock.wall() / 1_000_000_000
        let found = content.withLock { content in
            content.slots(matching: pattern, tenant).map { (slot: $0, value: $0.value) }
        }
        return sorted(found, now)
    }

    /// Returns the values that a subscription starts with, oldest first, and for each partition a receive time up to
    /// which the subscription has everything with them. This holds for topics whose every publication becomes the last
    /// value: a later publication is in none of these values, and an earlier one is among them or was replaced.
    func snapshot(
        of subscription: Subscription, tenant: String, partitions: Int
    ) -> (values: [LastValue], marks: [UInt64]) {
        typealias Found = (values: [(slot: Slot, value: LastValue?)], newest: [UInt64], time: UInt64)
        let (found, newest, time) = content.withLock { content -> Found in
            let slots: [Slot] =
                if let pattern = subscription.pattern {
                    content.slots(matching: pattern, tenant)
                } else {
                    content.tenants[tenant]?[subscription.matched].map { [$0] } ?? []
                }
            return (slots.map { (slot: $0, value: $0.value) }, content.newest, clock.wall())
        }
        // The low bits of a receive time are the number of its partition.
        let now = (time & ~UInt64(RecordHeader.maxPartitions - 1)) &- 1
        return (sorted(found, time / 1_000_000_000), (0..<partitions).map { max(now, newest[$0]) })
    }

    private func sorted(_ found: [(slot: Slot, value: LastValue?)], _ now: UInt64) -> [LastValue] {
        forget(found.filter { $0.value?.hasExpired(now) == true }.map(\.slot), now)
        return found.compactMap { $0.value?.hasExpired(now) == true ? nil : $0.value }
            .sorted { $0.message.receivedAt < $1.message.receivedAt }
    }

    // MARK: File

    /// Loads the values of a file and keeps the file up to date from now on. Call it before anything else.
    package func use(_ open: (_ each: ([UInt8], ByteBuffer) -> Void) throws -> KeptTable) rethrows {
        try content.withLock { content in
            let table = try open { key, value in
                guard let end = key.firstIndex(of: 0) else { return }
                let topic = String(decoding: key[(end + 1)...], as: UTF8.self)
                guard let value = LastValue(topic: topic, stored: value) else { return }
                content.set(value, in: Slot(topic, tenant: String(decoding: key[..<end], as: UTF8.self)))
            }
            content.table = table
        }
    }

    /// Whether the values cannot be written to the file now.
    package var isFailing: Bool { content.withLock { $0.table }?.isFailing ?? false }

    /// Calls `done`, not on an event loop, when all changes so far are durable. Returns false, without calling it, when
    /// they are already.
    package func whenSaved(_ done: @escaping @Sendable () -> Void) -> Bool {
        content.withLock({ $0.table })?.whenSaved(done) ?? false
    }

    /// Writes what waits, and closes the file.
    package func close() async {
        await content.withLock({ $0.table })?.close()
    }
}

/// What a publisher wants to happen to the last value of its topic.
package enum LastValueIntent: Sendable, Equatable {
    /// The publication becomes the last value, for so many seconds; nil for ever.
    case keep(expiry: UInt32?)
    /// The value is removed.
    case forget
}
