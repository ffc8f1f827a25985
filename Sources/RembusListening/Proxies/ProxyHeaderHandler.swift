import Logging
import NIOCore
import RembusTransport

/// Reads the header of the PROXY protocol on a connection of a trusted proxy, adds the following handlers with the
/// address in it, and removes itself.
///
/// A proxy need not send a header, since HTTP proxies state the client in every request.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let policy: ListenerPolicy
    private let admission: ConnectionAdmission?
    private let timeout: TimeAmount
    /// How long the peer may stay silent before it counts as one without a header; nil for no limit.
    private let silence: TimeAmount?
    private let setUp: (PeerAddress) throws -> Void
    private var buffer = ByteBuffer()
    private var timer: Scheduled<Void>?
    private var isDone = false

    init(
        policy: ListenerPolicy, admission: ConnectionAdmission?, timeout: TimeAmount, silence: TimeAmount?,
        setUp: @escaping (PeerAddress) throws -> Void
    ) {
        self.policy = policy
        self.admission = admission
        self.timeout = timeout
        self.silence = silence
        self.setUp = setUp
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let loop = context.eventLoop.assumeIsolated()
        timer = loop.scheduleTask(in: silence.map { min($0, timeout) } ?? timeout) {
            if self.silence != nil, self.buffer.readableBytes == 0 {
                self.finish(context, PeerAddress(context.remoteAddress, isProxy: true))
            } else {
                self.admission?.count(.handshakeTimeout)
                context.close(promise: nil)
            }
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else { return context.fireChannelRead(data) }
        var piece = unwrapInboundIn(data)
        if buffer.readableBytes == 0 { buffer = piece } else { buffer.writeBuffer(&piece) }
        switch ProxyHeader.parse(buffer.readableBytesView) {
        case .incomplete: return
        case .absent: finish(context, PeerAddress(context.remoteAddress, isProxy: true))
        case .complete(let length, let client):
            buffer.moveReaderIndex(forwardBy: length)
            guard let client else { return finish(context, PeerAddress(context.remoteAddress, isProxy: true)) }
            // The client may be another trusted proxy.
            finish(context, PeerAddress(client, isProxy: policy.proxies.contains(client)), claims: true)
        case .malformed(let reason):
            isDone = true
            admission?.count(.badRequest)
            policy.warn(
                .malformedHeader,
                "closing a connection of the proxy \(context.remoteAddress?.ipAddress ?? "local"): its header of the PROXY protocol is malformed, \(reason)"
            )
            context.close(promise: nil)
        }
    }

    /// The bytes that were read behind the header go to the handlers that were just added.
    private func finish(_ context: ChannelHandlerContext, _ peer: PeerAddress, claims: Bool = false) {
        guard !isDone else { return }
        isDone = true
        if claims, let admission, !admission.claim(peer, for: context.channel) { return context.close(promise: nil) }
        do {
            try setUp(peer)
        } catch {
            return context.close(promise: nil)
        }
        if buffer.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(buffer))
            context.fireChannelReadComplete()
        }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}

extension Channel {
    /// Calls `setUp` when the client of a connection is known: at once or, for a trusted proxy, behind the header of
    /// the PROXY protocol. On the event loop.
    ///
    /// - Parameter peerMayWait: Whether clients of this listener may wait for us to send first.
    package func whenPeerIsKnown(
        _ policy: ListenerPolicy, admission: ConnectionAdmission?, peerMayWait: Bool = false,
        _ setUp: @escaping (PeerAddress) throws -> Void
    ) throws {
        guard policy.proxies.contains(remoteAddress) else { return try setUp(PeerAddress(remoteAddress)) }
        try pipeline.syncOperations.addHandler(
            ProxyHeaderHandler(
                policy: policy, admission: admission, timeout: policy.link.handshakeTimeout,
                silence: peerMayWait ? .seconds(1) : nil, setUp: setUp))
    }
}
