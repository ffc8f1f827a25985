import NIOCore
import NIOEmbedded
import RembusWire

/// The far end of one connection of a ``FuzzBroker``.
final class FuzzPeer {
    struct Frame: Equatable {
        var opcode: UInt8
        var payload: [UInt8]

        static let (text, binary, close, ping, pong) = (UInt8(1), UInt8(2), UInt8(8), UInt8(9), UInt8(10))
    }

    let channel: EmbeddedChannel
    let lane: Int
    /// True as long as everything that was sent keeps to RFC 6455 frames.
    var isFramed = true
    private var unread = ByteBuffer()

    init(channel: EmbeddedChannel, lane: Int) {
        (self.channel, self.lane) = (channel, lane)
    }

    var isOpen: Bool { channel.isActive }

    // MARK: Sending

    func write(_ bytes: some Collection<UInt8>) {
        guard isOpen else { return }
        // An error would be that of a handler behind the link; there is none.
        _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    func send(_ message: Message) {
        write(Self.frame(Frame.binary, message.bytes))
    }

    /// A frame as a client sends it. The mask is the same every time: only the broker's unmasking looks at it.
    static func frame(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) -> [UInt8] {
        let mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
        var frame = [(isFinal ? 0x80 : 0) | opcode]
        switch payload.count {
        case ..<126: frame.append(0x80 | UInt8(payload.count))
        case ..<65536: frame += [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default: frame += [0xFF] + (0..<8).map { UInt8((payload.count >> (56 - 8 * $0)) & 255) }
        }
        frame += mask
        for (index, byte) in payload.enumerated() { frame.append(byte ^ mask[index & 3]) }
        return frame
    }

    // MARK: Receiving

    /// Takes everything that the broker has sent. Its frames are small enough never to come in fragments.
    func receive() -> [Frame] {
        while let part = try? channel.readOutbound(as: ByteBuffer.self) { unread.writeImmutableBuffer(part) }
        var frames: [Frame] = []
        while let frame = nextFrame() { frames.append(frame) }
        unread.discardReadBytes()
        return frames
    }

    private func nextFrame() -> Frame? {
        var rest = unread
        guard let first: UInt8 = rest.readInteger(), let second: UInt8 = rest.readInteger() else { return nil }
        var length = Int(second)
        if second == 126 {
            guard let long: UInt16 = rest.readInteger() else { return nil }
            length = Int(long)
        } else if second == 127 {
            guard let long: UInt64 = rest.readInteger() else { return nil }
            length = Int(long)
        }
        guard let payload = rest.readBytes(length: length) else { return nil }
        unread = rest
        return Frame(opcode: first & 0x0F, payload: payload)
    }

    /// What came, as messages; control frames and what is no CBOR left out.
    func receiveMessages() -> [Message] {
        receive().compactMap { frame in
            frame.opcode == Frame.binary ? try? Message(cbor: ByteBuffer(bytes: frame.payload)) : nil
        }
    }

    func hangUp() {
        channel.close(promise: nil)
    }
}

extension Message {
    /// The message in CBOR.
    var bytes: [UInt8] {
        var buffer = ByteBuffer()
        encodeCBOR(into: &buffer)
        return Array(buffer.readableBytesView)
    }
}
