import Logging
package import NIOCore
import RembusListening
import RembusTransport
import RembusTrust
import RembusWire

/// The identity that a publication has whose publisher is no longer connected.
package struct GatewayIdentity: Sendable {
    /// The protocol of the publisher, whose counters count the publication.
    let transport: TransportKind
    let user: String?
    let isProven: Bool
    /// How and when the identity was proven, as in a session.
    let provenAt: Int64
    let certificate: ClientCertificate?
}

/// Operations for clients that are not connected.
extension GatewayHost {
    /// Publishes a frame on behalf of a client that is gone. On `eventLoop` only.
    ///
    /// - Returns: Whether the publication was accepted.
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

    /// Deletes the state of a client, unless its name is connected.
    package func forgetClient(_ name: String) {
        guard let record = core.tables.forgetClient(name) else { return }
        core.storage.components?.save(record)
    }

    /// Sets the action that is called for every name that the broker forgets while it is not connected. The action must
    /// not call the broker.
    package func whenForgotten(_ action: @escaping @Sendable (String) -> Void) {
        core.tables.whenForgotten(action)
    }

    /// Whether the broker knows a name, connected or not.
    package func isKnown(_ name: String) -> Bool { core.tables.isKnown(name) }

    /// Counts what a gateway has kept for names from an earlier run, and forgets what exceeds the limits. Call it
    /// before the first connection.
    package func holdAway(_ kept: some Sequence<(name: String, bytes: Int)>) {
        for (name, bytes) in kept { core.tables.holdAway(bytes, for: name) }
        core.tables.trimRemembered()
    }

    /// Why nobody can publish to a topic; nil when it can be published to.
    package func objection(toTopic topic: UnsafeRawBufferPointer) -> TopicObjection? {
        let limits = core.limits
        return TopicObjection(topic, maxBytes: limits.maxTopicBytes, maxSegments: limits.maxTopicSegments)
    }
}

/// A sink that discards everything, for a link without a reader.
final class NoSink: LinkSink {
    func link(_ link: Link, sends message: UnsafeRawBufferPointer) {}
    func linkFlushes(_ link: Link) {}
    func link(_ link: Link, reads isReading: Bool) {}
    func link(_ link: Link, closes reason: LinkCloseReason) {}
}
