/// The rules of one broker about who may do what: the content of `trust.json`.
///
/// All names and topics are compared by bytes.
package struct TrustDocument: Sendable, Equatable {
    /// Components that may send administrative commands, once they have proven their name (behaviour.md §12).
    package var admins: NameSet = []
    /// The tenants, each with the hash of the pin with which its components register keys.
    package var tenants: NameMap = [:]
    /// Topics and patterns that only components with a grant may use.
    package var privateTopics: NameSet = []
    /// The rights of components to private topics.
    package var grants: [Grant] = []
    /// Components that may subscribe and query, but not change anything.
    package var readOnly: NameSet = []
    /// Components that were removed, with the time of the removal. Proofs from before that time, above all
    /// certificates, are no longer valid. The time is a text of ISO 8601, see ``RemovalTime``.
    package var removed: NameMap = [:]
    /// Files and catalogs of other brokers that were imported. They are not imported again, so that what was removed
    /// here does not come back.
    package var imported: NameSet = []

    /// An empty document: no grants, no private topics.
    package init() {}
}
