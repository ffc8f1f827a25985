import NIOCore
import RembusBroker
import RembusMQTT
import RembusWire

/// The publication for a client whose connection is lost, and the identity that it is published with.
struct Will: Sendable {
    let publication: BrokerPublication
    /// The time between the end of the connection and the publication, in seconds.
    let delay: UInt32
    let identity: GatewayIdentity
    let eventLoop: any EventLoop

    var byteCount: Int { 256 + publication.frame.readableBytes + publication.topic.utf8.count }
}

/// A publication, with its effect on the retained message of its topic.
struct BrokerPublication: Sendable {
    let frame: ByteBuffer
    let topic: String
    let lastValue: LastValueIntent?
}

extension LastValueIntent {
    /// The effect of a message by its retain flag; nil without the flag.
    init?(isRetained: Bool, isEmpty: Bool, expiry: UInt32?) {
        guard isRetained else { return nil }
        self = isEmpty ? .forget : .keep(expiry: expiry)
    }
}
