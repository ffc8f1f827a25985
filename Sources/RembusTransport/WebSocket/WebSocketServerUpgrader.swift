import NIOCore
import NIOHTTP1
import NIOWebSocket

/// The library's upgrader does the handshake; in place of the library's frame handlers, our link goes on the channel.
final class WebSocketServerUpgrader: HTTPServerProtocolUpgrader {
    let supportedProtocol = "websocket"
    let requiredUpgradeHeaders: [String] = []
    private let handshake: NIOWebSocketServerUpgrader
    private let install: @Sendable (any Channel) throws -> Void

    init(origins: OriginPolicy, install: @escaping @Sendable (any Channel) throws -> Void) {
        self.install = install
        self.handshake = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, head in
                let isAccepted = head.isWebSocketHandshake && head.isPermitted(by: origins)
                return channel.eventLoop.makeSucceededFuture(isAccepted ? HTTPHeaders() : nil)
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
    /// Whether the page that sent the request may connect.
    func isPermitted(by origins: OriginPolicy) -> Bool {
        origins.permits(origins: headers["origin"], host: headers.first(name: "host"))
    }

    /// Whether the request asks for a WebSocket at all.
    var wantsWebSocket: Bool {
        headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
    }

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
