import RembusWire

extension LoginMachine {
    /// What is to be done next.
    enum Action: Equatable {
        case none
        /// The message is answered with an error that concerns nobody else.
        case answer(MessageID, LoginRefusal)
        /// The claim has come to nothing. `name` is what was refused, the component's or the user's.
        case refuse(LoginClaim, name: String, LoginRefusal)
        /// A proof was wrong; `isLast` when the connection has to end.
        case rejectProof(MessageID, name: String, isLast: Bool)
        /// A challenge is to be sent, and noted with ``challenged(_:for:until:)``; `name` is who is to answer it, nil for anybody.
        case challenge(MessageID, name: String?)
        /// Answers an identity with an error if its challenge is not met in time.
        case limitTime(MessageID)
        /// Whether the name has a key: ``lookedUp(_:_:)``.
        case lookUp(String)
        /// Whether the signature of the challenge proves the name: ``verified(_:_:)``.
        case verify(Message.Attestation, challenge: [UInt8])
        /// Whether the secret is the user's: ``checked(_:_:)``.
        case check(secret: [UInt8], user: String)
        /// The name is to be bound to the connection: ``bound()`` or ``taken(bySameKind:_:)``.
        case bind(LoginClaim)
        /// The connection acts for a user from here on, without a name of its own: ``bound()``.
        case becomeGuest(LoginClaim)
        /// Whether the connection that has the name is one that keeps it: ``judged(isAlive:)``.
        case judge(String)
        /// The connection that has the name is ended: ``vacated()``.
        case replace(String)
        /// It is ended if it is the same user's: ``vacated()`` or ``kept()``.
        case askToLeave(LoginClaim)
        /// The client may stay without a name.
        case stayAnonymous
    }
}
