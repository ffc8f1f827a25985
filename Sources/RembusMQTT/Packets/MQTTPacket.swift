package import NIOCore

/// A packet of MQTT 3.1.1 or 5. Parts that 3.1.1 lacks are empty when read, and left out when written.
package enum MQTTPacket: Sendable, Equatable {
    case connect(MQTTConnect)
    case connack(sessionPresent: Bool, reason: MQTTReason, properties: MQTTProperties)
    case publish(MQTTPublish)
    case puback(packetID: UInt16, reason: MQTTReason, properties: MQTTProperties)
    case pubrec(packetID: UInt16, reason: MQTTReason, properties: MQTTProperties)
    case pubrel(packetID: UInt16, reason: MQTTReason, properties: MQTTProperties)
    case pubcomp(packetID: UInt16, reason: MQTTReason, properties: MQTTProperties)
    case subscribe(packetID: UInt16, [MQTTSubscription], properties: MQTTProperties)
    case suback(packetID: UInt16, [MQTTReason], properties: MQTTProperties)
    case unsubscribe(packetID: UInt16, [String], properties: MQTTProperties)
    case unsuback(packetID: UInt16, [MQTTReason], properties: MQTTProperties)
    case pingreq
    case pingresp
    case disconnect(reason: MQTTReason, properties: MQTTProperties)
    case auth(reason: MQTTReason, properties: MQTTProperties)
}

/// The first four bits of a packet.
enum MQTTPacketType: UInt8, Sendable {
    case connect = 1
    case connack, publish, puback, pubrec, pubrel, pubcomp
    case subscribe, suback, unsubscribe, unsuback
    case pingreq, pingresp, disconnect, auth

    /// The other four bits, which are constant except for PUBLISH.
    var flags: UInt8 {
        switch self {
        case .pubrel, .subscribe, .unsubscribe: 2
        default: 0
        }
    }
}

/// A client connects.
package struct MQTTConnect: Sendable, Equatable {
    package var version: MQTTVersion
    package var clientID: String
    package var cleanStart: Bool
    /// The keep-alive in seconds. The client counts as lost after one and a half times this without a packet; 0 for
    /// never.
    package var keepAlive: UInt16
    package var will: MQTTWill?
    package var userName: String?
    package var password: ByteBuffer?
    package var properties: MQTTProperties

    package init(
        version: MQTTVersion, clientID: String, cleanStart: Bool = true, keepAlive: UInt16 = 0, will: MQTTWill? = nil,
        userName: String? = nil, password: ByteBuffer? = nil, properties: MQTTProperties = MQTTProperties()
    ) {
        self.version = version
        self.clientID = clientID
        self.cleanStart = cleanStart
        self.keepAlive = keepAlive
        self.will = will
        self.userName = userName
        self.password = password
        self.properties = properties
    }
}

/// The publication that the server makes when the client's connection is lost.
package struct MQTTWill: Sendable, Equatable {
    package var topic: String
    package var payload: ByteBuffer
    package var qos: MQTTQoS
    package var retain: Bool
    package var properties: MQTTProperties

    package init(
        topic: String, payload: ByteBuffer, qos: MQTTQoS = .atMostOnce, retain: Bool = false,
        properties: MQTTProperties = MQTTProperties()
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.properties = properties
    }
}

/// A publication. `packetID` is 0 at QoS 0 only.
package struct MQTTPublish: Sendable, Equatable {
    /// The topic; empty when an alias in the properties stands for it.
    package var topic: String
    package var payload: ByteBuffer
    package var qos: MQTTQoS
    package var isRetained: Bool
    package var isDuplicate: Bool
    package var packetID: UInt16
    package var properties: MQTTProperties

    package init(
        topic: String, payload: ByteBuffer, qos: MQTTQoS = .atMostOnce, isRetained: Bool = false,
        isDuplicate: Bool = false, packetID: UInt16 = 0, properties: MQTTProperties = MQTTProperties()
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.isRetained = isRetained
        self.isDuplicate = isDuplicate
        self.packetID = packetID
        self.properties = properties
    }
}

/// One filter of a SUBSCRIBE, which was not checked yet.
package struct MQTTSubscription: Sendable, Equatable {
    package var filter: String
    package var qos: MQTTQoS
    /// Whether the client does not want its own messages.
    package var noLocal: Bool
    /// Whether messages keep their retain flag when they are passed on.
    package var retainAsPublished: Bool
    /// Retained messages: 0 sends them, 1 only for a new subscription, 2 never.
    package var retainHandling: UInt8

    package init(
        filter: String, qos: MQTTQoS, noLocal: Bool = false, retainAsPublished: Bool = false, retainHandling: UInt8 = 0
    ) {
        self.filter = filter
        self.qos = qos
        self.noLocal = noLocal
        self.retainAsPublished = retainAsPublished
        self.retainHandling = retainHandling
    }
}
