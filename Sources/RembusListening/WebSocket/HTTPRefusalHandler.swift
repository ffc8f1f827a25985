import NIOCore
import NIOHTTP1
import NIOSSL
import NIOWebSocket
import RembusTransport

/// Answers HTTP requests that are not an acceptable WebSocket handshake, and closes the connection.
final class HTTPRefusalHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let origins: OriginPolicy
    private let bytes: RequestBytes
    private let report: HandshakeReport
    private var head: HTTPRequestHead?
    private var isAnswered = false

    init(origins: OriginPolicy, bytes: RequestBytes, report: HandshakeReport) {
        self.origins = origins
        self.bytes = bytes
        self.report = report
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            // Answered at once, because the end of a body in an unknown coding may never come.
            if let objection = head.objection() { send(objection, to: head, context) }
        case .body: break
        case .end: if let head, !isAnswered { send(refusal(of: head), to: head, context) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        // A refused upgrade is reported here first, and then passed on as an ordinary request.
        case is NIOWebSocketUpgradeError, is HTTPServerUpgradeErrors: return
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            report.refused(.tlsHandshake, TLSFailure(handshake: error, peer: nil).description)
        case is HTTPParserError where head == nil:
            let nothing = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
            return send(bytes.objection(to: error), to: nothing, context)
        default: report.refused(.badRequest, "\(error)")
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        report.refused(.badRequest, "the peer hung up during the handshake")
    }

    private func refusal(of head: HTTPRequestHead) -> HTTPObjection {
        // There are no other reasons for which the upgrader refuses.
        head.upgradeRefusal(origins: origins) ?? HTTPObjection(.badRequest, "bad WebSocket handshake")
    }

    private func send(_ refusal: HTTPObjection, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        isAnswered = true
        report.refused(refusal.status == .forbidden ? .origin : .badRequest, refusal.text)
        let sentence = refusal.text.prefix(1).uppercased() + refusal.text.dropFirst()
        let text = refusal.status == .upgradeRequired ? "This is a Rembus broker: \(refusal.text).\n" : sentence + ".\n"
        var headers: HTTPHeaders = [
            "Content-Type": "text/plain; charset=utf-8", "Content-Length": "\(text.utf8.count)", "Connection": "close",
        ]
        if refusal.status == .upgradeRequired { headers.add(name: "Upgrade", value: "websocket") }
        if refusal.status == .upgradeRequired || refusal.status == .badRequest {
            headers.add(name: "Sec-WebSocket-Version", value: "13")
        }
        let head = HTTPResponseHead(version: request.version, status: refusal.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}
