package import NIOCore

/// Separates the packets in a stream of bytes.
package struct MQTTPacketReader: Sendable {
    /// The version of the packets. A CONNECT sets it, even with an unsupported version, so that the refusal is written
    /// in a form that its sender understands.
    package var version: MQTTVersion
    /// The largest packet that is accepted, including its head.
    package var maxPacketBytes: Int
    private var pending = ByteBuffer()

    package init(maxPacketBytes: Int, version: MQTTVersion = .v311) {
        self.maxPacketBytes = maxPacketBytes
        self.version = version
    }

    /// The bytes of a packet that is incomplete, or was not read yet.
    package var pendingBytes: Int { pending.readableBytes }

    /// Takes all readable bytes.
    package mutating func feed(_ bytes: inout ByteBuffer) {
        if pending.readableBytes == 0 {
            // Without a copy: packets are slices of what was received.
            pending = bytes
            bytes.moveReaderIndex(to: bytes.writerIndex)
            return
        }
        if pending.readerIndex > 64 << 10 || pending.readerIndex > pending.readableBytes { pending.discardReadBytes() }
        pending.writeBuffer(&bytes)
    }

    /// The next complete packet; nil when more bytes are needed. After an error nothing more can be read.
    package mutating func next() throws(MQTTProtocolError) -> MQTTPacket? {
        guard let frame = try nextFrame() else { return nil }
        return try MQTTPacket(frame, version: &version)
    }

    /// The next complete packet, not decoded.
    package mutating func nextFrame() throws(MQTTProtocolError) -> MQTTFrame? {
        guard let (head, length) = try head() else { return nil }
        guard let type = MQTTPacketType(rawValue: head >> 4) else { throw .malformed("packet type 0 does not exist") }
        guard type == .publish || head & 0x0F == type.flags else { throw .malformed("the flags of a packet are wrong") }
        pending.moveReaderIndex(forwardBy: 1 + ByteBuffer.mqttVariableLength(length.value) + length.excess)
        guard let body = pending.readSlice(length: length.value) else { throw MQTTByteReader.truncated }
        if pending.readableBytes == 0 { pending = ByteBuffer() }
        return MQTTFrame(type: type, flags: head & 0x0F, body: body)
    }

    /// The first byte and the length, when the packet is complete.
    private func head() throws(MQTTProtocolError) -> (UInt8, (value: Int, excess: Int))? {
        let start = pending.readerIndex
        guard let head = pending.getInteger(at: start, as: UInt8.self) else { return nil }
        var (value, digits) = (0, 0)
        while true {
            guard let byte = pending.getInteger(at: start + 1 + digits, as: UInt8.self) else { return nil }
            value |= Int(byte & 0x7F) << (7 * digits)
            digits += 1
            if byte < 0x80 { break }
            guard digits < 4 else { throw .malformed("the length of a packet has more than four bytes") }
        }
        let excess = digits - ByteBuffer.mqttVariableLength(value)
        // MQTT 3.1.1 does not require the shortest form.
        guard excess == 0 || version == .v311 else {
            throw .malformed("the length of a packet is written with more bytes than needed")
        }
        guard 1 + digits + value <= maxPacketBytes else {
            throw MQTTProtocolError(.packetTooLarge, "a packet is larger than \(maxPacketBytes) bytes")
        }
        guard pending.readableBytes >= 1 + digits + value else { return nil }
        return (head, (value, excess))
    }
}

/// A complete packet whose content was not decoded.
package struct MQTTFrame: Sendable {
    let type: MQTTPacketType
    let flags: UInt8
    let body: ByteBuffer

    /// Whether it is a PUBLISH, which ``MQTTPublishView`` reads.
    package var isPublish: Bool { type == .publish }

    /// The number of bytes behind the head.
    package var byteCount: Int { body.readableBytes }
}
