#if ZeroMQ
import Logging
import RembusBroker
import RembusTransport
import RembusZeroMQ

/// The broker's ROUTER socket (protocol.md §12).
struct ZeroMQDoor: Door {
    let option = "--zmq"
    let port: Int?

    init(listeningOn port: Int) {
        self.port = port
    }

    func open(on host: DoorHost) async throws -> OpenDoor {
        let name = host.configuration.host
        if host.certificates != nil {
            host.logger.warning("--zmq: ZeroMQ connections are not encrypted, also with --secure")
        }
        let router = try await Router.open(
            RouterSettings(
                host: name, port: port ?? 0, eventLoops: host.eventLoops, link: host.linkConfiguration,
                admission: host.admission, logger: host.logger,
                makeLink: { eventLoop, address, sink in
                    let session = host.makeSession(
                        on: eventLoop, address: address, facts: ConnectionFacts(.zmq), sink: sink)
                    session?.begin()
                    return session?.link
                },
                countMalformed: { host.countMalformed() }))
        let shown = name.contains(":") ? "[\(name)]" : name
        return OpenDoor(
            addresses: ["zmq://\(shown):\(router.port)"], stopAccepting: { router.stopAccepting() },
            close: { await router.close() })
    }
}
#endif
