import RembusSupport

/// The parsed head of a data-plane frame: the positions of its id, topic and payload. Nothing is decoded (protocol.md
/// §3).
///
/// Offsets count from the start of the parsed buffer, so the header is useful only together with it. Frames in the
/// usual form (definite lengths, the exact number of elements) are parsed here. Every other accepted form is
/// `.irregular`: the caller decodes it as a `Message` and encodes it again in the usual form.
package struct FrameHeader {
    package enum Kind: UInt8 {
        case publish = 1
        case request = 2
        case response = 4
        case ack = 5
        case ack2 = 6
    }

    package enum Parsed {
        /// A data-plane frame in the usual form.
        case regular(FrameHeader)
        /// A control frame (Identity, Admin, …), or a data-plane frame in an unusual form, which may be acceptable.
        case irregular
        /// Not a Rembus message. The text is a sentence for the log.
        case malformed(String)
    }

    package var kind: Kind
    /// The publish flags, 0x00…0xF0.
    package var flags: PublishFlags
    package var idOffset: Int
    /// The length of the id; 0 when the frame has none.
    package var idLength: Int
    package var topicOffset: Int
    package var topicLength: Int
    /// The payload: the argument array of a publication or request, or the data of a response.
    package var payloadOffset: Int
    package var payloadLength: Int
    /// The elements of the argument array, −1 when its length is indefinite; and the bytes of its head.
    package var argumentCount: Int
    package var argumentHeadLength: Int
    /// The target name of a request; length −1 when there is none.
    package var targetOffset: Int
    package var targetLength: Int
    package var status: UInt64
    /// How long the sender of a request waits for the answer, in milliseconds; nil when it sets no limit.
    package var timeout: UInt64?
    /// How many brokers have passed a request on; 0 when none has said so.
    package var hops: UInt64 = 0

    package var hasTarget: Bool { targetLength >= 0 }

    /// The deepest nesting that is accepted in a payload (known-defects.md S20).
    package static let maxDepth = 64

    private init(kind: Kind, flags: PublishFlags) {
        self.kind = kind
        self.flags = flags
        (idOffset, idLength, topicOffset, topicLength) = (0, 0, 0, 0)
        (payloadOffset, payloadLength, argumentCount, argumentHeadLength) = (0, 0, 0, 0)
        (targetOffset, targetLength, status) = (0, -1, 0)
        timeout = nil
    }

    package static func parse(_ bytes: UnsafeRawBufferPointer) -> Parsed {
        guard bytes.count >= 2 else {
            return .malformed("the message has \(bytes.count) bytes, too few for any Rembus message")
        }
        let outer = bytes[0]
        guard outer & 0xE0 == 0x80 else {
            return isSelfDescribed(bytes) ? .irregular : .malformed("the message is not a CBOR array")
        }
        let count = Int(outer & 0x1F)
        guard count <= 23 else { return .irregular }
        var scanner = CBORScanner(bytes, offset: 1)
        guard let first = scanner.head(), first.major == .unsigned else {
            return .malformed("the first element is not a message type")
        }
        guard first.argument <= 0xFF else { return .malformed("message type \(first.argument) does not exist") }
        // Relayed bytes must have the shortest form here, because Julia's parser requires it (protocol.md §2).
        guard first.info < 24 || (first.info == 24 && first.argument >= 24) else { return .irregular }
        let type = UInt8(truncatingIfNeeded: first.argument)
        guard let kind = Kind(rawValue: type & 0x0F) else { return .irregular }
        var header = FrameHeader(kind: kind, flags: PublishFlags(rawValue: type & 0xF0))
        let isRegular: Bool
        switch kind {
        case .publish: isRegular = header.scanPublish(&scanner, count: count)
        case .request: isRegular = header.scanRequest(&scanner, count: count)
        case .response: isRegular = header.scanResponse(&scanner, count: count)
        case .ack, .ack2: isRegular = count == 2 && header.scanID(&scanner)
        }
        return isRegular ? .regular(header) : .irregular
    }

    /// Whether the bytes begin with the tag for self-described CBOR.
    private static func isSelfDescribed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var scanner = CBORScanner(bytes)
        guard let head = scanner.head(), head.major == .tag else { return false }
        return head.argument == Value.Tag.selfDescribed
    }

    private mutating func scanPublish(_ scanner: inout CBORScanner, count: Int) -> Bool {
        if flags.rawValue == 0 {
            guard count == 3 else { return false }
        } else {
            guard count == 4, scanID(&scanner) else { return false }
        }
        return scanTopic(&scanner) && scanArguments(&scanner)
    }

    private mutating func scanRequest(_ scanner: inout CBORScanner, count: Int) -> Bool {
        guard count == 5 || count == 6, scanID(&scanner), scanTopic(&scanner), let next = scanner.peek() else {
            return false
        }
        if next == 0xF6 {
            scanner.offset &+= 1
        } else {
            guard let range = Self.text(&scanner) else { return false }
            (targetOffset, targetLength) = range
        }
        guard scanArguments(&scanner) else { return false }
        if count == 5 { return true }
        guard let options = RequestOptions(&scanner, depth: Self.maxDepth) else { return false }
        timeout = options.timeout
        hops = options.hops ?? 0
        return true
    }

    private mutating func scanResponse(_ scanner: inout CBORScanner, count: Int) -> Bool {
        guard count == 4, scanID(&scanner), let head = scanner.head(), head.major == .unsigned else { return false }
        status = head.argument
        payloadOffset = scanner.offset
        guard scanner.skipItem(depth: Self.maxDepth) else { return false }
        payloadLength = scanner.offset &- payloadOffset
        return true
    }

    private mutating func scanID(_ scanner: inout CBORScanner) -> Bool {
        guard let id = scanner.string(.bytes), id.count >= 1, id.count <= 32 else { return false }
        (idOffset, idLength) = (scanner.offset &- id.count, id.count)
        return true
    }

    private mutating func scanTopic(_ scanner: inout CBORScanner) -> Bool {
        guard let range = Self.text(&scanner) else { return false }
        (topicOffset, topicLength) = range
        return true
    }

    private mutating func scanArguments(_ scanner: inout CBORScanner) -> Bool {
        payloadOffset = scanner.offset
        guard let head = scanner.head(), head.major == .array else { return false }
        argumentHeadLength = scanner.offset &- payloadOffset
        if head.isIndefinite {
            argumentCount = -1
            scanner.offset = payloadOffset
            guard scanner.skipItem(depth: Self.maxDepth) else { return false }
            payloadLength = scanner.offset &- payloadOffset
            return true
        }
        guard head.argument <= UInt64(scanner.end &- scanner.offset) else { return false }
        argumentCount = Int(truncatingIfNeeded: head.argument)
        for _ in 0..<argumentCount where !scanner.skipItem(depth: Self.maxDepth) { return false }
        payloadLength = scanner.offset &- payloadOffset
        return true
    }

    private static func text(_ scanner: inout CBORScanner) -> (Int, Int)? {
        guard let text = scanner.string(.text), UTF8Check.isValid(text) else { return nil }
        return (scanner.offset &- text.count, text.count)
    }
}

extension FrameHeader {
    /// The id of the frame; nil when it has none.
    package func id(in bytes: UnsafeRawBufferPointer) -> MessageID? {
        if idLength == 8 {
            return MessageID(
                littleEndian: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: idOffset, as: UInt64.self)))
        }
        return MessageID(bytes: bytes[idOffset..<idOffset + idLength])
    }

    package func topicBytes(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[topicOffset..<topicOffset &+ topicLength])
    }

    package func topic(in bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: topicBytes(in: bytes), as: UTF8.self)
    }

    package func target(in bytes: UnsafeRawBufferPointer) -> String? {
        hasTarget ? String(decoding: bytes[targetOffset..<targetOffset + targetLength], as: UTF8.self) : nil
    }

    /// The offset behind the frame's last element. Further bytes are ignored (protocol.md §1.1).
    package var end: Int { payloadOffset &+ payloadLength }
}
