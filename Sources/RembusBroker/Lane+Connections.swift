import Logging
import NIOCore
import RembusListening
import RembusTransport
import RembusTrust

/// The start of connections, and their end at shutdown.
extension Lane {
    /// Makes the session and the link of an accepted connection.
    func accept(_ channel: any Channel, _ configuration: LinkConfiguration, _ facts: ConnectionFacts) -> Link {
        let address = (facts.client ?? PeerAddress(channel.remoteAddress)).text
        let link = Link(
            role: .server, group: links, configuration: configuration, remoteAddress: address, delegate: nil)
        let session = Session(lane: self, link: link, facts: facts)
        link.delegate = session
        add(session)
        core.channelOpened(channel)
        session.report(.connected)
        if hasSaidGoodbye {
            // The handshake ended after the other connections had been closed.
            eventLoop.execute { self.sayGoodbye() }
        } else if let certificate = facts.certificate, session.isRemoved(by: core.tables.rules) {
            // The session starts behind the answer to the handshake, which is still being written.
            eventLoop.execute {
                session.report(.removedCertificate(certificate.name))
                session.endRemoved()
                self.endBurst()
            }
        } else if session.mustProve {
            // The session starts behind the answer to the handshake, which is still being written.
            eventLoop.execute {
                session.begin()
                self.endBurst()
            }
        }
        return link
    }

    /// Ends the connections of components that were removed.
    func endRemoved(_ rules: AccessRules) {
        for session in Array(sessions.values) where session.isRemoved(by: rules) {
            core.audit("disconnect", session, claiming: session.certificate?.name, outcome: "removed")
            session.endRemoved()
        }
        endBurst()
    }

    /// Answers the calls that no provider has answered, because the broker stops.
    func failCalls() {
        for session in Array(sessions.values) { session.failCalls(BrokerText.unanswered) }
        endBurst()
    }

    /// Ends every connection with "going away". Messages that are queued still leave.
    func closeAll() {
        stop()
        hasSaidGoodbye = true
        sayGoodbye()
    }

    private func sayGoodbye() {
        for session in Array(sessions.values) { session.link.close(code: 1001, reason: "broker is shutting down") }
        endBurst()
    }
}
