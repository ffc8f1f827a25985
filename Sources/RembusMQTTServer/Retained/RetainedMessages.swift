import NIOCore
import RembusBroker
import RembusTransport
import RembusWire
import Synchronization

/// The retained messages of all tenants, in memory and, where there is a state folder, in a file.
final class RetainedMessages: Sendable {
    struct Entry: Sendable {
        let topic: String
        let message: KeptMessage
        /// When it is of no use any more, seconds since the epoch; nil for never.
        let expiresAt: UInt64?

        var byteCount: Int { message.frame.readableBytes + topic.utf8.count + 64 }
        func hasExpired(_ now: UInt64) -> Bool { expiresAt.map { $0 <= now } ?? false }
    }

    private struct Content {
        var tenants: [String: TopicTree<Entry>] = [:]
        /// Of the messages and of the trees that they hang on: a topic may have many segments and a message hardly any bytes.
        var bytes = 0
        var table: KeptTable?

        /// Puts a message in its place, or takes it away; the one that was there.
        @discardableResult
        mutating func set(_ entry: Entry?, _ topic: String, _ tenant: String) -> Entry? {
            bytes -= treeBytes(tenant)
            let old = tenants[tenant, default: TopicTree()].set(entry, for: topic)
            if tenants[tenant]?.count == 0 { tenants[tenant] = nil }
            bytes += treeBytes(tenant) + (entry?.byteCount ?? 0) - (old?.byteCount ?? 0)
            return old
        }

        private func treeBytes(_ tenant: String) -> Int {
            tenants[tenant].map { ($0.nodeCount + 1) * TopicTree<Entry>.nodeBytes } ?? 0
        }

        /// How many bytes more a message will take than what is there.
        func growth(_ entry: Entry, _ topic: String, _ tenant: String) -> Int {
            guard let tree = tenants[tenant] else {
                return entry.byteCount + (TopicPattern.segments(of: topic).count + 1) * TopicTree<Entry>.nodeBytes
            }
            return entry.byteCount - (tree[topic]?.byteCount ?? 0) + tree.newNodes(for: topic)
                * TopicTree<Entry>.nodeBytes
        }
    }

    private let content = Mutex(Content())
    private let maxBytes: Int
    private let memory: MemoryBudget?

    /// - Parameter memory: Where the messages count too.
    init(maxBytes: Int, memory: MemoryBudget? = nil) {
        self.maxBytes = maxBytes
        self.memory = memory
    }

    var byteCount: Int { content.withLock { $0.bytes } }

    /// Keeps a message in the place of an older one of its topic; false when there is no room.
    func keep(_ message: KeptMessage, topic: String, tenant: String, expiry: UInt32?) -> Bool {
        let expiresAt = expiry.map { message.receivedAt / 1_000_000_000 + UInt64($0) }
        let entry = Entry(topic: topic, message: message, expiresAt: expiresAt)
        return content.withLock { content in
            let growth = content.growth(entry, topic, tenant)
            guard growth <= 0 || content.bytes + growth <= maxBytes else { return false }
            content.set(entry, topic, tenant)
            memory?.addRetained(growth)
            content.table?.set(Self.key(tenant, topic), Self.encode(entry))
            return true
        }
    }

    func forget(topic: String, tenant: String) {
        content.withLock { content in
            guard content.tenants[tenant]?[topic] != nil else { return }
            let before = content.bytes
            content.set(nil, topic, tenant)
            memory?.addRetained(content.bytes - before)
            content.table?.set(Self.key(tenant, topic), nil)
        }
    }

    /// The messages that a filter matches, oldest first.
    func matching(_ filter: String, tenant: String, now: UInt64) -> [Entry] {
        let (found, expired) = content.withLock { content -> ([Entry], [Entry]) in
            var (found, expired): ([Entry], [Entry]) = ([], [])
            content.tenants[tenant]?.forEachMatch(of: filter) { entry in
                if entry.hasExpired(now) { expired.append(entry) } else { found.append(entry) }
                return true
            }
            return (found, expired)
        }
        for entry in expired { forget(topic: entry.topic, tenant: tenant) }
        return found.sorted { $0.message.receivedAt < $1.message.receivedAt }
    }

    // MARK: File

    /// Takes over what the file has, and keeps it up to date from now on.
    func use(_ open: (_ each: ([UInt8], ByteBuffer) -> Void) throws -> KeptTable) rethrows {
        try content.withLock { content in
            let table = try open { key, value in
                guard let (tenant, topic) = Self.names(key), let entry = Self.decode(value, topic: topic) else {
                    return
                }
                content.set(entry, topic, tenant)
            }
            memory?.addRetained(content.bytes)
            content.table = table
        }
    }

    /// Whether they cannot be written now.
    var isFailing: Bool { content.withLock { $0.table }?.isFailing ?? false }

    /// Calls `done`, not on an event loop, when all changes so far are durable. False when they are already.
    func whenSaved(_ done: @escaping @Sendable () -> Void) -> Bool {
        content.withLock({ $0.table })?.whenSaved(done) ?? false
    }

    /// Writes what waits, and closes the file.
    func close() async {
        await content.withLock({ $0.table })?.close()
    }

    private static func key(_ tenant: String, _ topic: String) -> [UInt8] {
        Array(tenant.utf8) + [0] + Array(topic.utf8)
    }

    private static func names(_ key: [UInt8]) -> (tenant: String, topic: String)? {
        guard let end = key.firstIndex(of: 0) else { return nil }
        return (String(decoding: key[..<end], as: UTF8.self), String(decoding: key[(end + 1)...], as: UTF8.self))
    }

    private static func encode(_ entry: Entry) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(entry.message.receivedAt)
        buffer.writeInteger(entry.expiresAt ?? 0)
        buffer.writeImmutableBuffer(entry.message.frame)
        return buffer
    }

    private static func decode(_ value: ByteBuffer, topic: String) -> Entry? {
        var value = value
        guard let receivedAt = value.readInteger(as: UInt64.self), let expiresAt = value.readInteger(as: UInt64.self),
            let message = KeptMessage(ByteBuffer(bytes: value.readableBytesView), receivedAt: receivedAt)
        else { return nil }
        return Entry(topic: topic, message: message, expiresAt: expiresAt == 0 ? nil : expiresAt)
    }
}
