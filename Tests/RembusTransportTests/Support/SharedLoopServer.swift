import NIOCore
import NIOPosix
@testable import RembusListening
import Synchronization
import Testing

@testable import RembusTransport

/// A WebSocket listener whose connections are all on one event loop, in one link group.
final class SharedLoopServer: Sendable {
    private let channel: any Channel
    private let eventLoop: any EventLoop
    private let group: NIOLoopBound<LinkGroup>
    private let delegate: SizeDelegate
    private let port: Int

    static func start(maxMessageBytes: Int, maxAssemblyBytes: Int) async throws -> SharedLoopServer {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let delegate = SizeDelegate()
        let group = try await eventLoop.submit {
            NIOLoopBound(LinkGroup(eventLoop: eventLoop), eventLoop: eventLoop)
        }.get()
        let listener = try await WebSocketListener.bind(
            group: eventLoop, host: "127.0.0.1", port: 0, tls: nil,
            admission: .init(maxConnections: 0, maxPerAddress: 0, handshakesPerSecond: 0), origins: OriginPolicy(),
            configuration: LinkConfiguration(
                maxMessageBytes: maxMessageBytes, pingInterval: nil, handshakeTimeout: .seconds(300),
                closeTimeout: .milliseconds(200), maxAssemblyBytes: maxAssemblyBytes)
        ) { _, configuration, _ in
            delegate.links.withLock { $0 += 1 }
            return Link(
                role: .server, group: group.value, configuration: configuration, remoteAddress: "test",
                delegate: delegate)
        }
        let port = try #require(listener.channel.localAddress?.port)
        return SharedLoopServer(listener.channel, eventLoop, group, delegate, port: port)
    }

    private init(
        _ channel: any Channel, _ eventLoop: any EventLoop, _ group: NIOLoopBound<LinkGroup>,
        _ delegate: SizeDelegate, port: Int
    ) {
        self.channel = channel
        self.eventLoop = eventLoop
        self.group = group
        self.delegate = delegate
        self.port = port
    }

    deinit { channel.close(promise: nil) }

    /// Connected, and behind the WebSocket handshake.
    func peer() async throws -> RawPeer {
        let links = delegate.links.withLock { $0 }
        let peer = try await RawPeer.connect(port: port)
        await peer.send(
            "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        // A client that does not wait for the answer is refused when it sends much.
        #expect(await eventually { self.delegate.links.withLock { $0 } > links })
        return peer
    }

    /// The sizes of the messages that arrived, in order of size.
    var received: [Int] { delegate.sizes.withLock { $0.sorted() } }

    /// How often memory was allocated to receive into.
    func receiveAllocations() async throws -> Int {
        try await eventLoop.submit { [group] in group.value.receiveMemory.allocations }.get()
    }

    /// Waits until the links together hold exactly so many bytes of unfinished messages.
    func holds(_ bytes: Int) async throws -> Bool {
        let (group, end) = (group, ContinuousClock.now + .seconds(30))
        while try await eventLoop.submit({ group.value.assemblies.bytes }).get() != bytes {
            guard ContinuousClock.now < end else { return false }
            try await Task.sleep(for: .milliseconds(5))
        }
        return true
    }
}

private final class SizeDelegate: LinkDelegate, Sendable {
    let sizes = Mutex<[Int]>([])
    let links = Mutex(0)

    func link(_ link: Link, received bytes: UnsafeRawBufferPointer, kind: MessageKind, owner: ByteBuffer?) {
        sizes.withLock { $0.append(bytes.count) }
    }
    func linkReadCompleted(_ link: Link) {}
    func linkDrained(_ link: Link) {}
    func linkClosed(_ link: Link, reason: LinkCloseReason) {}
}
