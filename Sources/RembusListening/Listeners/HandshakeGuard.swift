import NIOCore

/// Checks a connection from the accept until the end of its handshakes: the time, the number of bytes, and the
/// protocol.
///
/// It is in front of TLS, so that a connection is closed at once, without further exchanges by the handlers behind it.
/// It is removed when the handshakes are finished.
final class HandshakeGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let expectsTLS: Bool
    private let timeout: TimeAmount
    private let report: HandshakeReport
    private var deadline: Scheduled<Void>?
    private var received = 0
    private var isRefused = false

    /// The most bytes of the request and its headers. Browsers with many cookies need a few kilobytes.
    private static let maxRequestBytes = 16 << 10
    /// The most additional bytes of TLS: a client's hello and its certificate chain.
    private static let maxTLSBytes = 48 << 10

    init(expectsTLS: Bool, timeout: TimeAmount, report: HandshakeReport) {
        self.expectsTLS = expectsTLS
        self.timeout = timeout
        self.report = report
    }

    func handlerAdded(context: ChannelHandlerContext) {
        // The task keeps the handler and the context alive until the deadline or `handlerRemoved`, which is also called
        // when the channel closes.
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            self.report.refused(.handshakeTimeout, "the handshake was not done in time")
            context.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Bytes that arrive while the refusal is being written are ignored.
        guard !isRefused else { return }
        let buffer = unwrapInboundIn(data)
        if received == 0, let first = buffer.readableBytesView.first {
            // A TLS record of a handshake begins with 22 (RFC 8446 §5.1), HTTP with a letter.
            let isTLS = first == 22
            guard isTLS == expectsTLS else {
                return refuse(
                    context, .badRequest, "400 Bad Request",
                    isTLS
                        ? "This port does not speak TLS: connect with ws:// instead of wss://."
                        : "This port speaks TLS: connect with wss:// instead of ws://.")
            }
        }
        received += buffer.readableBytes
        guard received <= Self.maxRequestBytes + (expectsTLS ? Self.maxTLSBytes : 0) else {
            // The client could not read an answer without TLS, so there is none.
            if expectsTLS {
                report.refused(.requestTooLong, "the request is too long")
                return context.close(promise: nil)
            }
            return refuse(
                context, .requestTooLong, "431 Request Header Fields Too Large",
                "The request is longer than \(Self.maxRequestBytes) bytes.")
        }
        context.fireChannelRead(data)
    }

    /// Answers in plain HTTP, which clients of other protocols often display too, and closes the connection.
    private func refuse(
        _ context: ChannelHandlerContext, _ refusal: ConnectionRefusal, _ status: String, _ text: String
    ) {
        report.refused(refusal, text)
        isRefused = true
        let answer =
            "HTTP/1.1 \(status)\r\nContent-Type: text/plain; charset=utf-8\r\n"
            + "Content-Length: \(text.utf8.count + 1)\r\nConnection: close\r\n\r\n\(text)\n"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}
