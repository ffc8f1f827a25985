#if WITH_ZEROMQ
import Logging
import RembusBroker
import RembusListening
import RembusZeroMQ

/// The broker's ROUTER socket (protocol.md §12).
struct ZeroMQGateway: Gateway {
    let option = "--zmq"

    func address(_ configuration: BrokerConfiguration) -> ListenAddress? {
        configuration.address(configuration.gateways.zmqPort ?? 0, configuration.gateways.zmqSocket)
    }

    func open(on host: GatewayHost) async throws -> OpenGateway {
        let address = host.configuration.address(
            host.configuration.gateways.zmqPort ?? 0, host.configuration.gateways.zmqSocket)
        if host.certificates != nil {
            host.logger.warning("connections over ZeroMQ are not encrypted, also with --secure")
        }
        let router: Router
        var file: UnixSocketFile?
        switch address {
        case .port(let name, let port): router = try await Router.open(settings(host, name, port, path: nil))
        case .socket(let path, let mode):
            (router, file) = try await UnixSocketFile.make(path, mode: mode) { work in
                try await Router.open(settings(host, "", 0, path: work))
            }
        }
        return OpenGateway(
            addresses: [address.url(scheme: "zmq", port: router.port)],
            stopAccepting: { [file] in
                file?.remove()
                router.stopAccepting()
            },
            close: { await router.close() })
    }

    private func settings(_ host: GatewayHost, _ name: String, _ port: Int, path: String?) -> RouterSettings {
        RouterSettings(
            host: name, port: port, path: path, eventLoops: host.eventLoops, link: host.linkConfiguration,
            admission: host.admission, logger: host.logger,
            makeLink: { eventLoop, address, sink in
                let session = host.makeSession(
                    on: eventLoop, address: address, facts: ConnectionFacts(.zmq), sink: sink)
                session?.begin()
                return session?.link
            },
            countMalformed: { host.countMalformed() })
    }
}
#endif
