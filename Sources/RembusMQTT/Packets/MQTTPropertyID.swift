/// The properties of MQTT 5 (§2.2.2.2).
enum MQTTPropertyID: UInt8, Sendable, Comparable {
    case payloadFormat = 1
    case messageExpiry = 2
    case contentType = 3
    case responseTopic = 8
    case correlationData = 9
    case subscriptionIdentifier = 11
    case sessionExpiry = 17
    case assignedClientIdentifier = 18
    case serverKeepAlive = 19
    case authenticationMethod = 21
    case authenticationData = 22
    case requestProblemInformation = 23
    case willDelayInterval = 24
    case requestResponseInformation = 25
    case responseInformation = 26
    case serverReference = 28
    case reasonString = 31
    case receiveMaximum = 33
    case topicAliasMaximum = 34
    case topicAlias = 35
    case maximumQoS = 36
    case retainAvailable = 37
    case userProperty = 38
    case maximumPacketSize = 39
    case wildcardSubscriptionAvailable = 40
    case subscriptionIdentifiersAvailable = 41
    case sharedSubscriptionAvailable = 42

    static func < (left: MQTTPropertyID, right: MQTTPropertyID) -> Bool { left.rawValue < right.rawValue }

    /// How the value is encoded.
    enum Form {
        case byte, short, long, variable, text, bytes, pair
    }

    var form: Form {
        switch self {
        case .payloadFormat, .requestProblemInformation, .requestResponseInformation, .maximumQoS, .retainAvailable,
            .wildcardSubscriptionAvailable, .subscriptionIdentifiersAvailable, .sharedSubscriptionAvailable:
            .byte
        case .serverKeepAlive, .receiveMaximum, .topicAliasMaximum, .topicAlias: .short
        case .messageExpiry, .sessionExpiry, .willDelayInterval, .maximumPacketSize: .long
        case .subscriptionIdentifier: .variable
        case .contentType, .responseTopic, .assignedClientIdentifier, .authenticationMethod, .responseInformation,
            .serverReference, .reasonString:
            .text
        case .correlationData, .authenticationData: .bytes
        case .userProperty: .pair
        }
    }

    /// Whether the property may occur more than once in a packet of a kind.
    func mayRepeat(in place: MQTTPropertyPlace) -> Bool {
        self == .userProperty || (self == .subscriptionIdentifier && place == .publish)
    }

    /// The packets in which the property may occur.
    var places: MQTTPropertyPlace {
        switch self {
        case .payloadFormat, .messageExpiry, .contentType, .responseTopic, .correlationData: [.publish, .will]
        case .subscriptionIdentifier: [.publish, .subscribe]
        case .sessionExpiry: [.connect, .connack, .disconnect]
        case .assignedClientIdentifier, .serverKeepAlive, .responseInformation, .maximumQoS, .retainAvailable,
            .wildcardSubscriptionAvailable, .subscriptionIdentifiersAvailable, .sharedSubscriptionAvailable:
            .connack
        case .authenticationMethod, .authenticationData: [.connect, .connack, .auth]
        case .requestProblemInformation, .requestResponseInformation: .connect
        case .willDelayInterval: .will
        case .serverReference: [.connack, .disconnect]
        case .reasonString: .answers
        case .receiveMaximum, .topicAliasMaximum, .maximumPacketSize: [.connect, .connack]
        case .topicAlias: .publish
        case .userProperty: .all
        }
    }
}

/// Kinds of packets, and the will inside of CONNECT, as places for properties.
struct MQTTPropertyPlace: OptionSet, Sendable {
    let rawValue: UInt16

    static let connect = MQTTPropertyPlace(rawValue: 1 << 0)
    static let will = MQTTPropertyPlace(rawValue: 1 << 1)
    static let connack = MQTTPropertyPlace(rawValue: 1 << 2)
    static let publish = MQTTPropertyPlace(rawValue: 1 << 3)
    static let puback = MQTTPropertyPlace(rawValue: 1 << 4)
    static let pubrec = MQTTPropertyPlace(rawValue: 1 << 5)
    static let pubrel = MQTTPropertyPlace(rawValue: 1 << 6)
    static let pubcomp = MQTTPropertyPlace(rawValue: 1 << 7)
    static let subscribe = MQTTPropertyPlace(rawValue: 1 << 8)
    static let suback = MQTTPropertyPlace(rawValue: 1 << 9)
    static let unsubscribe = MQTTPropertyPlace(rawValue: 1 << 10)
    static let unsuback = MQTTPropertyPlace(rawValue: 1 << 11)
    static let disconnect = MQTTPropertyPlace(rawValue: 1 << 12)
    static let auth = MQTTPropertyPlace(rawValue: 1 << 13)
    static let answers: MQTTPropertyPlace = [
        .connack, .puback, .pubrec, .pubrel, .pubcomp, .suback, .unsuback, .disconnect, .auth,
    ]
    static let all = MQTTPropertyPlace(rawValue: 0x3FFF)
}
