/// Who may do what on one broker: what `trust.json` says.
///
/// All names and topics are compared by their bytes.
package struct TrustDocument: Sendable, Equatable {
    /// Components that may give administrative commands, once they have proven their name (behaviour.md §12).
    package var admins: NameSet = []
    /// Tenants and the hash of the pin with which their components register keys.
    package var tenants: NameMap = [:]
    /// Topics and patterns of topics that only those with a grant may use.
    package var privateTopics: NameSet = []
    /// What components may do with private topics.
    package var grants: [Grant] = []
    /// Components that may subscribe and query, and nothing else.
    package var readOnly: NameSet = []
    /// Components that were removed, and when: what they had proven themselves with until then, certificates above all,
    /// proves nothing any more. The time is a text of ISO 8601, see ``RemovalTime``.
    package var removed: NameMap = [:]
    /// Files and catalogs of other brokers whose content was taken over, so that what was removed here since does not
    /// return from there.
    package var imported: NameSet = []

    /// An empty document: no grants, no private topics.
    package init() {}
}
