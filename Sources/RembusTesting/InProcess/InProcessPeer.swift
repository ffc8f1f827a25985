import NIOCore
package import NIOEmbedded
public import RembusWire

/// One connection to an ``InProcessBroker``, which sends and receives single messages as they are on the wire.
///
/// Received messages wait until they are read, in order. The peer answers nothing by itself except pings and the close
/// of the connection.
public final class InProcessPeer {
    /// The encoding of its messages, and so of those that it gets.
    public let encoding: PeerEncoding
    /// The index of its event loop.
    public let loop: Int
    /// How the broker closed the connection; nil when it has not, or has ended it without a close message.
    public private(set) var closing: Closing?
    package let channel: EmbeddedChannel
    /// The broker's end of the connection, to check that it is released.
    package private(set) weak var link: AnyObject?
    /// Called with every frame that arrives, before it is read.
    package var inspect: ((PeerFrame) -> Void)?
    private let broker: InProcessBroker
    private var unread = ByteBuffer()
    private var inbox: [Message] = []

    /// The close message of the broker.
    public struct Closing: Sendable, Equatable {
        /// The close code of WebSocket.
        public var code: Int
        /// The reason in words.
        public var reason: String

        /// Makes a value to compare with.
        public init(code: Int, reason: String) {
            self.code = code
            self.reason = reason
        }
    }

    init(_ broker: InProcessBroker, _ channel: EmbeddedChannel, link: AnyObject, encoding: PeerEncoding, loop: Int) {
        self.broker = broker
        self.channel = channel
        self.link = link
        self.encoding = encoding
        self.loop = loop
    }

    /// Whether the connection is open.
    public var isOpen: Bool { channel.isActive }

    /// Whether the peer reads what the broker sends. While it does not, messages wait in the broker, as for a slow
    /// peer.
    public var isReading: Bool {
        get { channel.isWritable }
        set {
            guard isOpen, newValue != channel.isWritable else { return }
            channel.isWritable = newValue
            channel.pipeline.fireChannelWritabilityChanged()
            broker.settle()
        }
    }

    // MARK: Sending

    /// Sends messages in one piece, and has the broker handle them.
    public func send(_ messages: Message...) {
        write(messages.flatMap(frame))
        broker.settle()
    }

    /// Sends any bytes as one binary message.
    public func send(bytes: [UInt8]) {
        write(PeerFrame.masked(PeerFrame.binary, bytes))
        broker.settle()
    }

    /// Sends any text as one text message.
    public func send(text: String) {
        write(PeerFrame.masked(PeerFrame.text, Array(text.utf8)))
        broker.settle()
    }

    /// Ends the connection without a close message, as a crash does.
    public func hangUp() {
        channel.close(promise: nil)
        broker.settle()
    }

    /// Returns an id that no other message has.
    public func makeID() -> MessageID { .randomForJSON() }

    private func frame(_ message: Message) -> [UInt8] {
        var buffer = ByteBuffer()
        let message = encoding == .julia ? message.withID(as: .text) : message
        switch encoding {
        case .cbor: message.encodeCBOR(into: &buffer)
        case .json: message.encodeJSON(into: &buffer, dialect: .python)
        case .julia: message.encodeJSON(into: &buffer, dialect: .julia)
        }
        let opcode = encoding == .cbor ? PeerFrame.binary : PeerFrame.text
        return PeerFrame.masked(opcode, Array(buffer.readableBytesView))
    }

    /// Sends bytes as they are. The broker handles them at once, but not what they cause on other event loops.
    package func write(_ bytes: some Collection<UInt8>) {
        guard isOpen else { return }
        // An error would come from a handler behind the link, and there is none.
        _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    // MARK: Receiving

    /// Takes every message that has arrived and was not read.
    ///
    /// Throws ``WireError`` when one is malformed.
    public func receive() throws -> [Message] {
        try collect()
        defer { inbox = [] }
        return inbox
    }

    /// Takes the next message. Throws ``TestingError`` when there is none.
    public func next() throws -> Message {
        try collect()
        guard !inbox.isEmpty else { throw TestingError("nothing has come\(closing.map { ", the end: \($0)" } ?? "")") }
        return inbox.removeFirst()
    }

    /// Takes the first message for which `pick` returns a value, and returns that value. The other messages stay. nil
    /// when there is none.
    public func take<Found>(_ pick: (Message) -> Found?) throws -> Found? {
        try collect()
        for (index, message) in inbox.enumerated() {
            guard let found = pick(message) else { continue }
            inbox.remove(at: index)
            return found
        }
        return nil
    }

    /// Takes the frames that have arrived and whose messages were not read yet.
    package func receiveFrames() -> [PeerFrame] {
        while let part = try? channel.readOutbound(as: ByteBuffer.self) { unread.writeImmutableBuffer(part) }
        var frames: [PeerFrame] = []
        while let frame = PeerFrame.take(from: &unread) { frames.append(frame) }
        unread.discardReadBytes()
        return frames
    }

    private func collect() throws {
        for frame in receiveFrames() {
            inspect?(frame)
            switch frame.opcode {
            case PeerFrame.binary: inbox.append(try Message(cbor: ByteBuffer(bytes: frame.payload)))
            case PeerFrame.text:
                var dialect = JSONDialect()
                inbox.append(try Message(json: ByteBuffer(bytes: frame.payload), dialect: &dialect))
            case PeerFrame.ping:
                write(PeerFrame.masked(PeerFrame.pong, frame.payload))
            case PeerFrame.close:
                let code = frame.payload.prefix(2).reduce(0) { $0 << 8 | Int($1) }
                closing = Closing(
                    code: frame.payload.count < 2 ? 1005 : code,
                    reason: String(decoding: frame.payload.dropFirst(2), as: UTF8.self))
                write(PeerFrame.masked(PeerFrame.close, frame.payload))
            default: break
            }
        }
    }
}
