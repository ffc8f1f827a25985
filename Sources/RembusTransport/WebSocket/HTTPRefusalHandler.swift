import NIOCore
import NIOHTTP1
import NIOSSL
import NIOWebSocket

/// Answers HTTP requests that are not an acceptable WebSocket handshake, and hangs up.
final class HTTPRefusalHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private struct Answer {
        var status: HTTPResponseStatus
        var text: String
        var refusal = ConnectionRefusal.badRequest
        var headers: HTTPHeaders = [:]
    }

    private let origins: OriginPolicy
    private let report: HandshakeReport
    private var head: HTTPRequestHead?

    init(origins: OriginPolicy, report: HandshakeReport) {
        self.origins = origins
        self.report = report
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end: if let head { send(answer(to: head), to: head, context) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        // A refused upgrade is reported here first and then comes as an ordinary request.
        case is NIOWebSocketUpgradeError, is HTTPServerUpgradeErrors: return
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            report.refused(.tlsHandshake, TLSFailure(handshake: error, peer: nil).description)
        default: report.refused(.badRequest, "\(error)")
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        report.refused(.badRequest, "the peer hung up during the handshake")
    }

    private func answer(to head: HTTPRequestHead) -> Answer {
        guard head.wantsWebSocket else {
            return Answer(
                status: .upgradeRequired,
                text: "This is a Rembus broker: connect with a WebSocket client, for example ws://host:port/name.",
                headers: ["Upgrade": "websocket", "Sec-WebSocket-Version": "13"])
        }
        guard head.isPermitted(by: origins) else {
            return Answer(
                status: .forbidden,
                text: "Web pages of this origin may not connect; the setting allowed_origins lists those that may.",
                refusal: .origin)
        }
        return Answer(
            status: .badRequest,
            text: "Bad WebSocket handshake: "
                + "a GET request with Sec-WebSocket-Key and Sec-WebSocket-Version: 13 is needed.",
            headers: ["Sec-WebSocket-Version": "13"])
    }

    private func send(_ answer: Answer, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        report.refused(answer.refusal, answer.text)
        let text = answer.text + "\n"
        var headers = answer.headers
        headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        headers.add(name: "Content-Length", value: "\(text.utf8.count)")
        headers.add(name: "Connection", value: "close")
        let head = HTTPResponseHead(version: request.version, status: answer.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}
