import NIOCore
import NIOPosix
import NIOSSL

/// A peer that sends any bytes it likes and keeps what comes back.
final class RawPeer: Sendable {
    let channel: any Channel
    private let collected: EventLoopFuture<String>

    /// Connects; with `tls`, through the library's own handler.
    static func connect(port: Int, tls: NIOSSLContext? = nil, host: String = "localhost") async throws -> RawPeer {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let end = eventLoop.makePromise(of: String.self)
        let channel = try await ClientBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: host)) }
                    try pipeline.addHandler(RawCollector(end))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return RawPeer(channel, end.futureResult)
    }

    private init(_ channel: any Channel, _ collected: EventLoopFuture<String>) {
        self.channel = channel
        self.collected = collected
    }

    /// The other side may have hung up already, which `everything` shows.
    func send(_ text: String) async {
        await send(ByteBuffer(string: text))
    }

    /// The same with bytes of any kind.
    func send(_ bytes: ByteBuffer) async {
        try? await channel.writeAndFlush(bytes)
    }

    /// Everything that came until the other side hung up, and the error that ended it if there was one.
    func everything() async throws -> String { try await collected.get() }
}

private final class RawCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let end: EventLoopPromise<String>
    private var text = ""

    init(_ end: EventLoopPromise<String>) { self.end = end }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        text += String(buffer: unwrapInboundIn(data))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        text += "[\(error)]"
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { end.succeed(text) }
}
