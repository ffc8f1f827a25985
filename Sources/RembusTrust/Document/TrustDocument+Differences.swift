extension TrustDocument {
    /// What was added, removed or changed since an older document, by kind: `grants_added` and the like. Kinds without
    /// a difference are left out. Pins are not included.
    package func differences(from old: TrustDocument) -> [String: String] {
        var found: [String: [String]] = [:]
        func compare(_ kind: String, _ before: some Sequence<String>, _ after: some Sequence<String>) {
            let (before, after) = (NameSet(before), NameSet(after))
            found["\(kind)_added"] = after.sorted().filter { !before.contains($0) }
            found["\(kind)_removed"] = before.sorted().filter { !after.contains($0) }
        }
        compare("admins", old.admins, admins)
        compare("tenants", old.tenants.keys, tenants.keys)
        compare("private_topics", old.privateTopics, privateTopics)
        compare("grants", old.grants.map(\.summary), grants.map(\.summary))
        compare("read_only", old.readOnly, readOnly)
        found["removed"] = removed.sorted().compactMap { old.removed[$0.key] == $0.value ? nil : $0.key }
        found["pins_changed"] = tenants.sorted().compactMap { tenant, pin in
            old.tenants[tenant].map { $0 != pin } == true ? tenant : nil
        }
        return found.filter { !$0.value.isEmpty }.mapValues { $0.joined(separator: ", ") }
    }
}

extension Grant {
    /// A grant as text: `pump7 plant/7/secret (call, publish)`.
    fileprivate var summary: String {
        "\(name) \(topic) (\(actions.map(\.rawValue).sorted().joined(separator: ", ")))"
    }
}
