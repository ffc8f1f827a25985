package import Logging
package import NIOCore
package import RembusListening
package import RembusTransport

/// What a ROUTER socket needs to know, and where its connections go.
package struct RouterSettings: Sendable {
    /// Makes the broker's end of a connection; runs on the event loop, which it then lives on. nil refuses.
    package typealias MakeLink = @Sendable (_ eventLoop: any EventLoop, _ address: String, any LinkSink) -> Link?

    package var host: String
    /// 0 lets the system choose.
    package var port: Int
    /// Where a Unix socket is bound, in place of host and port; nil for those.
    package var path: String?
    /// The event loops that connections are spread over.
    package var eventLoops: [any EventLoop]
    /// Limits and intervals of a connection.
    package var link: LinkConfiguration
    /// Limits on connections; nil for none.
    package var admission: ConnectionAdmission?
    package var logger: Logger
    package var makeLink: MakeLink
    /// A message came that is none; it was skipped.
    package var countMalformed: @Sendable () -> Void

    package init(
        host: String, port: Int, path: String? = nil, eventLoops: [any EventLoop], link: LinkConfiguration,
        admission: ConnectionAdmission? = nil, logger: Logger, makeLink: @escaping MakeLink,
        countMalformed: @escaping @Sendable () -> Void = {}
    ) {
        self.host = host
        self.port = port
        self.path = path
        self.eventLoops = eventLoops
        self.link = link
        self.admission = admission
        self.logger = logger
        self.makeLink = makeLink
        self.countMalformed = countMalformed
    }
}

/// Bounds on memory.
enum RouterLimits {
    /// Messages that libzmq queues for one peer.
    static let maxQueuedMessages = 4096
    /// Bodies of this size are not copied to libzmq; they count until it has sent them.
    static let sharedBodyBytes = 2048
    /// Bytes of such bodies that libzmq may hold for one peer; more wait here.
    static let maxHeldBytes = 1 << 20
    /// Messages and bytes that are read before anything else gets its turn.
    static let maxReadMessages = 1024
    static let maxReadBytes = 1 << 20
    /// Bytes read and not yet handled above which the socket is left alone, and below which it is read again.
    static let maxUnhandledBytes = 16 << 20
    static let resumeUnhandledBytes = 4 << 20
    /// What a peer may have sent that its owner does not want to read at the moment…
    static let maxWaitingBytes = 4 << 20
    /// …when that goes on for longer than this.
    static let maxPause = TimeAmount.seconds(1)
    /// How long nothing is taken from a connection that this end has closed.
    static let quarantine = TimeAmount.seconds(5)
}
