#if WITH_TLS
import NIOCore
import NIOSSL

/// A server that is connected to with TLS.
struct TLSTarget: Sendable {
    let context: NIOSSLContext
    /// The host that the server's certificate must be for.
    let host: String

    /// A Unix socket is on this machine, and certificates are never for its path.
    init(context: NIOSSLContext, host: String) {
        self.context = context
        self.host = host.hasPrefix("/") ? "localhost" : host
    }

    private var isAddress: Bool { (try? SocketAddress(ipAddress: host, port: 0)) != nil }

    /// The TLS handler for one connection.
    ///
    /// A certificate for an address is compared with the address of the socket, so addresses are not passed on as
    /// names.
    func makeEncryption() throws(TLSFailure) -> ClientEncryption {
        do {
            let handler = try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
            return ClientEncryption(target: self, handler: handler)
        } catch {
            throw TLSFailure("\(host) is not a host name that a certificate can be for")
        }
    }

    /// Checks what the library does not. The library accepts a certificate for the socket's address even if the host
    /// was given by name. So whoever controls name lookups could use a valid certificate for an address of their own.
    fileprivate func check(_ certificate: NIOSSLCertificate?) throws(TLSFailure) {
        guard !isAddress, let certificate, certificate.hasAlternativeNames else { return }
        var wanted = host.lowercased()
        if wanted.hasSuffix(".") { wanted.removeLast() }
        let parent = wanted.firstIndex(of: ".").map { "*" + wanted[$0...] }
        let isRight = certificate.hostNames.contains { $0 == wanted || $0 == parent }
        guard isRight else { throw TLSFailure.wrongHost(certificate) }
    }
}

/// TLS on one connection of a dialer. Used on its event loop.
struct ClientEncryption {
    private let target: TLSTarget
    private let handler: NIOSSLClientHandler

    fileprivate init(target: TLSTarget, handler: NIOSSLClientHandler) {
        self.target = target
        self.handler = handler
    }

    /// Adds the handler to the channel.
    func install(on channel: any Channel) throws {
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    /// Throws when the server is not the one that was dialed. Call it after the handshake.
    func checkPeer() throws(TLSFailure) { try target.check(handler.peerCertificate) }

    /// The sentence for a handshake that has failed.
    func failure(_ error: any Error) -> TLSFailure { TLSFailure(handshake: error, peer: handler.peerCertificate) }
}
#endif
