import RembusTrust
import RembusWire

/// The rules as administrators see them. Pins are left out, and so are their hashes.
enum TrustListing {
    /// Private topics with the names that may use them, in the form of the reference (protocol.md §8).
    static func privateTopics(_ document: TrustDocument) -> Value {
        var names: [String: Set<String>] = [:]
        for topic in document.privateTopics { names[topic] = [] }
        for grant in document.grants { names[grant.topic, default: []].insert(grant.name) }
        return .map(
            ValueMap(
                uniqueKeysWithValues: names.sorted { $0.key < $1.key }.map { ($0.key, texts($0.value)) }))
    }

    static func all(_ document: TrustDocument, _ configuration: BrokerConfiguration) -> Value {
        let grants = document.grants.sorted { ($0.topic, $0.name) < ($1.topic, $1.name) }.map { grant in
            Value.map([
                "name": .text(grant.name), "topic": .text(grant.topic),
                "actions": texts(grant.actions.map(\.rawValue)),
            ])
        }
        return .map([
            "admins": texts(document.admins), "tenants": texts(document.tenants.keys),
            "private_topics": texts(document.privateTopics), "grants": .array(grants),
            "read_only": texts(document.readOnly), "trust_names": .bool(configuration.security.trustsNames),
            "connection_mode": .text(configuration.isAuthenticated ? "authenticated" : "anonymous"),
        ])
    }

    private static func texts(_ names: some Sequence<String>) -> Value { .array(names.sorted().map { .text($0) }) }
}
