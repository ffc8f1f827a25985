import NIOCore
import RembusBroker
import RembusMetrics
import RembusTransport
import Synchronization

/// What all connections of the door share: constants, and a desk per event loop.
final class HTTPOffice: Sendable {
    let host: DoorHost
    let metrics: PrometheusRegistry
    let crossSite: CrossSitePolicy
    let isSecure: Bool
    /// Made once: the table that it describes does not change.
    let openAPI: ByteBuffer
    /// False once the broker is about to stop.
    let isReady = Atomic<Bool>(true)
    private let desks: [Desk]

    init(host: DoorHost, metrics: PrometheusRegistry) {
        self.host = host
        self.metrics = metrics
        isSecure = host.certificates != nil
        crossSite = CrossSitePolicy(host.configuration, isSecure: host.certificates != nil)
        openAPI = OpenAPIDocument.json(version: RembusVersion.current, endpoints: EndpointTable.standard.endpoints)
        desks = host.eventLoops.map { Desk(host: host, eventLoop: $0, isSecure: host.certificates != nil) }
    }

    func desk(of eventLoop: any EventLoop) -> Desk? {
        desks.first { $0.eventLoop === eventLoop }
    }
}
