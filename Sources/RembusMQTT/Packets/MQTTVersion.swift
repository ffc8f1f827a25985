/// The supported versions of MQTT. MQTT 3.1 is treated as 3.1.1, which only has another name.
package enum MQTTVersion: UInt8, Sendable {
    case v311 = 4
    case v5 = 5
}

/// The quality of service of a message.
package enum MQTTQoS: UInt8, Sendable, Comparable {
    case atMostOnce
    case atLeastOnce
    case exactlyOnce

    package static func < (left: MQTTQoS, right: MQTTQoS) -> Bool { left.rawValue < right.rawValue }
}
