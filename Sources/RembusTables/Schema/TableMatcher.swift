import RembusWire

/// A segment of a table's topic.
enum TopicSegment: Hashable, Sendable {
    case literal(ExactText)
    /// `:name`, which stands for any one non-empty segment.
    case variable(String)

    /// Splits at the byte `/`; wildcards mean nothing here (storage.md §3).
    static func split(_ topic: String) -> [TopicSegment] {
        topic.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { part in
            part.first == UInt8(ascii: ":")
                ? .variable(String(Substring(part.dropFirst()))) : .literal(ExactText(Substring(part)))
        }
    }
}

/// Finds the table that a publication belongs to (storage.md §3).
package struct TableMatcher: Sendable {
    private struct Entry: Sendable {
        let table: Int
        let segments: [TopicSegment]
    }

    private let schema: StoreSchema
    /// By the table's number.
    private let tenants: [TableTenant]
    /// Tables by the number of their topic's segments, in schema order.
    private var entries: [Int: [Entry]] = [:]
    private var names: [ExactText: Int] = [:]
    /// False when every table is everybody's: then tenants make no difference.
    package let dependsOnTenant: Bool

    /// - Parameter tenant: Whose the tables are for which the schema does not say.
    package init(_ schema: StoreSchema, tenant: TableTenant = .all) {
        self.schema = schema
        tenants = schema.tables.map { $0.tenant ?? tenant }
        dependsOnTenant = tenants.contains { $0 != .all }
        for (index, table) in schema.tables.enumerated() {
            let segments = TopicSegment.split(table.topic)
            entries[segments.count, default: []].append(Entry(table: index, segments: segments))
            names[ExactText(table.name)] = index
        }
    }

    /// The first table whose topic and tenant match, else the one named like the whole topic. The answer is worth
    /// keeping per topic: it holds the row that an empty message to the topic gives.
    ///
    /// - Parameter tenant: The publisher's; nil for any, which asks whether there are publications under the topic that
    ///   fill a table.
    package func match(_ topic: String, tenant: String? = nil) -> TableMatch? {
        let parts = topic.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Substring.init)
        let isBench = BenchTopics.contains(topic)
        for entry in entries[parts.count] ?? [] where isOpen(entry.table, tenant) {
            if isBench, case .variable? = entry.segments.first { continue }
            if let variables = Self.variables(entry.segments, parts) {
                return TableMatch(table: entry.table, of: schema.tables[entry.table], variables: variables)
            }
        }
        guard let table = names[ExactText(topic)], isOpen(table, tenant) else { return nil }
        return TableMatch(table: table, of: schema.tables[table], variables: [:])
    }

    private func isOpen(_ table: Int, _ tenant: String?) -> Bool {
        tenant.map { tenants[table].includes($0) } ?? true
    }

    /// The values of the variables, nil when a segment differs.
    private static func variables(_ segments: [TopicSegment], _ parts: [Substring]) -> [String: String]? {
        var variables: [String: String] = [:]
        for (segment, part) in zip(segments, parts) {
            switch segment {
            case .literal(let text):
                guard text == ExactText(part) else { return nil }
            case .variable(let name):
                guard !part.isEmpty else { return nil }
                variables[name] = String(part)
            }
        }
        return variables
    }
}
