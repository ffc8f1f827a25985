import NIOCore
import RembusTransport
import RembusWire

/// Writes a publication in the form that a subscriber gets (protocol.md §3, behaviour.md §6.2): under its own topic, or
/// under the text of the subscribed pattern with the real topic as the first argument. The bytes of the arguments are
/// copied, never decoded.
struct DeliveryFrame {
    let header: FrameHeader
    /// The id of this delivery; nil at QoS 0, where the frame keeps the publisher's id (a slot, or none).
    let id: UInt64?
    let subscription: Subscription

    /// The size in bytes from which a payload is shared with the socket instead of copied.
    static let sharedPayloadBytes = 16 << 10

    /// Sends the message on `link`. Returns its length.
    func send(_ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?, on link: Link) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        if id == nil, !subscription.isPattern, owner == nil || header.end < Self.sharedPayloadBytes {
            // Most deliveries are the very bytes that came in.
            let length = header.end
            link.sendBinary(length: length) { $0.copyMemory(from: base, byteCount: length) }
            return length
        }
        let prefix = prefixLength
        let (start, count) = argumentRange
        if let owner, count >= Self.sharedPayloadBytes,
            let payload = owner.getSlice(at: owner.readerIndex + start, length: count)
        {
            link.sendBinary(prefixLength: prefix, payload: payload) { writePrefix(to: $0, base) }
        } else {
            link.sendBinary(length: prefix + count) { target in
                writePrefix(to: target, base)
                (target + prefix).copyMemory(from: base + start, byteCount: count)
            }
        }
        return prefix + count
    }

    /// The bytes behind the prefix: the whole argument array or, for a pattern, its elements.
    private var argumentRange: (start: Int, count: Int) {
        let skipped = subscription.isPattern ? header.argumentHeadLength : 0
        return (header.payloadOffset + skipped, header.payloadLength - skipped)
    }

    private var typeByte: UInt8 { FrameHeader.Kind.publish.rawValue | header.flags.rawValue }

    private var idItemLength: Int {
        id != nil ? 9 : header.idLength == 0 ? 0 : FrameWriter.headLength(header.idLength) + header.idLength
    }

    private var topicItemLength: Int { FrameWriter.headLength(header.topicLength) + header.topicLength }

    private var prefixLength: Int {
        let fixed = 1 + FrameWriter.headLength(Int(typeByte)) + idItemLength
        guard subscription.isPattern else { return fixed + topicItemLength }
        // The head of an indefinite array is one byte, as that of a count of 0 is.
        return fixed + subscription.encodedPattern.count + FrameWriter.headLength(header.argumentCount + 1)
            + topicItemLength
    }

    private func writePrefix(to target: UnsafeMutableRawPointer, _ base: UnsafeRawPointer) {
        var writer = FrameWriter(target)
        writer.byte(header.flags.requiresID ? 0x84 : 0x83)
        writer.head(major: 0, Int(typeByte))
        if let id {
            writer.id(id)
        } else if header.idLength > 0 {
            writer.head(major: 2, header.idLength)
            writer.copy(base + header.idOffset, header.idLength)
        }
        if subscription.isPattern {
            writer.copy(subscription.encodedPattern)
            if header.argumentCount < 0 {
                writer.byte(0x9F)
            } else {
                writer.head(major: 4, header.argumentCount + 1)
            }
        }
        writer.head(major: 3, header.topicLength)
        writer.copy(base + header.topicOffset, header.topicLength)
    }
}
