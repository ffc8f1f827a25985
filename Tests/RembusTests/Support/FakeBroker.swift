import NIOCore
import NIOPosix
import RembusListening
import RembusTransport
import RembusWire
import TestSupport
import Testing

@testable import Rembus

/// A broker that does nothing by itself: tests read what a component sends and decide what it gets.
final class FakeBroker: Sendable {
    let port: Int
    private let channel: any Channel
    private let connections: Mailbox<FakePeer>

    private init(_ channel: any Channel, _ connections: Mailbox<FakePeer>, port: Int) {
        self.channel = channel
        self.connections = connections
        self.port = port
    }

    /// `isFramed`: without WebSocket, as `tcp` and `tls` are. The port is one that stays free when the broker stops: a
    /// component that tries again would else reach the broker of another test, or itself.
    static func start(
        port: Int? = nil, tls: TLSServerContext? = nil, isFramed: Bool = false, greets: Bool = true
    ) async throws -> FakeBroker {
        let port = try port ?? freePort()
        let connections = Mailbox<FakePeer>()
        let group = MultiThreadedEventLoopGroup.singleton
        let configuration = LinkConfiguration(pingInterval: nil, handshakeTimeout: .seconds(300))
        let makeLink: WebSocketListener.MakeLink = { channel, configuration, _ in
            let peer = FakePeer(channel, greets: greets)
            let link = Link(
                role: .server, group: LinkGroup(eventLoop: channel.eventLoop), configuration: configuration,
                remoteAddress: "test", delegate: peer)
            peer.install(link)
            connections.put(peer)
            return link
        }
        let channel =
            isFramed
            ? try await TCPListener.bind(
                group: group, host: "127.0.0.1", port: port, tls: tls, configuration: configuration,
                makeLink: makeLink
            ).channel
            : try await WebSocketListener.bind(
                group: group, host: "127.0.0.1", port: port, tls: tls, configuration: configuration,
                makeLink: makeLink
            ).channel
        return FakeBroker(channel, connections, port: port)
    }

    func url(_ name: String = "") -> String { "ws://127.0.0.1:\(port)/\(name)" }

    /// The next connection that a component makes.
    func accept() async throws -> FakePeer { try await connections.next() }

    /// Stops listening; connections stay.
    func stop() async { try? await channel.close() }

    /// A component that is connected and logged in, with the peer that it talks to.
    static func connected(
        _ name: String = "tester", configuration: ComponentConfiguration = .test()
    ) async throws -> (FakeBroker, FakePeer, Component) {
        let broker = try await FakeBroker.start()
        async let component = Component.connect(broker.url(name), configuration: configuration)
        let peer = try await broker.accept()
        if !name.isEmpty { try await peer.acceptLogin(name) }
        return (broker, peer, try await component)
    }
}

extension ComponentConfiguration {
    /// What is not given is as it would be for a program: nothing comes from whoever runs the tests.
    static func untouched(_ adjust: (inout ComponentConfiguration) -> Void = { _ in }) -> ComponentConfiguration {
        ComponentConfiguration {
            $0.environment = [:]
            $0.directory = "/nonexistent"
            adjust(&$0)
        }
    }

    /// Quick reconnects, and no answer is too late unless a test says so: on a busy machine a broker that is a test
    /// waits for its turn while a component's clock runs.
    static func test(_ adjust: (inout ComponentConfiguration) -> Void = { _ in }) -> ComponentConfiguration {
        untouched {
            $0.reconnect = ReconnectPolicy(minimumDelay: .milliseconds(1), maximumDelay: .milliseconds(5))
            $0.requestTimeout = .seconds(600)
            $0.acknowledgementTimeout = .seconds(600)
            adjust(&$0)
        }
    }
}
