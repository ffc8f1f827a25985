import NIOCore

@testable import RembusMQTT

/// One packet of each kind, with all that it can have.
enum Samples {
    static let version5: [MQTTPacket] = [
        .connect(connect), .connack(sessionPresent: true, reason: .success, properties: connack),
        .connack(sessionPresent: false, reason: .notAuthorized, properties: MQTTProperties()), .publish(publish),
        .publish(MQTTPublish(topic: "tick", payload: ByteBuffer())),
        .puback(packetID: 7, reason: .noMatchingSubscribers, properties: reason),
        .pubrec(packetID: 8, reason: .quotaExceeded, properties: MQTTProperties()),
        .pubrel(packetID: 65535, reason: .packetIdentifierNotFound, properties: reason),
        .pubcomp(packetID: 1, reason: .success, properties: MQTTProperties()),
        .subscribe(
            packetID: 3,
            [
                MQTTSubscription(
                    filter: "a/+/#", qos: .exactlyOnce, noLocal: true, retainAsPublished: true, retainHandling: 2),
                MQTTSubscription(filter: "$share/g/b", qos: .atLeastOnce),
            ], properties: subscribe),
        .suback(packetID: 3, [.granted(.exactlyOnce), .topicFilterInvalid], properties: reason),
        .unsubscribe(packetID: 4, ["a/+/#", "é"], properties: MQTTProperties()),
        .unsuback(packetID: 4, [.success, .noSubscriptionExisted], properties: MQTTProperties()), .pingreq, .pingresp,
        .disconnect(reason: .success, properties: MQTTProperties()),
        .disconnect(reason: .sessionTakenOver, properties: reason),
        .auth(reason: .continueAuthentication, properties: auth),
    ]

    static let version311: [MQTTPacket] = [
        .connect(MQTTConnect(version: .v311, clientID: "", cleanStart: true, userName: "u", password: bytes("p"))),
        .connack(sessionPresent: false, reason: .badUserNameOrPassword, properties: MQTTProperties()),
        .publish(MQTTPublish(topic: "a/b", payload: bytes("hello"), qos: .exactlyOnce, packetID: 9)),
        .puback(packetID: 9, reason: .success, properties: MQTTProperties()),
        .pubrel(packetID: 9, reason: .success, properties: MQTTProperties()),
        .subscribe(packetID: 3, [MQTTSubscription(filter: "#", qos: .atMostOnce)], properties: MQTTProperties()),
        .suback(packetID: 3, [.unspecifiedError], properties: MQTTProperties()),
        .unsubscribe(packetID: 4, ["a"], properties: MQTTProperties()),
        .unsuback(packetID: 4, [], properties: MQTTProperties()),
        .disconnect(reason: .success, properties: MQTTProperties()),
    ]

    static func bytes(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

    private static let connect: MQTTConnect = {
        var properties = MQTTProperties()
        properties.sessionExpiry = 3600
        properties.receiveMaximum = 20
        properties.maximumPacketSize = 1 << 20
        properties.topicAliasMaximum = 10
        properties.requestResponseInformation = 1
        properties.requestProblemInformation = 0
        properties.userProperties = [("a", "1"), ("a", "2")]
        properties.authenticationMethod = "PLAIN"
        properties.authenticationData = bytes("secret")
        var will = MQTTWill(topic: "gone/é", payload: bytes("\u{0}"), qos: .atLeastOnce, retain: true)
        will.properties.willDelayInterval = 5
        will.properties.payloadFormat = 1
        return MQTTConnect(
            version: .v5, clientID: "pump7", cleanStart: false, keepAlive: 60, will: will, userName: "pump7",
            password: bytes("hunter22"), properties: properties)
    }()

    private static let connack: MQTTProperties = {
        var properties = MQTTProperties()
        properties.sessionExpiry = .max
        properties.receiveMaximum = 1
        properties.maximumQoS = 1
        properties.retainAvailable = 0
        properties.maximumPacketSize = 1000
        properties.assignedClientIdentifier = "auto-1"
        properties.topicAliasMaximum = 0
        properties.reasonString = "well"
        properties.wildcardSubscriptionAvailable = 1
        properties.subscriptionIdentifiersAvailable = 1
        properties.sharedSubscriptionAvailable = 1
        properties.serverKeepAlive = 30
        properties.responseInformation = "r/"
        properties.serverReference = "other"
        return properties
    }()

    private static let publish: MQTTPublish = {
        var publish = MQTTPublish(
            topic: "plant/7/telemetry", payload: bytes("{\"temperature\":21.6}"), qos: .atLeastOnce, isRetained: true,
            isDuplicate: true, packetID: 513)
        publish.properties.payloadFormat = 1
        publish.properties.messageExpiry = 60
        publish.properties.contentType = "application/json"
        publish.properties.responseTopic = "answers/1"
        publish.properties.correlationData = ByteBuffer(bytes: [0, 1, 2])
        publish.properties.subscriptionIdentifiers = [1, 268_435_455]
        publish.properties.topicAlias = 3
        publish.properties.userProperties = [("k", "v")]
        return publish
    }()

    private static let subscribe: MQTTProperties = {
        var properties = MQTTProperties()
        properties.subscriptionIdentifiers = [300]
        return properties
    }()

    private static let reason: MQTTProperties = {
        var properties = MQTTProperties()
        properties.reasonString = "because"
        return properties
    }()

    private static let auth: MQTTProperties = {
        var properties = MQTTProperties()
        properties.authenticationMethod = "PLAIN"
        return properties
    }()
}

extension MQTTPacket {
    func encoded(_ version: MQTTVersion) -> ByteBuffer {
        var buffer = ByteBuffer()
        encode(version: version, into: &buffer)
        return buffer
    }
}

extension ByteBuffer {
    init(hex text: String) {
        let digits = text.filter { !$0.isWhitespace }.map { UInt8($0.hexDigitValue ?? 0) }
        self.init(bytes: stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
    }
}
