/// A reason code of MQTT 5 (§2.4). It is used for MQTT 3.1.1 too, and converted when it is written.
package struct MQTTReason: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Whether it means a refusal or a failure.
    package var isError: Bool { rawValue >= 0x80 }

    package static let success = MQTTReason(rawValue: 0x00)
    package static let grantedQoS1 = MQTTReason(rawValue: 0x01)
    package static let grantedQoS2 = MQTTReason(rawValue: 0x02)
    package static let disconnectWithWill = MQTTReason(rawValue: 0x04)
    package static let noMatchingSubscribers = MQTTReason(rawValue: 0x10)
    package static let noSubscriptionExisted = MQTTReason(rawValue: 0x11)
    package static let continueAuthentication = MQTTReason(rawValue: 0x18)
    package static let reauthenticate = MQTTReason(rawValue: 0x19)
    package static let unspecifiedError = MQTTReason(rawValue: 0x80)
    package static let malformedPacket = MQTTReason(rawValue: 0x81)
    package static let protocolError = MQTTReason(rawValue: 0x82)
    package static let implementationSpecificError = MQTTReason(rawValue: 0x83)
    package static let unsupportedProtocolVersion = MQTTReason(rawValue: 0x84)
    package static let clientIdentifierNotValid = MQTTReason(rawValue: 0x85)
    package static let badUserNameOrPassword = MQTTReason(rawValue: 0x86)
    package static let notAuthorized = MQTTReason(rawValue: 0x87)
    package static let serverUnavailable = MQTTReason(rawValue: 0x88)
    package static let serverBusy = MQTTReason(rawValue: 0x89)
    package static let banned = MQTTReason(rawValue: 0x8A)
    package static let serverShuttingDown = MQTTReason(rawValue: 0x8B)
    package static let badAuthenticationMethod = MQTTReason(rawValue: 0x8C)
    package static let keepAliveTimeout = MQTTReason(rawValue: 0x8D)
    package static let sessionTakenOver = MQTTReason(rawValue: 0x8E)
    package static let topicFilterInvalid = MQTTReason(rawValue: 0x8F)
    package static let topicNameInvalid = MQTTReason(rawValue: 0x90)
    package static let packetIdentifierInUse = MQTTReason(rawValue: 0x91)
    package static let packetIdentifierNotFound = MQTTReason(rawValue: 0x92)
    package static let receiveMaximumExceeded = MQTTReason(rawValue: 0x93)
    package static let topicAliasInvalid = MQTTReason(rawValue: 0x94)
    package static let packetTooLarge = MQTTReason(rawValue: 0x95)
    package static let messageRateTooHigh = MQTTReason(rawValue: 0x96)
    package static let quotaExceeded = MQTTReason(rawValue: 0x97)
    package static let administrativeAction = MQTTReason(rawValue: 0x98)
    package static let payloadFormatInvalid = MQTTReason(rawValue: 0x99)
    package static let retainNotSupported = MQTTReason(rawValue: 0x9A)
    package static let qosNotSupported = MQTTReason(rawValue: 0x9B)
    package static let useAnotherServer = MQTTReason(rawValue: 0x9C)
    package static let serverMoved = MQTTReason(rawValue: 0x9D)
    package static let sharedSubscriptionsNotSupported = MQTTReason(rawValue: 0x9E)
    package static let connectionRateExceeded = MQTTReason(rawValue: 0x9F)
    package static let maximumConnectTime = MQTTReason(rawValue: 0xA0)
    package static let subscriptionIdentifiersNotSupported = MQTTReason(rawValue: 0xA1)
    package static let wildcardSubscriptionsNotSupported = MQTTReason(rawValue: 0xA2)

    /// The QoS that was granted to a subscription.
    package static func granted(_ qos: MQTTQoS) -> MQTTReason { MQTTReason(rawValue: qos.rawValue) }

    /// The reason in the words of the specification, with its code.
    package var description: String {
        let code = "0x" + String(rawValue, radix: 16, uppercase: true)
        return Self.names[rawValue].map { "\($0), \(code)" } ?? code
    }

    private static let names: [UInt8: String] = [
        0x00: "success",
        0x01: "granted QoS 1",
        0x02: "granted QoS 2",
        0x04: "disconnect with will",
        0x10: "no matching subscribers",
        0x11: "no subscription existed",
        0x18: "continue authentication",
        0x19: "reauthenticate",
        0x80: "unspecified error",
        0x81: "malformed packet",
        0x82: "protocol error",
        0x83: "implementation specific error",
        0x84: "unsupported protocol version",
        0x85: "client identifier not valid",
        0x86: "bad user name or password",
        0x87: "not authorized",
        0x88: "server unavailable",
        0x89: "server busy",
        0x8A: "banned",
        0x8B: "server shutting down",
        0x8C: "bad authentication method",
        0x8D: "keep alive timeout",
        0x8E: "session taken over",
        0x8F: "topic filter invalid",
        0x90: "topic name invalid",
        0x91: "packet identifier in use",
        0x92: "packet identifier not found",
        0x93: "receive maximum exceeded",
        0x94: "topic alias invalid",
        0x95: "packet too large",
        0x96: "message rate too high",
        0x97: "quota exceeded",
        0x98: "administrative action",
        0x99: "payload format invalid",
        0x9A: "retain not supported",
        0x9B: "QoS not supported",
        0x9C: "use another server",
        0x9D: "server moved",
        0x9E: "shared subscriptions not supported",
        0x9F: "connection rate exceeded",
        0xA0: "maximum connect time",
        0xA1: "subscription identifiers not supported",
        0xA2: "wildcard subscriptions not supported",
    ]
}

/// The reasons that each kind of packet may have (§2.4).
extension Set<MQTTReason> {
    private static func codes(_ codes: UInt8...) -> Set<MQTTReason> {
        Set(codes.map { MQTTReason(rawValue: $0) })
    }

    static let ofConnack = codes(
        0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A,
        0x9B, 0x9C, 0x9D, 0x9F)
    static let ofPuback = codes(0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99)
    static let ofPubrel = codes(0x00, 0x92)
    static let ofSuback = codes(0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2)
    static let ofV311Suback = codes(0x00, 0x01, 0x02, 0x80)
    static let ofUnsuback = codes(0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91)
    static let ofDisconnect = codes(
        0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97,
        0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2)
    static let ofAuth = codes(0x00, 0x18, 0x19)
}

extension MQTTReason {
    /// The nearest return code of an MQTT 3.1.1 CONNACK.
    package var v311ConnectCode: UInt8 {
        switch self {
        case .success: 0
        case .unsupportedProtocolVersion: 1
        case .clientIdentifierNotValid: 2
        case .badUserNameOrPassword, .badAuthenticationMethod: 4
        case .notAuthorized, .banned: 5
        default: 3
        }
    }

    /// The reason for an MQTT 3.1.1 return code; nil for an unknown code.
    init?(v311ConnectCode code: UInt8) {
        switch code {
        case 0: self = .success
        case 1: self = .unsupportedProtocolVersion
        case 2: self = .clientIdentifierNotValid
        case 3: self = .serverUnavailable
        case 4: self = .badUserNameOrPassword
        case 5: self = .notAuthorized
        default: return nil
        }
    }

    /// The return code of an MQTT 3.1.1 SUBACK.
    var v311SubscribeCode: UInt8 { isError ? 0x80 : rawValue }
}
