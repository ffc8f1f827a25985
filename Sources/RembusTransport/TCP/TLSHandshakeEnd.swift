package import NIOCore
import NIOTLS

/// Waits behind the TLS handler for the end of the handshake, and then removes itself.
///
/// The first decrypted bytes may come right after the end of the handshake, so the link is added while the event is
/// handled.
package final class TLSHandshakeEnd: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer

    private let onSuccess: (any Channel) throws -> Void
    private let onFailure: (any Error) -> Void
    private var isDone = false

    package init(onSuccess: @escaping (any Channel) throws -> Void, onFailure: @escaping (any Error) -> Void) {
        self.onSuccess = onSuccess
        self.onFailure = onFailure
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard !isDone, case .handshakeCompleted = event as? TLSUserEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        isDone = true
        do {
            try onSuccess(context.channel)
        } catch {
            onFailure(error)
            context.close(promise: nil)
        }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isDone else { return context.fireErrorCaught(error) }
        isDone = true
        onFailure(error)
        context.close(promise: nil)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        if !isDone {
            isDone = true
            onFailure(ChannelError.eof)
        }
        context.fireChannelInactive()
    }
}
