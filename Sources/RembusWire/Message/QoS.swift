/// The quality of service of a publication (docs/spec/protocol.md §3.2).
public enum QoS: UInt8, Sendable, Codable, CaseIterable, Comparable {
    /// Sent once, and lost when the receiver is not connected.
    case atMostOnce = 0
    /// Sent again until the receiver acknowledges it. It may arrive more than once.
    case atLeastOnce = 1
    /// Sent again until acknowledged, and delivered to the application once.
    case exactlyOnce = 2

    /// Orders by strength of the guarantee.
    public static func < (left: QoS, right: QoS) -> Bool { left.rawValue < right.rawValue }
}
