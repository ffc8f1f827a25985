import Logging
import RembusTransport
import RembusTrust

// MARK: Log and audit log

extension SessionEvent {
    /// The log level; nil when the event is not logged.
    var level: Logger.Level? {
        switch self {
        case .connected: .debug
        case .identified, .ended: .info
        case .refusedName, .failedProof, .late, .early, .removed, .replaced, .expelled: .notice
        case .malformed, .tooSlow, .overtaken, .unacknowledged: .warning
        case .denied(_, _, _, let others): others == nil ? nil : .notice
        case .removedCertificate, .slow, .caughtUp, .subscribed, .unsubscribed, .exposed, .unexposed: nil
        }
    }

    /// The text for the log; just the label of the connection when the event is not logged.
    func sentence(_ session: Session) -> String {
        let label = session.label
        switch self {
        case .connected: return "connection from \(session.link.remoteAddress)"
        case .identified: return "\(label) connected"
        case .refusedName(let name, let reason, _):
            return "refused the name \(name.debugDescription) to \(session.peerAddress): \(reason)"
        case .failedProof(let name): return "\(label) did not prove to be \(name.debugDescription)"
        case .late: return "closing \(label): no proof of identity in time"
        case .early: return "closing \(label): a message before the proof of identity"
        case .removed: return "\(label) is disconnected: the component was removed (`rembus keys remove`)"
        case .replaced: return "\(label) is replaced by a new connection"
        case .expelled: return "\(label) is disconnected by an administrator"
        case .malformed(let text): return "closing \(label): \(text)"
        case .tooSlow: return "closing \(label): it does not take what is delivered to it"
        case .overtaken(let bytes):
            return "\(label) fell behind further than the store reaches: \(bytes) bytes of log are gone"
        case .unacknowledged(let count, let sends):
            return "\(label) did not acknowledge \(count) deliveries after \(sends) sends each"
        case .denied(let action, let topic, let other, let others):
            let behalf = other.map { " for \($0.debugDescription)" } ?? ""
            let more = others.map { $0 > 0 ? "; \($0) more refusals were not logged" : "" } ?? ""
            return "\(label) may not \(BrokerText.verb(action)) \(topic.debugDescription)\(behalf)\(more)"
        case .ended(let reason): return "\(label) disconnected: \(reason)"
        case .removedCertificate, .slow, .caughtUp, .subscribed, .unsubscribed, .exposed, .unexposed: return label
        }
    }

    /// The topic that the event is about; nil when there is none.
    var topic: String? {
        if case .denied(_, let topic, _, _) = self { topic } else { nil }
    }

    /// A line of the audit log.
    struct Record {
        var action: String
        /// The name that the peer claimed.
        var name: String?
        var outcome: String
        var details: [String: String] = [:]
    }

    /// The entry for the audit log; nil when the event is not in it.
    func record(_ session: Session) -> Record? {
        switch self {
        case .identified: Record(action: "login", outcome: session.isProven ? "proven" : "claimed")
        case .refusedName(let name, let reason, let isFailedProof):
            Record(
                action: "login", name: name, outcome: isFailedProof ? "failed" : "refused",
                details: ["reason": reason])
        case .failedProof(let name): Record(action: "login", name: name, outcome: "failed")
        case .late: Record(action: "login", outcome: "timeout")
        case .early: Record(action: "login", outcome: "none")
        case .removedCertificate(let name): Record(action: "login", name: name, outcome: "removed")
        case .denied(let action, let topic, let other, _):
            Record(
                action: "denied.\(action.rawValue)", outcome: "denied",
                details: ["topic": topic].merging(other.map { ["for": $0] } ?? [:]) { first, _ in first })
        default: nil
        }
    }
}

extension Session {
    /// The connection that a log entry is about, as metadata for programs that read the log.
    var facts: Logger.Metadata {
        var facts: Logger.Metadata = ["address": "\(peerAddress)"]
        if let name = state.name ?? state.user { facts["component"] = "\(name)" }
        return facts
    }

    /// The same metadata with a topic.
    func facts(topic: String?) -> Logger.Metadata {
        var facts = facts
        if let topic { facts["topic"] = "\(topic)" }
        return facts
    }
}
