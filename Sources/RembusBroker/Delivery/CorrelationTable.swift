import NIOCore

/// Entries that wait for an answer, by message id: unacknowledged deliveries, unanswered requests.
///
/// The table chooses the ids. So an entry is found with an array access, ids of different peers cannot collide
/// (known-defects.md R7), and an id that was answered or never given finds nothing. Ids are below 2⁵³, as JSON peers
/// need (protocol.md §10): bits 32…47 are the index of the entry, bits 48…52 count its uses, and the low 32 bits hold
/// the slot of the publication or, without one, more of the use count. Freed entries are reused in the order in which
/// they were freed, so that a late duplicate of an answer does not hit a new entry.
struct CorrelationTable<Element> {
    private struct Entry {
        var id: UInt64 = 0
        var uses: UInt32
        var element: Element?
    }

    private var entries: [Entry] = []
    private var free = CircularBuffer<UInt16>()
    private(set) var count = 0
    /// The most entries at a time. Entries stay when the limit is lowered.
    var limit: Int {
        didSet { limit = min(max(limit, 0), 1 << 16) }
    }

    /// - Parameter limit: The most entries at a time; at most 65,536.
    init(limit: Int) {
        self.limit = min(max(limit, 1), 1 << 16)
    }

    var isFull: Bool { count >= limit }

    /// Stores `element` and returns its new id; nil when the table is full.
    mutating func insert(_ element: Element, slot: UInt32? = nil) -> UInt64? {
        guard !isFull else { return nil }
        // The table grows before the free list is empty, so that an entry is reused as late as possible.
        if free.count < 64, entries.count < 1 << 16 { grow() }
        guard let index = free.popFirst() else { return nil }
        let position = Int(index)
        // The count is odd, so that no id is zero: JSON peers take zero for "no id".
        entries[position].uses &+= 2
        let uses = entries[position].uses
        let id = UInt64(slot ?? uses) | UInt64(index) << 32 | UInt64(uses & 31) << 48
        entries[position].id = id
        entries[position].element = element
        count += 1
        return id
    }

    private mutating func grow() {
        let start = entries.count
        let end = min(max(start * 2, 128), 1 << 16)
        for index in start..<end {
            entries.append(Entry(uses: .random(in: .min ... .max) | 1))
            free.append(UInt16(index))
        }
    }

    private func position(_ id: UInt64) -> Int? {
        let position = Int((id >> 32) & 0xFFFF)
        guard position < entries.count, entries[position].id == id, entries[position].element != nil else { return nil }
        return position
    }

    func contains(_ id: UInt64) -> Bool { position(id) != nil }

    /// Removes and returns the entry of `id`; nil when there is none.
    mutating func take(_ id: UInt64) -> Element? {
        guard let position = position(id) else { return nil }
        let element = entries[position].element.take()
        free.append(UInt16(position))
        count -= 1
        return element
    }

    /// Calls `body` with every entry, which it may change.
    mutating func forEach(_ body: (UInt64, inout Element) -> Void) {
        guard count > 0 else { return }
        for position in entries.indices {
            guard var element = entries[position].element.take() else { continue }
            body(entries[position].id, &element)
            entries[position].element = element
        }
    }

    /// Removes every entry and returns them all.
    mutating func removeAll() -> [Element] {
        var all: [Element] = []
        for position in entries.indices {
            guard let element = entries[position].element.take() else { continue }
            all.append(element)
            free.append(UInt16(position))
        }
        count = 0
        return all
    }
}
