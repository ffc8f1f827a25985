import NIOCore
import RembusWire

/// Recognises copies of QoS 2 publications that were accepted before (behaviour.md §7).
///
/// An id is remembered until the publisher confirms it (Ack2), 10 minutes have passed or the table is full, whichever
/// comes first. The filter belongs to the publisher's name, so it works across reconnects.
struct DuplicateFilter {
    private var seen: [MessageID: NIODeadline] = [:]
    private var order = CircularBuffer<(id: MessageID, at: NIODeadline)>()
    private let limit: Int
    static let lifetime = TimeAmount.minutes(10)

    init(limit: Int) {
        self.limit = limit
    }

    var isEmpty: Bool { seen.isEmpty }
    var count: Int { order.count }

    /// Whether a publication with this id was accepted.
    func contains(_ id: MessageID) -> Bool { seen[id] != nil }

    /// Remembers `id`; false when it is a copy.
    mutating func insert(_ id: MessageID, now: NIODeadline) -> Bool {
        expire(now)
        guard seen[id] == nil else { return false }
        seen[id] = now
        order.append((id, now))
        return true
    }

    /// Forgets `id`, because the publisher will not send the publication again.
    mutating func remove(_ id: MessageID) {
        seen[id] = nil
    }

    /// Forgets every id.
    mutating func removeAll() {
        seen = [:]
        order = []
    }

    /// Forgets ids of publications that are too old to be sent again.
    mutating func expire(_ now: NIODeadline) {
        while let first = order.first, seen.count >= limit || first.at + Self.lifetime <= now || isStale(first) {
            order.removeFirst()
            if !isStale(first) { seen[first.id] = nil }
        }
    }

    /// Whether an entry of `order` is obsolete: its id was confirmed, or confirmed and used again.
    private func isStale(_ entry: (id: MessageID, at: NIODeadline)) -> Bool {
        seen[entry.id] != entry.at
    }
}
