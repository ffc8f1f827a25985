import Logging
import NIOCore
import RembusTransport

/// Connections come and, at shutdown, go.
extension Lane {
    /// Makes the session and the link of an accepted connection.
    func accept(_ channel: any Channel, _ configuration: LinkConfiguration, _ facts: ConnectionFacts) -> Link {
        let address = channel.remoteAddress.map { "\($0.ipAddress ?? "local"):\($0.port ?? 0)" } ?? "unknown"
        let link = Link(
            role: .server, group: links, configuration: configuration, remoteAddress: address, delegate: nil)
        let session = Session(lane: self, link: link, facts: facts)
        link.delegate = session
        add(session)
        core.channelOpened(channel)
        core.logger.debug("connection from \(address)")
        if session.mustProve {
            // Behind the answer to the handshake, which is still being written.
            eventLoop.execute {
                session.begin()
                self.endBurst()
            }
        }
        return link
    }

    /// Ends every connection with "going away"; what is queued still leaves.
    func closeAll() {
        stop()
        for session in Array(sessions.values) { session.link.close(code: 1001, reason: "broker is shutting down") }
        endBurst()
    }
}
