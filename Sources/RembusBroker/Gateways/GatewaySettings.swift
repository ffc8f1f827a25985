/// What a gateway has set for one of its connections, where its protocol differs from that of Rembus.
struct GatewaySettings {
    /// Takes deliveries in their stored form; nil when the link carries them as frames.
    var deliverySink: (any DeliverySink)?
    /// Takes answers as values; nil when the link carries them as frames.
    var answerSink: (any AnswerSink)?
    /// Whether bytes behind a publication's frame belong to it and stay with it on its way to subscribers.
    var keepsTrailer = false
    /// Whether unacknowledged deliveries are sent again on the same connection. Some protocols forbid it.
    var retransmits = true
    /// Whether the connection may still publish while the broker stops, such as the will of a client that is gone.
    var outlastsStop = false
    /// What happens to the last value of the topic that the client publishes to now.
    var lastValueIntent: LastValueIntent?
    /// The number of open exchanges that the session does not know of; nil for a protocol without such exchanges.
    var countExchanges: (() -> Int)?
    /// Returns the address of the client that sent the message being handled, on a connection that carries those of
    /// many clients; nil when there is just the peer.
    var asker: (() -> String)?
}
