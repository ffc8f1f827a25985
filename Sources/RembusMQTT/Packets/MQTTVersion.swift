/// The versions of MQTT that are spoken. MQTT 3.1 is spoken as 3.1.1, from which it differs in name only.
package enum MQTTVersion: UInt8, Sendable {
    case v311 = 4
    case v5 = 5
}

/// How surely a message arrives.
package enum MQTTQoS: UInt8, Sendable, Comparable {
    case atMostOnce
    case atLeastOnce
    case exactlyOnce

    package static func < (left: MQTTQoS, right: MQTTQoS) -> Bool { left.rawValue < right.rawValue }
}
