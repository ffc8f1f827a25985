import NIOCore

/// Ends connections whose requests are too long or take too long, and those that nobody uses.
final class MetricsRequestGuard: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// For the first request, which a scraper sends at once.
    private static let firstTimeout = TimeAmount.seconds(10)
    /// Longer than the intervals at which metrics are usually read, so that connections can be used again.
    private static let timeout = TimeAmount.minutes(2)
    /// Of one request, or of those that came before the first of them was answered.
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

    /// A request was answered: the next one has its own time and length.
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
