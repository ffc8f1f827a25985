import RembusWire

/// Fields of publications that are no column of their table, which is mostly a misspelt name: the fields are not stored
/// (storage.md §4.2), and whoever runs the broker is told.
package struct UnknownFields: Sendable, Equatable {
    /// Publications that were stored without some of their fields.
    package private(set) var publications = 0
    /// The names of such fields, as far as they were looked at, in the order in which they came.
    package private(set) var names: [String] = []
    /// The receive time of the first publication.
    package private(set) var firstReceivedAt: UInt64?

    /// The most publications of a batch whose field names are noted: a peer that sends unknown fields mostly does so in
    /// every publication.
    private static let examined = 8
    static let maximumNames = 16
    static let maximumNameLength = 60

    package init() {}

    /// Notes a publication, of whose unknown fields `names` makes a list.
    mutating func note(receivedAt: UInt64, _ names: () -> [String]) {
        publications += 1
        firstReceivedAt = firstReceivedAt ?? receivedAt
        guard publications <= Self.examined else { return }
        for name in names() where self.names.count < Self.maximumNames && !self.names.contains(name) {
            self.names.append(name)
        }
    }

    /// Adds the notes of another collection.
    package mutating func add(_ other: UnknownFields) {
        publications += other.publications
        firstReceivedAt = firstReceivedAt ?? other.firstReceivedAt
        for name in other.names where names.count < Self.maximumNames && !names.contains(name) { names.append(name) }
    }
}

extension TableSchema {
    /// Unknown fields in words, each with what it was perhaps meant to be.
    package func words(ofUnknown names: [String]) -> String {
        let shown = 8
        let words = names.prefix(shown).map { name -> String in
            if allColumns.dropFirst(columns.count).contains(where: { $0.name.lowercased() == name.lowercased() }) {
                return "\(name) (the broker fills it)"
            }
            let near = Spelling.nearest(to: name, in: columns.flatMap { [$0.name] + $0.type.fieldNames(of: $0.name) })
            return near.map { "\(name) (did you mean \($0)?)" } ?? name
        }
        return words.joined(separator: ", ") + (names.count > shown ? ", …" : "")
    }

    /// The columns that publications fill, for a message, not too many.
    package var columnListing: String {
        let shown = 20
        return columns.prefix(shown).map(\.name).joined(separator: ", ") + (columns.count > shown ? ", …" : "")
    }
}

extension RejectReason {
    /// The reason for a payload of which nothing can be stored.
    package static func unknownColumns(_ names: [String], of table: TableSchema) -> RejectReason {
        RejectReason(
            .unknownColumns,
            "No field of the payload is a column of the table \(table.name): \(table.words(ofUnknown: names)). "
                + "Its columns are \(table.columnListing).")
    }

    /// The same reason, for a payload that has fields which are no column: one of them may be what is missing.
    func besides(_ names: [String], of table: TableSchema) -> RejectReason {
        guard code == .missingColumn else { return self }
        return RejectReason(
            code, "\(message) The payload has fields that are no column: \(table.words(ofUnknown: names)).",
            column: column)
    }
}
