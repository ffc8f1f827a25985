import NIOCore
import RembusBroker
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
        var bytes = 0
        var table: KeptTable?
    }

    private let content = Mutex(Content())
    private let maxBytes: Int

    init(maxBytes: Int) {
        self.maxBytes = maxBytes
    }

    var byteCount: Int { content.withLock { $0.bytes } }

    /// Keeps a message in the place of an older one of its topic; false when there is no room.
    func keep(_ message: KeptMessage, topic: String, tenant: String, expiry: UInt32?) -> Bool {
        let expiresAt = expiry.map { message.receivedAt / 1_000_000_000 + UInt64($0) }
        let entry = Entry(topic: topic, message: message, expiresAt: expiresAt)
        return content.withLock { content in
            let old = content.tenants[tenant]?[topic]?.byteCount ?? 0
            guard content.bytes - old + entry.byteCount <= maxBytes else { return false }
            content.tenants[tenant, default: TopicTree()].set(entry, for: topic)
            content.bytes += entry.byteCount - old
            content.table?.set(Self.key(tenant, topic), Self.encode(entry))
            return true
        }
    }

    func forget(topic: String, tenant: String) {
        content.withLock { content in
            guard let old = content.tenants[tenant]?.set(nil, for: topic) else { return }
            content.bytes -= old.byteCount
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
                content.tenants[tenant, default: TopicTree()].set(entry, for: topic)
                content.bytes += entry.byteCount
            }
            content.table = table
        }
    }

    func flush() async {
        await content.withLock({ $0.table })?.flush()
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
