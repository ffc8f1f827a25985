import HummingbirdCore
import Logging
import NIOCore
package import RembusBroker
package import RembusListening
package import RembusMetrics

/// The gateway for HTTP and JSON-RPC (behaviour.md §17).
///
/// Hummingbird's server accepts connections and quiesces. The handlers of the connections are our own, because a
/// request that becomes one message of the broker needs neither a task nor a hop to another thread.
package struct HTTPGateway: Gateway {
    package let option = "--http"
    private let metrics: PrometheusRegistry

    package init(metrics: PrometheusRegistry) {
        self.metrics = metrics
    }

    package func address(_ configuration: BrokerConfiguration) -> ListenAddress? {
        configuration.address(configuration.gateways.httpPort ?? 0, configuration.gateways.httpSocket)
    }

    package func open(on host: GatewayHost) async throws -> OpenGateway {
        let configuration = host.configuration
        let address = configuration.address(configuration.gateways.httpPort ?? 0, configuration.gateways.httpSocket)
        guard case .socket(let path, let mode) = address else { return try await open(on: host, at: address) }
        let (opened, file) = try await UnixSocketFile.make(path, mode: mode) { work in
            try await open(on: host, at: address, bindingTo: work)
        }
        var gateway = opened
        let stop = opened.stopAccepting
        gateway.stopAccepting = {
            file.remove()
            await stop()
        }
        return gateway
    }

    /// - Parameter work: The path at which a Unix socket is bound.
    private func open(
        on host: GatewayHost, at address: ListenAddress, bindingTo work: String = ""
    ) async throws -> OpenGateway {
        let environment = HTTPEnvironment(host: host, metrics: metrics)
        let binding: BindAddress =
            switch address {
            case .port(let host, let port): .hostname(host, port: port)
            case .socket: .unixDomainSocket(path: work)
            }
        // The broker logs these events itself, so the server's own log is reduced.
        var logger = host.logger
        logger.logLevel = .warning
        let listener = AsyncStream.makeStream(of: ListenerOutcome.self)
        let server = Server(
            childChannelSetup: HTTPConnections(environment: environment),
            configuration: ServerConfiguration(address: binding, backlog: 4096),
            onServerRunning: { listener.continuation.yield(.success($0)) },
            eventLoopGroup: host.group, logger: logger)
        // The task ends when the last connection has ended. It is detached, because a child task of the service would
        // begin to stop as soon as the signal comes, before the broker has finished what is under way.
        let running = Task.detached {
            do {
                try await server.run()
            } catch {
                listener.continuation.yield(.failure(error))
            }
            listener.continuation.finish()
        }
        var outcomes = listener.stream.makeAsyncIterator()
        guard let outcome = await outcomes.next() else { throw BrokerError("the HTTP server ended at once") }
        let channel = try outcome.get()
        let scheme = host.certificates == nil ? "http" : "https"
        var gateway = OpenGateway(channel, scheme: scheme, at: address)
        gateway.answersWhileStopping = true
        gateway.stopAccepting = {
            // Ends idle connections at once, and the others behind the answer to their request. The gateway waits for
            // those later.
            Task { try? await server.shutdownGracefully() }
            try? await channel.closeFuture.get()
        }
        gateway.close = {
            running.cancel()
        }
        return gateway
    }
}

private typealias ListenerOutcome = Result<any Channel, any Error>
