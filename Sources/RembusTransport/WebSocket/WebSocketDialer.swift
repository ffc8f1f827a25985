package import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// Opens WebSocket connections and puts a `Link` on each.
package enum WebSocketDialer {
    /// Connects and does the handshake. `makeLink` is called on `eventLoop`, which the link then lives on.
    ///
    /// With `tls` the connection is encrypted. Throws ``ConnectFailure``, or ``TLSFailure`` when files of `tls` cannot
    /// be used.
    package static func connect(
        host: String, port: Int, path: String = "/", tls: TLSClientContext? = nil, on eventLoop: any EventLoop,
        configuration: LinkConfiguration, makeLink: @escaping @Sendable (any Channel, LinkConfiguration) -> Link
    ) async throws -> any Channel {
        let target = try tls?.target(host: host)
        let done = eventLoop.makePromise(of: Void.self)
        let key = NIOWebSocketClientUpgrader.randomRequestKey()
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(configuration.handshakeTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let encryption = try target?.makeEncryption()
                    try encryption?.install(on: channel)
                    let secured = NIOLoopBound(encryption, eventLoop: channel.eventLoop)
                    let upgrader = WebSocketClientUpgrader(key: key) { channel in
                        do throws(TLSFailure) {
                            try secured.value?.checkPeer()
                        } catch {
                            done.fail(ConnectFailure(insecure: DialedPlace.text(host, port), error))
                            return channel.close(promise: nil)
                        }
                        try channel.install(makeLink(channel, configuration), isEncrypted: target != nil)
                        done.succeed()
                    }
                    let request = HandshakeRequestHandler(
                        host: host, port: port, path: path, encryption: encryption, done: done)
                    let requestBox = NIOLoopBound(request, eventLoop: channel.eventLoop)
                    // A broker's first message may come in one packet with its answer to the handshake.
                    try channel.pipeline.syncOperations.addHTTPClientHandlers(
                        leftOverBytesStrategy: .forwardBytes,
                        withClientUpgrade: (
                            upgraders: [upgrader],
                            completionHandler: { context in
                                context.pipeline.syncOperations.removeHandler(requestBox.value, promise: nil)
                            }
                        ))
                    try channel.pipeline.syncOperations.addHandler(request)
                }
            }
        let channel: any Channel
        do {
            channel = try await bootstrap.connectElsewhere(host: host, port: port)
        } catch {
            done.fail(error)
            throw error
        }
        let deadline = eventLoop.scheduleTask(in: configuration.handshakeTimeout) {
            done.fail(ConnectFailure(DialedPlace.text(host, port), "it did not finish the WebSocket handshake in time"))
        }
        do {
            try await done.futureResult.get()
            deadline.cancel()
            return channel
        } catch {
            deadline.cancel()
            channel.close(promise: nil)
            throw error
        }
    }
}

/// SwiftNIO's upgrader checks the handshake. Instead of its frame handlers, our link is added to the channel.
private final class WebSocketClientUpgrader: NIOHTTPClientProtocolUpgrader {
    let supportedProtocol = "websocket"
    let requiredUpgradeHeaders: [String] = []
    private let handshake: NIOWebSocketClientUpgrader
    private let install: @Sendable (any Channel) throws -> Void

    init(key: String, install: @escaping @Sendable (any Channel) throws -> Void) {
        self.install = install
        self.handshake = NIOWebSocketClientUpgrader(
            requestKey: key,
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
    }

    func addCustom(upgradeRequestHeaders: inout HTTPHeaders) {
        handshake.addCustom(upgradeRequestHeaders: &upgradeRequestHeaders)
    }

    func shouldAllowUpgrade(upgradeResponse: HTTPResponseHead) -> Bool {
        // RFC 6455 §4.1 also requires this header, which SwiftNIO does not check.
        upgradeResponse.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
            && handshake.shouldAllowUpgrade(upgradeResponse: upgradeResponse)
    }

    func upgrade(context: ChannelHandlerContext, upgradeResponse: HTTPResponseHead) -> EventLoopFuture<Void> {
        let channel = context.channel
        return channel.eventLoop.makeCompletedFuture { try install(channel) }
    }
}

/// Sends the handshake request, and reports every kind of failure as one error.
private final class HandshakeRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let host: String
    private let port: Int
    private let path: String
    private let encryption: ClientEncryption?
    private let done: EventLoopPromise<Void>
    private var refusal: String?

    init(
        host: String, port: Int, path: String, encryption: ClientEncryption?, done: EventLoopPromise<Void>
    ) {
        self.host = host
        self.port = port
        self.path = path
        self.encryption = encryption
        self.done = done
    }

    func channelActive(context: ChannelHandlerContext) {
        var headers = HTTPHeaders()
        let isLocal = host.hasPrefix("/")
        headers.add(
            name: "Host", value: isLocal ? "localhost" : "\(host.contains(":") ? "[\(host)]" : host):\(port)")
        headers.add(name: "Content-Length", value: "0")
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // A server that answers with a page is not a broker, or the port is another one of the broker.
            if head.status.code < 400 {
                return fail(context, "what answers there speaks HTTP, but not WebSocket; \(NetworkProblem.wrongPort)")
            }
            refusal = "it refused the WebSocket handshake with HTTP status \(head.status.code)"
        case .body(let body):
            // A Rembus broker states the reason in one line.
            let line = String(buffer: body).prefix { !$0.isNewline }.prefix(200)
            if let known = refusal, !line.isEmpty { fail(context, "\(known): \(line)") }
        case .end: refused(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if refusal != nil { return refused(context) }
        fail(context, "it closed the connection during the WebSocket handshake; \(NetworkProblem.wrongPort)")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if refusal != nil { return refused(context) }
        guard let encryption else {
            return fail(context, NetworkProblem(error).reason)
        }
        fail(context, "no secure connection: \(encryption.failure(error))")
    }

    private func refused(_ context: ChannelHandlerContext) {
        fail(context, refusal ?? "it refused the WebSocket handshake")
    }

    private func fail(_ context: ChannelHandlerContext, _ reason: String) {
        done.fail(ConnectFailure(DialedPlace.text(host, port), reason))
        context.close(promise: nil)
    }
}
