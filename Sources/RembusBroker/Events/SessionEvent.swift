import RembusTransport
import RembusTrust

/// What happens to one connection and somebody outside may want to know: ``Session/report(_:file:function:line:)`` says it in
/// the log, the audit log, the metrics and to whoever reads events.
enum SessionEvent {
    case connected
    /// The peer has a name, or is the guest of a user.
    case identified
    /// A name was refused; `isFailedProof` when the secret for it was wrong.
    case refusedName(String, reason: String, isFailedProof: Bool = false)
    /// An attestation was wrong.
    case failedProof(String)
    /// No proof of identity came in time.
    case late
    /// Something else came before the proof of identity.
    case early
    /// The certificate belongs to a component that was removed.
    case removedCertificate(String)
    /// The component was removed while it was connected.
    case removed
    /// Another connection of the name takes its place.
    case replaced
    /// An administrator ends the connection.
    case expelled
    /// It sent what cannot be understood.
    case malformed(String)
    /// It takes too little, and the settings say that it is ended then.
    case tooSlow
    case slow(topic: String)
    case caughtUp
    /// A slow subscriber wants bytes of the log that are gone.
    case overtaken(bytes: UInt64)
    /// Deliveries that nobody acknowledged.
    case unacknowledged(count: Int, sends: Int)
    /// The rules refuse something, to be done for another component where one is given; `others` is what the log has left out
    /// before, nil when it leaves this out too.
    case denied(TrustAction, topic: String, for: String?, others: Int?)
    case subscribed(String)
    case unsubscribed(String)
    case exposed(String)
    case unexposed(String)
    case ended(LinkCloseReason)
}

// MARK: - What readers of events get

extension SessionEvent {
    /// The event for readers; nil when another one says the same.
    func kind(_ session: Session) -> BrokerEvent.Kind? {
        let connection = session.connection
        switch self {
        case .connected: return .connected(connection)
        case .identified: return .identified(connection)
        case .refusedName(let name, let reason, let isFailedProof):
            return .refused(refusal(isFailedProof ? .proof : .name, connection, reason, name: name))
        case .failedProof(let name): return .refused(refusal(.proof, connection, sentence(session), name: name))
        case .late, .early: return .refused(refusal(.unproven, connection, sentence(session)))
        case .removedCertificate(let name):
            return .refused(refusal(.removed, connection, "the component was removed", name: name))
        case .denied(_, let topic, _, _):
            return .refused(refusal(.rights, connection, sentence(session), name: connection.name, topic: topic))
        case .slow(let topic): return .slow(connection, topic: topic)
        case .caughtUp: return .caughtUp(connection)
        case .subscribed(let topic): return .subscribed(connection, topic: topic)
        case .unsubscribed(let topic): return .unsubscribed(connection, topic: topic)
        case .exposed(let method): return .exposed(connection, method: method)
        case .unexposed(let method): return .unexposed(connection, method: method)
        case .ended(let reason):
            let cause = session.endCause ?? BrokerEvent.Ending.Cause(reason)
            return .disconnected(
                connection, BrokerEvent.Ending(cause: cause, code: Int(reason.code), text: reason.text))
        // The end of the connection follows and says why; what is lost is told with what others have lost.
        case .removed, .replaced, .expelled, .malformed, .tooSlow, .overtaken, .unacknowledged: return nil
        }
    }

    private func refusal(
        _ cause: BrokerEvent.Refusal.Cause, _ connection: BrokerConnection, _ text: String, name: String? = nil,
        topic: String? = nil
    ) -> BrokerEvent.Refusal {
        BrokerEvent.Refusal(cause: cause, text: text, connection: connection, name: name, topic: topic)
    }

    /// Why a connection is about to end; nil when it goes on.
    var endCause: BrokerEvent.Ending.Cause? {
        switch self {
        case .late, .early: .unproven
        case .removed: .removed
        case .replaced: .replaced
        case .expelled: .administrator
        case .malformed: .protocolError
        case .tooSlow: .slow
        default: nil
        }
    }
}

extension LinkCloseReason {
    /// Whether the framing refused what the peer sent: it breaks the rules of WebSocket or is too large (RFC 6455 §7.4.1).
    var isViolation: Bool { !isRemote && [1002, 1003, 1007, 1009].contains(code) }
}

extension BrokerEvent.Ending.Cause {
    /// What the end of a connection was that nothing more is known of.
    init(_ reason: LinkCloseReason) {
        self =
            switch (reason.isRemote, reason.code) {
            case (true, 1006): .lost
            case (true, _): .peer
            case (false, 1001): .stopping
            case (false, 1013): .memory
            case (false, _) where reason.isViolation: .protocolError
            case (false, _): .broker
            }
    }
}
