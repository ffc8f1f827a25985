import NIOCore
import RembusBroker

/// Watches a connection: whether its first byte belongs to the right protocol, and whether the expected bytes come in
/// time.
///
/// It is in front of TLS, so that a connection is closed at once.
final class ConnectionWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long a client may take.
    struct TimeLimits: Sendable {
        /// From the start of the connection, or the first byte of a request, to the end of the headers.
        var head: TimeAmount
        /// From the headers to the end of the body.
        var body = TimeAmount.seconds(30)
        /// The additional time for each 64 KiB of a body or an answer.
        var bodyPiece = TimeAmount.seconds(1)
        /// The time between requests.
        var idle = TimeAmount.seconds(75)
        /// The time for the rest of a request that was answered before it was complete.
        var rest = TimeAmount.seconds(5)
        static let pieceBytes = 64 << 10

        init(_ configuration: BrokerConfiguration) {
            head = TimeAmount(configuration.handshakeTimeout)
        }
    }

    /// The bytes that the connection is waiting for.
    enum Due {
        case head
        case body
        case idle
        case rest
        /// None, because the broker has to answer.
        case nothing
    }

    let limits: TimeLimits
    private let expectsTLS: Bool
    private var due = Due.head
    private var deadline = NIODeadline.distantFuture
    private var bodyBytes = 0
    /// The bytes of the last answer, which the client may still be reading.
    var answerBytes = 0
    private var isFirst = true
    private var isRefused = false
    private var timer: Scheduled<Void>?
    private var context: ChannelHandlerContext?
    /// Called when the expected bytes are late. It answers or closes the connection.
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

    /// Sets which bytes have to come next.
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

    /// Counts bytes of a body, because a longer body may take longer.
    func received(bodyBytes count: Int) {
        let pieces = (bodyBytes + count) / TimeLimits.pieceBytes - bodyBytes / TimeLimits.pieceBytes
        bodyBytes += count
        if pieces > 0 { deadline = deadline + limits.bodyPiece * pieces }
    }

    /// Starts the timer. There is one per connection, which is set again when it finds that the deadline has moved.
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

    /// Answers in plain HTTP, which clients of other protocols often display too, and closes the connection.
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
