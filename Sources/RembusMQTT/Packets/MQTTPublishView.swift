package import NIOCore
import RembusWire

/// A PUBLISH in place: the positions of its parts, without decoding or copying.
package struct MQTTPublishView: Sendable {
    package let qos: MQTTQoS
    package let isRetained: Bool
    package let isDuplicate: Bool
    package let packetID: UInt16
    /// The body of the packet. Offsets count from its reader index.
    package let body: ByteBuffer
    package let topicOffset: Int
    package let topicLength: Int
    /// The properties behind their length; empty when there are none, and in MQTT 3.1.1.
    package let propertiesOffset: Int
    package let propertiesLength: Int
    package let payloadOffset: Int

    package var payloadLength: Int { body.readableBytes - payloadOffset }

    /// Throws for a malformed PUBLISH, but does not check the properties.
    package init(_ frame: MQTTFrame, version: MQTTVersion) throws(MQTTProtocolError) {
        guard let qos = MQTTQoS(rawValue: frame.flags >> 1 & 3) else { throw .malformed("QoS 3 does not exist") }
        self.qos = qos
        isRetained = frame.flags & 1 != 0
        isDuplicate = frame.flags & 8 != 0
        guard !isDuplicate || qos != .atMostOnce else { throw .malformed("a duplicate at QoS 0") }
        body = frame.body
        var reader = MQTTByteReader(frame.body)
        topicOffset = 2
        topicLength = Int(try reader.short())
        _ = try reader.slice(topicLength)
        let (body, topicOffset, topicLength) = (self.body, topicOffset, topicLength)
        let check = body.withUnsafeReadableBytes { bytes in
            MQTTTopics.check(topic: UnsafeRawBufferPointer(rebasing: bytes[topicOffset..<topicOffset + topicLength]))
        }
        if let check { throw check }
        packetID = qos == .atMostOnce ? 0 : try reader.packetID()
        if version == .v5 {
            let length = try reader.variable()
            propertiesOffset = body.readableBytes - reader.count
            propertiesLength = length
            _ = try reader.slice(length)
        } else {
            (propertiesOffset, propertiesLength) = (body.readableBytes - reader.count, 0)
        }
        payloadOffset = body.readableBytes - reader.count
        // Without a topic there must be an alias, which is one of the properties.
        guard topicLength > 0 || propertiesLength > 0 else { throw .violation("a publication without a topic") }
    }

    package var topic: String {
        body.getString(at: body.readerIndex + topicOffset, length: topicLength) ?? ""
    }

    package var payload: ByteBuffer {
        body.getSlice(at: body.readerIndex + payloadOffset, length: payloadLength) ?? ByteBuffer()
    }

    package func properties() throws(MQTTProtocolError) -> MQTTProperties {
        guard propertiesLength > 0 else { return MQTTProperties() }
        let head = ByteBuffer.mqttVariableLength(propertiesLength)
        let bytes = body.getSlice(
            at: body.readerIndex + propertiesOffset - head, length: head + propertiesLength)
        var reader = MQTTByteReader(bytes ?? ByteBuffer())
        return try MQTTProperties.read(from: &reader, in: .publish)
    }
}

extension MQTTPublish {
    package init(_ view: MQTTPublishView) throws(MQTTProtocolError) {
        self.init(
            topic: view.topic, payload: view.payload, qos: view.qos, isRetained: view.isRetained,
            isDuplicate: view.isDuplicate, packetID: view.packetID, properties: try view.properties())
        guard !topic.isEmpty || properties.topicAlias != nil else { throw .violation("a publication without a topic") }
    }
}
