import NIOCore
import NIOHTTP1
import RembusListening

/// Answers GET and HEAD with the metrics, whatever the path, and other methods with 405.
final class MetricsResponder: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let watch: MetricsRequestGuard
    private let connections: ScrapeConnections
    private let bytes: RequestBytes
    private let text: @Sendable () async -> String
    private var request: HTTPRequestHead?
    private var isClosed = false
    /// The number of requests whose answers are being made.
    private var openAnswers = 0

    /// - Parameter text: Returns the metrics as they are now.
    init(
        watch: MetricsRequestGuard, connections: ScrapeConnections, bytes: RequestBytes,
        text: @escaping @Sendable () async -> String
    ) {
        self.watch = watch
        self.connections = connections
        self.bytes = bytes
        self.text = text
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            request = head
            // Refused at once, because the end of a body in an unknown coding may never come.
            guard openAnswers == 0, let objection = head.objection() else { return }
            request = nil
            refuse(objection, head, context)
        case .body: break
        case .end:
            guard let request = request.take() else { return }
            // The client has not read the last answer, so further answers would pile up.
            guard context.channel.isWritable else { return context.close(promise: nil) }
            answer(request, context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // While an answer is being made, an error cannot be answered in order, so the connection is closed.
        guard error is HTTPParserError, openAnswers == 0, !isClosed else { return context.close(promise: nil) }
        refuse(
            bytes.objection(to: error), HTTPRequestHead(version: .http1_1, method: .GET, uri: "/"), context)
    }

    /// Answers a malformed request and closes the connection, because the bytes behind it cannot be trusted.
    private func refuse(_ objection: HTTPObjection, _ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        var last = request
        last.headers.replaceOrAdd(name: "connection", value: "close")
        write(
            objection.text + "\n", objection.status, ["Content-Type": "text/plain; charset=utf-8"], to: last, context)
        isClosed = true
    }

    private func answer(_ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        if let objection = request.objection() { return refuse(objection, request, context) }
        guard request.method == .GET || request.method == .HEAD else {
            let headers: HTTPHeaders = ["Allow": "GET, HEAD", "Content-Type": "text/plain; charset=utf-8"]
            return write("Only GET and HEAD.\n", .methodNotAllowed, headers, to: request, context)
        }
        openAnswers += 1
        connections.answers(context.channel, true)
        let text = context.eventLoop.makePromise(of: String.self)
        text.completeWithTask(self.text)
        text.futureResult.assumeIsolated().whenSuccess { text in
            let headers: HTTPHeaders = [
                "Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Cache-Control": "no-store",
            ]
            self.openAnswers -= 1
            self.write(text, .ok, headers, to: request, context)
        }
    }

    private func write(
        _ text: String, _ status: HTTPResponseStatus, _ headers: HTTPHeaders, to request: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        connections.answers(context.channel, false)
        guard !isClosed else { return }
        var head = HTTPResponseHead(version: request.version, status: status, headers: headers)
        head.headers.add(name: "Content-Length", value: "\(text.utf8.count)")
        if !request.isKeepAlive { head.headers.add(name: "Connection", value: "close") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        }
        let sent = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        watch.answered(context: context)
        if !request.isKeepAlive { sent.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
    }
}
