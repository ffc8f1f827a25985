import NIOCore
import NIOPosix
import RembusTransport
import Synchronization

/// One dialed connection that sends messages and waits for what comes back.
final class EchoClient: Sendable {
    let channel: any Channel
    private let link: NIOLoopBoundBox<Link?>
    private let received: AsyncStream<[UInt8]>

    static func connect(
        host: String = "127.0.0.1", port: Int, tls: TLSClientSettings? = nil, timeout: TimeAmount = .seconds(60)
    ) async throws -> EchoClient {
        let context = try tls.map { settings throws(TLSFailure) in try TLSClientContext(settings) }
        return try await connect(host: host, port: port, context: context, timeout: timeout)
    }

    static func connect(
        host: String = "127.0.0.1", port: Int, context: TLSClientContext?, timeout: TimeAmount = .seconds(60)
    ) async throws -> EchoClient {
        try await open { eventLoop, makeLink in
            try await WebSocketDialer.connect(
                host: host, port: port, tls: context, on: eventLoop,
                configuration: LinkConfiguration(pingInterval: nil, handshakeTimeout: timeout), makeLink: makeLink)
        }
    }

    /// A connection without WebSocket.
    static func connectTCP(
        host: String = "127.0.0.1", port: Int, tls: TLSClientSettings? = nil
    ) async throws -> EchoClient {
        let context = try tls.map { settings throws(TLSFailure) in try TLSClientContext(settings) }
        return try await open { eventLoop, makeLink in
            try await TCPDialer.connect(
                host: host, port: port, tls: context, on: eventLoop,
                configuration: LinkConfiguration(pingInterval: nil, handshakeTimeout: .seconds(60)), makeLink: makeLink)
        }
    }

    private typealias MakeLink = @Sendable (any Channel, LinkConfiguration) -> Link

    private static func open(
        _ dial: (any EventLoop, @escaping MakeLink) async throws -> any Channel
    ) async throws -> EchoClient {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let link = NIOLoopBoundBox<Link?>.makeEmptyBox(valueType: Link.self, eventLoop: eventLoop)
        let (received, messages) = AsyncStream.makeStream(of: [UInt8].self)
        let channel = try await dial(eventLoop) { channel, configuration in
            let made = Link(
                role: .client, group: LinkGroup(eventLoop: channel.eventLoop), configuration: configuration,
                remoteAddress: "test", delegate: Collector(messages))
            link.value = made
            return made
        }
        return EchoClient(channel, link, received)
    }

    private init(_ channel: any Channel, _ link: NIOLoopBoundBox<Link?>, _ received: AsyncStream<[UInt8]>) {
        self.channel = channel
        self.link = link
        self.received = received
    }

    /// What comes back for a message; nil when the connection ended.
    func echo(_ message: [UInt8]) async -> [UInt8]? {
        send(message)
        for await answer in received { return answer }
        return nil
    }

    /// Sends a message, and with `thenClose` ends the connection in good order behind it.
    func send(_ message: [UInt8], thenClose: Bool = false) {
        channel.eventLoop.execute { [link] in
            guard let link = link.value else { return }
            link.sendBinary(length: message.count) { $0.copyMemory(from: message, byteCount: message.count) }
            if thenClose { link.close(code: 1000, reason: "") }
            link.group.flush()
        }
    }

    /// Closes the connection and waits until it is gone.
    func close() async throws {
        try? await channel.close()
    }
}

private final class Collector: LinkDelegate {
    private let messages: AsyncStream<[UInt8]>.Continuation

    init(_ messages: AsyncStream<[UInt8]>.Continuation) { self.messages = messages }

    func link(_ link: Link, received bytes: UnsafeRawBufferPointer, kind: MessageKind, owner: ByteBuffer?) {
        messages.yield(Array(bytes))
    }
    func linkReadCompleted(_ link: Link) {}
    func linkDrained(_ link: Link) {}
    func linkClosed(_ link: Link, reason: LinkCloseReason) { messages.finish() }
}
