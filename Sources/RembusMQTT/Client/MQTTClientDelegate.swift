/// Receives the events of a connection that was accepted. Every method is called on the connection's event loop.
package protocol MQTTClientDelegate: AnyObject {
    /// The server has accepted the client. This is the first call.
    func mqtt(_ connection: MQTTClientConnection, accepted facts: MQTTServerFacts)
    /// A message was received. If there is a receipt, the owner passes it to ``MQTTClientConnection/acknowledge(_:)``,
    /// on this or a later connection of the session.
    func mqtt(_ connection: MQTTClientConnection, received publish: MQTTPublish, receipt: MQTTReceipt?)
    /// All packets of one read were handled.
    func mqttReadCompleted(_ connection: MQTTClientConnection)
    /// The exchange of a message that was published with a token has ended.
    func mqtt(_ connection: MQTTClientConnection, published outcome: MQTTClientSession.Outcome)
    /// The answer to a SUBSCRIBE or UNSUBSCRIBE. It has no reasons when the connection was lost before.
    func mqtt(_ connection: MQTTClientConnection, answered answer: MQTTClientSession.Answer)
    /// A waiting message has left, or the socket accepts more again.
    func mqttAdvanced(_ connection: MQTTClientConnection)
    /// The last call.
    func mqtt(_ connection: MQTTClientConnection, ended failure: MQTTClientFailure)
}
