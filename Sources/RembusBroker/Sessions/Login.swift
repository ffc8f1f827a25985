import NIOCore
import RembusWire

/// What a connection may do at the moment.
enum Gate {
    /// Everything that its component may.
    case open
    /// A login is being decided elsewhere; messages wait for the outcome.
    case waiting
    /// Authenticated mode, nothing proven yet: only the handshake is possible (protocol.md §7.3).
    case locked
}

/// How far the login of one connection has come (protocol.md §7).
struct Login {
    /// A challenge that was sent. It serves once and for a short time.
    struct Challenge {
        let bytes: [UInt8]
        /// The identity that was challenged, which is the only one that an answer can prove; nil when the broker spoke first.
        var name: String?
        let expires: NIODeadline
    }

    var challenge: Challenge?
    /// Identities that came while a challenge was open: answered when it is (protocol.md §7.2 a).
    var postponed: [MessageID] = []
    var meta: [String: UInt64] = [:]
    var failures = 0

    /// A connection that fails this often is closed.
    static let maxFailures = 5
    static let maxPostponed = 8
}
