import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Counts connections that could not be accepted for want of file descriptors. The handler behind it in the pipeline
/// waits a moment before the next attempt, which would fail at once as long as nothing is closed.
final class AcceptFailureHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    private let admission: ConnectionAdmission?

    init(_ admission: ConnectionAdmission?) {
        self.admission = admission
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) {
            admission?.count(.outOfDescriptors)
        }
        context.fireErrorCaught(error)
    }
}
