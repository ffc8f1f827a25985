package import NIOCore

/// Cuts packets out of a stream of bytes.
package struct MQTTPacketReader: Sendable {
    /// How packets are read. Set by the reader when it meets a CONNECT; even one with a version that is not spoken, so that
    /// the refusal can be written as its sender understands it.
    package var version: MQTTVersion
    /// The largest packet that is accepted, with its head.
    package var maxPacketBytes: Int
    private var pending = ByteBuffer()

    package init(maxPacketBytes: Int, version: MQTTVersion = .v311) {
        self.maxPacketBytes = maxPacketBytes
        self.version = version
    }

    /// Bytes of a packet that has not arrived completely, or has not been asked for.
    package var pendingBytes: Int { pending.readableBytes }

    /// Takes all readable bytes.
    package mutating func feed(_ bytes: inout ByteBuffer) {
        if pending.readableBytes == 0 {
            // No copy: packets are slices of what was read.
            pending = bytes
            bytes.moveReaderIndex(to: bytes.writerIndex)
            return
        }
        if pending.readerIndex > 64 << 10 || pending.readerIndex > pending.readableBytes { pending.discardReadBytes() }
        pending.writeBuffer(&bytes)
    }

    /// The next whole packet; nil when more bytes are needed. After an error nothing more can be read.
    package mutating func next() throws(MQTTProtocolError) -> MQTTPacket? {
        guard let frame = try nextFrame() else { return nil }
        return try MQTTPacket(frame, version: &version)
    }

    /// The next whole packet, undecoded.
    package mutating func nextFrame() throws(MQTTProtocolError) -> MQTTFrame? {
        guard let (head, length) = try head() else { return nil }
        guard let type = MQTTPacketType(rawValue: head >> 4) else { throw .malformed("packet type 0 does not exist") }
        guard type == .publish || head & 0x0F == type.flags else { throw .malformed("the flags of a packet are wrong") }
        pending.moveReaderIndex(forwardBy: 1 + ByteBuffer.mqttVariableLength(length.value) + length.excess)
        guard let body = pending.readSlice(length: length.value) else { throw MQTTByteReader.truncated }
        if pending.readableBytes == 0 { pending = ByteBuffer() }
        return MQTTFrame(type: type, flags: head & 0x0F, body: body)
    }

    /// The first byte and the length, when the whole packet is there.
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
        // MQTT 3.1.1 does not say that it must be short.
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

/// A whole packet whose content has not been looked at.
package struct MQTTFrame: Sendable {
    let type: MQTTPacketType
    let flags: UInt8
    let body: ByteBuffer

    /// Whether it is a PUBLISH, for which there is ``MQTTPublishView``.
    package var isPublish: Bool { type == .publish }

    /// Bytes behind the head.
    package var byteCount: Int { body.readableBytes }
}
