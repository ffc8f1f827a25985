package import RembusTables
package import RembusWire

/// One of the three methods of a table, with the table's tenant and topics.
package struct TableService: Sendable {
    /// The tenant of the table.
    package let tenant: TableTenant
    /// Whether it changes rows.
    package let isWriting: Bool
    /// The topics whose publications fill the table, as patterns with `*` for any segment.
    package let topics: [String]
    private let body: @Sendable ([Value]) async throws -> Value

    init(
        tenant: TableTenant, isWriting: Bool, topics: [String],
        _ body: @escaping @Sendable ([Value]) async throws -> Value
    ) {
        self.tenant = tenant
        self.isWriting = isWriting
        self.topics = topics
        self.body = body
    }

    /// Answers a call with these arguments.
    ///
    /// - Throws: ``LakeError`` that may be shown to the caller.
    package func callAsFunction(_ arguments: [Value]) async throws -> Value {
        try await body(arguments)
    }
}

extension TableSchema {
    /// The topics that fill the table: those of its pattern, and the one that is its name (storage.md §3).
    var fillingTopics: [String] {
        let pattern = topic.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { $0.first == UInt8(ascii: ":") ? "*" : String(Substring($0)) }.joined(separator: "/")
        return ExactText(pattern) == ExactText(name) ? [name] : [pattern, name]
    }
}
