extension GatewaySession {
    /// Lets a connection in that is the operator's own doing, like a bridge, without a name and without a proof. It may do
    /// what anonymous components may: nothing with private topics.
    package func admitGuest() {
        if session.gate == .locked { session.gate = .open }
    }
}
