/// A login that is under way on one link.
struct ClientLogin {
    /// What the component waits for.
    enum Step: Sendable {
        /// The answer to its Identity.
        case identity
        /// The challenge that a broker in authenticated mode sends by itself.
        case challenge
        /// The answer to its Attestation.
        case attestation
    }

    let credential: FoundCredential
    let completion: @Sendable (RembusError?) -> Void
    /// How many challenges were answered.
    var proofs = 0

    /// A broker may challenge right after the connection is made and again after the Identity. One that goes on
    /// collects signatures.
    static let maxProofs = 2
    /// More bytes than any broker sends as a challenge.
    static let maxChallengeBytes = 4096
}
