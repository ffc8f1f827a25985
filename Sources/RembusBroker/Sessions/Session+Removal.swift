import Logging
import RembusListening
import RembusStore
import RembusSupport
import RembusTransport
import RembusTrust
import RembusWire

/// Components that are removed while they are connected.
extension Session {
    static var wallClock: Int64 { Int64(WallClock.nanoseconds() / 1_000_000) }

    /// Whether the proof of this connection is no longer valid: its certificate, or the key of its name.
    func isRemoved(by rules: AccessRules) -> Bool {
        if let certificate, rules.isRemoved(certificate.name, provenAt: certificate.validFrom) { return true }
        guard isProven, let user = state.principal.name else { return false }
        // A certificate that was issued after the removal is valid, whenever it was shown.
        if let certificate, ExactText(certificate.name) == ExactText(user) { return false }
        return rules.isRemoved(user, provenAt: provenAt)
    }

    func endRemoved() {
        report(.removed)
        link.close(code: 1008, reason: "the component was removed")
    }
}
