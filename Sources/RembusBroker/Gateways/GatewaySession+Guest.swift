extension GatewaySession {
    /// Admits a connection that the operator has set up, such as a bridge, without a name and a proof. It has the
    /// rights of an anonymous component, so it cannot use private topics.
    package func admitGuest() {
        if session.gate == .locked { session.gate = .open }
    }
}
