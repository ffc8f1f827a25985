import NIOCore

/// Refuses connections when they are accepted, before any handlers are added.
final class AdmissionHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    private let admission: ConnectionAdmission

    init(_ admission: ConnectionAdmission) {
        self.admission = admission
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let accepted = unwrapInboundIn(data)
        let admission = self.admission
        switch admission.admit(accepted.remoteAddress) {
        case .success(let ticket):
            accepted.closeFuture.whenComplete { _ in admission.release(ticket) }
            context.fireChannelRead(data)
        case .failure:
            accepted.close(promise: nil)
        }
    }
}
