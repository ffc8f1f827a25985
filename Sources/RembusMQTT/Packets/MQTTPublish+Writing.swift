package import NIOCore

extension MQTTPublish {
    /// The number of bytes that ``encode(version:into:)`` appends.
    func encodedLength(version: MQTTVersion) -> Int {
        MQTTPacket.publishLength(
            topic: topic.mqttLength, payload: payload.readableBytes, qos: qos,
            properties: properties.contentLength, version: version)
    }

    func encode(version: MQTTVersion, into buffer: inout ByteBuffer) {
        let hasProperties = version == .v5
        let body =
            2 + topic.mqttLength + (qos == .atMostOnce ? 0 : 2) + (hasProperties ? properties.encodedLength : 0)
            + payload.readableBytes
        buffer.reserveCapacity(minimumWritableBytes: body + 5)
        buffer.writeInteger(MQTTPacket.publishHead(qos, isRetained: isRetained, isDuplicate: isDuplicate))
        buffer.writeMQTTVariable(body)
        buffer.writeMQTTText(topic)
        if qos != .atMostOnce { buffer.writeInteger(packetID) }
        if hasProperties { properties.encode(into: &buffer) }
        buffer.writeImmutableBuffer(payload)
    }
}

extension MQTTPacket {
    static func publishHead(_ qos: MQTTQoS, isRetained: Bool, isDuplicate: Bool) -> UInt8 {
        0x30 | qos.rawValue << 1 | (isRetained ? 1 : 0) | (isDuplicate && qos != .atMostOnce ? 8 : 0)
    }

    /// The bytes of a PUBLISH whose parts have these lengths. `properties` is without their own length in front.
    @inline(__always)
    package static func publishLength(
        topic: Int, payload: Int, qos: MQTTQoS, properties: Int, version: MQTTVersion
    ) -> Int {
        let body =
            2 + topic + (qos == .atMostOnce ? 0 : 2)
            + (version == .v5 ? ByteBuffer.mqttVariableLength(properties) + properties : 0) + payload
        return 1 + ByteBuffer.mqttVariableLength(body) + body
    }

    /// Appends a PUBLISH with the given parts. `properties` are encoded, without their length in front; MQTT 3.1.1 has
    /// none.
    @inline(__always)
    package static func encodePublish(
        topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, qos: MQTTQoS = .atMostOnce,
        isRetained: Bool = false, isDuplicate: Bool = false, packetID: UInt16 = 0,
        properties: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0), version: MQTTVersion,
        into buffer: inout ByteBuffer
    ) {
        beginPublish(
            topic: topic, payloadLength: payload.count, qos: qos, isRetained: isRetained, isDuplicate: isDuplicate,
            packetID: packetID, properties: properties, version: version, into: &buffer)
        buffer.writeBytes(payload)
    }

    /// Appends the part of a PUBLISH in front of its payload. Returns the offset of the packet identifier (meaningless
    /// at QoS 0), for callers that write the same packet to several connections.
    @discardableResult
    package static func beginPublish(
        topic: UnsafeRawBufferPointer, payloadLength: Int, qos: MQTTQoS, isRetained: Bool, isDuplicate: Bool,
        packetID: UInt16, properties: UnsafeRawBufferPointer, version: MQTTVersion, into buffer: inout ByteBuffer
    ) -> Int {
        let idLength = qos == .atMostOnce ? 0 : 2
        let propertiesLength =
            version == .v5 ? ByteBuffer.mqttVariableLength(properties.count) + properties.count : 0
        let body = 2 + topic.count + idLength + propertiesLength + payloadLength
        let room = 1 + ByteBuffer.mqttVariableLength(body) + body - payloadLength
        buffer.reserveCapacity(minimumWritableBytes: room + payloadLength)
        let head = publishHead(qos, isRetained: isRetained, isDuplicate: isDuplicate)
        var idOffset = 0
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
            guard let base = target.baseAddress else { return 0 }
            var cursor = MQTTCursor(base)
            cursor.byte(head)
            cursor.variable(body)
            cursor.short(UInt16(truncatingIfNeeded: topic.count))
            cursor.copy(topic)
            idOffset = base.distance(to: cursor.place)
            if idLength > 0 { cursor.short(packetID) }
            if version == .v5 {
                cursor.variable(properties.count)
                cursor.copy(properties)
            }
            return room
        }
        return buffer.writerIndex - room + idOffset
    }
}

/// Writes to memory that is large enough.
private struct MQTTCursor {
    var place: UnsafeMutableRawPointer

    init(_ place: UnsafeMutableRawPointer) { self.place = place }

    @inline(__always)
    mutating func byte(_ value: UInt8) {
        place.storeBytes(of: value, as: UInt8.self)
        place += 1
    }

    @inline(__always)
    mutating func short(_ value: UInt16) {
        place.storeBytes(of: value.bigEndian, as: UInt16.self)
        place += 2
    }

    @inline(__always)
    mutating func variable(_ value: Int) {
        var rest = value
        while rest >= 0x80 {
            byte(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        byte(UInt8(truncatingIfNeeded: rest))
    }

    @inline(__always)
    mutating func copy(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        place.copyMemory(from: base, byteCount: bytes.count)
        place += bytes.count
    }
}
