import NIOCore
import NIOPosix

/// Sends one HTTP request and gives the whole answer, head and body.
func request(_ method: String, _ path: String, _ body: String = "", at address: String) async throws -> String {
    let parts = address.dropFirst("http://".count).split(separator: ":")
    let port = parts.last.flatMap { Int($0) } ?? 0
    let head = [
        "\(method) \(path) HTTP/1.1", "Host: localhost", "Connection: close", "Content-Type: application/json",
        "Content-Length: \(body.utf8.count)",
    ]
    let group = MultiThreadedEventLoopGroup.singleton
    let promise = group.next().makePromise(of: String.self)
    let channel: any Channel
    do {
        channel = try await ClientBootstrap(group: group).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(Answer(promise))
            }
        }.connect(host: "127.0.0.1", port: port).get()
    } catch {
        promise.fail(error)
        throw error
    }
    try await channel.writeAndFlush(ByteBuffer(string: head.joined(separator: "\r\n") + "\r\n\r\n" + body))
    return try await promise.futureResult.get()
}

/// Collects what comes until the end.
private final class Answer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let promise: EventLoopPromise<String>
    private var text = ""

    init(_ promise: EventLoopPromise<String>) {
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        text += String(buffer: unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) { promise.succeed(text) }
}
