import Logging
package import NIOCore
import RembusListening
import RembusTransport
import RembusTrust
import RembusWire

/// Whose rights something has that is published when its publisher is gone.
package struct GatewayIdentity: Sendable {
    /// What it came by, and where what is published counts.
    let transport: TransportKind
    let user: String?
    let isProven: Bool
    /// What it was proven with, and when, as of a session.
    let provenAt: Int64
    let certificate: ClientCertificate?
}

/// What a gateway does for clients that are not connected.
extension GatewayHost {
    /// Publishes a frame as a client that has gone. Only on `eventLoop`.
    ///
    /// - Returns: Whether it was taken.
    @discardableResult
    package func publish(
        _ frame: ByteBuffer, as identity: GatewayIdentity, lastValue: LastValueIntent? = nil,
        on eventLoop: any EventLoop
    ) -> Bool {
        guard let lane = core.lane(of: eventLoop) else { return false }
        let link = Link(
            role: .server, group: lane.links, configuration: linkConfiguration, remoteAddress: "absent", delegate: nil,
            sink: NoSink())
        let session = Session(
            lane: lane, link: link, facts: ConnectionFacts(identity.transport, certificate: identity.certificate))
        if let user = identity.user {
            let anonymous = session.state
            session.state = core.tables.guestState(of: session, user: user, isProven: identity.isProven)
            core.tables.release(anonymous)
        }
        session.isProven = identity.isProven
        session.provenAt = identity.provenAt
        defer { core.tables.release(session.state) }
        guard !session.isRemoved(by: core.tables.rules) else {
            core.logger.notice(
                "\(session.label) was removed: what it wanted published at its end is not", metadata: session.facts)
            return false
        }
        session.gate = .open
        session.gateway.keepsTrailer = true
        session.gateway.outlastsStop = true
        session.gateway.lastValueIntent = lastValue
        let outcome = frame.withUnsafeReadableBytes { bytes in
            let outcome = session.publish(bytes, owner: nil)
            if case .refused(.unusableTopic(let objection)) = outcome,
                case .regular(let header) = FrameHeader.parse(bytes)
            {
                session.noteUnusable(header.topicBytes(in: bytes), objection)
            }
            return outcome
        }
        lane.endBurst()
        return outcome == .accepted
    }

    /// Drops what a client has left behind, unless the name is connected.
    package func forgetClient(_ name: String) {
        guard let record = core.tables.forgetClient(name) else { return }
        core.storage.components?.save(record)
    }

    /// Has `action` called for every name that the broker forgets while nobody is connected with it. It must not ask the
    /// broker for anything.
    package func whenForgotten(_ action: @escaping @Sendable (String) -> Void) {
        core.tables.whenForgotten(action)
    }

    /// Whether the broker knows a name, connected or not.
    package func isKnown(_ name: String) -> Bool { core.tables.isKnown(name) }

    /// Counts what a gateway has kept of names from an earlier run, and forgets what is beyond the limits. Only before the
    /// first connection.
    package func holdAway(_ kept: some Sequence<(name: String, bytes: Int)>) {
        for (name, bytes) in kept { core.tables.holdAway(bytes, for: name) }
        core.tables.trimRemembered()
    }

    /// Why nothing can be published under a topic, whoever asks; nil when something can.
    package func objection(toTopic topic: UnsafeRawBufferPointer) -> TopicObjection? {
        let limits = core.limits
        return TopicObjection(topic, maxBytes: limits.maxTopicBytes, maxSegments: limits.maxTopicSegments)
    }
}
