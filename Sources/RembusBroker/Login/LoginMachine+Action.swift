import RembusWire

extension LoginMachine {
    /// What the session has to do next. The comments name the event that reports the result.
    enum Action: Equatable {
        case none
        /// Answer the message with an error that has no further consequences.
        case answer(MessageID, LoginRefusal)
        /// Refuse the claim. `name` is what was refused: the component's or the user's.
        case refuse(LoginClaim, name: String, LoginRefusal)
        /// Report that a proof was wrong, and end the connection if `isLast` is true.
        case rejectProof(MessageID, name: String, isLast: Bool)
        /// Send a challenge, and report it with ``challenged(_:for:until:)``. `name` is the name that has to answer it;
        /// nil for any.
        case challenge(MessageID, name: String?)
        /// Answer an identity with an error if its challenge is not answered in time.
        case limitTime(MessageID)
        /// Find out whether the name has a key: ``lookedUp(_:_:)``.
        case lookUp(String)
        /// Find out whether the signature of the challenge proves the name: ``verified(_:_:)``.
        case verify(Message.Attestation, challenge: [UInt8])
        /// Find out whether the secret is the user's: ``checked(_:_:)``.
        case check(secret: [UInt8], user: String)
        /// Bind the name to the connection: ``bound()`` or ``taken(bySameKind:_:)``.
        case bind(LoginClaim)
        /// Let the connection act for a user without a name of its own: ``bound()``.
        case becomeGuest(LoginClaim)
        /// Find out whether the connection that has the name may keep it: ``judged(isAlive:)``.
        case judge(String)
        /// End the connection that has the name: ``vacated()``.
        case replace(String)
        /// End the connection that has the name if it is one of the same user: ``vacated()`` or ``kept()``.
        case askToLeave(LoginClaim)
        /// Let the client stay without a name.
        case stayAnonymous
    }
}
