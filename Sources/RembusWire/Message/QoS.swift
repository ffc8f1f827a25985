/// How hard a publication is delivered (docs/spec/protocol.md §3.2).
public enum QoS: UInt8, Sendable, Codable, CaseIterable, Comparable {
    /// Sent once; lost when the receiver is away.
    case atMostOnce = 0
    /// Repeated until the receiver acknowledges; may arrive twice.
    case atLeastOnce = 1
    /// Repeated until acknowledged, and delivered to the application once.
    case exactlyOnce = 2

    /// Orders by how hard a publication is delivered.
    public static func < (left: QoS, right: QoS) -> Bool { left.rawValue < right.rawValue }
}
