package import RembusBroker
import RembusMQTT
import RembusWire

/// The subscriptions of MQTT clients: filters, of which several clients may share one as `$share/<group>/<filter>`.
package enum MQTTNamespace {
    /// The broker has to know the namespace even if no MQTT listener is open, because it may have records of clients.
    package static let shared = SubscriptionNamespace(prefix: "$mqtt/") { text in
        let shared = sharedFilter(text)
        let filter = shared ?? text
        return SubscriptionNamespace.Meaning(
            topic: filter, pattern: MQTTTopics.isPattern(filter) ? TopicPattern(mqttFilter: filter) : nil,
            isShared: shared != nil)
    }

    static let traits = SessionTraits(namespace: shared, choosesWindow: true)

    /// Identifies a filter in the records of its deliveries.
    static func key(ofFilter filter: String) -> UInt64 {
        SubscriptionNamespace.key(ofText: shared.text(of: filter))
    }

    /// The filter in `$share/<group>/<filter>`; nil for other texts. Works on bytes, as texts in records are compared
    /// by bytes.
    private static func sharedFilter(_ text: String) -> String? {
        let mark = "$share/".utf8
        guard text.utf8.starts(with: mark),
            let slash = text.utf8.dropFirst(mark.count).firstIndex(of: UInt8(ascii: "/"))
        else { return nil }
        return String(Substring(text.utf8[text.utf8.index(after: slash)...]))
    }
}
