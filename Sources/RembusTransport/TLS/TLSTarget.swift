import NIOCore
import NIOSSL

/// A server that is dialed with TLS.
struct TLSTarget: Sendable {
    let context: NIOSSLContext
    /// What the server's certificate must be for.
    let host: String

    /// A Unix socket is of this machine, and its path is no name that a certificate could be for.
    init(context: NIOSSLContext, host: String) {
        self.context = context
        self.host = host.hasPrefix("/") ? "localhost" : host
    }

    private var isAddress: Bool { (try? SocketAddress(ipAddress: host, port: 0)) != nil }

    /// The handler of one connection.
    ///
    /// A certificate for an address is compared with the address of the socket, so such hosts are not handed on as
    /// names.
    func makeHandler() throws(TLSFailure) -> NIOSSLClientHandler {
        do {
            return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
        } catch {
            throw TLSFailure("\(host) is not a host name that a certificate can be for")
        }
    }

    /// Checks what the library does not: it is content with a certificate for the socket's address even when the host
    /// was given by name, so whoever answers name lookups could bring a valid certificate for an address of their own.
    func check(_ certificate: NIOSSLCertificate?) throws(TLSFailure) {
        guard !isAddress, let certificate, certificate.hasAlternativeNames else { return }
        var wanted = host.lowercased()
        if wanted.hasSuffix(".") { wanted.removeLast() }
        let parent = wanted.firstIndex(of: ".").map { "*" + wanted[$0...] }
        let isRight = certificate.hostNames.contains { $0 == wanted || $0 == parent }
        guard isRight else { throw TLSFailure.wrongHost(certificate) }
    }
}
