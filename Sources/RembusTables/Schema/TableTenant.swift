package import RembusWire

/// Whose publications fill a table, and who may query it.
package enum TableTenant: Sendable, Hashable {
    /// Everybody's, `"*"` in the schema.
    case all
    /// One tenant's; compared by bytes.
    case only(ExactText)

    /// The tenant of components whose names have none (behaviour.md §2).
    package static let `default` = TableTenant.only(ExactText("."))

    /// Whether publications of this tenant fill the table.
    package func includes(_ tenant: String) -> Bool {
        switch self {
        case .all: true
        case .only(let own): own == ExactText(tenant)
        }
    }
}
