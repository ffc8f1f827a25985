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
