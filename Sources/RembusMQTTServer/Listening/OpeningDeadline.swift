import NIOCore
import RembusBroker
import RembusListening
import RembusTransport

/// Ends a connection whose first byte does not come in time.
struct OpeningDeadline {
    private var task: Scheduled<Void>?

    /// Starts the time that the broker's settings allow.
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
