extension GatewaySession {
    /// Says what the broker says first: in authenticated mode the challenge, which starts the time for its answer. For gateways
    /// whose peers prove names with the messages of protocol.md §7, right after the session is made.
    package func begin() { session.begin() }
}
