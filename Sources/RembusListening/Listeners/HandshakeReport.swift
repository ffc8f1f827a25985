package import Logging
package import NIOCore

/// Where the handlers of one accepted connection say that it will not become one.
///
/// The first reason counts: what follows is its consequence. Used on the connection's event loop.
package final class HandshakeReport {
    private let admission: ConnectionAdmission?
    private let logger: Logger?
    private let address: SocketAddress?
    private var isDone = false

    package init(admission: ConnectionAdmission?, logger: Logger?, address: SocketAddress?) {
        self.admission = admission
        self.logger = logger
        self.address = address
    }

    /// Counts the refusal. In the log it is a debugging aid: a scan of the network must not fill the disk.
    package func refused(_ refusal: ConnectionRefusal, _ reason: @autoclosure () -> String) {
        guard !isDone else { return }
        isDone = true
        admission?.count(refusal)
        logger?.debug(
            "connection refused",
            metadata: ["address": "\(address?.description ?? "unknown")", "reason": "\(reason())"])
    }

    /// The handshakes are done.
    package func succeeded() {
        isDone = true
    }
}
