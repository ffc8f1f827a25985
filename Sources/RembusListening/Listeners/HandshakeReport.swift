package import Logging
package import NIOCore

/// Records why an accepted connection failed before it was open.
///
/// The first reason counts, because later ones are its consequences. Used on the connection's event loop.
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

    /// Counts the refusal. It is logged at debug level only, because a scan of the network must not fill the disk.
    package func refused(_ refusal: ConnectionRefusal, _ reason: @autoclosure () -> String) {
        guard !isDone else { return }
        isDone = true
        admission?.count(refusal)
        logger?.debug(
            "connection refused",
            metadata: ["address": "\(address?.description ?? "unknown")", "reason": "\(reason())"])
    }

    /// The handshakes have succeeded.
    package func succeeded() {
        isDone = true
    }
}
