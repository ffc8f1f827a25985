import NIOCore
import NIOHTTP1

/// Writes the answers of one connection, and closes the connection behind the last one.
///
/// A class, because a flush can lead back to the handler, which then uses it again.
final class AnswerWriter {
    /// Whether no request is accepted behind the one that is being answered.
    var isLast = false
    private var mustFlush = false
    private var lastWrite: EventLoopFuture<Void>?

    /// Writes the head of an answer. `isLast` makes it the last one.
    func begin(_ head: HTTPResponseHead, isLast: Bool, _ context: ChannelHandlerContext) {
        self.isLast = self.isLast || isLast
        var head = head
        if self.isLast {
            head.headers.replaceOrAdd(name: "connection", value: "close")
        } else if head.version == .http1_0 {
            head.headers.replaceOrAdd(name: "connection", value: "keep-alive")
        }
        write(.head(head), context, promise: nil)
    }

    /// Writes a piece of the body.
    func write(_ piece: ByteBuffer, _ context: ChannelHandlerContext, promise: EventLoopPromise<Void>? = nil) {
        write(.body(.byteBuffer(piece)), context, promise: promise)
    }

    /// Writes the end of an answer. It leaves with the next flush.
    func end(_ context: ChannelHandlerContext) {
        mustFlush = true
        guard isLast else { return write(.end(nil), context, promise: nil) }
        // The connection is closed when everything is written.
        let written = context.eventLoop.makePromise(of: Void.self)
        write(.end(nil), context, promise: written)
        lastWrite = written.futureResult
    }

    func flushIfNeeded(_ context: ChannelHandlerContext) {
        guard mustFlush else { return }
        mustFlush = false
        context.flush()
    }

    /// Closes the connection when everything is written.
    func close(_ context: ChannelHandlerContext) {
        mustFlush = false
        context.flush()
        guard let lastWrite else { return context.close(promise: nil) }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        lastWrite.whenComplete { _ in bound.value.close(promise: nil) }
    }

    private func write(
        _ part: HTTPServerResponsePart, _ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?
    ) {
        context.write(NIOAny(part), promise: promise)
    }
}

extension ChannelHandlerContext {
    /// Tells a waiting client to send its body (RFC 9110 §10.1.1).
    ///
    /// This bypasses the encoder, which would take the head for the beginning of the answer.
    func sendContinue() {
        let encoder = try? pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
        encoder?.writeAndFlush(NIOAny(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }
}
