package import NIOCore
import RembusSupport
package import RembusWire

/// The last publication of a topic: its frame, with the bytes that a gateway has put behind it.
package struct LastValue: Sendable {
    package let topic: String
    package let message: KeptMessage
    /// When it expires, in seconds since the epoch; nil for never.
    let expiresAt: UInt64?
    /// The form in the file: two times and the frame.
    let stored: ByteBuffer

    /// An estimate of the memory that it takes, in bytes.
    var byteCount: Int { stored.readableBytes + topic.utf8.count + 48 }

    func hasExpired(_ now: UInt64) -> Bool { expiresAt.map { $0 <= now } ?? false }

    /// Copies a frame. nil when it is not a publication.
    init?(topic: String, _ bytes: UnsafeRawBufferPointer, receivedAt: UInt64, expiresAt: UInt64?) {
        var buffer = ByteBufferAllocator().buffer(capacity: Self.headBytes + bytes.count)
        buffer.writeInteger(receivedAt)
        buffer.writeInteger(expiresAt ?? 0)
        buffer.writeBytes(bytes)
        self.init(topic: topic, stored: buffer)
    }

    /// Reads the form in the file. nil when it is malformed.
    init?(topic: String, stored: ByteBuffer) {
        var rest = stored
        guard let receivedAt = rest.readInteger(as: UInt64.self), let expiresAt = rest.readInteger(as: UInt64.self),
            let message = KeptMessage(rest, receivedAt: receivedAt)
        else { return nil }
        self.topic = topic
        self.message = message
        self.expiresAt = expiresAt == 0 ? nil : expiresAt
        self.stored = stored
    }

    private static let headBytes = 16

    /// The arguments of the publication. Throws when they are nested too deep or the like.
    package func arguments(limits: DecodingLimits) throws(WireError) -> [Value] {
        let header = message.header
        guard
            let payload = message.frame.getSlice(
                at: message.frame.readerIndex + header.payloadOffset, length: header.payloadLength)
        else { return [] }
        return try Value(cbor: payload, limits: limits).arrayValue ?? []
    }

    /// When the broker received it, as text: `2026-12-01T10:20:30.123456Z`.
    package var receivedText: String {
        func padded(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        let (seconds, rest) = (Int(message.receivedAt / 1_000_000_000), Int(message.receivedAt % 1_000_000_000))
        let date = CivilCalendar.date(ofDay: seconds / 86_400)
        let time = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }.joined(separator: ":")
        return
            "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T\(time).\(padded(rest / 1000, 6))Z"
    }
}

/// A publication that is kept: its frame with its trailer.
package struct KeptMessage: Sendable {
    package let frame: ByteBuffer
    package let header: FrameHeader
    package let receivedAt: UInt64

    /// nil when the bytes are not a publication.
    package init?(_ frame: ByteBuffer, receivedAt: UInt64) {
        guard case .regular(let header) = frame.withUnsafeReadableBytes({ FrameHeader.parse($0) }),
            header.kind == .publish
        else { return nil }
        self.frame = frame
        self.header = header
        self.receivedAt = receivedAt
    }
}
