#if !WITH_TLS
import NIOCore

/// Replaces TLS in a program that is built without it. Making a context always throws, with a sentence that says why.
package struct TLSClientContext: Sendable {
    private let never: Never

    /// Always throws.
    package init(_ settings: TLSClientSettings) throws(TLSFailure) {
        throw TLSFailure(
            "this program is built without TLS; name \"TLS\", or \"Secure\" for keys too, as the trait of its dependency on rembus"
        )
    }

    /// Always throws.
    package static func shared(_ settings: TLSClientSettings) throws(TLSFailure) -> TLSClientContext {
        try TLSClientContext(settings)
    }

    func target(host: String) throws(TLSFailure) -> TLSTarget { switch never {} }
}

struct TLSTarget: Sendable {
    fileprivate let never: Never

    func makeEncryption() throws(TLSFailure) -> ClientEncryption { switch never {} }
}

struct ClientEncryption {
    fileprivate let never: Never

    func install(on channel: any Channel) throws { switch never {} }

    func checkPeer() throws(TLSFailure) { switch never {} }

    func failure(_ error: any Error) -> TLSFailure { switch never {} }
}

extension TLSFailure {
    package static func isHangUp(_ error: any Error) -> Bool { false }
}
#endif
