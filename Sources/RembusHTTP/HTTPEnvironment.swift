import NIOCore
import RembusBroker
import RembusListening
import RembusMetrics
import RembusTransport
import Synchronization

/// What all connections of the gateway share: constants, and a pool for each event loop.
final class HTTPEnvironment: Sendable {
    let host: GatewayHost
    let metrics: PrometheusRegistry
    /// The policy for requests of web pages, by the settings as they are now.
    var crossSite: CrossSitePolicy {
        let version = host.listening.version
        return pages.withLock { pages in
            if pages.version != version {
                pages = (version, CrossSitePolicy(host.configuration, isSecure: isSecure))
            }
            return pages.policy
        }
    }
    private let pages: Mutex<(version: Int, policy: CrossSitePolicy)>
    let isSecure: Bool
    /// The segments of the prefix of all paths.
    let prefix: [String]
    /// Made once, when somebody asks for it: the table that it describes does not change.
    var openAPI: ByteBuffer {
        document.withLock { document in
            if let document { return document }
            let made = OpenAPIDocument(limits: host.configuration.limits)
                .json(
                    version: RembusVersion.current, endpoints: EndpointTable.standard.endpoints,
                    prefix: host.configuration.gateways.httpPrefix)
            document = made
            return made
        }
    }
    private let document = Mutex<ByteBuffer?>(nil)
    private let pools: [IdentityPool]

    init(host: GatewayHost, metrics: PrometheusRegistry) {
        self.host = host
        self.metrics = metrics
        isSecure = host.certificates != nil
        prefix = host.configuration.gateways.httpPrefix.split(separator: "/").map { String($0) }
        pages = Mutex(
            (host.listening.version, CrossSitePolicy(host.configuration, isSecure: host.certificates != nil)))
        pools = host.eventLoops.map { IdentityPool(host: host, eventLoop: $0, isSecure: host.certificates != nil) }
    }

    func pool(of eventLoop: any EventLoop) -> IdentityPool? {
        pools.first { $0.eventLoop === eventLoop }
    }
}
