package import NIOCore
import Synchronization

/// Opens connections of a protocol that not every SDK program has; the module of the protocol registers it.
///
/// The link that `makeLink` makes uses the sink that it gets. The call returns the connection, whose `closeFuture`
/// completes when everything that was sent has left, or the connection is gone.
package struct SinkDialer: Sendable {
    /// Makes the link. Called on the event loop.
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

    /// Makes `dialer` open connections with URLs of this scheme from now on.
    package static func register(_ dialer: SinkDialer, scheme: String) {
        known.withLock { $0[scheme] = dialer }
    }

    /// The dialer of a scheme; nil when its module is not part of the program.
    package static func of(scheme: String) -> SinkDialer? {
        known.withLock { $0[scheme] }
    }
}

/// An open connection.
package struct DialedConnection: Sendable {
    /// Completes when the connection has ended completely.
    package var closeFuture: EventLoopFuture<Void>
    /// Ends the connection at once.
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
