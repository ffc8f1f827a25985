/// What a connection that was accepted tells its owner. Every call comes on the connection's event loop.
package protocol MQTTClientDelegate: AnyObject {
    /// The server has accepted the client; nothing comes before.
    func mqtt(_ connection: MQTTClientConnection, accepted facts: MQTTServerFacts)
    /// A message; whoever gets a receipt hands it to ``MQTTClientConnection/acknowledge(_:)``, on this or a later connection
    /// of the session.
    func mqtt(_ connection: MQTTClientConnection, received publish: MQTTPublish, receipt: MQTTReceipt?)
    /// All packets of one read were handed over.
    func mqttReadCompleted(_ connection: MQTTClientConnection)
    /// The end of a message that was published with a token.
    func mqtt(_ connection: MQTTClientConnection, published outcome: MQTTClientSession.Outcome)
    /// The answer to a SUBSCRIBE or UNSUBSCRIBE; no reasons when the connection was lost before it.
    func mqtt(_ connection: MQTTClientConnection, answered answer: MQTTClientSession.Answer)
    /// Something that waited has left, or the socket takes more again.
    func mqttAdvanced(_ connection: MQTTClientConnection)
    /// The last call.
    func mqtt(_ connection: MQTTClientConnection, ended failure: MQTTClientFailure)
}
