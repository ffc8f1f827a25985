import NIOCore
import RembusSupport
import RembusWire

/// Splits received bytes into WebSocket messages and control frames (RFC 6455 §5). Independent of sockets.
///
/// A frame that is complete in the received bytes, the usual case, is unmasked into scratch memory and passed on from
/// there, without allocation and state. Bytes that arrive in pieces (a frame that is cut by the end of a read, a
/// fragmented message) are unmasked into an assembly buffer, which is passed on with the message.
struct WebSocketReader {
    enum Event {
        case message(UnsafeRawBufferPointer, MessageKind, owner: ByteBuffer?)
        case ping(UnsafeRawBufferPointer)
        case pong
        case close(code: UInt16?, reason: String)
    }

    private struct Head {
        var isFinal: Bool
        var opcode: WebSocketFrame.Opcode
        var length: Int
        var mask: UInt32
        var headLength: Int
    }

    /// Whether frames must be masked, as at the server; otherwise they must not be (§5.1).
    let expectsMask: Bool
    var maxMessageBytes: Int
    /// Whether the content of data frames is passed on piece by piece, whatever the boundaries of messages.
    let streams: Bool
    /// The bytes of an incomplete frame head at the end of the last read.
    private var cutHead: [UInt8] = []
    /// The frame whose payload is arriving in pieces.
    private var open: Head?
    private var openReceived = 0
    private var assembly = ByteBuffer()
    /// The kind of the fragmented message that is open; nil when there is none.
    private var fragmentedKind: MessageKind?
    private var control = ByteBuffer()
    /// Whether incomplete messages are read and dropped.
    private var discards = false

    init(expectsMask: Bool, maxMessageBytes: Int, streams: Bool = false) {
        self.expectsMask = expectsMask
        self.streams = streams
        self.maxMessageBytes = maxMessageBytes
    }

    /// The bytes of an incomplete message.
    var assembledBytes: Int { fragmentedKind == nil ? 0 : assembly.readableBytes }

    /// The memory of an incomplete message, which is in proportion to its received bytes; for tests.
    var assemblyCapacity: Int { assembly.capacity }

    /// Drops the incomplete message, and later ones. The link ends, and only control frames matter.
    mutating func discard() {
        discards = true
        assembly = ByteBuffer()
    }

    /// Consumes `bytes` and calls `body` for each event. `body` returns false to stop: the link was closed, or other
    /// connections have their turn.
    ///
    /// - Returns: The number of bytes that were consumed.
    @discardableResult
    mutating func feed(
        _ bytes: UnsafeRawBufferPointer, scratch: UnsafeMutableRawBufferPointer, _ body: (Event) -> Bool
    ) throws(WebSocketViolation) -> Int {
        var offset = 0
        while offset < bytes.count {
            if open != nil {
                guard try continueFrame(bytes, &offset, scratch, body) else { return offset }
                continue
            }
            guard let head = try nextHead(bytes, &offset) else { return offset }
            try check(head)
            let available = bytes.count &- offset
            if available >= head.length, head.length <= scratch.count, head.isFinal, fragmentedKind == nil,
                head.opcode == .binary || head.opcode == .text
            {
                let payload = unmasked(head, bytes, offset, scratch)
                offset &+= head.length
                if head.opcode == .text, !UTF8Check.isValid(payload) { throw .invalidUTF8 }
                guard body(.message(payload, head.opcode == .text ? .text : .binary, owner: nil)) else { return offset }
            } else {
                begin(head, available: available)
                // An empty payload has no bytes, so the frame is finished here.
                if head.length == 0, try !finishFrame(body) { return offset }
            }
        }
        return offset
    }

    @inline(__always)
    private func unmasked(
        _ head: Head, _ bytes: UnsafeRawBufferPointer, _ offset: Int, _ scratch: UnsafeMutableRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        guard head.length > 0, let source = bytes.baseAddress, let target = scratch.baseAddress else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        if head.mask == 0 { return UnsafeRawBufferPointer(start: source + offset, count: head.length) }
        WebSocketFrame.applyMask(head.mask, phase: 0, from: source + offset, to: target, count: head.length)
        return UnsafeRawBufferPointer(start: target, count: head.length)
    }

    // MARK: Frame heads

    private mutating func nextHead(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) throws(WebSocketViolation)
        -> Head?
    {
        if cutHead.isEmpty {
            let rest = UnsafeRawBufferPointer(
                start: bytes.baseAddress.map { $0 + offset }, count: bytes.count &- offset)
            if let head = try parseHead(rest) {
                offset &+= head.headLength
                return head
            }
            cutHead.append(contentsOf: rest)
            offset = bytes.count
            return nil
        }
        while offset < bytes.count {
            cutHead.append(bytes[offset])
            offset &+= 1
            var violation: WebSocketViolation?
            let head: Head? = cutHead.withUnsafeBytes {
                do throws(WebSocketViolation) {
                    return try parseHead($0)
                } catch {
                    violation = error
                    return nil
                }
            }
            if let violation { throw violation }
            if let head {
                cutHead.removeAll(keepingCapacity: false)
                return head
            }
        }
        return nil
    }

    @inline(__always)
    private func parseHead(_ bytes: UnsafeRawBufferPointer) throws(WebSocketViolation) -> Head? {
        guard bytes.count >= 2 else { return nil }
        let (first, second) = (bytes[0], bytes[1])
        guard first & 0x70 == 0 else { throw .protocolError("reserved bits are set") }
        guard let opcode = WebSocketFrame.Opcode(rawValue: first & 0x0F) else {
            throw .protocolError("opcode \(first & 0x0F) is reserved")
        }
        let isMasked = second & 0x80 != 0
        guard isMasked == expectsMask else {
            throw .protocolError(expectsMask ? "client frames must be masked" : "server frames must not be masked")
        }
        var length = Int(second & 0x7F)
        var headLength = 2
        if length == 126 {
            guard bytes.count >= 4 else { return nil }
            length = Int(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
            guard length > 125 else { throw .notMinimal }
            headLength = 4
        } else if length == 127 {
            guard bytes.count >= 10 else { return nil }
            let long = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
            guard long <= UInt64(Int.max) else { throw .protocolError("frame length has its top bit set") }
            guard long > 0xFFFF else { throw .notMinimal }
            length = Int(long)
            headLength = 10
        }
        var mask: UInt32 = 0
        if isMasked {
            guard bytes.count >= headLength &+ 4 else { return nil }
            mask = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: headLength, as: UInt32.self))
            headLength &+= 4
        }
        return Head(isFinal: first & 0x80 != 0, opcode: opcode, length: length, mask: mask, headLength: headLength)
    }

    @inline(__always)
    private func check(_ head: Head) throws(WebSocketViolation) {
        switch head.opcode {
        case .binary, .text:
            guard fragmentedKind == nil else { throw .protocolError("a new message starts inside a fragmented one") }
        case .continuation:
            guard fragmentedKind != nil else { throw .protocolError("a continuation frame continues nothing") }
        case .close, .ping, .pong:
            guard head.isFinal else { throw .protocolError("control frames must not be fragmented") }
            guard head.length <= WebSocketFrame.maxControlPayload else {
                throw .protocolError("control frame payload is longer than 125 bytes")
            }
            return
        }
        let assembled = fragmentedKind == nil ? 0 : assembly.readableBytes
        guard head.length <= maxMessageBytes &- assembled else {
            throw .tooLarge("message is larger than \(maxMessageBytes) bytes")
        }
    }

    // MARK: Frames in pieces

    private var isOpenControl: Bool {
        switch open?.opcode {
        case .close, .ping, .pong: true
        default: false
        }
    }

    private mutating func begin(_ head: Head, available: Int) {
        open = head
        openReceived = 0
        switch head.opcode {
        case .close, .ping, .pong:
            control.clear()
        case .binary, .text:
            assembly.clear()
            fragmentedKind = head.opcode == .text ? .text : .binary
            fallthrough
        case .continuation:
            // Memory is allocated for received bytes only. A declared length alone allocates nothing.
            if !discards, !streams { assembly.reserveCapacity(minimumWritableBytes: min(head.length, 2 &* available)) }
        }
    }

    private mutating func continueFrame(
        _ bytes: UnsafeRawBufferPointer, _ offset: inout Int, _ scratch: UnsafeMutableRawBufferPointer,
        _ body: (Event) -> Bool
    ) throws(WebSocketViolation) -> Bool {
        guard let head = open, let base = bytes.baseAddress else { return true }
        var count = min(head.length &- openReceived, bytes.count &- offset)
        if isOpenControl {
            Self.append(&control, head.mask, openReceived, base + offset, count)
        } else if streams {
            count = min(count, scratch.count)
            guard handOver(head, base + offset, count, scratch, body) else { return false }
        } else if !discards {
            Self.append(&assembly, head.mask, openReceived, base + offset, count)
        }
        offset &+= count
        openReceived &+= count
        return openReceived == head.length ? try finishFrame(body) : true
    }

    /// Passes on a piece of a frame of a stream.
    private func handOver(
        _ head: Head, _ source: UnsafeRawPointer, _ count: Int, _ scratch: UnsafeMutableRawBufferPointer,
        _ body: (Event) -> Bool
    ) -> Bool {
        guard count > 0, let target = scratch.baseAddress else { return true }
        WebSocketFrame.applyMask(head.mask, phase: openReceived, from: source, to: target, count: count)
        return body(
            .message(UnsafeRawBufferPointer(start: target, count: count), fragmentedKind ?? .binary, owner: nil))
    }

    private static func append(
        _ buffer: inout ByteBuffer, _ mask: UInt32, _ phase: Int, _ source: UnsafeRawPointer, _ count: Int
    ) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
            if let base = target.baseAddress {
                WebSocketFrame.applyMask(mask, phase: phase, from: source, to: base, count: count)
            }
            return count
        }
    }

    private mutating func finishFrame(_ body: (Event) -> Bool) throws(WebSocketViolation) -> Bool {
        guard let head = open else { return true }
        open = nil
        switch head.opcode {
        case .ping:
            return control.withUnsafeReadableBytes { body(.ping($0)) }
        case .pong:
            return body(.pong)
        case .close:
            return body(try closeEvent())
        case .binary, .text, .continuation:
            guard head.isFinal, let kind = fragmentedKind else { return true }
            fragmentedKind = nil
            if discards || streams { return true }
            let message = assembly
            // The receiver may keep the buffer, so the next message gets its own unless this one was returned.
            defer { if assembly.capacity > 64 << 10 { assembly = ByteBuffer() } }
            if kind == .text, !message.withUnsafeReadableBytes({ UTF8Check.isValid($0) }) { throw .invalidUTF8 }
            return message.withUnsafeReadableBytes { body(.message($0, kind, owner: message)) }
        }
    }

    private mutating func closeEvent() throws(WebSocketViolation) -> Event {
        guard control.readableBytes != 1 else { throw .protocolError("close frame with half a code") }
        guard let code = control.readInteger(as: UInt16.self) else { return .close(code: nil, reason: "") }
        guard WebSocketFrame.isValidCloseCode(code) else { throw .protocolError("close code \(code) is not allowed") }
        guard control.withUnsafeReadableBytes({ UTF8Check.isValid($0) }) else { throw .invalidUTF8 }
        return .close(code: code, reason: control.readString(length: control.readableBytes) ?? "")
    }
}
