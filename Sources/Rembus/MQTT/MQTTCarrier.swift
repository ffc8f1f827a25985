import Logging
import NIOCore
import RembusMQTT
import RembusTransport

/// Stands for the broker on connections to MQTT servers: it takes the messages of a component as a Rembus broker would, and
/// says in MQTT what they mean.
///
/// One carrier serves all connections of a component, so that the MQTT session goes on where it was. Lives on the
/// component's event loop.
final class MQTTCarrier {
    let eventLoop: any EventLoop
    let logger: Logger
    /// A component that insists on proving itself waits for a challenge (protocol.md §7.3).
    let challenges: Bool
    let mqtt = MQTTClientSession()
    var connection: MQTTClientConnection?
    var link: Link?
    /// Makes the link of the connection that is being opened, given the carrier.
    var makeLink: ((MQTTCarrier) -> Link)?

    /// Which topics and patterns of the component an MQTT filter stands for.
    var filters: [String: MQTTTopicFilter] = [:]
    var lastIdentifier = 0
    /// Commands that wait for the MQTT server.
    var commands: [UInt64: MQTTCommand] = [:]
    var lastToken: UInt64 = 0
    /// Deliveries that the component has not acknowledged.
    var owed: [UInt64: MQTTOwedDelivery] = [:]
    /// Messages that arrived before the component was reactive.
    var held: [(publish: MQTTPublish, receipt: MQTTReceipt?)] = []
    var isReactive = false
    /// Messages for the component that were caused by its own, and leave after those.
    var replies = ByteBuffer()
    var replyLengths: [Int] = []
    var echoes = MQTTEchoFilter()
    var scratch = ByteBuffer()
    let idBase = UInt64.random(in: 0...UInt64.max) & ~0xFF_FFFF_FFFF

    init(eventLoop: any EventLoop, logger: Logger, challenges: Bool) {
        self.eventLoop = eventLoop
        self.logger = logger
        self.challenges = challenges
    }

    // MARK: To the component

    /// Hands a message over when the component is not in the middle of sending.
    func reply(_ message: Message) {
        if replyLengths.isEmpty {
            let bound = NIOLoopBound(self, eventLoop: eventLoop)
            eventLoop.execute { bound.value.deliverReplies() }
        }
        let start = replies.writerIndex
        message.encodeCBOR(into: &replies)
        replyLengths.append(replies.writerIndex - start)
    }

    private func deliverReplies() {
        var (bytes, lengths) = (replies, replyLengths)
        replies = ByteBuffer()
        replyLengths.removeAll(keepingCapacity: true)
        guard let link else { return }
        for length in lengths {
            guard let message = bytes.readSlice(length: length) else { return }
            message.withUnsafeReadableBytes { link.receive($0) }
        }
        lengths.removeAll()
        link.receiveCompleted()
        connection?.flush()
    }

    func reportBacklog() { link?.setSinkBacklog(mqtt.waitingBytes) }
}

/// A filter that is subscribed.
struct MQTTTopicFilter {
    /// The subscription identifier that the server sends with each message; 0 when it does not support them.
    var identifier: Int
    /// Topics and patterns of the component.
    var topics: [String: TopicPattern?] = [:]
}

/// An Admin message that was passed on.
struct MQTTCommand {
    var id: MessageID
    var topic: String
    var filter: String
    var isSubscribe: Bool
}

/// A delivery that has to be acknowledged; one message can be several.
struct MQTTOwedDelivery {
    var receipt: MQTTReceipt
    /// How many deliveries the message became; their ids follow each other.
    var copies: UInt64
}
