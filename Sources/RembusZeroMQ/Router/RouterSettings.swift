package import Logging
package import NIOCore
package import RembusListening
package import RembusTransport

/// The settings of a ROUTER socket.
package struct RouterSettings: Sendable {
    /// Makes the link of a connection. It is called on the event loop that the connection then lives on. nil refuses
    /// the connection.
    package typealias MakeLink = @Sendable (_ eventLoop: any EventLoop, _ address: String, any LinkSink) -> Link?

    package var host: String
    /// The port; with 0 the system chooses one.
    package var port: Int
    /// The path of a Unix socket, in place of host and port; nil for none.
    package var path: String?
    /// The event loops that share the connections.
    package var eventLoops: [any EventLoop]
    /// Limits and intervals of a connection.
    package var link: LinkConfiguration
    /// Limits on connections; nil for none.
    package var admission: ConnectionAdmission?
    package var logger: Logger
    package var makeLink: MakeLink
    /// Called for a malformed message, which was skipped.
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

/// Limits on memory and time.
enum RouterLimits {
    /// The most messages that libzmq queues for one peer.
    static let maxQueuedMessages = 4096
    /// The size from which bodies are not copied to libzmq, and count until it has sent them.
    static let sharedBodyBytes = 2048
    /// The most bytes of such bodies that libzmq may hold for one peer; more wait here.
    static let maxHeldBytes = 1 << 20
    /// The most messages and bytes that are read before anything else is done.
    static let maxReadMessages = 1024
    static let maxReadBytes = 1 << 20
    /// The bytes that were read and not handled above which the socket is not read, and below which it is read again.
    static let maxUnhandledBytes = 16 << 20
    static let resumeUnhandledBytes = 4 << 20
    /// The most bytes of a peer that may wait while its owner does not read…
    static let maxWaitingBytes = 4 << 20
    /// …for longer than this.
    static let maxPause = TimeAmount.seconds(1)
    /// How long messages of a connection are ignored that this end has closed.
    static let quarantine = TimeAmount.seconds(5)
}
