import RembusWire

/// The rules about who may do what, compiled from a ``TrustDocument`` (behaviour.md §12). They do not change, and can
/// be used on any thread.
///
/// Names and topics are compared by bytes. A private pattern covers the topics that it matches (behaviour.md §6); its
/// wildcards never stand for text with an `@`.
package struct AccessRules: Sendable {
    private let rules: CompiledRules
    private let trustsNames: Bool

    /// Compiles a document, which takes a fraction of a second if it is large.
    ///
    /// - Parameter trustsNames: Whether a claimed name counts as proven, as in the reference (known-defects.md S1, S2).
    package init(_ document: TrustDocument, trustsNames: Bool) {
        rules = CompiledRules(document)
        self.trustsNames = trustsNames
    }

    /// Rules without private topics and administrators.
    package static let open = AccessRules(TrustDocument(), trustsNames: false)

    /// Whether there are private topics.
    package var hasPrivateTopics: Bool { rules.hasPrivateTopics }

    /// Whether there are read-only components.
    package var hasReadOnlyNames: Bool { !rules.readOnly.isEmpty }

    /// Whether a topic (not a pattern) is private, by itself or by a pattern.
    package func isPrivate(_ topic: String) -> Bool {
        rules.hasPrivateTopics && rules.isPrivate(topic)
    }

    /// Whether a component may perform an action on a topic (not a pattern).
    ///
    /// Everybody may use a public topic. A private one requires a proven name with a grant, also of administrators.
    /// Read-only components may subscribe, and call `query_…`, `rid`, `version` and `uptime`, if the other rules allow
    /// it.
    package func allows(_ principal: Principal, _ action: TrustAction, _ topic: String) -> Bool {
        if isReadOnly(principal), action != .subscribe {
            guard action == .call, Self.readingMethods.contains(topic) || topic.hasPrefix("query_") else {
                return false
            }
        }
        guard isPrivate(topic) else { return true }
        guard let name = provenName(principal) else { return false }
        return rules.isGranted(name, action, topic)
    }

    /// Whether a component may read (`subscribe`) or change (`publish`) a table. It needs a grant for every private
    /// topic that fills the table.
    ///
    /// - Parameter pattern: The topics of the table. `*` stands for any one segment, also with an `@`.
    package func allowsTable(
        _ principal: Principal, _ action: TrustAction, topicsMatching pattern: String
    ) -> Bool {
        if isReadOnly(principal), action != .subscribe { return false }
        guard rules.isPrivate(table: pattern) else { return true }
        guard let name = provenName(principal) else { return false }
        return rules.isGranted(name, action, table: pattern)
    }

    /// As ``allowsTable(_:_:topicsMatching:)-(_,_,String)``, for a table that is filled by topics of several patterns.
    package func allowsTable(
        _ principal: Principal, _ action: TrustAction, topicsMatching patterns: [String]
    ) -> Bool {
        patterns.allSatisfy { allowsTable(principal, action, topicsMatching: $0) }
    }

    /// Whether a component is an administrator: its name is listed, and proven unless names are trusted.
    package func isAdministrator(_ principal: Principal) -> Bool {
        provenName(principal).map { rules.admins.contains($0) } ?? false
    }

    /// Whether a name must not be used without a proof because it is an administrator's. One without a key is then
    /// refused (known-defects.md S1).
    package func needsProof(toBind name: String) -> Bool {
        !trustsNames && rules.admins.contains(name)
    }

    /// Whether a component may only subscribe and query. This needs no proof, because it means fewer rights.
    package func isReadOnly(_ principal: Principal) -> Bool {
        principal.name.map { rules.readOnly.contains($0) } ?? false
    }

    /// Whether a component was removed after the proof of its name was made or shown, at `provenAt`, in milliseconds
    /// since 1970. The proof is then no longer valid.
    package func isRemoved(_ name: String, provenAt: Int64) -> Bool {
        guard !rules.removed.isEmpty, let time = rules.removed[ExactText(name)] else { return false }
        return provenAt <= time
    }

    private func provenName(_ principal: Principal) -> String? {
        principal.isProven || trustsNames ? principal.name : nil
    }

    /// Calls that change nothing.
    private static let readingMethods: Set<String> = ["rid", "version", "uptime"]
}

extension AccessRules {
    /// Whether anybody could be refused a topic, so that publishers have to be checked.
    package func isGuarded(_ topic: String) -> Bool {
        hasReadOnlyNames || isPrivate(topic)
    }
}
