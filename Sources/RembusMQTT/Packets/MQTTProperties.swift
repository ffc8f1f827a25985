package import NIOCore

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

extension MQTTProperties {
    /// Appends the properties behind their length.
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeMQTTVariable(contentLength)
        for entry in entries { entry.encode(into: &buffer) }
    }

    /// The number of bytes that ``encode(into:)`` appends.
    package var encodedLength: Int {
        let length = contentLength
        return ByteBuffer.mqttVariableLength(length) + length
    }

    /// That number without the length in front.
    var contentLength: Int { entries.reduce(0) { $0 + $1.encodedLength } }
}

extension MQTTProperties.Entry {
    fileprivate var encodedLength: Int {
        switch value {
        case .byte: 2
        case .short: 3
        case .long: 5
        case .variable(let number): 1 + ByteBuffer.mqttVariableLength(number)
        case .text(let text): 3 + text.mqttLength
        case .bytes(let bytes): 3 + min(bytes.readableBytes, 0xFFFF)
        case .pair(let name, let value): 5 + name.mqttLength + value.mqttLength
        }
    }

    fileprivate func encode(into buffer: inout ByteBuffer) {
        buffer.writeInteger(id.rawValue)
        switch value {
        case .byte(let value): buffer.writeInteger(value)
        case .short(let value): buffer.writeInteger(value)
        case .long(let value): buffer.writeInteger(value)
        case .variable(let value): buffer.writeMQTTVariable(value)
        case .text(let text): buffer.writeMQTTText(text)
        case .bytes(let bytes): buffer.writeMQTTData(bytes)
        case .pair(let name, let value):
            buffer.writeMQTTText(name)
            buffer.writeMQTTText(value)
        }
    }
}
