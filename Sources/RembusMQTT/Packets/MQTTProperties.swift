import NIOCore

/// The properties of an MQTT 5 packet. Empty ones, which are the most frequent, take no memory.
package struct MQTTProperties: Sendable, Equatable {
    enum Value: Sendable, Equatable {
        case byte(UInt8)
        case short(UInt16)
        case long(UInt32)
        case variable(Int)
        case text(String)
        case bytes(ByteBuffer)
        case pair(String, String)
    }

    struct Entry: Sendable, Equatable {
        var id: MQTTPropertyID
        var value: Value
    }

    /// Ordered by id. Properties that may occur more than once are in the order of their packet.
    private(set) var entries: [Entry] = []

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    func value(_ id: MQTTPropertyID) -> Value? {
        for entry in entries where entry.id == id { return entry.value }
        return nil
    }

    func byte(_ id: MQTTPropertyID) -> UInt8? {
        if case .byte(let value) = value(id) { value } else { nil }
    }

    func short(_ id: MQTTPropertyID) -> UInt16? {
        if case .short(let value) = value(id) { value } else { nil }
    }

    func long(_ id: MQTTPropertyID) -> UInt32? {
        if case .long(let value) = value(id) { value } else { nil }
    }

    func text(_ id: MQTTPropertyID) -> String? {
        if case .text(let value) = value(id) { value } else { nil }
    }

    func bytes(_ id: MQTTPropertyID) -> ByteBuffer? {
        if case .bytes(let value) = value(id) { value } else { nil }
    }

    mutating func set(_ id: MQTTPropertyID, _ value: Value?) {
        replace(id, value.map { [$0] } ?? [])
    }

    mutating func replace(_ id: MQTTPropertyID, _ values: [Value]) {
        entries.removeAll { $0.id == id }
        for value in values { add(id, value) }
    }

    /// Adds a property behind others with the same id.
    mutating func add(_ id: MQTTPropertyID, _ value: Value) {
        let place = entries.lastIndex { $0.id <= id }.map { $0 + 1 } ?? 0
        entries.insert(Entry(id: id, value: value), at: place)
    }

    /// Adds a property at the end. ``sort()`` has to follow.
    mutating func append(_ id: MQTTPropertyID, _ value: Value) {
        entries.append(Entry(id: id, value: value))
    }

    mutating func sort() {
        if entries.count > 1 { entries.sort { $0.id < $1.id } }
    }
}
