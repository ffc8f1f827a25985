import NIOCore

/// Splits the bytes of a TCP or TLS connection into messages (protocol.md §11), with no socket in sight.
///
/// A message that lies whole in the received bytes is handed over from there. One that arrives in pieces is collected
/// in a buffer of its own, which is handed over with it.
struct LengthFrameReader {
    /// Largest message accepted, bytes. The reference has no limit, which lets a peer announce 4 GiB (known-defects.md
    /// S20).
    var maxMessageBytes: Int
    /// Bytes of a frame head that the last read cut off.
    private var cutHead: [UInt8] = []
    private var assembly = ByteBuffer()
    /// Bytes that the message in `assembly` still lacks; nil when no message is open.
    private var missing: Int?
    /// Pieces of messages are read and forgotten.
    private var discards = false

    init(maxMessageBytes: Int) {
        self.maxMessageBytes = maxMessageBytes
    }

    /// Bytes that have arrived of a message whose end has not.
    var assembledBytes: Int { assembly.readableBytes }

    /// Memory taken for a message that is arriving, which follows what came of it; for tests.
    var assemblyCapacity: Int { assembly.capacity }

    /// Gives up the message that is arriving in pieces, and later ones: the link ends.
    mutating func discard() {
        discards = true
        assembly = ByteBuffer()
    }

    /// Consumes all of `bytes` and calls `body` for each message; `body` returns false to stop (the link was closed, or it
    /// is somebody else's turn). The second argument of `body` is a buffer with exactly these bytes, when there is one.
    ///
    /// - Returns: How many bytes were consumed.
    @discardableResult
    mutating func feed(
        _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer, ByteBuffer?) -> Bool
    ) throws(WebSocketViolation) -> Int {
        var offset = 0
        while offset < bytes.count {
            if missing != nil {
                guard collect(bytes, &offset, body) else { return offset }
                continue
            }
            guard let length = try nextLength(bytes, &offset) else { return offset }
            if bytes.count &- offset >= length {
                let message = UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset &+ length)])
                offset &+= length
                guard body(message, nil) else { return offset }
            } else {
                missing = length
                // The receiver of the last message may have kept the buffer.
                assembly = ByteBuffer()
                // Memory follows what really arrives: a declared length alone reserves nothing.
                assembly.reserveCapacity(min(length, 2 &* (bytes.count &- offset)))
            }
        }
        return offset
    }

    /// The length in the next head; nil when the head is not whole yet.
    private mutating func nextLength(
        _ bytes: UnsafeRawBufferPointer, _ offset: inout Int
    ) throws(WebSocketViolation) -> Int? {
        while offset < bytes.count {
            // The rest of a head has at most four bytes, so this loop is short; a whole head skips it.
            if cutHead.isEmpty, let head = try Self.head(UnsafeRawBufferPointer(rebasing: bytes[offset...])) {
                offset &+= head.length
                return try checked(head.payload)
            }
            cutHead.append(bytes[offset])
            offset &+= 1
            guard let size = LengthFrame.lengthBytes(header: cutHead[0]) else { throw Self.unknown(cutHead[0]) }
            guard cutHead.count == 1 + size else { continue }
            let payload = cutHead[1...].reduce(0) { $0 << 8 | Int($1) }
            cutHead.removeAll(keepingCapacity: true)
            return try checked(payload)
        }
        return nil
    }

    private static func head(
        _ bytes: UnsafeRawBufferPointer
    ) throws(WebSocketViolation) -> (length: Int, payload: Int)? {
        guard let first = bytes.first else { return nil }
        guard let size = LengthFrame.lengthBytes(header: first) else { throw unknown(first) }
        guard bytes.count > size else { return nil }
        return (1 + size, bytes[1...size].reduce(0) { $0 << 8 | Int($1) })
    }

    private static func unknown(_ header: UInt8) -> WebSocketViolation {
        .protocolError("frames do not begin with the byte \(header)")
    }

    private func checked(_ length: Int) throws(WebSocketViolation) -> Int {
        guard length <= maxMessageBytes else { throw .tooLarge("message is larger than \(maxMessageBytes) bytes") }
        return length
    }

    private mutating func collect(
        _ bytes: UnsafeRawBufferPointer, _ offset: inout Int, _ body: (UnsafeRawBufferPointer, ByteBuffer?) -> Bool
    ) -> Bool {
        let wanted = missing ?? 0
        let count = min(wanted, bytes.count &- offset)
        if !discards { assembly.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset &+ count)])) }
        offset &+= count
        guard count == wanted else {
            missing = wanted &- count
            return true
        }
        missing = nil
        if discards { return true }
        let message = assembly
        assembly = ByteBuffer()
        return message.withUnsafeReadableBytes { body($0, message) }
    }
}
