import NIOCore
import RembusMQTT
import RembusWire

/// Writes the Rembus frame of an MQTT message, with its trailer.
struct PublicationWriter {
    /// The last frame that was written.
    private(set) var frame = ByteBuffer()
    /// The offset of the trailer.
    private(set) var trailerOffset = 0

    /// - Parameters:
    ///   - id: The id that the broker acknowledges; not used at QoS 0.
    ///   - isRetained: Whether the message had the retain flag.
    mutating func write(
        topic: UnsafeRawBufferPointer, payload: ByteBuffer, qos: MQTTQoS, id: UInt64, isRetained: Bool,
        properties: MQTTProperties
    ) {
        frame.clear()
        switch qos {
        case .atMostOnce: frame.writeInteger(UInt16(0x8301))
        case .atLeastOnce: frame.writeInteger(UInt16(0x8411))
        case .exactlyOnce:
            frame.writeInteger(UInt16(0x8418))
            frame.writeInteger(UInt8(0x31))
        }
        if qos != .atMostOnce {
            frame.writeInteger(UInt8(0x48))
            frame.writeInteger(id, endianness: .little)
        }
        frame.writeCBORHead(.text, UInt64(topic.count))
        frame.writeBytes(topic)
        let isText = MQTTPayload.mayBeJSON(payload, properties.isEmpty ? nil : properties.contentType)
        if isText || payload.readableBytes == 0 {
            MQTTPayload.writeArguments(of: payload, properties, into: &frame)
        } else {
            MQTTPayload.writeBytes(payload, into: &frame)
        }
        trailerOffset = frame.readableBytes
        guard isText || isRetained || !properties.isEmpty else { return }
        var rest = properties
        let expiry = properties.messageExpiry
        rest.messageExpiry = nil
        rest.topicAlias = nil
        MQTTTrailer.write(
            isRetained: isRetained, expiry: expiry, properties: rest.isEmpty ? nil : rest.encoded,
            payload: isText ? payload : nil, into: &frame)
    }
}

extension MQTTProperties {
    /// The encoded properties, without their length in front.
    var encoded: ByteBuffer {
        var buffer = ByteBuffer()
        encode(into: &buffer)
        while let byte = buffer.readInteger(as: UInt8.self), byte >= 0x80 {}
        return buffer
    }
}
