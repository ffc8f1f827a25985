package import RembusWire

/// The form in which a component's record is stored: a CBOR map with short keys.
extension ComponentRecord {
    package var value: Value {
        .map([
            "n": .text(name),
            "h": .text(host),
            "e": .array(exposed.map { .text($0) }),
            "s": .array(
                subscriptions.map {
                    .array([.text($0.topic), .float($0.messageFrom), Self.list($0.marks), Self.list($0.owed)])
                }),
        ])
    }

    /// Reads what ``value`` gives; nil for anything else. The component is taken to be disconnected.
    package init?(_ value: Value) {
        guard let map = value.mapValue, let name = map["n"]?.stringValue, !name.isEmpty,
            let exposed = map["e"]?.arrayValue, let subscriptions = map["s"]?.arrayValue
        else { return nil }
        self.init(name: name, host: map["h"]?.stringValue ?? "")
        self.exposed = exposed.compactMap(\.stringValue)
        for item in subscriptions {
            guard let parts = item.arrayValue, parts.count >= 4, let topic = parts[0].stringValue, !topic.isEmpty,
                let messageFrom = parts[1].doubleValue, let marks = Self.times(parts[2]),
                let owed = Self.times(parts[3])
            else { return nil }
            self.subscriptions.append(
                Subscription(topic: topic, messageFrom: messageFrom, marks: marks, owed: owed))
        }
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
