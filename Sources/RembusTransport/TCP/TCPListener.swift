package import Logging
package import NIOCore
import NIOPosix
import NIOSSL

/// Accepts connections that carry length-framed CBOR, over TCP or TLS (protocol.md §11), and puts a `Link` on each.
package struct TCPListener: Sendable {
    package let channel: any Channel

    /// Starts to accept. The link that `makeLink` makes must take the configuration that it is given, whose `framing`
    /// is that of this listener.
    ///
    /// - Parameters:
    ///   - tls: certificates for `tls`; nil for `tcp`.
    ///   - admission: limits, checked at the accept; nil for none.
    ///   - configuration: its `handshakeTimeout` runs from the accept to the end of the TLS handshake.
    ///   - logger: gets a debug line for each handshake that fails.
    package static func bind(
        group: any EventLoopGroup, host: String, port: Int, tls: TLSServerContext? = nil,
        admission: ConnectionAdmission? = nil, configuration: LinkConfiguration, logger: Logger? = nil,
        makeLink: @escaping WebSocketListener.MakeLink
    ) async throws -> TCPListener {
        var configuration = configuration
        configuration.framing = .lengthPrefixed
        // There is no ping in this framing, so the system has to find out that a peer is gone.
        let setup = TCPSetup(
            tls: tls, admission: admission, configuration: configuration, logger: logger, makeLink: makeLink)
        let channel = try await ServerBootstrap.forLinks(group: group, admission: admission)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try setup.prepare(channel) }
            }
            .bind(host: host, port: port)
            .get()
        return TCPListener(channel: channel)
    }
}

/// What the connections of one listener have in common.
private struct TCPSetup: Sendable {
    let tls: TLSServerContext?
    let admission: ConnectionAdmission?
    let configuration: LinkConfiguration
    let logger: Logger?
    let makeLink: WebSocketListener.MakeLink

    func prepare(_ channel: any Channel) throws {
        guard let tls else { return try install(channel, ConnectionFacts(.tcp)) }
        let pipeline = channel.pipeline.syncOperations
        let report = HandshakeReport(admission: admission, logger: logger, address: channel.remoteAddress)
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
                        .tls, isSecure: true, certificateName: encryption.peerCertificate?.componentName))
            } onFailure: { error in
                report.refused(.tlsHandshake, TLSFailure(handshake: error, peer: nil).description)
            })
    }

    private func install(_ channel: any Channel, _ facts: ConnectionFacts) throws {
        guard let link = makeLink(channel, configuration, facts) else {
            channel.close(promise: nil)
            return
        }
        try channel.install(link, isEncrypted: facts.isSecure)
    }
}
