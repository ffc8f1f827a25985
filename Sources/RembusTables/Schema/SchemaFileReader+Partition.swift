import RembusWire

extension SchemaFileReader {
    func readPartition(
        _ map: ValueMap, columns: [ColumnSchema], receivedAt: Int?
    ) throws(SchemaError) -> [PartitionKey] {
        var keys: [PartitionKey] = []
        for text in try texts("partition", of: map) {
            let key = try partitionKey(text, columns: columns, receivedAt: receivedAt)
            if keys.contains(key) { throw failure("the partition \(quoted(text)) is listed twice", at: "partition") }
            if columns[key.column].type.isNested {
                throw failure(
                    "the partition \(quoted(text)) is of the type \(columns[key.column].type.name)",
                    "files are divided by columns without parts", at: "partition")
            }
            keys.append(key)
        }
        return keys
    }

    private func partitionKey(
        _ text: String, columns: [ColumnSchema], receivedAt: Int?
    ) throws(SchemaError) -> PartitionKey {
        // The name of a column may look like a transform, so columns are tried first.
        if let column = columns.firstIndex(where: { ExactText($0.name) == ExactText(text) }) {
            return PartitionKey(transform: .identity, column: column)
        }
        let trimmed = text[...].trimming()
        guard let open = trimmed.firstIndex(of: "("), trimmed.last == ")" else {
            let column = try partitionColumn(text, columns, receivedAt)
            return PartitionKey(transform: .identity, column: column)
        }
        let word = trimmed[..<open].trimming().lowercased()
        let name = String(trimmed[trimmed.index(after: open)...].dropLast().trimming())
        guard let transform = PartitionKey.Transform(rawValue: word) else {
            throw failure(
                "the partition \(quoted(text)) has the unknown transform \(quoted(word))",
                "there are " + PartitionKey.Transform.allCases.map(\.rawValue).joined(separator: ", "), at: "partition")
        }
        let column = try partitionColumn(name, columns, receivedAt)
        let type = columns[column].type
        if transform != .identity, !type.isCalendar || (transform == .hour && type == .date) {
            var allowed = transform == .hour ? "hour takes a timestamp" : "\(word) takes a date or timestamp"
            if column == receivedAt {
                allowed +=
                    #"; have one with "extras": {"recv_ts": {"col": \#(quoted(columns[column].name)), "#
                    + #""type": "TIMESTAMPTZ"}}"#
            }
            throw failure(
                "the partition \(quoted(text)) is of a column of type \(type.name)", allowed, at: "partition")
        }
        return PartitionKey(transform: transform, column: column)
    }

    /// A column; the receive time may be called by what it is.
    private func partitionColumn(
        _ name: String, _ columns: [ColumnSchema], _ receivedAt: Int?
    ) throws(SchemaError) -> Int {
        if name == "recv_ts", let receivedAt, find(name, in: columns) == nil { return receivedAt }
        return try index(of: name, for: "the partition", in: columns, at: "partition")
    }
}
