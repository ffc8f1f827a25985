import NIOCore
import RembusBroker
import RembusMQTT
import RembusWire

/// What is published for a client that vanished, and as whom.
struct Will: Sendable {
    let publication: BrokerPublication
    /// Seconds between the end of the connection and the publication.
    let delay: UInt32
    let identity: GatewayIdentity
    let eventLoop: any EventLoop

    var byteCount: Int { 256 + publication.frame.readableBytes + publication.topic.utf8.count }
}

/// A publication together with what it does to the retained message of its topic.
struct BrokerPublication: Sendable {
    let frame: ByteBuffer
    let topic: String
    let lastValue: LastValueIntent?
}

extension LastValueIntent {
    /// What a message does by its retain flag; nil without one.
    init?(isRetained: Bool, isEmpty: Bool, expiry: UInt32?) {
        guard isRetained else { return nil }
        self = isEmpty ? .forget : .keep(expiry: expiry)
    }
}
