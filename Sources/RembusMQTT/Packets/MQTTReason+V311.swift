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
