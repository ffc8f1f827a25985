import RembusWire

/// Who may do what, compiled from a ``TrustDocument`` (behaviour.md §12). It does not change, and any thread may ask
/// it.
///
/// Names and topics are compared by their bytes. A private pattern covers the topics that it matches (behaviour.md §6):
/// its wildcards never stand for text with an `@`.
package struct AccessRules: Sendable {
    private let rules: CompiledRules
    private let trustsNames: Bool

    /// Compiles a document, which takes a fraction of a second when it is large.
    ///
    /// - Parameter trustsNames: Takes a name as proof of itself, as the reference does (known-defects.md S1, S2).
    package init(_ document: TrustDocument, trustsNames: Bool) {
        rules = CompiledRules(document)
        self.trustsNames = trustsNames
    }

    /// Rules without private topics and administrators.
    package static let open = AccessRules(TrustDocument(), trustsNames: false)

    /// False: every topic is public.
    package var hasPrivateTopics: Bool { rules.hasPrivateTopics }

    /// Whether there are components that may not change anything.
    package var hasReadOnlyNames: Bool { !rules.readOnly.isEmpty }

    /// Whether a topic, not a pattern, is private by itself or by a pattern.
    package func isPrivate(_ topic: String) -> Bool {
        rules.hasPrivateTopics && rules.isPrivate(topic)
    }

    /// Whether a component may do something with a topic, not a pattern.
    ///
    /// A public topic is everybody's, a private one takes a proven name with a grant; administrators need one too.
    /// Read-only components may subscribe, and call `query_…`, `rid`, `version` and `uptime`, if that is allowed
    /// besides.
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

    /// Whether a component may read (`subscribe`) or change (`publish`) a table: it needs a grant for every private
    /// topic that fills it.
    ///
    /// - Parameter pattern: The table's topics: `*` stands for any one segment, also with an `@`.
    package func allowsTable(
        _ principal: Principal, _ action: TrustAction, topicsMatching pattern: String
    ) -> Bool {
        if isReadOnly(principal), action != .subscribe { return false }
        guard rules.isPrivate(table: pattern) else { return true }
        guard let name = provenName(principal) else { return false }
        return rules.isGranted(name, action, table: pattern)
    }

    /// Like ``allowsTable(_:_:topicsMatching:)-(_,_,String)``, for a table that topics of several forms fill.
    package func allowsTable(
        _ principal: Principal, _ action: TrustAction, topicsMatching patterns: [String]
    ) -> Bool {
        patterns.allSatisfy { allowsTable(principal, action, topicsMatching: $0) }
    }

    /// Whether administrative commands are obeyed: a listed name, and a proven one unless names are trusted.
    package func isAdministrator(_ principal: Principal) -> Bool {
        provenName(principal).map { rules.admins.contains($0) } ?? false
    }

    /// Whether a name must not be used without proof, so that one without a key must be refused: an administrator's
    /// (known-defects.md S1).
    package func needsProof(toBind name: String) -> Bool {
        !trustsNames && rules.admins.contains(name)
    }

    /// Whether a component may only subscribe and query. No proof is needed to have fewer rights.
    package func isReadOnly(_ principal: Principal) -> Bool {
        principal.name.map { rules.readOnly.contains($0) } ?? false
    }

    /// Whether a component was removed after it had proven its name with something made or shown at `provenAt`,
    /// milliseconds since 1970: then that proves nothing any more.
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
