import Foundation
import NIOCore
import RembusWire

/// The bytes of all messages of a run. They differ only in id, sequence number and time, at known places.
struct FrameShape: Sendable {
    /// A complete message with zeros at those places.
    let bytes: [UInt8]
    /// The offset of the 8 bytes of the id; 0 without an id.
    let idOffset: Int
    /// The offset of the payload.
    let payloadOffset: Int

    /// The form of a publication: `[1, topic, [payload]]`, or with flags `[1|flags, id, topic, [payload]]` (protocol.md
    /// §3).
    static func publish(topic: String, qos: RembusWire.QoS, size: Int) -> FrameShape {
        let flags = PublishFlags(qos: qos, hasSlot: false)
        let id = qos == .atMostOnce ? nil : MessageID(littleEndian: 0)
        return FrameShape(
            .publish(.init(id: id, flags: flags, topic: topic, arguments: [Self.payload(size)])), size: size,
            idOffset: id == nil ? 0 : flags.rawValue | 1 < 24 ? 3 : 4)
    }

    /// The form of a request: `[2, id, topic, null, [payload]]`.
    static func request(topic: String, size: Int) -> FrameShape {
        FrameShape(
            .request(.init(id: MessageID(littleEndian: 0), topic: topic, arguments: [Self.payload(size)])), size: size,
            idOffset: 3)
    }

    private static func payload(_ size: Int) -> Value {
        .bytes(.init(repeating: 0, count: size))
    }

    private init(_ message: Message, size: Int, idOffset: Int) {
        var buffer = ByteBuffer()
        message.encodeCBOR(into: &buffer)
        bytes = Array(buffer.readableBytesView)
        self.idOffset = idOffset
        // The payload is at the end of the message.
        payloadOffset = bytes.count - size
    }

    /// Writes a message.
    @inline(__always)
    func write(to target: UnsafeMutableRawPointer, id: UInt64, number: UInt64, time: UInt64) {
        bytes.withUnsafeBytes { source in
            // `bytes` is not empty, see `init`.
            target.copyMemory(from: source.baseAddress.unsafelyUnwrapped, byteCount: source.count)
        }
        if idOffset > 0 { target.storeBytes(of: id.littleEndian, toByteOffset: idOffset, as: UInt64.self) }
        target.storeBytes(of: number.littleEndian, toByteOffset: payloadOffset, as: UInt64.self)
        target.storeBytes(of: time.littleEndian, toByteOffset: payloadOffset + 8, as: UInt64.self)
    }

    /// Whether a received message has this form: the same length, and the same bytes around the id.
    @inline(__always)
    func matches(_ received: UnsafeRawBufferPointer) -> Bool {
        guard received.count == bytes.count, let base = received.baseAddress else { return false }
        return bytes.withUnsafeBytes { expected in
            let start = expected.baseAddress.unsafelyUnwrapped
            guard idOffset > 0 else { return memcmp(base, start, payloadOffset) == 0 }
            let behind = idOffset + 8
            return memcmp(base, start, idOffset) == 0
                && memcmp(base + behind, start + behind, payloadOffset - behind) == 0
        }
    }
}

extension FrameHeader {
    /// The bytes of the first argument, or of the data of a response; nil when it is not a byte string.
    func payload(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var scanner = CBORScanner(bytes, offset: payloadOffset + argumentHeadLength)
        return scanner.string(.bytes)
    }
}
