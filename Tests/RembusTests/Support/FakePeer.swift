import NIOCore
import RembusTransport
import RembusWire
import Testing

/// The broker's end of one connection.
///
/// `@unchecked Sendable`: `link` is set before the peer is handed out and touched on its event loop only.
final class FakePeer: LinkDelegate, @unchecked Sendable {
    /// What a component sent.
    enum Frame: Sendable, Equatable {
        case binary(ByteBuffer)
        case text(String)
    }

    private let channel: any Channel
    private let frames = Mailbox<Frame>()
    private let closing = Mailbox<LinkCloseReason>()
    fileprivate(set) var link: Link?
    private var hasHeard = false
    /// Whether a component that has no name, and asks whether this is a broker, is answered.
    private let greets: Bool

    init(_ channel: any Channel, greets: Bool = true) {
        self.channel = channel
        self.greets = greets
    }

    private func answerGreeting(_ bytes: UnsafeRawBufferPointer, _ kind: MessageKind) -> Bool {
        var dialect = JSONDialect()
        let message =
            kind == .binary
            ? try? Message(cbor: ByteBuffer(bytes: bytes))
            : try? Message(json: ByteBuffer(bytes: bytes), dialect: &dialect)
        guard case .request(let request)? = message, request.topic == "rid" else { return false }
        send(.response(.init(id: request.id, status: .ok, data: "fake")), asText: kind == .text)
        return true
    }

    // MARK: Reading

    /// The next frame as it is on the wire.
    func nextFrame() async throws -> Frame { try await frames.next() }

    /// The next message.
    func next() async throws -> Message {
        switch try await frames.next() {
        case .binary(let bytes): return try Message(cbor: bytes)
        case .text(let text):
            var dialect = JSONDialect()
            return try Message(json: ByteBuffer(string: text), dialect: &dialect)
        }
    }

    /// How the connection ended.
    func closed() async throws -> LinkCloseReason { try await closing.next() }

    var hasUnreadFrames: Bool { !frames.pending.isEmpty }

    func nextPublish() async throws -> Message.Publish {
        guard case .publish(let part) = try await next() else { throw UnexpectedMessage() }
        return part
    }

    func nextRequest() async throws -> Message.Request {
        guard case .request(let part) = try await next() else { throw UnexpectedMessage() }
        return part
    }

    func nextResponse() async throws -> Message.Response {
        guard case .response(let part) = try await next() else { throw UnexpectedMessage() }
        return part
    }

    func nextAck() async throws -> MessageID {
        guard case .ack(let id) = try await next() else { throw UnexpectedMessage() }
        return id
    }

    /// The next command with its topic, answered with success.
    @discardableResult
    func nextCommand(status: StatusCode = .ok, data: Value = .null) async throws -> (String, AdminCommand) {
        guard case .admin(let part) = try await next() else { throw UnexpectedMessage() }
        send(.response(.init(id: part.id, status: status, data: data)))
        return (part.topic, try AdminCommand(part.data))
    }

    struct UnexpectedMessage: Error {}

    // MARK: Writing

    func send(_ message: Message, asText: Bool = false) {
        onLink { link in
            var bytes = ByteBuffer()
            if asText {
                message.encodeJSON(into: &bytes, dialect: .python)
                link.sendText(bytes)
            } else {
                message.encodeCBOR(into: &bytes)
                bytes.withUnsafeReadableBytes { source in
                    link.sendBinary(length: source.count) { target in
                        if let base = source.baseAddress { target.copyMemory(from: base, byteCount: source.count) }
                    }
                }
            }
        }
    }

    /// Any bytes as one binary message.
    func sendRaw(_ bytes: [UInt8]) {
        onLink { link in
            link.sendBinary(length: bytes.count) { target in
                target.copyMemory(from: bytes, byteCount: bytes.count)
            }
        }
    }

    /// Any text as one text message.
    func sendText(_ text: String) { onLink { $0.sendText(ByteBuffer(string: text)) } }

    func answer(_ request: Message.Request, _ value: Value) {
        send(.response(.init(id: request.id, status: .ok, data: value)))
    }

    func publish(
        _ topic: String, _ arguments: Value..., flags: PublishFlags = .init(qos: .atMostOnce), id: UInt64? = nil
    ) {
        let id = id.map(MessageID.init(littleEndian:))
        send(.publish(.init(id: id, flags: flags, topic: topic, arguments: arguments)))
    }

    /// Answers the Identity that must come next.
    func acceptLogin(_ name: String, exports: Value = [[], []]) async throws {
        guard case .identity(let part) = try await next() else { throw UnexpectedMessage() }
        #expect(part.name == name)
        send(.response(.init(id: part.id, status: .ok, data: exports)))
    }

    func refuseLogin(_ status: StatusCode, _ data: Value) async throws {
        guard case .identity(let part) = try await next() else { throw UnexpectedMessage() }
        send(.response(.init(id: part.id, status: status, data: data)))
    }

    func close(code: UInt16, reason: String = "") { onLink { $0.close(code: code, reason: reason) } }

    /// Breaks the connection without a word.
    func drop() { channel.close(promise: nil) }

    func pauseReading() { onLink { $0.pauseReading() } }
    func resumeReading() { onLink { $0.resumeReading() } }

    private func onLink(_ body: @escaping @Sendable (Link) -> Void) {
        channel.eventLoop.execute { [self] in
            guard let link, channel.isActive else { return }
            // A link keeps what it gets before it is in the pipeline.
            guard (try? channel.pipeline.syncOperations.context(handler: link)) != nil else { return onLink(body) }
            body(link)
            link.group.flush()
        }
    }

    func install(_ link: Link) { self.link = link }

    // MARK: LinkDelegate

    func link(_ link: Link, received bytes: UnsafeRawBufferPointer, kind: MessageKind, owner: ByteBuffer?) {
        let isFirst = !hasHeard
        hasHeard = true
        if isFirst, greets, answerGreeting(bytes, kind) { return }
        switch kind {
        case .binary: frames.put(.binary(ByteBuffer(bytes: bytes)))
        case .text: frames.put(.text(String(decoding: bytes, as: UTF8.self)))
        }
    }

    func linkReadCompleted(_ link: Link) {}
    func linkDrained(_ link: Link) {}
    func linkClosed(_ link: Link, reason: LinkCloseReason) {
        self.link = nil
        closing.put(reason)
    }
}
