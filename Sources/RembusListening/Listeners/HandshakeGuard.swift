import NIOCore

/// Watches over a connection from the accept until its handshakes are done: time, bytes, and the kind of protocol.
///
/// It sits in front of TLS, so that what it closes is closed at once, whatever the handlers behind it would like to
/// exchange first. It leaves when the handshakes are done.
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

    /// Room for the request and its headers. Browsers with many cookies need a few kilobytes.
    private static let maxRequestBytes = 16 << 10
    /// Room for what TLS adds: a client's hello and its chain of certificates.
    private static let maxTLSBytes = 48 << 10

    init(expectsTLS: Bool, timeout: TimeAmount, report: HandshakeReport) {
        self.expectsTLS = expectsTLS
        self.timeout = timeout
        self.report = report
    }

    func handlerAdded(context: ChannelHandlerContext) {
        // Holds itself and the context until the deadline or `handlerRemoved`, which also comes when the channel
        // closes.
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
            // Behind TLS the answer could not be read, so there is none.
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

    /// Answers in plain HTTP, which even a peer that began otherwise tends to show to someone, and hangs up.
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
