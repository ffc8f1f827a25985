import RembusBroker

extension HTTPFailure {
    /// The failure of a login.
    init(_ failure: GatewaySession.LoginFailure) {
        switch failure {
        case .wrongSecret: self = .unauthorized("the name or its shared secret is wrong")
        case .needsProof: self = .unauthorized("this name has to be proven with its shared secret")
        case .taken:
            self = .unauthorized("a component of this name is connected; only its shared secret proves to be it")
        case .unusable(let text): self = .malformed("the name cannot be used: \(text)")
        }
    }
}
