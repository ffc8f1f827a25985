import NIOCore
import RembusBroker
import RembusListening
import RembusTransport

/// Ends a connection that does not say in time what it wants to speak.
struct OpeningDeadline {
    private var task: Scheduled<Void>?

    /// From here on the time of the broker's settings runs.
    mutating func start(_ context: ChannelHandlerContext, _ server: MQTTServer) {
        task = context.eventLoop.assumeIsolated().scheduleTask(in: server.host.linkConfiguration.handshakeTimeout) {
            server.host.admission.count(.handshakeTimeout)
            context.close(promise: nil)
        }
    }

    mutating func cancel() {
        task?.cancel()
        task = nil
    }
}
