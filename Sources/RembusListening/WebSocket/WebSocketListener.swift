package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
package import RembusTransport

/// Accepts WebSocket connections on one address and puts a `Link` on each (protocol.md §1.1: any path, no subprotocol).
package struct WebSocketListener: Sendable {
    /// Makes the link of an accepted connection. Called on the connection's event loop; returning nil refuses it.
    package typealias MakeLink = @Sendable (any Channel, LinkConfiguration, ConnectionFacts) -> Link?

    package let channel: any Channel

    /// Starts to accept.
    ///
    /// - Parameters:
    ///   - tls: The certificates for `wss`; nil for `ws`.
    ///   - admission: The limits at the accept; nil for none.
    ///   - policy: The web pages that may connect, the trusted proxies, and the limits of connections.
    ///   - logger: Gets a debug line for each handshake that fails.
    package static func bind(
        group: any EventLoopGroup, at address: ListenAddress, tls: TLSServerContext? = nil,
        admission: ConnectionAdmission? = nil, policy: ListenerPolicy, logger: Logger? = nil,
        makeLink: @escaping MakeLink
    ) async throws -> WebSocketListener {
        let setup = WebSocketSetup(tls: tls, admission: admission, policy: policy, logger: logger, makeLink: makeLink)
        let channel = try await ServerBootstrap.forLinks(group: group, admission: admission)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try setup.prepare(channel) }
            }
            .bind(to: address)
        return WebSocketListener(channel: channel)
    }

    /// Starts to accept, with a policy that does not change.
    package static func bind(
        group: any EventLoopGroup, host: String, port: Int, tls: TLSServerContext? = nil,
        admission: ConnectionAdmission? = nil, origins: OriginPolicy = OriginPolicy(),
        configuration: LinkConfiguration, logger: Logger? = nil, makeLink: @escaping MakeLink
    ) async throws -> WebSocketListener {
        try await bind(
            group: group, at: .port(host: host, port), tls: tls, admission: admission,
            policy: ListenerPolicy(origins: origins, link: configuration, logger: logger), logger: logger,
            makeLink: makeLink)
    }
}

/// What the connections of one listener share.
private struct WebSocketSetup: Sendable {
    let tls: TLSServerContext?
    let admission: ConnectionAdmission?
    let policy: ListenerPolicy
    let logger: Logger?
    let makeLink: WebSocketListener.MakeLink

    /// Adds the handlers of the handshakes to an accepted connection. All of them but TLS are removed afterwards.
    func prepare(_ channel: any Channel) throws {
        try channel.whenPeerIsKnown(policy, admission: admission) { try prepare(channel, $0) }
    }

    private func prepare(_ channel: any Channel, _ peer: PeerAddress) throws {
        let configuration = policy.link
        let origins = policy.origins
        let pipeline = channel.pipeline.syncOperations
        let report = HandshakeReport(admission: admission, logger: logger, address: peer.address)
        let watch = HandshakeGuard(
            expectsTLS: tls != nil, timeout: configuration.handshakeTimeout, report: report)
        try pipeline.addHandler(watch)
        let encryption = tls.map { NIOSSLServerHandler(context: $0.current) }
        if let encryption { try pipeline.addHandler(encryption) }
        let bytes = RequestBytes()
        try pipeline.addHandler(bytes)
        let answer = HTTPRefusalHandler(origins: origins, bytes: bytes, report: report)
        let handlers = NIOLoopBound(
            (watch: watch, bytes: bytes, encryption: encryption, answer: answer, report: report),
            eventLoop: channel.eventLoop)
        let upgrader = WebSocketServerUpgrader(origins: origins) { channel, head in
            let client = policy.client(of: head.headers, over: peer)
            if client != peer, let admission, !admission.claim(client, for: channel) {
                channel.close(promise: nil)
                return
            }
            handlers.value.report.succeeded()
            channel.pipeline.syncOperations.removeHandler(handlers.value.watch, promise: nil)
            channel.pipeline.syncOperations.removeHandler(handlers.value.bytes, promise: nil)
            let facts = ConnectionFacts(
                handlers.value.encryption == nil ? .ws : .wss, isSecure: handlers.value.encryption != nil,
                certificate: ClientCertificate(handlers.value.encryption?.peerCertificate),
                client: client.unlessPeer(of: channel))
            guard let link = makeLink(channel, configuration, facts) else {
                channel.close(promise: nil)
                return
            }
            try channel.install(link, isEncrypted: facts.isSecure)
        }
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false,
            withServerUpgrade: (
                upgraders: [upgrader],
                completionHandler: { context in
                    context.pipeline.syncOperations.removeHandler(handlers.value.answer, promise: nil)
                }
            ),
            withErrorHandling: false)
        try pipeline.addHandler(answer)
    }
}
