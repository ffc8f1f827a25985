package import Rembus
package import RembusBroker
import RembusIdentity
package import RembusListening
import RembusTransport

/// The brokers that this one is a node of (docs/spec/behaviour.md §13): a link to each, which is kept as long as this broker
/// runs.
package struct PeerGateway: Gateway {
    package let option = "--peer"
    private let targets: [(url: PeerURL, tls: TLSClientContext?)]
    private let directory: String

    /// Throws ``BrokerError`` for a URL that cannot be used.
    ///
    /// - Parameters:
    ///   - urls: Where the other brokers are, each with the name of this one there.
    ///   - component: Where keys and certificates of authorities are.
    package init(urls: [String], _ component: ComponentConfiguration) throws(BrokerError) {
        var targets: [(PeerURL, TLSClientContext?)] = []
        for text in urls {
            let url = try PeerURL(text)
            guard !targets.contains(where: { $0.0.description == url.description }) else {
                throw BrokerError("--peer: \(url) is named twice.")
            }
            do {
                targets.append((url, url.url.scheme.isSecure ? try component.tlsContext() : nil))
            } catch {
                throw BrokerError("--peer: \(error.message)")
            }
        }
        self.targets = targets
        directory = component.resolvedDirectory()
    }

    /// It dials, and does not listen.
    package func address(_ configuration: BrokerConfiguration) -> ListenAddress? { nil }

    /// Starts without waiting for the other brokers, which may be down.
    package func open(on host: GatewayHost) async throws -> OpenGateway {
        let loops = host.eventLoops
        guard !loops.isEmpty else { throw BrokerError("the broker has no event loop") }
        let links = targets.enumerated().map { index, target in
            PeerLink(
                host: host, eventLoop: loops[index % loops.count], target: target.url, tls: target.tls,
                credential: { [directory] in
                    Result { () throws(IdentityError) in
                        try ComponentKeyFile(directory: directory, name: target.url.name).read()
                    }
                })
        }
        links.forEach { $0.start() }
        return OpenGateway(
            addresses: targets.map(\.url.description),
            stopAccepting: { links.forEach { $0.prepareToStop() } },
            close: { for link in links { await link.stop() } })
    }
}
