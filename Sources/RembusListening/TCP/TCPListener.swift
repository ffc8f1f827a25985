package import Logging
package import NIOCore
import NIOPosix
import NIOSSL
package import RembusTransport

/// Accepts connections that carry length-framed CBOR, over TCP or TLS (protocol.md §11), and puts a `Link` on each.
package struct TCPListener: Sendable {
    package let channel: any Channel

    /// Starts to accept. The link that `makeLink` makes must use the configuration that it gets, whose `framing` is
    /// that of this listener.
    ///
    /// - Parameters:
    ///   - tls: The certificates for `tls`; nil for `tcp`.
    ///   - admission: The limits at the accept; nil for none.
    ///   - policy: The trusted proxies, and the limits of connections.
    ///   - speaksFirst: Whether our side sends something before the peer has.
    ///   - logger: Gets a debug line for each handshake that fails.
    package static func bind(
        group: any EventLoopGroup, at address: ListenAddress, tls: TLSServerContext? = nil,
        admission: ConnectionAdmission? = nil, policy: ListenerPolicy, speaksFirst: Bool = false,
        logger: Logger? = nil, makeLink: @escaping WebSocketListener.MakeLink
    ) async throws -> TCPListener {
        // This framing has no pings, so the system has to detect that a peer is gone.
        let setup = TCPSetup(
            tls: tls, admission: admission, policy: policy, speaksFirst: speaksFirst, logger: logger,
            makeLink: makeLink)
        let channel = try await ServerBootstrap.forLinks(group: group, admission: admission)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try setup.prepare(channel) }
            }
            .bind(to: address)
        return TCPListener(channel: channel)
    }

    /// Starts to accept, with limits that do not change.
    package static func bind(
        group: any EventLoopGroup, host: String, port: Int, tls: TLSServerContext? = nil,
        admission: ConnectionAdmission? = nil, configuration: LinkConfiguration, logger: Logger? = nil,
        makeLink: @escaping WebSocketListener.MakeLink
    ) async throws -> TCPListener {
        try await bind(
            group: group, at: .port(host: host, port), tls: tls, admission: admission,
            policy: ListenerPolicy(link: configuration, logger: logger), logger: logger, makeLink: makeLink)
    }
}

/// What the connections of one listener share.
private struct TCPSetup: Sendable {
    let tls: TLSServerContext?
    let admission: ConnectionAdmission?
    let policy: ListenerPolicy
    let speaksFirst: Bool
    let logger: Logger?
    let makeLink: WebSocketListener.MakeLink

    func prepare(_ channel: any Channel) throws {
        try channel.whenPeerIsKnown(policy, admission: admission, peerMayWait: speaksFirst && tls == nil) {
            try prepare(channel, $0)
        }
    }

    private func prepare(_ channel: any Channel, _ peer: PeerAddress) throws {
        let configuration = policy.link
        guard let tls else { return try install(channel, ConnectionFacts(.tcp, client: peer.unlessPeer(of: channel))) }
        let pipeline = channel.pipeline.syncOperations
        let report = HandshakeReport(admission: admission, logger: logger, address: peer.address)
        let watch = HandshakeGuard(
            expectsTLS: true, timeout: configuration.handshakeTimeout, report: report)
        let encryption = NIOSSLServerHandler(context: tls.current)
        try pipeline.addHandler(watch)
        try pipeline.addHandler(encryption)
        try pipeline.addHandler(
            TLSHandshakeEnd { channel in
                report.succeeded()
                channel.pipeline.syncOperations.removeHandler(watch, promise: nil)
                try install(
                    channel,
                    ConnectionFacts(
                        .tls, isSecure: true, certificate: ClientCertificate(encryption.peerCertificate),
                        client: peer.unlessPeer(of: channel)))
            } onFailure: { error in
                report.refused(.tlsHandshake, TLSFailure(handshake: error, peer: nil).description)
            })
    }

    private func install(_ channel: any Channel, _ facts: ConnectionFacts) throws {
        var configuration = policy.link
        configuration.framing = .lengthPrefixed
        guard let link = makeLink(channel, configuration, facts) else {
            channel.close(promise: nil)
            return
        }
        try channel.install(link, isEncrypted: facts.isSecure)
    }
}
