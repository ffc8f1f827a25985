import NIOCore

/// The ids of QoS 2 messages that were delivered and are not yet confirmed with Ack2 (behaviour.md §7).
///
/// The table outlives connections, so that a message that is repeated on a new one is recognised. Entries expire after
/// ten minutes. When the table is full, the oldest entry is removed.
struct DuplicateTable {
    private var entries: [MessageID: NIODeadline] = [:]
    private var order = CircularBuffer<(id: MessageID, added: NIODeadline)>()
    private let capacity: Int
    private let lifetime: TimeAmount

    init(capacity: Int = 65_536, lifetime: TimeAmount = .minutes(10)) {
        self.capacity = capacity
        self.lifetime = lifetime
    }

    var count: Int { entries.count }

    func contains(_ id: MessageID, now: NIODeadline) -> Bool {
        guard let added = entries[id] else { return false }
        return now < added + lifetime
    }

    mutating func insert(_ id: MessageID, now: NIODeadline) {
        removeExpired(now)
        if entries.count >= capacity { removeOldest() }
        entries[id] = now
        order.append((id, now))
    }

    mutating func remove(_ id: MessageID) {
        entries[id] = nil
    }

    private mutating func removeExpired(_ now: NIODeadline) {
        // Ids that were confirmed are still in `order`. They are removed here, or when the queue is too long.
        while let first = order.first, first.added + lifetime <= now || order.count > 2 * capacity {
            removeOldest()
        }
    }

    private mutating func removeOldest() {
        while let first = order.popFirst() {
            // If an id was confirmed and then used again, it has a newer entry, which stays.
            guard entries[first.id] == first.added else { continue }
            entries[first.id] = nil
            return
        }
    }
}
