import NIOCore
import RembusWire

/// Splits a CBOR message into header and body, without parsing the payload.
struct PartSplitter {
    /// Whether this end is a dealer. A dealer's Admin header has a null in the place of the payload, a router's has
    /// nothing (protocol.md §12).
    var isDealer: Bool

    /// Appends header and body to `target`, one behind the other, and returns their lengths. nil when the message is
    /// not in the usual form, in which everything is sent.
    func split(
        _ message: UnsafeRawBufferPointer, into target: inout ByteBuffer
    ) -> (header: Int, body: Int)? {
        var scanner = CBORScanner(message)
        guard let array = scanner.head(), array.major == .array, !array.isIndefinite,
            array.argument <= Framing.maxElements
        else { return nil }
        let start = scanner.offset
        guard let type = scanner.head(), type.major == .unsigned else { return nil }
        let layout = PartLayout.of(type: type.argument)
        guard let index = layout.payloadIndex else {
            target.writeBytes(message)
            target.writeInteger(Framing.null)
            return (message.count, 1)
        }
        guard array.argument > index else { return nil }
        for _ in 1..<index where !scanner.skipItem(depth: FrameHeader.maxDepth) { return nil }
        let front = UnsafeRawBufferPointer(rebasing: message[start..<scanner.offset])
        let bodyStart: Int
        if layout.isRaw {
            guard let body = scanner.string(.bytes) else { return nil }
            bodyStart = scanner.offset - body.count
        } else {
            bodyStart = scanner.offset
            // Messages that are sent end with their payload.
            scanner.offset = scanner.end
        }
        let behind = layout.isRaw ? UnsafeRawBufferPointer(rebasing: message[scanner.offset...]) : nil
        let hasPlaceholder = isDealer && layout.hasPlaceholder
        let before = target.writerIndex
        target.writeCBORHead(.array, layout.isRaw ? array.argument - 1 : UInt64(index + (hasPlaceholder ? 1 : 0)))
        target.writeBytes(front)
        if hasPlaceholder { target.writeInteger(Framing.null) }
        if let behind { target.writeBytes(behind) }
        let header = target.writerIndex - before
        target.writeBytes(UnsafeRawBufferPointer(rebasing: message[bodyStart..<scanner.offset]))
        return (header, target.writerIndex - before - header)
    }
}
