import NIOCore

/// Splits the bytes of a TCP or TLS connection into messages (protocol.md §11). Independent of sockets.
///
/// A message that is complete in the received bytes is passed on from there. One that arrives in pieces is collected in
/// a buffer of its own, which is passed on with it.
struct LengthFrameReader {
    /// The largest message that is accepted, in bytes. The reference has no limit, so that a peer can announce 4 GiB
    /// (known-defects.md S20).
    var maxMessageBytes: Int
    /// The bytes of an incomplete frame head at the end of the last read.
    private var cutHead: [UInt8] = []
    private var assembly = ByteBuffer()
    /// The number of bytes that are missing in `assembly`; nil when no message is open.
    private var missing: Int?
    /// Whether incomplete messages are read and dropped.
    private var discards = false

    init(maxMessageBytes: Int) {
        self.maxMessageBytes = maxMessageBytes
    }

    /// The bytes of an incomplete message.
    var assembledBytes: Int { assembly.readableBytes }

    /// The memory of an incomplete message, which is in proportion to its received bytes; for tests.
    var assemblyCapacity: Int { assembly.capacity }

    /// Drops the incomplete message, and later ones, because the link ends.
    mutating func discard() {
        discards = true
        assembly = ByteBuffer()
    }

    /// Consumes `bytes` and calls `body` for each message. `body` returns false to stop: the link was closed, or other
    /// connections have their turn. Its second argument is a buffer with exactly these bytes, if there is one.
    ///
    /// - Returns: The number of bytes that were consumed.
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
                // Memory is allocated for received bytes only. A declared length alone allocates nothing.
                assembly.reserveCapacity(min(length, 2 &* (bytes.count &- offset)))
            }
        }
        return offset
    }

    /// The length in the next head; nil when the head is incomplete.
    private mutating func nextLength(
        _ bytes: UnsafeRawBufferPointer, _ offset: inout Int
    ) throws(WebSocketViolation) -> Int? {
        while offset < bytes.count {
            // The rest of a head has at most four bytes, so this loop is short. A complete head skips it.
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
