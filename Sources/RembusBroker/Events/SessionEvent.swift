import RembusTransport
import RembusTrust

/// Something that happened to one connection and that is reported outside of it.
/// ``Session/report(_:file:function:line:)`` writes it to the log and the audit log, counts it for the metrics, and
/// publishes an event.
enum SessionEvent {
    case connected
    /// The connection has a name, or acts for a user without a name of its own.
    case identified
    /// A name was refused. `isFailedProof` is true when the secret for it was wrong.
    case refusedName(String, reason: String, isFailedProof: Bool = false)
    /// The signature of a challenge was wrong.
    case failedProof(String)
    /// The proof of identity did not come in time.
    case late
    /// Another message came before the proof of identity.
    case early
    /// The certificate belongs to a component that was removed.
    case removedCertificate(String)
    /// The component was removed while it was connected.
    case removed
    /// Another connection of the name takes its place.
    case replaced
    /// An administrator ends the connection.
    case expelled
    /// The peer sent something malformed.
    case malformed(String)
    /// The peer reads too little, and the settings say that the connection is ended then.
    case tooSlow
    case slow(topic: String)
    case caughtUp
    /// A slow subscriber still had to read bytes of log that the store has dropped.
    case overtaken(bytes: UInt64)
    /// Deliveries at QoS 1 or 2 that were given up after all retries.
    case unacknowledged(count: Int, sends: Int)
    /// The rules refused an action. `for` is the component that it was meant for, if that is not this one; `others` is
    /// the number of refusals that the log has left out before, or nil when it leaves this one out too.
    case denied(TrustAction, topic: String, for: String?, others: Int?)
    case subscribed(String)
    case unsubscribed(String)
    case exposed(String)
    case unexposed(String)
    case ended(LinkCloseReason)
}

// MARK: - Events for readers

extension SessionEvent {
    /// The event for readers; nil when another one reports the same.
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
        // The end of the connection follows as an event and has the reason; losses are reported for all connections
        // together.
        case .removed, .replaced, .expelled, .malformed, .tooSlow, .overtaken, .unacknowledged: return nil
        }
    }

    private func refusal(
        _ cause: BrokerEvent.Refusal.Cause, _ connection: BrokerConnection, _ text: String, name: String? = nil,
        topic: String? = nil
    ) -> BrokerEvent.Refusal {
        BrokerEvent.Refusal(cause: cause, text: text, connection: connection, name: name, topic: topic)
    }

    /// Why the connection is about to end; nil when it goes on.
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
    /// Whether the framing refused what the peer sent, because it breaks the rules of WebSocket or is too large (RFC
    /// 6455 §7.4.1).
    var isViolation: Bool { !isRemote && [1002, 1003, 1007, 1009].contains(code) }
}

extension BrokerEvent.Ending.Cause {
    /// The cause of a connection's end, if only the close code and text are known.
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
