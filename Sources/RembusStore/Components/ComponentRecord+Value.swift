package import RembusWire

/// The form in which a component's record is stored: a CBOR map with short keys, the subscriptions last.
extension ComponentRecord {
    enum Field {
        static let name = "n"
        static let host = "h"
        static let exposed = "e"
        static let lastSeen = "t"
        static let isProven = "p"
        static let user = "u"
        static let hasReturned = "r"
        static let subscriptions = "s"
    }

    package var value: Value {
        var pairs: [ValueMap.Pair] = [
            Self.pair(Field.name, .text(name)), Self.pair(Field.host, .text(host)),
            Self.pair(Field.exposed, .array(exposed.map { .text($0) })),
        ]
        if lastSeen > 0 { pairs.append(Self.pair(Field.lastSeen, .integer(Int64(clamping: lastSeen)))) }
        if isProven { pairs.append(Self.pair(Field.isProven, .bool(true))) }
        if let user { pairs.append(Self.pair(Field.user, .text(user))) }
        if hasReturned { pairs.append(Self.pair(Field.hasReturned, .bool(true))) }
        let subscriptions = subscriptions.map {
            Value.array([.text($0.topic), .float($0.messageFrom), Self.list($0.marks), Self.list($0.owed)])
        }
        pairs.append(Self.pair(Field.subscriptions, .array(subscriptions)))
        return .map(ValueMap(pairs: pairs))
    }

    /// Reads what ``value`` gives; nil for any other value. The component counts as disconnected.
    package init?(_ value: Value) {
        guard let map = value.mapValue, let name = map[Field.name]?.stringValue, !name.isEmpty,
            let exposed = map[Field.exposed]?.arrayValue, let subscriptions = map[Field.subscriptions]?.arrayValue
        else { return nil }
        self.init(name: name, host: map[Field.host]?.stringValue ?? "")
        self.exposed = exposed.compactMap(\.stringValue)
        lastSeen = map[Field.lastSeen]?.uintValue ?? 0
        isProven = map[Field.isProven]?.boolValue ?? false
        user = map[Field.user]?.stringValue
        hasReturned = map[Field.hasReturned]?.boolValue ?? false
        for item in subscriptions {
            guard let parts = item.arrayValue, parts.count >= 4, let topic = parts[0].stringValue, !topic.isEmpty,
                let messageFrom = parts[1].doubleValue, let marks = Self.times(parts[2]),
                let owed = Self.times(parts[3])
            else { return nil }
            self.subscriptions.append(
                Subscription(topic: topic, messageFrom: messageFrom, marks: marks, owed: owed))
        }
    }

    private static func pair(_ key: String, _ value: Value) -> ValueMap.Pair {
        ValueMap.Pair(key: .text(key), value: value)
    }

    private static func list(_ times: [UInt64]) -> Value {
        .array(times.map { Int64(exactly: $0).map(Value.integer) ?? .unsigned($0) })
    }

    private static func times(_ value: Value) -> [UInt64]? {
        guard let items = value.arrayValue else { return nil }
        let times = items.compactMap(\.uintValue)
        return times.count == items.count ? times : nil
    }
}
