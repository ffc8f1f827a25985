package import NIOCore
import RembusTransport
import RembusTrust
import RembusWire

/// Whose rights something has that is published when its publisher is gone.
package struct DoorIdentity: Sendable {
    let user: String?
    let isProven: Bool
}

/// What a door does for clients that are not connected.
extension DoorHost {
    /// Publishes a frame as a client that has gone. Only on `eventLoop`.
    ///
    /// - Returns: Whether it was taken.
    @discardableResult
    package func publish(_ frame: ByteBuffer, as identity: DoorIdentity, on eventLoop: any EventLoop) -> Bool {
        guard let lane = core.lane(of: eventLoop) else { return false }
        let link = Link(
            role: .server, group: lane.links, configuration: linkConfiguration, remoteAddress: "absent", delegate: nil,
            sink: NoSink())
        let session = Session(lane: lane, link: link, facts: ConnectionFacts(.mqtt))
        if let user = identity.user {
            let stranger = session.state
            session.state = core.tables.guestState(of: session, user: user, isProven: identity.isProven)
            core.tables.release(stranger)
        }
        session.isProven = identity.isProven
        session.gate = .open
        session.keepsAnnex = true
        frame.withUnsafeReadableBytes { session.link(link, received: $0, kind: .binary, owner: nil) }
        core.tables.release(session.state)
        lane.endBurst()
        return session.refusal == nil
    }

    /// Drops what an MQTT client has left behind, unless the name is connected.
    package func forgetMQTT(_ name: String) {
        guard let record = core.tables.forgetMQTT(name) else { return }
        core.storage.components?.save(record)
    }

    /// The longest topic, and how many segments it may have.
    package var topicLimits: (bytes: Int, segments: Int) {
        (core.configuration.limits.maxTopicBytes, core.configuration.limits.maxTopicSegments)
    }
}

/// Nobody is there to hear.
private final class NoSink: LinkSink {
    func link(_ link: Link, sends message: UnsafeRawBufferPointer) {}
    func linkFlushes(_ link: Link) {}
    func link(_ link: Link, reads isReading: Bool) {}
    func link(_ link: Link, closes reason: LinkCloseReason) {}
}
