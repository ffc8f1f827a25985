import NIOCore
import NIOHTTP1
import NIOSSL
import RembusBroker
import RembusListening
import Synchronization

/// One connection: collects requests, has them answered one after the other, and writes the answers.
///
/// Used on the connection's event loop only.
final class HTTPRequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Phase {
        case idle
        /// The headers were received, and the body is arriving.
        case collecting(Exchange)
        /// The request was answered before it was complete. The rest of it is dropped.
        case discarding
        case serving(Exchange)
        case ended
    }

    let environment: HTTPEnvironment
    let pool: IdentityPool
    let watch: ConnectionWatch
    private let bytes: RequestBytes
    private let encryption: NIOSSLServerHandler?
    private(set) var context: ChannelHandlerContext?
    private var phase = Phase.idle
    /// Parts of requests that came while another request was being answered.
    private var waiting = CircularBuffer<HTTPServerRequestPart>()
    private var isPumping = false
    private var isReading = false
    private var isPaused = false
    private let answers = AnswerWriter()
    /// The bytes of unread answers and of a request's body that were counted.
    var countedAnswers = 0
    var countedBody = 0
    /// The failure for unparsable bytes behind the request that is being answered.
    private var unreadable: HTTPFailure?

    /// The most parts that may wait before reading stops.
    private static let maxWaiting = 64

    init(
        environment: HTTPEnvironment, pool: IdentityPool, watch: ConnectionWatch, bytes: RequestBytes,
        encryption: NIOSSLServerHandler?, peer: PeerAddress
    ) {
        self.environment = environment
        self.peer = peer
        self.pool = pool
        self.watch = watch
        self.bytes = bytes
        self.encryption = encryption
    }

    /// The client's certificate, if it has shown one.
    private(set) lazy var certificate = ClientCertificate(encryption?.peerCertificate)
    /// The address of the peer, which may be a proxy with requests of many clients.
    let peer: PeerAddress

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        watch.whenLate = { [weak self] in self?.late($0) }
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        waiting.append(unwrapInboundIn(data))
        pump()
        if waiting.count > Self.maxWaiting, !isPaused { pause(true) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        pool.endWork()
        isReading = false
        flushIfNeeded()
        context.fireChannelReadComplete()
    }

    /// Handles waiting parts until a request has to be answered first. Answers may come at once, hence a loop and no
    /// recursion.
    private func pump() {
        guard !isPumping else { return }
        isPumping = true
        loop: while !waiting.isEmpty {
            switch phase {
            case .serving: break loop
            // A client that does not read its answers gets no more of them.
            case .idle where context?.channel.isWritable == false: break loop
            case .ended: waiting.removeAll()
            case .idle, .collecting, .discarding: handle(waiting.removeFirst())
            }
        }
        isPumping = false
        // During a read, the end of the read does this.
        if !isReading { pool.endWork() }
        if waiting.isEmpty, isPaused { pause(false) }
        if waiting.isEmpty, case .idle = phase, let unreadable {
            self.unreadable = nil
            answer(unreadable)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        countAnswers()
        if context.channel.isWritable { pump() }
        context.fireChannelWritabilityChanged()
    }

    private func pause(_ isPaused: Bool) {
        self.isPaused = isPaused
        try? context?.channel.syncOptions?.setOption(.autoRead, value: !isPaused)
    }

    private func handle(_ part: HTTPServerRequestPart) {
        switch (part, phase) {
        case (.head(let head), .idle): begin(head)
        case (.body(let piece), .collecting(let exchange)): collect(piece, exchange)
        case (.end, .collecting(let exchange)):
            watch.expect(.nothing)
            phase = .serving(exchange)
            exchange.serve()
        case (.end, .discarding): endRequest()
        default: break
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        watch.expect(.body)
        answers.isLast = !head.isKeepAlive
        let exchange = Exchange(head: head, handler: self)
        phase = .collecting(exchange)
        if let failure = exchange.check() { return exchange.fail(failure) }
        if head.headers.first(name: "expect")?.lowercased() == "100-continue" { context?.sendContinue() }
    }

    private func collect(_ piece: ByteBuffer, _ exchange: Exchange) {
        watch.received(bodyBytes: piece.readableBytes)
        guard countBody(piece.readableBytes) else { return exchange.fail(.noMemory) }
        guard exchange.append(piece, limit: pool.limits.maxMessageBytes) else {
            return exchange.fail(.tooLarge(pool.limits.maxMessageBytes))
        }
    }

    // MARK: Answers

    func respond(_ head: HTTPResponseHead, _ body: ByteBuffer?, to exchange: Exchange) {
        guard let context, isCurrent(exchange) else { return }
        watch.answerBytes = body?.readableBytes ?? 0
        answers.begin(head, isLast: mustClose, context)
        if let body { answers.write(body, context) }
        finish(context)
        if watch.answerBytes >= Self.remarkableBytes { countAnswers() }
    }

    /// Begins an answer of unknown length.
    func startStream(_ head: HTTPResponseHead, of exchange: Exchange) {
        guard let context, isCurrent(exchange) else { return }
        answers.begin(head, isLast: true, context)
        context.flush()
    }

    func write(_ piece: ByteBuffer, of exchange: Exchange, promise: EventLoopPromise<Void>?) {
        guard let context, isCurrent(exchange) else { return promise?.fail(ChannelError.ioOnClosedChannel) ?? () }
        answers.write(piece, context, promise: promise)
        context.flush()
    }

    func endStream(of exchange: Exchange) {
        guard let context, isCurrent(exchange) else { return }
        finish(context)
    }

    private func isCurrent(_ exchange: Exchange) -> Bool {
        switch phase {
        case .collecting(let current), .serving(let current): current === exchange
        default: false
        }
    }

    /// Whether the connection ends with the answer to a request that is not complete, or because the broker stops.
    private var mustClose: Bool {
        if case .collecting = phase { true } else { environment.host.isStopping }
    }

    private func finish(_ context: ChannelHandlerContext) {
        answers.end(context)
        guard answers.isLast else { return endRequest() }
        if case .collecting = phase {
            // If the client is still sending, closing at once would reset the connection, and the client would not see
            // the answer.
            phase = .discarding
            watch.expect(.rest)
            flushIfNeeded()
        } else {
            endRequest()
        }
    }

    private func endRequest() {
        forgetBody()
        guard !answers.isLast else { return end() }
        phase = .idle
        watch.expect(waiting.isEmpty ? .idle : .head)
        flushIfNeeded()
        pump()
    }

    private func flushIfNeeded() {
        guard !isReading, let context else { return }
        answers.flushIfNeeded(context)
    }

    /// Closes the connection behind everything that was written.
    private func end() {
        phase = .ended
        waiting.removeAll()
        watch.expect(.rest)
        if let context { answers.close(context) }
    }

    // MARK: Ends

    private func late(_ due: ConnectionWatch.Due) {
        switch (due, phase) {
        case (.body, .collecting(let exchange)): exchange.fail(.tooSlow)
        default: context?.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else { return context.close(promise: nil) }
        environment.host.countMalformed()
        let failure = HTTPFailure(bytes.objection(to: error))
        switch phase {
        case .serving: unreadable = failure
        case .idle: answer(failure)
        case .collecting(let exchange):
            exchange.fail(failure)
            end()
        // The answer may not have been written yet.
        case .discarding: end()
        case .ended: context.close(promise: nil)
        }
    }

    /// Answers bytes that are not a request.
    private func answer(_ failure: HTTPFailure) {
        let exchange = Exchange(
            head: HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["connection": "close"]),
            handler: self)
        phase = .serving(exchange)
        answers.isLast = true
        exchange.fail(failure)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The server is about to stop, or the client sends no more. The request that is being answered is the last one.
        if event is ChannelShouldQuiesceEvent || event as? ChannelEvent == .inputClosed {
            answers.isLast = true
            switch phase {
            case .idle where waiting.isEmpty: context.close(promise: nil)
            case .collecting where event is ChannelEvent, .discarding: context.close(promise: nil)
            case .serving(let exchange):
                exchange.stopStream()
                // The client may have closed the connection, or only its sending side. Sending something to it shows
                // which.
                if event as? ChannelEvent == .inputClosed, exchange.awaitsCall { context.sendContinue() }
            default: break
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let last = phase
        phase = .ended
        waiting.removeAll()
        self.context = nil
        countAnswers()
        forgetBody()
        if case .serving(let exchange) = last { exchange.clientLeft() }
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        countAnswers()
        forgetBody()
    }
}
