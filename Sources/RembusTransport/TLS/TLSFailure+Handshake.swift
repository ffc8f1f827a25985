#if WITH_TLS
import Foundation
package import NIOSSL

extension TLSFailure {
    /// The sentence for a handshake that has failed.
    ///
    /// The errors of the TLS library contain names such as `CERTIFICATE_VERIFY_FAILED`. Unlike its numbers, these names
    /// are part of its interface.
    package init(handshake error: any Error, peer: NIOSSLCertificate?) {
        if let failure = error as? TLSFailure {
            self = failure
            return
        }
        if error is NIOSSLExtraError {
            self = Self.wrongHost(peer)
            return
        }
        let text = "\(error)"
        let known = Self.sentences.first { text.contains($0.name) }
        self.init(known?.sentence(peer) ?? "the TLS handshake failed\(Self.libraryName(text))")
    }

    /// The library's name for a failure that has no sentence here: the last word of `…:OPENSSL_internal:NAME`.
    private static func libraryName(_ text: String) -> String {
        guard let mark = text.range(of: "OPENSSL_internal:", options: .backwards) else { return "" }
        let name = text[mark.upperBound...].prefix { $0.isUppercase || $0.isNumber || $0 == "_" }
        return name.isEmpty ? "" : " (\(name))"
    }

    /// Whether the peer has closed the connection without TLS's close_notify, which is an ordinary end.
    package static func isHangUp(_ error: any Error) -> Bool { error as? NIOSSLError == .uncleanShutdown }

    static func wrongHost(_ peer: NIOSSLCertificate?) -> TLSFailure {
        let names = peer?.hostNames ?? []
        let whose = names.isEmpty ? "another host" : names.prefix(5).joined(separator: ", ")
        return TLSFailure("the certificate is for \(whose); connect by a name in it, or have one issued for this host")
    }

    private struct Entry: Sendable {
        let name: String
        let sentence: @Sendable (NIOSSLCertificate?) -> String

        init(_ name: String, _ sentence: String) {
            self.name = name
            self.sentence = { _ in sentence }
        }

        init(_ name: String, _ sentence: @escaping @Sendable (NIOSSLCertificate?) -> String) {
            self.name = name
            self.sentence = sentence
        }
    }

    private static let sentences = [
        Entry("CERTIFICATE_VERIFY_FAILED") { unverified($0) },
        Entry("WRONG_VERSION_NUMBER", "the peer does not speak TLS on this port; connect with ws:// instead of wss://"),
        Entry("HTTP_REQUEST", "the peer does not speak TLS but HTTP"),
        Entry("UNSUPPORTED_PROTOCOL", "the peer speaks only versions of TLS before 1.2, which are not safe"),
        Entry("PROTOCOL_VERSION", "the peer speaks only versions of TLS before 1.2, which are not safe"),
        Entry("NO_SHARED_CIPHER", "the peer and this side have no cipher in common"),
        Entry("PEER_DID_NOT_RETURN_A_CERTIFICATE", "the client showed no certificate, which this listener requires"),
        Entry("CERTIFICATE_REQUIRED", "the server asks for a client certificate; set one, with its key"),
        Entry("ALERT_UNKNOWN_CA", "the peer does not trust the authority of our certificate"),
        Entry("ALERT_BAD_CERTIFICATE", "the peer does not accept our certificate"),
        Entry("ALERT_CERTIFICATE_UNKNOWN", "the peer does not accept our certificate"),
        Entry("ALERT_CERTIFICATE_EXPIRED", "the peer says that our certificate has expired"),
        Entry("eofDuringHandshake", "the peer hung up during the TLS handshake"),
        Entry("EOF during handshake", "the peer hung up during the TLS handshake"),
    ]

    /// The library only says that the certificate was not accepted. Its dates are the only reason that can be checked
    /// here.
    private static func unverified(_ peer: NIOSSLCertificate?) -> String {
        guard let peer else {
            return "the peer's certificate is of an authority that is not trusted here, or not valid now"
        }
        let now = Date()
        if peer.endOfValidity < now { return "the peer's certificate expired on \(peer.endOfValidity.isoText)" }
        if peer.startOfValidity > now {
            return "the peer's certificate is valid from \(peer.startOfValidity.isoText) only; check the clock"
        }
        return "the peer's certificate is of an authority that is not trusted here; set the file of the right authority"
    }
}
#endif
