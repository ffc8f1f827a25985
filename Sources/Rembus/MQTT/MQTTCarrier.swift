import Logging
import NIOCore
import RembusMQTT
import RembusTransport

/// Takes the place of the broker on connections to MQTT servers: it takes the messages of a component as a broker
/// would, and translates them to MQTT and back.
///
/// One carrier serves all connections of a component, so that the MQTT session continues after a reconnect. It is used
/// on the component's event loop only.
final class MQTTCarrier {
    let eventLoop: any EventLoop
    let logger: Logger
    /// Whether the carrier sends a challenge, because the component is configured to wait for one (protocol.md §7.3).
    let challenges: Bool
    let mqtt = MQTTClientSession()
    var connection: MQTTClientConnection?
    var link: Link?
    /// Makes the link of the connection that is being opened.
    var makeLink: ((MQTTCarrier) -> Link)?

    /// The topics and patterns of the component, by the MQTT filter that stands for them.
    var filters: [String: MQTTTopicFilter] = [:]
    var lastIdentifier = 0
    /// Commands whose answer waits for the MQTT server.
    var commands: [UInt64: MQTTCommand] = [:]
    var lastToken: UInt64 = 0
    /// Deliveries that the component has not acknowledged.
    var owed: [UInt64: MQTTOwedDelivery] = [:]
    /// Messages that arrived before the component was reactive.
    var held: [(publish: MQTTPublish, receipt: MQTTReceipt?)] = []
    var isReactive = false
    /// Answers to messages of the component, which are sent after those messages were handled.
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

    /// Sends a message to the component, or queues it while the component is sending.
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
    /// The component's topics and patterns with this filter.
    var topics: [String: TopicPattern?] = [:]
}

/// An Admin message that waits for the MQTT server.
struct MQTTCommand {
    var id: MessageID
    var topic: String
    var filter: String
    var isSubscribe: Bool
}

/// A delivery that the component has to acknowledge. One message can become several deliveries.
struct MQTTOwedDelivery {
    var receipt: MQTTReceipt
    /// The number of deliveries that the message became. Their ids are consecutive.
    var copies: UInt64
}
