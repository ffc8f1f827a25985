import NIOCore
import RembusBroker
import RembusMQTT
import RembusWire

/// The parts of an MQTT message that a Rembus publication cannot contain: its retain flag, its properties and, if the
/// arguments would not give the same bytes again, its payload.
///
/// It is a CBOR byte string behind the frame, which routes and store keep, and which only this gateway reads. Its first
/// byte tells which parts it has: the expiry (4 bytes), the other properties (behind their length, 4 bytes, as MQTT 5
/// encodes them), and the payload as the rest.
struct MQTTTrailer {
    struct Content: OptionSet {
        let rawValue: UInt8
        /// The message was published with the retain flag.
        static let retained = Content(rawValue: 1)
        static let payload = Content(rawValue: 2)
        static let expiry = Content(rawValue: 4)
        static let properties = Content(rawValue: 8)
        /// The message is a retained one that was kept.
        static let kept = Content(rawValue: 16)
    }

    private(set) var content: Content = []
    /// The expiry in seconds, counted from when the message was received.
    private(set) var expiry: UInt32 = 0
    private(set) var properties = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var payload: UnsafeRawBufferPointer?

    /// Reads the bytes behind a frame. Malformed bytes count as no trailer.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer) {
        if bytes.count > 0 { read(bytes) }
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer) {
        var scanner = CBORScanner(bytes)
        guard let trailer = scanner.string(.bytes), scanner.isAtEnd, !trailer.isEmpty else { return }
        var offset = scanner.offset - trailer.count
        let content = Content(rawValue: bytes[offset])
        offset += 1
        func long() -> UInt32? {
            guard bytes.count - offset >= 4 else { return nil }
            defer { offset += 4 }
            return UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        if content.contains(.expiry) {
            guard let value = long() else { return }
            expiry = value
        }
        if content.contains(.properties) {
            guard let length = long(), Int(length) <= bytes.count - offset else { return }
            properties = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(length)])
            offset += Int(length)
        }
        if content.contains(.payload) { payload = UnsafeRawBufferPointer(rebasing: bytes[offset...]) }
        self.content = content
    }

    /// Appends a trailer, unless it would be empty.
    static func write(
        isRetained: Bool, expiry: UInt32?, properties: ByteBuffer?, payload: ByteBuffer?,
        into buffer: inout ByteBuffer
    ) {
        guard isRetained || expiry != nil || properties != nil || payload != nil else { return }
        var content: Content = isRetained ? .retained : []
        var length = 1
        if expiry != nil {
            content.insert(.expiry)
            length += 4
        }
        if let properties {
            content.insert(.properties)
            length += 4 + properties.readableBytes
        }
        if let payload {
            content.insert(.payload)
            length += payload.readableBytes
        }
        buffer.writeCBORHead(.bytes, UInt64(length))
        buffer.writeInteger(content.rawValue)
        if let expiry { buffer.writeInteger(expiry) }
        if let properties {
            buffer.writeInteger(UInt32(properties.readableBytes))
            buffer.writeImmutableBuffer(properties)
        }
        if let payload { buffer.writeImmutableBuffer(payload) }
    }

    /// A copy of a message that is marked as retained. It is a copy, because the kept message is shared by all clients.
    /// Messages of other protocols have no trailer.
    static func marked(_ message: KeptMessage) -> KeptMessage {
        let offset = message.header.end
        let isMarked = message.frame.withUnsafeReadableBytes { bytes in
            MQTTTrailer(UnsafeRawBufferPointer(rebasing: bytes[offset...])).content.contains(.kept)
        }
        guard !isMarked else { return message }
        var frame = ByteBuffer(bytes: message.frame.readableBytesView)
        if frame.readableBytes == offset {
            write(isRetained: true, expiry: nil, properties: nil, payload: nil, into: &frame)
        }
        markKept(&frame, trailerAt: offset)
        return KeptMessage(frame, receivedAt: message.receivedAt) ?? message
    }

    /// Marks the trailer that begins at `offset` as that of a kept message.
    static func markKept(_ frame: inout ByteBuffer, trailerAt offset: Int) {
        let start = frame.readerIndex + offset
        let head = frame.withUnsafeReadableBytes { bytes -> Int? in
            var scanner = CBORScanner(bytes, offset: offset)
            return scanner.head().map { _ in scanner.offset - offset }
        }
        guard let head, let flags = frame.getInteger(at: start + head, as: UInt8.self) else { return }
        frame.setInteger(flags | Content.kept.rawValue, at: start + head)
    }
}
