package import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// Accepts WebSocket connections on one address and puts a `Link` on each (protocol.md §1.1: any path, no subprotocol).
package struct WebSocketListener: Sendable {
    /// Makes the link of an accepted connection. Called on the connection's event loop; returning nil refuses it.
    package typealias MakeLink = @Sendable (any Channel, LinkConfiguration) -> Link?

    package let channel: any Channel

    package static func bind(
        group: any EventLoopGroup, host: String, port: Int, configuration: LinkConfiguration,
        makeLink: @escaping MakeLink
    ) async throws -> WebSocketListener {
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Self.prepare(channel, configuration: configuration, makeLink: makeLink)
                }
            }
            .bind(host: host, port: port)
            .get()
        return WebSocketListener(channel: channel)
    }

    private static func prepare(
        _ channel: any Channel, configuration: LinkConfiguration, makeLink: @escaping MakeLink
    ) throws {
        let deadline = channel.eventLoop.assumeIsolated().scheduleTask(in: configuration.handshakeTimeout) {
            channel.close(promise: nil)
        }
        let fallback = UpgradeRequiredHandler()
        let upgrader = WebSocketServerUpgrader { channel in
            deadline.cancel()
            guard let link = makeLink(channel, configuration) else {
                channel.close(promise: nil)
                return
            }
            try channel.setUpForLink()
            try channel.pipeline.syncOperations.addHandler(link)
        }
        let fallbackBox = NIOLoopBound(fallback, eventLoop: channel.eventLoop)
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: false,
            withServerUpgrade: (
                upgraders: [upgrader],
                completionHandler: { context in
                    context.pipeline.syncOperations.removeHandler(fallbackBox.value, promise: nil)
                }
            ),
            withErrorHandling: true)
        try channel.pipeline.syncOperations.addHandler(fallback)
    }
}

extension Channel {
    /// Buffer sizes of a connection that carries messages; set after the handshake, so that connections which never
    /// get that far stay small.
    func setUpForLink() throws {
        // The receive buffer follows the traffic: an idle connection keeps a small one.
        try syncOptions?.setOption(
            .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 2048, maximum: 256 << 10))
        try syncOptions?.setOption(
            .writeBufferWaterMark, value: .init(low: 256 << 10, high: 1 << 20))
    }
}

/// The library's upgrader does the handshake; in place of the library's frame handlers, our link goes on the channel.
private final class WebSocketServerUpgrader: HTTPServerProtocolUpgrader {
    let supportedProtocol = "websocket"
    let requiredUpgradeHeaders: [String] = []
    private let handshake: NIOWebSocketServerUpgrader
    private let install: @Sendable (any Channel) throws -> Void

    init(install: @escaping @Sendable (any Channel) throws -> Void) {
        self.install = install
        self.handshake = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, head in
                channel.eventLoop.makeSucceededFuture(head.isWebSocketHandshake ? HTTPHeaders() : nil)
            },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
    }

    func buildUpgradeResponse(
        channel: any Channel, upgradeRequest: HTTPRequestHead, initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        handshake.buildUpgradeResponse(
            channel: channel, upgradeRequest: upgradeRequest, initialResponseHeaders: initialResponseHeaders)
    }

    func upgrade(context: ChannelHandlerContext, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<Void> {
        let channel = context.channel
        return channel.eventLoop.makeCompletedFuture { try install(channel) }
    }
}

extension HTTPRequestHead {
    /// What RFC 6455 §4.2.1 asks of the request beyond what the library's upgrader checks.
    fileprivate var isWebSocketHandshake: Bool {
        method == .GET && (version.major, version.minor) >= (1, 1)
            && headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
            // 16 bytes in base64: 22 characters and two of padding.
            && headers["sec-websocket-key"].allSatisfy { key in
                key.utf8.count == 24 && key.hasSuffix("==") && key.utf8.dropLast(2).allSatisfy(\.isBase64Digit)
            }
    }
}

extension UInt8 {
    fileprivate var isBase64Digit: Bool {
        switch self {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}

/// Answers HTTP requests that are not a WebSocket handshake, and hangs up.
private final class UpgradeRequiredHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private var version: HTTPVersion?
    private var wantsWebSocket = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            version = head.version
            wantsWebSocket = head.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
        case .body: break
        case .end: answer(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A refused upgrade is reported here first and then comes as an ordinary request.
        if !(error is NIOWebSocketUpgradeError), !(error is HTTPServerUpgradeErrors) {
            context.close(promise: nil)
        }
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard let version else { return }
        let text =
            wantsWebSocket
            ? "Bad WebSocket handshake: a GET request with Sec-WebSocket-Key and Sec-WebSocket-Version: 13 is needed.\n"
            : "This is a Rembus broker: connect with a WebSocket client, for example ws://host:port/name.\n"
        var headers = HTTPHeaders()
        headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        headers.add(name: "Content-Length", value: "\(text.utf8.count)")
        headers.add(name: "Sec-WebSocket-Version", value: "13")
        headers.add(name: "Connection", value: "close")
        if !wantsWebSocket { headers.add(name: "Upgrade", value: "websocket") }
        let head = HTTPResponseHead(
            version: version, status: wantsWebSocket ? .badRequest : .upgradeRequired, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}
