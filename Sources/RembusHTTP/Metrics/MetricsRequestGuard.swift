import NIOCore

/// Ends connections whose requests are too long or too slow, and connections without requests.
final class MetricsRequestGuard: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// The time for the first request, which a scraper sends at once.
    private static let firstTimeout = TimeAmount.seconds(10)
    /// The time for further requests. It is longer than usual scrape intervals, so that connections can be reused.
    private static let timeout = TimeAmount.minutes(2)
    /// The most bytes of a request, or of all requests until the first of them is answered.
    private static let maxRequestBytes = 16 << 10

    private var deadline: Scheduled<Void>?
    private var received = 0

    func handlerAdded(context: ChannelHandlerContext) {
        restart(context, Self.firstTimeout)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
    }

    /// A request was answered. The next one has a time and a length of its own.
    func answered(context: ChannelHandlerContext) {
        received = 0
        deadline?.cancel()
        restart(context, Self.timeout)
    }

    private func restart(_ context: ChannelHandlerContext, _ timeout: TimeAmount) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += unwrapInboundIn(data).readableBytes
        guard received <= Self.maxRequestBytes else { return context.close(promise: nil) }
        context.fireChannelRead(data)
    }
}
