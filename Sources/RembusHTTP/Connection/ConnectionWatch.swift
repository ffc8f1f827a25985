import NIOCore
import RembusBroker

/// Watches over a connection from below: that its first byte is of the right protocol, and that what is due comes in
/// time.
///
/// It sits in front of TLS, so that what it closes is closed at once.
final class ConnectionWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long a client may take.
    struct TimeLimits: Sendable {
        /// From the accept, or the first byte, to the end of the headers.
        var head: TimeAmount
        /// From the headers to the end of the body.
        var body = TimeAmount.seconds(30)
        /// What more than that it may take for each 64 KiB that have come, and for each that it is sent.
        var bodyPiece = TimeAmount.seconds(1)
        /// Between requests.
        var idle = TimeAmount.seconds(75)
        /// For the rest of a request that was answered before it was complete.
        var rest = TimeAmount.seconds(5)
        static let pieceBytes = 64 << 10

        init(_ configuration: BrokerConfiguration) {
            head = TimeAmount(configuration.handshakeTimeout)
        }
    }

    /// What the connection is waiting for.
    enum Due {
        case head
        case body
        case idle
        case rest
        /// The broker's turn.
        case nothing
    }

    let limits: TimeLimits
    private let expectsTLS: Bool
    private var due = Due.head
    private var deadline = NIODeadline.distantFuture
    private var bodyBytes = 0
    /// Bytes of the last answer, which the client may still be taking.
    var answerBytes = 0
    private var isFirst = true
    private var isRefused = false
    private var timer: Scheduled<Void>?
    private var context: ChannelHandlerContext?
    /// Called when what is due has not come; whoever answers closes the connection then.
    var whenLate: ((Due) -> Void)?

    init(expectsTLS: Bool, limits: TimeLimits) {
        self.expectsTLS = expectsTLS
        self.limits = limits
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        deadline = context.eventLoop.now + limits.head
        arm(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        whenLate = nil
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        if isFirst {
            isFirst = false
            // A TLS record of a handshake begins with 22 (RFC 8446 §5.1), HTTP with a letter.
            let isTLS = unwrapInboundIn(data).readableBytesView.first == 22
            guard isTLS == expectsTLS else { return refuse(context, isTLS: isTLS) }
        }
        if due == .idle { expect(.head) }
        context.fireChannelRead(data)
    }

    /// Says what has to come next.
    func expect(_ due: Due) {
        self.due = due
        guard let now = context?.eventLoop.now else { return }
        switch due {
        case .head: deadline = now + limits.head + answerTime
        case .body:
            bodyBytes = 0
            deadline = now + limits.body
        case .idle: deadline = now + limits.idle + answerTime
        case .rest: deadline = now + limits.rest + answerTime
        case .nothing: break
        }
    }

    private var answerTime: TimeAmount { limits.bodyPiece * (answerBytes / TimeLimits.pieceBytes) }

    /// Notes bytes of a body: who sends much may take longer.
    func received(bodyBytes count: Int) {
        let pieces = (bodyBytes + count) / TimeLimits.pieceBytes - bodyBytes / TimeLimits.pieceBytes
        bodyBytes += count
        if pieces > 0 { deadline = deadline + limits.bodyPiece * pieces }
    }

    /// One timer per connection, set again when it finds that the deadline has moved.
    private func arm(_ context: ChannelHandlerContext) {
        let next = due == .nothing ? context.eventLoop.now + limits.head : deadline
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: next) { self.look(context) }
    }

    private func look(_ context: ChannelHandlerContext) {
        guard due != .nothing, deadline <= context.eventLoop.now else { return arm(context) }
        timer = nil
        guard let whenLate, due != .head || !isFirst else { return context.close(promise: nil) }
        whenLate(due)
    }

    /// Answers in plain HTTP, which even a client that began otherwise tends to show to someone, and hangs up.
    private func refuse(_ context: ChannelHandlerContext, isTLS: Bool) {
        isRefused = true
        let text =
            isTLS
            ? "This port does not speak TLS: use http:// instead of https://."
            : "This port speaks TLS: use https:// instead of http://."
        let answer =
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
            + "Content-Length: \(text.utf8.count + 1)\r\nConnection: close\r\n\r\n\(text)\n"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}
