/// What a gateway has set for one of its connections, where its protocol does something in another way than Rembus.
struct GatewaySettings {
    /// Takes publications in another form than a Rembus frame; nil when the link carries them.
    var deliverySink: (any DeliverySink)?
    /// Takes what the connection is answered, in the place of frames; nil when the link carries them.
    var answerSink: (any AnswerSink)?
    /// Whether bytes behind a publication belong to it and go where it goes, as far as its next reader knows them.
    var keepsTrailer = false
    /// Whether unacknowledged deliveries are sent again in the same connection; some protocols forbid it.
    var retransmits = true
    /// Whether what it publishes is part of the stop, like the will of a client that has gone.
    var outlastsStop = false
    /// What is to become of the last value of the topic that its client publishes on now.
    var lastValueIntent: LastValueIntent?
    /// How many exchanges the protocol has under way that the session does not know of; nil for none ever.
    var countExchanges: (() -> Int)?
    /// Tells whom the message that is being handled is from, on a connection that carries those of many; nil when that is its
    /// peer.
    var asker: (() -> String)?
}
