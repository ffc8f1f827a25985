import RembusWire

extension TrustDocument {
    /// Adds `actions` to the rights of `name` to `topic`, which is a topic or a pattern.
    package mutating func grant(_ name: String, _ topic: String, _ actions: Set<TrustAction> = TrustAction.all) {
        if let index = grants.firstIndex(where: { $0.concerns(name: name, topic: topic) }) {
            grants[index].actions.formUnion(actions)
        } else if !actions.isEmpty {
            grants.append(Grant(name: name, topic: topic, actions: actions))
        }
    }

    /// Withdraws `actions` from the rights of `name` to exactly this topic or pattern. Other grants stay.
    ///
    /// - Returns: False when there was no such right.
    @discardableResult
    package mutating func revoke(
        _ name: String, _ topic: String, _ actions: Set<TrustAction> = TrustAction.all
    ) -> Bool {
        var isFound = false
        for index in grants.indices.reversed() where grants[index].concerns(name: name, topic: topic) {
            isFound = isFound || !grants[index].actions.isDisjoint(with: actions)
            grants[index].actions.subtract(actions)
            if grants[index].actions.isEmpty { grants.remove(at: index) }
        }
        return isFound
    }

    /// Makes a topic, or the topics of a pattern, private. Components with a grant keep it.
    ///
    /// - Returns: False when it was private already.
    @discardableResult
    package mutating func makePrivate(_ topic: String) -> Bool { privateTopics.insert(topic) }

    /// Makes a topic, or the topics of a pattern, public, and deletes the grants for exactly this text (behaviour.md
    /// §12).
    ///
    /// - Returns: False when it was not private.
    @discardableResult
    package mutating func makePublic(_ topic: String) -> Bool {
        grants.removeAll { $0.concerns(name: $0.name, topic: topic) }
        return privateTopics.remove(topic)
    }
}

extension TrustDocument {
    /// The grants, sorted by the bytes of name and topic.
    package var sortedGrants: [Grant] {
        grants.sorted { first, second in
            let (firstName, secondName) = (ExactText(first.name), ExactText(second.name))
            guard firstName == secondName else { return firstName < secondName }
            return ExactText(first.topic) < ExactText(second.topic)
        }
    }

    /// Merges grants for the same name and topic, and removes those without actions.
    mutating func mergeGrants() {
        struct Key: Hashable {
            var name: ExactText
            var topic: ExactText
        }
        var places: [Key: Int] = [:]
        var merged: [Grant] = []
        for grant in grants where !grant.actions.isEmpty {
            let key = Key(name: ExactText(grant.name), topic: ExactText(grant.topic))
            if let place = places[key] {
                merged[place].actions.formUnion(grant.actions)
            } else {
                places[key] = merged.count
                merged.append(grant)
            }
        }
        grants = merged
    }
}

extension TrustDocument {
    /// Carries out `authorize` (protocol.md §8): adds a grant, and makes the topic private if it is not. A pattern does
    /// not make topics private; the grant is then for the private topics that it matches.
    package mutating func authorize(
        _ name: String, _ topic: String, _ actions: Set<TrustAction> = TrustAction.all
    ) {
        grant(name, topic, actions)
        guard !TopicPattern.isPattern(topic), !privateTopics.contains(topic) else { return }
        let isCovered = privateTopics.contains { TopicPattern.isPattern($0) && TopicPattern($0).matches(topic) }
        if !isCovered { makePrivate(topic) }
    }
}

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
