import NIOCore
import NIOHTTP1
import NIOWebSocket
import RembusBroker
import RembusTransport

/// Turns an HTTP request into a WebSocket that carries MQTT (MQTT 5 §6): the subprotocol `mqtt`, binary frames whose borders
/// mean nothing.
struct MQTTWebSocketUpgrade: Sendable {
    let server: MQTTServer
    let facts: ConnectionFacts

    func install(on channel: any Channel) throws {
        let origins = OriginPolicy(allowed: server.host.configuration.security.allowedOrigins)
        let (server, facts) = (self.server, self.facts)
        let upgrader = NIOWebSocketServerUpgrader(
            maxFrameSize: server.maxPacketBytes,
            automaticErrorHandling: true,
            shouldUpgrade: { channel, head in
                let protocols = head.headers[canonicalForm: "sec-websocket-protocol"]
                let isAccepted =
                    origins.permits(origins: head.headers["origin"], host: head.headers.first(name: "host"))
                    && protocols.contains("mqtt")
                return channel.eventLoop.makeSucceededFuture(
                    isAccepted ? ["Sec-WebSocket-Protocol": "mqtt"] : nil)
            },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(WebSocketBytesHandler())
                    try channel.pipeline.syncOperations.addHandler(MQTTConnection(server: server, facts: facts))
                }
            })
        let answer = NIOLoopBound(RefusedUpgradeHandler(server: server), eventLoop: channel.eventLoop)
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: false,
            withServerUpgrade: (
                upgraders: [upgrader],
                completionHandler: { context in
                    context.pipeline.syncOperations.removeHandler(answer.value, promise: nil)
                }
            ),
            withErrorHandling: true)
        try channel.pipeline.syncOperations.addHandler(answer.value)
    }
}

/// Answers requests that do not become a WebSocket.
private final class RefusedUpgradeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: MQTTServer
    private var deadline = OpeningDeadline()

    init(server: MQTTServer) {
        self.server = server
    }

    func handlerAdded(context: ChannelHandlerContext) {
        deadline.start(context, server)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = unwrapInboundIn(data) else { return }
        server.host.admission.count(.badRequest)
        let text = "This port speaks MQTT, also through WebSockets with the subprotocol mqtt from allowed origins.\n"
        let head = HTTPResponseHead(
            version: .http1_1, status: .badRequest,
            headers: [
                "Content-Type": "text/plain; charset=utf-8", "Content-Length": "\(text.utf8.count)",
                "Connection": "close",
            ])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A refused upgrade is reported here first and then comes as an ordinary request.
        if error is NIOWebSocketUpgradeError || error is HTTPServerUpgradeErrors { return }
        context.close(promise: nil)
    }
}
