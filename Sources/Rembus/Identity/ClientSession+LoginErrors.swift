import RembusIdentity

/// Why a login has failed, and what to do about it.
extension ClientSession {
    /// The beginning of the text with which brokers say that the name is connected already (protocol.md §7.2).
    static let alreadyConnected = "already connected"

    /// The error for an answer that refuses the login.
    func refusal(_ reply: Reply) -> RembusError {
        let text = (try? reply.data.value)?.stringValue
        // The texts of brokers end with a full stop.
        let detail =
            text.map { ": \($0.hasSuffix(".") ? String($0.dropLast()) : $0)" }
            ?? " (\(reply.status.rawValue)) without a reason; see its log"
        let name = name ?? ""
        let isTaken = text?.hasPrefix(Self.alreadyConnected) == true
        guard let login, login.proofs > 0, !isTaken else {
            guard isTaken else {
                return RembusError(.loginRefused, "The broker refused the name `\(name)`\(detail).")
            }
            return RembusError(
                .nameInUse,
                "Another connection uses the name `\(name)` at the moment. End it, or choose another name.")
        }
        let place = login.credential.path.map { "The key in \($0)" } ?? "The credential of the configuration"
        return RembusError(
            .authenticationFailed,
            "The broker did not accept the proof that this is \(name)\(detail). \(place) may not be the registered one."
        )
    }

    func noCredentialError(_ login: ClientLogin) -> RembusError {
        let place = login.credential.path.map { "put it into \($0)" } ?? "give it in the configuration"
        return RembusError(
            .authenticationRequired,
            "The broker asks for a proof that this is \(name ?? ""), but there is no key here: register the name, or \(place)."
        )
    }

    var noChallengeError: RembusError {
        RembusError(
            .timeout,
            "The broker sent no challenge within \(settings.requestTimeout.seconds) s: it is not in authenticated mode. "
                + "Change that, or do not ask the component to be authenticated.")
    }

    static var anonymityError: RembusError {
        RembusError(
            .authenticationRequired,
            "The broker accepts only components that prove their identity: connect with a name that has a key.")
    }
}
