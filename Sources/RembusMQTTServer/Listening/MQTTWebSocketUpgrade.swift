import NIOCore
import NIOHTTP1
import NIOWebSocket
import RembusBroker
import RembusListening
import RembusTransport

/// Upgrades an HTTP request to a WebSocket that carries MQTT (MQTT 5 §6): with the subprotocol `mqtt`, or `mqttv3.1`
/// for older clients, and binary frames whose boundaries have no meaning.
struct MQTTWebSocketUpgrade: Sendable {
    let server: MQTTServer
    let facts: ConnectionFacts
    let peer: PeerAddress

    private static let subprotocols = ["mqtt", "mqttv3.1"]

    /// - Parameter bytes: The handler in front of those that are added here. It is removed when the WebSocket begins.
    func install(on channel: any Channel) throws {
        let policy = server.host.listening
        let origins = policy.origins
        let (server, facts, peer) = (self.server, self.facts, self.peer)
        let pipeline = channel.pipeline.syncOperations
        let bytes = RequestBytes()
        let answer = RefusedUpgradeHandler(server: server, origins: origins, bytes: bytes)
        let handlers = NIOLoopBound((bytes: bytes, answer: answer), eventLoop: channel.eventLoop)
        let upgrader = WebSocketServerUpgrader(origins: origins, subprotocols: Self.subprotocols) { channel, head in
            var facts = facts
            let client = policy.client(of: head.headers, over: peer)
            if client != peer {
                guard server.host.admission.claim(client, for: channel) else { return channel.close(promise: nil) }
                facts.client = client
            }
            let pipeline = channel.pipeline.syncOperations
            pipeline.removeHandler(handlers.value.bytes, promise: nil)
            try pipeline.addHandler(WebSocketBytesHandler { server.host.countMalformed() })
            try pipeline.addHandler(MQTTConnection(server: server, facts: facts))
        }
        try pipeline.addHandler(bytes)
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false,
            withServerUpgrade: (
                upgraders: [upgrader],
                completionHandler: { context in
                    context.pipeline.syncOperations.removeHandler(handlers.value.answer, promise: nil)
                }
            ),
            withErrorHandling: false)
        try pipeline.addHandler(answer)
    }
}

/// Answers requests that do not become a WebSocket.
private final class RefusedUpgradeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: MQTTServer
    private let origins: OriginPolicy
    private let bytes: RequestBytes
    private var head: HTTPRequestHead?
    private var isAnswered = false
    private var deadline = OpeningDeadline()

    init(server: MQTTServer, origins: OriginPolicy, bytes: RequestBytes) {
        self.server = server
        self.origins = origins
        self.bytes = bytes
    }

    func handlerAdded(context: ChannelHandlerContext) {
        deadline.start(context, server)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            // Answered at once, because the end of a body in an unknown coding may never come.
            if let objection = head.objection() { answer(objection, to: head, context) }
        case .body: break
        case .end:
            guard let head, !isAnswered else { return }
            let refusal =
                head.upgradeRefusal(origins: origins)
                ?? HTTPObjection(.badRequest, "the request offers no subprotocol mqtt")
            answer(refusal, to: head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A refused upgrade is reported here first, and then passed on as an ordinary request.
        if error is NIOWebSocketUpgradeError || error is HTTPServerUpgradeErrors { return }
        guard error is HTTPParserError, head == nil else { return context.close(promise: nil) }
        answer(
            bytes.objection(to: error), to: HTTPRequestHead(version: .http1_1, method: .GET, uri: "/"), context)
    }

    private func answer(_ refusal: HTTPObjection, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        isAnswered = true
        server.host.admission.count(refusal.status == .forbidden ? .origin : .badRequest)
        // The status for a browser, whose user should learn what the port is for.
        let status = refusal.status == .upgradeRequired ? .badRequest : refusal.status
        let text =
            "\(refusal.text). This port speaks MQTT, also through WebSockets with the subprotocol mqtt from allowed origins.\n"
        let head = HTTPResponseHead(
            version: .http1_1, status: status,
            headers: [
                "Content-Type": "text/plain; charset=utf-8", "Content-Length": "\(text.utf8.count)",
                "Connection": "close",
            ])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}
