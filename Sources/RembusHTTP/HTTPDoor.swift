import HummingbirdCore
import Logging
import NIOCore
package import RembusBroker
package import RembusMetrics
import RembusTransport
import Synchronization

/// HTTP and JSON-RPC (behaviour.md §17).
///
/// Hummingbird's server accepts and quiesces; the connections' handlers are our own, because a request that becomes one
/// message of the broker needs neither a task nor a hop to another thread.
package struct HTTPDoor: Door {
    package let option = "--http"
    package let port: Int?
    private let metrics: PrometheusRegistry

    package init(listeningOn port: Int, metrics: PrometheusRegistry) {
        self.port = port
        self.metrics = metrics
    }

    package func open(on host: DoorHost) async throws -> OpenDoor {
        let office = HTTPOffice(host: host, metrics: metrics)
        // What it says of its own accord is what the broker says anyway.
        var logger = host.logger
        logger.logLevel = max(logger.logLevel, .warning)
        let listener = AsyncStream.makeStream(of: ListenerOutcome.self)
        let server = Server(
            childChannelSetup: HTTPConnections(office: office),
            configuration: ServerConfiguration(
                address: .hostname(host.configuration.host, port: port ?? 0), backlog: 4096),
            onServerRunning: { listener.continuation.yield(.success($0)) },
            eventLoopGroup: host.group, logger: logger)
        // Lives as long as the door: it ends when the last connection has.
        let running = Task {
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
        var door = OpenDoor(channel, scheme: scheme, host: host.configuration.host)
        door.stopAccepting = {
            office.isReady.store(false, ordering: .relaxed)
            // Ends idle connections at once, others behind the answer to their request. Those are waited for later.
            Task { try? await server.shutdownGracefully() }
            try? await channel.closeFuture.get()
        }
        door.close = {
            running.cancel()
        }
        return door
    }
}

private typealias ListenerOutcome = Result<any Channel, any Error>
