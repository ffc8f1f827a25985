extension GatewaySession {
    /// Sends the broker's first message: in authenticated mode the challenge, which starts the time for its answer. For
    /// gateways whose peers prove names with the messages of protocol.md §7. Call it right after the session was made.
    package func begin() { session.begin() }
}
