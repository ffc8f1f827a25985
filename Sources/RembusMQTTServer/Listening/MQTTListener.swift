import NIOCore
import NIOPosix
import NIOSSL
import RembusBroker
import RembusListening
import RembusTransport

/// Accepts MQTT clients on one port: over TCP or TLS, with or without WebSocket.
struct MQTTListener: Sendable {
    let server: MQTTServer

    func bind(at address: ListenAddress) async throws -> any Channel {
        let listener = self
        return try await ServerBootstrap.forLinks(group: server.host.group, admission: server.host.admission)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try listener.prepare(channel) }
            }
            .bind(to: address)
    }

    private func prepare(_ channel: any Channel) throws {
        try channel.whenPeerIsKnown(server.host.listening, admission: server.host.admission) {
            try prepare(channel, $0)
        }
    }

    private func prepare(_ channel: any Channel, _ peer: PeerAddress) throws {
        guard let tls = server.host.certificates else {
            return try expectFirstByte(channel, ConnectionFacts(.mqtt), peer)
        }
        let pipeline = channel.pipeline.syncOperations
        let report = HandshakeReport(
            admission: server.host.admission, logger: server.host.logger, address: peer.address)
        let encryption = NIOSSLServerHandler(context: tls.current)
        let deadline = HandshakeDeadline(server.host.linkConfiguration.handshakeTimeout, report)
        try pipeline.addHandler(deadline)
        try pipeline.addHandler(encryption)
        try pipeline.addHandler(
            TLSHandshakeEnd { channel in
                report.succeeded()
                channel.pipeline.syncOperations.removeHandler(deadline, promise: nil)
                try self.expectFirstByte(
                    channel,
                    ConnectionFacts(
                        .mqtts, isSecure: true, certificate: ClientCertificate(encryption.peerCertificate)), peer)
            } onFailure: { error in
                report.refused(.tlsHandshake, TLSFailure(handshake: error, peer: nil).description)
            })
    }

    private func expectFirstByte(_ channel: any Channel, _ facts: ConnectionFacts, _ peer: PeerAddress) throws {
        try channel.setUpForLink()
        var facts = facts
        facts.client = peer.unlessPeer(of: channel)
        try channel.pipeline.syncOperations.addHandler(FirstByteHandler(server: server, facts: facts, peer: peer))
    }
}

/// Ends connections whose TLS handshake takes too long.
private final class HandshakeDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let timeout: TimeAmount
    private let report: HandshakeReport
    private var task: Scheduled<Void>?

    init(_ timeout: TimeAmount, _ report: HandshakeReport) {
        self.timeout = timeout
        self.report = report
    }

    func handlerAdded(context: ChannelHandlerContext) {
        task = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.report.refused(.handshakeTimeout, "the handshake was not done in time")
            context.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        task?.cancel()
        task = nil
    }
}
