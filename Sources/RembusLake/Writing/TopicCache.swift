import RembusTables

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The tables and the recording of topics, found by the topic's bytes without making a text.
///
/// Used on the writer's thread only. It is emptied when it is full, so that new topics take time but no memory.
final class TopicCache {
    private struct Entry {
        var hash: Int
        var start: Int
        var count: Int
        /// The tenant's number; 0 where tenants make no difference.
        var tenant: UInt32
        var match: TableMatch?
        var isRecorded: Bool
    }

    private static let limit = 1 << 16

    private let matcher: TableMatcher
    private let recording: RetentionHorizon
    /// The version of the patterns that the entries are based on.
    private var version: Int
    private var entries: [Entry] = []
    private var topics: [UInt8] = []
    /// The numbers of entries plus one, by hash; 0 for none. At most half full.
    private var slots = [Int32](repeating: 0, count: 1 << 10)

    init(_ matcher: TableMatcher, _ recording: RetentionHorizon) {
        self.matcher = matcher
        self.recording = recording
        version = recording.version
    }

    /// The table that a topic's publications of a tenant go to, nil for none, and whether they are recorded in
    /// `message`.
    ///
    /// - Parameters:
    ///   - tenant: The tenant's number in the journal.
    ///   - name: Returns the tenant's name; rarely called.
    func find(
        _ topic: UnsafeRawBufferPointer, tenant: UInt32, name: () -> String
    ) -> (match: TableMatch?, isRecorded: Bool) {
        if version != recording.version { forget() }
        let tenant = matcher.dependsOnTenant ? tenant : 0
        var hasher = Hasher()
        hasher.combine(bytes: topic)
        hasher.combine(tenant)
        let hash = hasher.finalize()
        var slot = hash & (slots.count - 1)
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot]) - 1]
            if entry.hash == hash, entry.tenant == tenant, isSame(entry, topic) {
                return (entry.match, entry.isRecorded)
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return add(topic, tenant, name, hash: hash)
    }

    private func isSame(_ entry: Entry, _ topic: UnsafeRawBufferPointer) -> Bool {
        guard entry.count == topic.count else { return false }
        return topics.withUnsafeBytes { all in
            guard let own = all.baseAddress, let other = topic.baseAddress else { return topic.isEmpty }
            return memcmp(own + entry.start, other, entry.count) == 0
        }
    }

    private func add(
        _ topic: UnsafeRawBufferPointer, _ tenant: UInt32, _ name: () -> String, hash: Int
    ) -> (match: TableMatch?, isRecorded: Bool) {
        if entries.count >= Self.limit {
            forget()
        } else if entries.count * 2 >= slots.count {
            grow()
        }
        let text = String(decoding: topic, as: UTF8.self)
        let match = matcher.match(text, tenant: matcher.dependsOnTenant ? name() : nil)
        let isRecorded = recording.policy.isRecorded(text)
        entries.append(
            Entry(
                hash: hash, start: topics.count, count: topic.count, tenant: tenant, match: match,
                isRecorded: isRecorded))
        topics.append(contentsOf: topic)
        place(entries.count, hash: hash)
        return (match, isRecorded)
    }

    private func forget() {
        version = recording.version
        entries.removeAll()
        topics.removeAll()
        slots = [Int32](repeating: 0, count: 1 << 10)
    }

    private func place(_ number: Int, hash: Int) {
        var slot = hash & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(number)
    }

    private func grow() {
        slots = [Int32](repeating: 0, count: slots.count * 2)
        for (index, entry) in entries.enumerated() { place(index + 1, hash: entry.hash) }
    }
}
