package import NIOCore
import Synchronization

/// Opens connections of a protocol that an SDK program may do without; its module puts itself here.
///
/// The link that `makeLink` makes takes the sink that it is given. What the call returns stands for the connection: its
/// `closeFuture` completes when all that was sent has left or the connection is gone.
package struct SinkDialer: Sendable {
    /// Makes the link; runs on the event loop.
    package typealias MakeLink = @Sendable (any LinkSink, LinkConfiguration) -> Link

    package var connect:
        @Sendable (
            _ host: String, _ port: Int, _ eventLoop: any EventLoop, _ configuration: LinkConfiguration,
            _ makeLink: @escaping MakeLink
        ) async throws -> DialedConnection

    package init(
        connect:
            @escaping @Sendable (
                _ host: String, _ port: Int, _ eventLoop: any EventLoop, _ configuration: LinkConfiguration,
                _ makeLink: @escaping MakeLink
            ) async throws -> DialedConnection
    ) {
        self.connect = connect
    }

    private static let known = Mutex<[String: SinkDialer]>([:])

    /// Has `zmq://` and the like dialed by `dialer` from now on.
    package static func register(_ dialer: SinkDialer, scheme: String) {
        known.withLock { $0[scheme] = dialer }
    }

    /// The dialer of a scheme; nil when its module is not part of the program.
    package static func of(scheme: String) -> SinkDialer? {
        known.withLock { $0[scheme] }
    }
}

/// A connection that was opened.
package struct DialedConnection: Sendable {
    /// Completes when nothing of the connection is left.
    package var closeFuture: EventLoopFuture<Void>
    /// Ends it at once.
    package var close: @Sendable () -> Void

    package init(closeFuture: EventLoopFuture<Void>, close: @escaping @Sendable () -> Void) {
        self.closeFuture = closeFuture
        self.close = close
    }

    /// A connection on a channel.
    package init(_ channel: any Channel) {
        self.init(closeFuture: channel.closeFuture) { channel.close(promise: nil) }
    }
}
