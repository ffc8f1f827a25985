import NIOCore
import NIOPosix
import RembusListening
import RembusTransport
import Synchronization
import Testing

/// A listener that sends back what it gets, and notes what it knows about its connections.
final class EchoServer: Sendable {
    let port: Int
    let admission: ConnectionAdmission
    private let channel: any Channel
    private let seen: SeenFacts

    static func start(
        tls: TLSServerContext? = nil, origins: OriginPolicy = OriginPolicy(),
        admission: ConnectionAdmission = .init(maxConnections: 0, maxPerAddress: 0, handshakesPerSecond: 0),
        handshakeTimeout: TimeAmount = .seconds(60)
    ) async throws -> EchoServer {
        let seen = SeenFacts()
        let listener = try await WebSocketListener.bind(
            group: MultiThreadedEventLoopGroup.singleton, host: "127.0.0.1", port: 0, tls: tls, admission: admission,
            origins: origins, configuration: LinkConfiguration(pingInterval: nil, handshakeTimeout: handshakeTimeout),
            makeLink: seen.makeLink)
        return EchoServer(listener.channel, seen, admission, port: try #require(listener.channel.localAddress?.port))
    }

    /// The same for connections without WebSocket.
    static func startTCP(
        tls: TLSServerContext? = nil,
        admission: ConnectionAdmission = .init(maxConnections: 0, maxPerAddress: 0, handshakesPerSecond: 0),
        handshakeTimeout: TimeAmount = .seconds(60)
    ) async throws -> EchoServer {
        let seen = SeenFacts()
        let listener = try await TCPListener.bind(
            group: MultiThreadedEventLoopGroup.singleton, host: "127.0.0.1", port: 0, tls: tls, admission: admission,
            configuration: LinkConfiguration(pingInterval: nil, handshakeTimeout: handshakeTimeout),
            makeLink: seen.makeLink)
        return EchoServer(listener.channel, seen, admission, port: try #require(listener.channel.localAddress?.port))
    }

    private final class SeenFacts: Sendable {
        let facts = Mutex<[ConnectionFacts]>([])
        let channels = Mutex<[any Channel]>([])

        @Sendable func makeLink(
            _ channel: any Channel, _ configuration: LinkConfiguration, _ facts: ConnectionFacts
        ) -> Link? {
            self.facts.withLock { $0.append(facts) }
            channels.withLock { $0.append(channel) }
            return Link(
                role: .server, group: LinkGroup(eventLoop: channel.eventLoop), configuration: configuration,
                remoteAddress: "test", delegate: EchoDelegate())
        }
    }

    private init(_ channel: any Channel, _ seen: SeenFacts, _ admission: ConnectionAdmission, port: Int) {
        self.channel = channel
        self.seen = seen
        self.admission = admission
        self.port = port
    }

    deinit { channel.close(promise: nil) }

    /// How many handlers each connection has.
    func handlerCounts() async throws -> [Int] {
        var counts: [Int] = []
        for channel in seen.channels.withLock({ $0 }) {
            let text = try await channel.eventLoop.submit { channel.pipeline.debugDescription }.get()
            // One line each, below a title and a head.
            counts.append(text.split(separator: "\n").count - 2)
        }
        return counts
    }

    /// What was known about each connection, in the order of their handshakes.
    var facts: [ConnectionFacts] { seen.facts.withLock { $0 } }
}

private final class EchoDelegate: LinkDelegate {
    func link(_ link: Link, received bytes: UnsafeRawBufferPointer, kind: MessageKind, owner: ByteBuffer?) {
        link.sendBinary(length: bytes.count) { target in
            if let base = bytes.baseAddress { target.copyMemory(from: base, byteCount: bytes.count) }
        }
    }
    func linkReadCompleted(_ link: Link) {}
    func linkDrained(_ link: Link) {}
    func linkClosed(_ link: Link, reason: LinkCloseReason) {}
}
