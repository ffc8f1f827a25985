package import NIOCore
package import NIOHTTP1
import NIOWebSocket
import RembusTransport

/// SwiftNIO's upgrader does the handshake. Instead of its frame handlers, `install` adds ours to the channel.
package final class WebSocketServerUpgrader: HTTPServerProtocolUpgrader {
    package let supportedProtocol = "websocket"
    package let requiredUpgradeHeaders: [String] = []
    private let handshake: NIOWebSocketServerUpgrader
    private let install: @Sendable (any Channel, HTTPRequestHead) throws -> Void

    /// - Parameter subprotocols: Of these the client must offer one; the preferred one first. Without any, none is
    ///   needed.
    package init(
        origins: OriginPolicy, subprotocols: [String] = [],
        install: @escaping @Sendable (any Channel, HTTPRequestHead) throws -> Void
    ) {
        self.install = install
        self.handshake = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, head in
                guard head.upgradeRefusal(origins: origins) == nil else {
                    return channel.eventLoop.makeSucceededFuture(nil)
                }
                guard !subprotocols.isEmpty else { return channel.eventLoop.makeSucceededFuture(HTTPHeaders()) }
                let offered = head.headers[canonicalForm: "sec-websocket-protocol"]
                let chosen = subprotocols.first { name in offered.contains { $0 == name } }
                return channel.eventLoop.makeSucceededFuture(chosen.map { ["Sec-WebSocket-Protocol": $0] })
            },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
    }

    package func buildUpgradeResponse(
        channel: any Channel, upgradeRequest: HTTPRequestHead, initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        handshake.buildUpgradeResponse(
            channel: channel, upgradeRequest: upgradeRequest, initialResponseHeaders: initialResponseHeaders)
    }

    package func upgrade(context: ChannelHandlerContext, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<Void> {
        let channel = context.channel
        return channel.eventLoop.makeCompletedFuture { try install(channel, upgradeRequest) }
    }
}

extension HTTPRequestHead {
    /// Why the request does not become a WebSocket; nil when it can.
    package func upgradeRefusal(origins: OriginPolicy) -> HTTPObjection? {
        if let objection = objection() { return objection }
        guard wantsWebSocket else {
            return HTTPObjection(.upgradeRequired, "connect with a WebSocket client, for example ws://host:port/name")
        }
        guard origins.permits(origins: headers["origin"], host: authority) else {
            return HTTPObjection(
                .forbidden,
                "web pages of this origin may not connect; the setting allowed_origins lists those that may")
        }
        guard isWebSocketHandshake else {
            return HTTPObjection(
                .badRequest,
                "bad WebSocket handshake: a GET request with Sec-WebSocket-Key and Sec-WebSocket-Version: 13 is needed")
        }
        return nil
    }

    /// Whether the request asks for a WebSocket at all.
    private var wantsWebSocket: Bool {
        headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
    }

    /// The conditions of RFC 6455 §4.2.1 that SwiftNIO's upgrader does not check.
    fileprivate var isWebSocketHandshake: Bool {
        method == .GET && (version.major, version.minor) >= (1, 1)
            && headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
            && headers["sec-websocket-version"] == ["13"]
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
