/// A login in progress on one link.
struct ClientLogin {
    /// The answer that the component waits for.
    enum Step: Sendable {
        /// The answer to its Identity.
        case identity
        /// The challenge that a broker in authenticated mode sends first.
        case challenge
        /// The answer to its Attestation.
        case attestation
    }

    let credential: FoundCredential
    let completion: @Sendable (RembusError?) -> Void
    /// The number of challenges that were answered.
    var proofs = 0

    /// A broker may send a challenge when the connection opens, and another one after the Identity. A broker that sends
    /// more may be collecting signatures.
    static let maxProofs = 2
    /// The largest challenge that is answered, in bytes. No broker sends a larger one.
    static let maxChallengeBytes = 4096
}
