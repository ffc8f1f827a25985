import NIOCore
import RembusWire

/// The subscription of an MQTT client. Its text begins with a mark that no component may use, so that what a client and a
/// component of one name have subscribed stays apart, also in the file of components.
final class MQTTInterest {
    /// The filter that publications are compared with.
    let filter: String
    /// Whether the subscription is one of a group, of which one gets each publication.
    let isShared: Bool
    let isPattern: Bool
    /// What a full connection has not got yet of a shared subscription: it cannot go back to the store for its share.
    var postponed = CircularBuffer<(publication: RetainedPublication, receivedAt: UInt64)>()

    /// Tells a client's subscriptions apart in what is written down of their deliveries: the same in every run.
    static func key(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }

    /// In front of the filter in the text of a subscription.
    static let mark = "$mqtt/"
    private static let shareMark = "$share/"

    /// Takes the text of a subscription apart; nil for one that is not an MQTT client's.
    init?(_ text: String) {
        guard text.utf8.starts(with: Self.mark.utf8) else { return nil }
        let full = Substring(text.utf8.dropFirst(Self.mark.utf8.count))
        if full.utf8.starts(with: Self.shareMark.utf8),
            let slash = full.utf8.dropFirst(Self.shareMark.utf8.count).firstIndex(of: UInt8(ascii: "/"))
        {
            filter = String(Substring(full.utf8[full.utf8.index(after: slash)...]))
            isShared = true
        } else {
            filter = String(full)
            isShared = false
        }
        isPattern = filter.utf8.contains { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") }
    }
}
