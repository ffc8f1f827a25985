import NIOCore
import NIOHTTP1

extension ChannelHandlerContext {
    /// Tells a waiting client to send its body (RFC 9110 §10.1.1).
    ///
    /// This bypasses the encoder, which would take the head for the beginning of the answer.
    func sendContinue() {
        let encoder = try? pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
        encoder?.writeAndFlush(NIOAny(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }
}
