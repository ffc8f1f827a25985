package import NIOCore

/// Recognises messages of this client that an MQTT 3.1.1 broker sends back, which cannot be turned off there.
///
/// It keeps hashes of topics and payloads, a limited number for a limited time, because an echo comes soon or never.
package struct MQTTEchoFilter: Sendable {
    private var counts: [Int: Int] = [:]
    private var order = CircularBuffer<(key: Int, until: NIODeadline)>()

    package init() {}

    private static let capacity = 20_000
    private static let lifetime = TimeAmount.seconds(30)

    /// Records a message that is sent, if one of the filters matches it.
    package mutating func note(_ topic: String, _ payload: ByteBuffer, _ filters: [String], now: NIODeadline = .now()) {
        guard filters.contains(where: { MQTTTopics.matches(filter: $0, topic: topic) }) else { return }
        forget(now)
        let key = Self.key(topic, payload)
        counts[key, default: 0] += 1
        order.append((key, now + Self.lifetime))
    }

    /// Whether a message is an echo. Each recorded message counts once.
    package mutating func isEcho(_ topic: String, _ payload: ByteBuffer, now: NIODeadline = .now()) -> Bool {
        guard !counts.isEmpty else { return false }
        forget(now)
        let key = Self.key(topic, payload)
        guard let count = counts[key] else { return false }
        counts[key] = count > 1 ? count - 1 : nil
        // Its entry in the order stays until its time is over, and then has no effect.
        return true
    }

    private mutating func forget(_ now: NIODeadline) {
        while let first = order.first, first.until <= now || order.count >= Self.capacity {
            order.removeFirst()
            if let count = counts[first.key] { counts[first.key] = count > 1 ? count - 1 : nil }
        }
    }

    private static func key(_ topic: String, _ payload: ByteBuffer) -> Int {
        var hasher = Hasher()
        hasher.combine(topic)
        payload.withUnsafeReadableBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
