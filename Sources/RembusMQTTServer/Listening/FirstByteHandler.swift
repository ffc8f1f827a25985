import NIOCore
import RembusBroker
import RembusListening
import RembusTransport

/// Reads the first byte of a connection to find the protocol: MQTT begins with CONNECT, and a WebSocket with the method
/// of an HTTP request.
final class FirstByteHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let server: MQTTServer
    private let facts: ConnectionFacts
    private let peer: PeerAddress
    private var deadline = OpeningDeadline()
    private var isDone = false

    private static let connect: UInt8 = 0x10

    init(server: MQTTServer, facts: ConnectionFacts, peer: PeerAddress) {
        self.server = server
        self.peer = peer
        self.facts = facts
    }

    func handlerAdded(context: ChannelHandlerContext) {
        deadline.start(context, server)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone, let first = unwrapInboundIn(data).readableBytesView.first else { return }
        isDone = true
        let pipeline = context.pipeline.syncOperations
        do {
            switch first {
            case Self.connect: try pipeline.addHandler(MQTTConnection(server: server, facts: facts))
            case UInt8(ascii: "G"):
                try MQTTWebSocketUpgrade(server: server, facts: facts, peer: peer).install(on: context.channel)
            default:
                server.host.countMalformed()
                server.host.admission.count(.badRequest)
                return context.close(promise: nil)
            }
        } catch {
            return context.close(promise: nil)
        }
        // This goes to the handlers behind this one, which were just added.
        context.fireChannelRead(data)
        pipeline.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
