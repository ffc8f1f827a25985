package import Rembus
package import RembusBroker

/// Where another broker is, and as what this one is known there.
package struct PeerURL: Sendable, CustomStringConvertible {
    package let url: RembusURL
    /// The name of the link, on both ends: whose rights and tenant it has.
    package let name: String

    /// Throws ``BrokerError`` with a sentence that says what is wrong.
    package init(_ text: String) throws(BrokerError) {
        do {
            url = try RembusURL(text)
        } catch {
            throw BrokerError("--peer: \(error.message)")
        }
        guard text.contains("://") else {
            throw BrokerError(
                "--peer: `\(text)` is no URL of a broker. Write it as `ws://hub.example.org:8338/site-7`, with the name of this broker there."
            )
        }
        switch url.scheme {
        case .ws, .wss, .tcp, .tls: break
        case .zmq, .mqtt, .mqtts:
            throw BrokerError(
                "--peer: brokers are linked with ws, wss, tcp or tls, and not with \(url.scheme.rawValue).")
        }
        guard let name = url.name else {
            throw BrokerError(
                "--peer: `\(text)` does not say as what this broker is known there. Add a name, as in `\(url)/site-7`.")
        }
        self.name = name
    }

    package var description: String { url.description }
}
