import NIOCore
import NIOPosix
import Rembus
import RembusTransport
import Synchronization

/// An event loop of the load generator, with the objects that its links share.
struct BenchLoop: Sendable {
    let eventLoop: any EventLoop
    private let group: NIOLoopBoundBox<LinkGroup>

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        group = NIOLoopBoundBox.makeBoxSendingValue(LinkGroup(eventLoop: eventLoop), eventLoop: eventLoop)
    }

    /// Opens a connection and makes its peer, on this loop.
    func open<Peer: BenchPeer>(
        _ plan: BenchPlan, _ counters: BenchCounters, make: @escaping @Sendable (LinkGroup) -> Peer
    ) async throws -> PeerHandle<Peer> {
        let box = NIOLoopBoundBox<Peer?>.makeEmptyBox(valueType: Peer.self, eventLoop: eventLoop)
        let (group, peerName) = (group, DialedPlace.text(plan.url.host, plan.url.port))
        // There are no pings: the traffic shows whether the broker is alive, and a timer would cost time.
        let configuration = LinkConfiguration(pingInterval: nil, highWaterMark: 1 << 20, lowWaterMark: 256 << 10)
        let makeLink = { @Sendable (sink: (any LinkSink)?, configuration: LinkConfiguration) -> Link in
            let peer = make(group.value)
            let link = Link(
                role: .client, group: group.value, configuration: configuration, remoteAddress: peerName,
                delegate: peer, sink: sink)
            peer.attach(link)
            box.value = peer
            return link
        }
        do {
            try await dial(plan, configuration, makeLink)
        } catch let error as CommandFailure {
            throw error
        } catch {
            throw BrokerPlace.unreachable(plan.url, (error as? ConnectFailure)?.reason ?? "\(error)")
        }
        counters.openConnections.wrappingAdd(1, ordering: .relaxed)
        return PeerHandle(eventLoop: eventLoop, box: box)
    }

    private func dial(
        _ plan: BenchPlan, _ configuration: LinkConfiguration,
        _ makeLink: @escaping @Sendable ((any LinkSink)?, LinkConfiguration) -> Link
    ) async throws {
        let url = plan.url
        switch url.scheme {
        case .ws, .wss:
            _ = try await WebSocketDialer.connect(
                host: url.host, port: url.port, tls: plan.tls, on: eventLoop, configuration: configuration
            ) { makeLink(nil, $1) }
        case .tcp, .tls:
            _ = try await TCPDialer.connect(
                host: url.host, port: url.port, tls: plan.tls, on: eventLoop, configuration: configuration
            ) { makeLink(nil, $1) }
        case .zmq, .mqtt, .mqtts:
            guard let dialer = SinkDialer.of(scheme: url.scheme.rawValue) else {
                throw CommandFailure("this rembus was built without \(url.scheme.rawValue)", status: .usage)
            }
            _ = try await dialer.connect(url.host, url.port, eventLoop, configuration) { makeLink($0, $1) }
        }
    }
}

/// A peer for use on other threads.
struct PeerHandle<Peer: BenchPeer>: Sendable {
    fileprivate let eventLoop: any EventLoop
    fileprivate let box: NIOLoopBoundBox<Peer?>

    fileprivate init(eventLoop: any EventLoop, box: NIOLoopBoundBox<Peer?>) {
        self.eventLoop = eventLoop
        self.box = box
    }

    /// Runs `body` with the peer and waits for the result.
    func with<R: Sendable>(_ body: @escaping @Sendable (Peer) throws -> R) async throws -> R {
        try await eventLoop.submit { [box] in
            guard let peer = box.value else { throw CommandFailure("a connection of the run is gone") }
            return try body(peer)
        }.get()
    }

    /// Starts an operation of the peer and waits for its end.
    func finish(_ body: @escaping @Sendable (Peer) -> EventLoopFuture<Void>) async throws {
        try await eventLoop.flatSubmit { [box, eventLoop] () -> EventLoopFuture<Void> in
            guard let peer = box.value else {
                return eventLoop.makeFailedFuture(CommandFailure("a connection of the run is gone"))
            }
            return body(peer)
        }.get()
    }

    /// Runs `body` with the peer, without waiting.
    func tell(_ body: @escaping @Sendable (Peer) -> Void) {
        eventLoop.execute { [box] in box.value.map(body) }
    }
}
