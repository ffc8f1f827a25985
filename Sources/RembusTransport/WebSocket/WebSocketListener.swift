package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Accepts WebSocket connections on one address and puts a `Link` on each (protocol.md §1.1: any path, no subprotocol).
package struct WebSocketListener: Sendable {
    /// Makes the link of an accepted connection. Called on the connection's event loop; returning nil refuses it.
    package typealias MakeLink = @Sendable (any Channel, LinkConfiguration, ConnectionFacts) -> Link?

    package let channel: any Channel

    /// Starts to accept.
    ///
    /// - Parameters:
    ///   - tls: certificates for `wss`; nil for `ws`.
    ///   - admission: limits, checked at the accept; nil for none.
    ///   - origins: which web pages may connect.
    ///   - configuration: its `handshakeTimeout` runs from the accept to the end of the WebSocket handshake.
    ///   - logger: gets a debug line for each handshake that fails.
    package static func bind(
        group: any EventLoopGroup, host: String, port: Int, tls: TLSServerContext? = nil,
        admission: ConnectionAdmission? = nil, origins: OriginPolicy = OriginPolicy(),
        configuration: LinkConfiguration, logger: Logger? = nil, makeLink: @escaping MakeLink
    ) async throws -> WebSocketListener {
        let setup = WebSocketSetup(
            tls: tls, admission: admission, origins: origins, configuration: configuration, logger: logger,
            makeLink: makeLink)
        let channel = try await ServerBootstrap.forLinks(group: group, admission: admission)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try setup.prepare(channel) }
            }
            .bind(host: host, port: port)
            .get()
        return WebSocketListener(channel: channel)
    }
}

/// What the connections of one listener have in common.
private struct WebSocketSetup: Sendable {
    let tls: TLSServerContext?
    let admission: ConnectionAdmission?
    let origins: OriginPolicy
    let configuration: LinkConfiguration
    let logger: Logger?
    let makeLink: WebSocketListener.MakeLink

    /// Puts the handlers of the handshakes on an accepted connection. None of them but TLS stays.
    func prepare(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let report = HandshakeReport(admission: admission, logger: logger, address: channel.remoteAddress)
        let watch = HandshakeGuard(
            expectsTLS: tls != nil, timeout: configuration.handshakeTimeout, report: report)
        try pipeline.addHandler(watch)
        let encryption = tls.map { NIOSSLServerHandler(context: $0.current) }
        if let encryption { try pipeline.addHandler(encryption) }
        let answer = HTTPRefusalHandler(origins: origins, report: report)
        let handlers = NIOLoopBound(
            (watch: watch, encryption: encryption, answer: answer, report: report), eventLoop: channel.eventLoop)
        let upgrader = WebSocketServerUpgrader(origins: origins) { channel in
            handlers.value.report.succeeded()
            channel.pipeline.syncOperations.removeHandler(handlers.value.watch, promise: nil)
            let facts = ConnectionFacts(
                handlers.value.encryption == nil ? .ws : .wss, isSecure: handlers.value.encryption != nil,
                certificateName: handlers.value.encryption?.peerCertificate?.componentName)
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
            withErrorHandling: true)
        try pipeline.addHandler(answer)
    }
}
