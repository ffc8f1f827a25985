import DataFrames
import NIOCore

/// A message that is ready to be written: its length is known, and writing it takes a few copies.
enum OutgoingFrame: Sendable {
    /// A CBOR publication. Its frame has no `id` when the flags are zero.
    case publish(flags: PublishFlags, id: UInt64, topic: String, items: ByteBuffer, count: Int)
    /// A CBOR request. `timeout` is how long the caller waits, in milliseconds; nil when it sets no limit.
    case request(id: UInt64, topic: String, target: String?, items: ByteBuffer, count: Int, timeout: UInt64?)
    /// A CBOR response.
    case response(id: MessageID, status: StatusCode, data: ByteBuffer)
    /// A message that is encoded already. JSON messages have this form only.
    case whole(ByteBuffer)

    var length: Int {
        switch self {
        case .publish(let flags, _, let topic, let items, let count):
            let head = flags.rawValue == 0 ? 2 : flags.rawValue < 0x17 ? 11 : 12
            return head + Self.textLength(topic) + FrameWriter.headLength(count) + items.readableBytes
        case .request(_, let topic, let target, let items, let count, let timeout):
            let options = timeout.map { RequestOptions(timeout: $0).encodedLength } ?? 0
            return 11 + Self.textLength(topic) + (target.map(Self.textLength) ?? 1) + FrameWriter.headLength(count)
                + items.readableBytes + options
        case .response(let id, let status, let data):
            return 2 + FrameWriter.idLength(id) + FrameWriter.headLength(Self.integer(status)) + data.readableBytes
        case .whole(let bytes): return bytes.readableBytes
        }
    }

    /// Writes `length` bytes.
    func write(to start: UnsafeMutableRawPointer) {
        var writer = FrameWriter(start)
        switch self {
        case .publish(let flags, let id, let topic, let items, let count):
            writer.head(major: 4, flags.rawValue == 0 ? 3 : 4)
            writer.head(major: 0, Int(flags.rawValue | Message.Kind.publish.rawValue))
            if flags.rawValue != 0 { writer.id(id) }
            Self.text(topic, &writer)
            writer.head(major: 4, count)
            Self.copy(items, &writer)
        case .request(let id, let topic, let target, let items, let count, let timeout):
            writer.head(major: 4, timeout == nil ? 5 : 6)
            writer.byte(Message.Kind.request.rawValue)
            writer.id(id)
            Self.text(topic, &writer)
            if let target { Self.text(target, &writer) } else { writer.byte(0xF6) }
            writer.head(major: 4, count)
            Self.copy(items, &writer)
            if let timeout { RequestOptions(timeout: timeout).write(&writer) }
        case .response(let id, let status, let data):
            writer.head(major: 4, 4)
            writer.byte(Message.Kind.response.rawValue)
            writer.id(id)
            writer.head(major: 0, Self.integer(status))
            Self.copy(data, &writer)
        case .whole(let bytes): Self.copy(bytes, &writer)
        }
    }

    private static func integer(_ status: StatusCode) -> Int { Int(clamping: status.rawValue) }

    private static func textLength(_ text: String) -> Int {
        let count = text.utf8.count
        return FrameWriter.headLength(count) + count
    }

    private static func text(_ text: String, _ writer: inout FrameWriter) {
        var text = text
        text.withUTF8 { bytes in
            writer.head(major: 3, bytes.count)
            writer.copy(UnsafeRawBufferPointer(bytes))
        }
    }

    private static func copy(_ bytes: ByteBuffer, _ writer: inout FrameWriter) {
        bytes.withUnsafeReadableBytes { writer.copy($0) }
    }
}

extension OutgoingFrame {
    /// A publication in the encoding of its arguments.
    init(publish topic: String, flags: PublishFlags, id: UInt64, arguments: ArgumentList) {
        switch arguments.storage {
        case .items(let items, let count):
            self = .publish(flags: flags, id: id, topic: topic, items: items, count: count)
        case .values(let values):
            let id = flags.requiresID ? MessageID(littleEndian: id) : nil
            self.init(.publish(.init(id: id, flags: flags, topic: topic, arguments: values)), encoding: .json)
        }
    }

    /// A request in the encoding of its arguments.
    init(request topic: String, target: String?, id: UInt64, arguments: ArgumentList, timeout: UInt64?) {
        switch arguments.storage {
        case .items(let items, let count):
            self = .request(id: id, topic: topic, target: target, items: items, count: count, timeout: timeout)
        case .values(let values):
            let id = MessageID(littleEndian: id)
            self.init(
                .request(.init(id: id, topic: topic, target: target, arguments: values, timeout: timeout)),
                encoding: .json)
        }
    }

    /// An answer in the encoding of its data.
    init(response id: MessageID, status: StatusCode, data: EncodedValue) {
        switch data.storage {
        case .cbor(let bytes): self = .response(id: id, status: status, data: bytes)
        case .value(let value):
            self.init(.response(.init(id: id, status: status, data: value)), encoding: .json)
        }
    }

    /// Any message.
    init(_ message: Message, encoding: MessageEncoding) {
        var bytes = ByteBuffer()
        switch encoding {
        case .cbor: message.encodeCBOR(into: &bytes)
        // The message has the type keys of both dialects, so the dialect of the peer does not matter.
        case .json:
            message.encodeJSON(into: &bytes, dialect: JSONDialect(), frames: DataFrame.writeRows(ofArrow:into:))
        }
        self = .whole(bytes)
    }
}

extension OutgoingFrame {
    /// The frame as a buffer of its own, for messages that may be sent again.
    var bytes: ByteBuffer {
        if case .whole(let bytes) = self { return bytes }
        let length = length
        var buffer = ByteBuffer()
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { target in
            if let base = target.baseAddress { write(to: base) }
            return length
        }
        return buffer
    }
}
