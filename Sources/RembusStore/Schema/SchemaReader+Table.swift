import RembusWire

extension SchemaReader {
    /// Keys that a table has; `format` is one of the reference's that means nothing here.
    private static let tableKeys: Set<String> = [
        "table", "topic", "columns", "keys", "extras", "delete_topic", "partition", "tenant", "format",
    ]

    mutating func readTable(_ value: Value) throws(SchemaError) -> TableSchema {
        guard let map = value.mapValue else { throw failure("a table is an object, this is \(value.jsonKind)") }
        let name = try name("table", of: map)
        table = quoted(name)
        if StoreSchema.isSystemTable(name) {
            throw failure(
                "the broker has a table of this name for itself",
                "other names than \(StoreSchema.systemTables.sorted().joined(separator: ", ")) and rembus_… are free")
        }
        notice(unknownKeysOf: map, known: Self.tableKeys)
        let topic = try text("topic", of: map) ?? name
        if topic.isEmpty { throw failure(#""topic" is empty"#, "leave it out for the table's name") }
        if TopicPattern.isPattern(topic) {
            notice(
                "the topic \(quoted(topic)) has a wildcard, which stands for itself here; :name stands for a segment")
        }
        let columns = try readColumns(map["columns"])
        let (extras, receivedAt, slot) = try readExtras(map["extras"], columns: columns)
        let all = columns + extras
        if all.isEmpty { throw failure("the table has no columns", #""columns" is an array of at least one column"#) }
        try checkVariables(of: topic, columns: columns)
        return TableSchema(
            name: name, topic: topic, columns: columns, allColumns: all, keys: try readKeys(map, columns: columns),
            receivedAtColumn: receivedAt, slotColumn: slot, partition: try readPartition(map, columns: all),
            tenant: try readTenant(map), deleteTopic: try text("delete_topic", of: map))
    }

    private func readTenant(_ map: ValueMap) throws(SchemaError) -> TableTenant? {
        guard let tenant = try text("tenant", of: map) else { return nil }
        try checkName(tenant, of: "tenant")
        return tenant == "*" ? .all : .only(ExactText(tenant))
    }

    private mutating func readColumns(_ value: Value?) throws(SchemaError) -> [ColumnSchema] {
        guard let value, !value.isNull else { return [] }
        guard let list = value.arrayValue else {
            throw failure(#""columns" is \#(value.jsonKind)"#, "it must be an array of columns")
        }
        var columns: [ColumnSchema] = []
        for (index, value) in list.enumerated() {
            column = "\(index + 1)"
            let next = try readColumn(value)
            if let other = find(next.name, in: columns) { throw duplicate(of: columns[other], next.name) }
            columns.append(next)
        }
        column = nil
        return columns
    }

    private func duplicate(of other: ColumnSchema, _ name: String) -> SchemaError {
        failure(
            "a column of this name exists already",
            other.name == name ? nil : "upper and lower case are the same to the database")
    }

    /// The position of a column, as the database looks names up.
    private func find(_ name: String, in columns: [ColumnSchema]) -> Int? {
        let name = name.lowercased()
        return columns.firstIndex { $0.name.lowercased() == name }
    }

    /// The position of the column that `name` stands for exactly.
    private func index(of name: String, for role: String, in columns: [ColumnSchema]) throws(SchemaError) -> Int {
        if let index = columns.firstIndex(where: { ExactText($0.name) == ExactText(name) }) { return index }
        if let other = find(name, in: columns) {
            throw failure("\(role) \(quoted(name)) names no column", "did you mean \(quoted(columns[other].name))?")
        }
        let names = columns.isEmpty ? "there are none" : "there are " + columns.map(\.name).joined(separator: ", ")
        throw failure("\(role) \(quoted(name)) names no column", names)
    }

    private mutating func readExtras(
        _ value: Value?, columns: [ColumnSchema]
    ) throws(SchemaError) -> (extras: [ColumnSchema], receivedAt: Int?, slot: Int?) {
        guard let value, !value.isNull else { return ([], nil, nil) }
        guard let map = value.mapValue else {
            throw failure(#""extras" is \#(value.jsonKind)"#, #"it must be an object with "recv_ts" and "slot""#)
        }
        for pair in map.pairs where pair.key != "recv_ts" && pair.key != "slot" {
            throw failure(
                "\"extras\" has the key \(pair.key)", #"its keys are "recv_ts" and "slot", its values column names"#)
        }
        var extras: [ColumnSchema] = []
        var positions: [Int?] = []
        for (key, type) in [("recv_ts", ColumnType.ubigint), ("slot", .uinteger)] {
            guard let name = try text(key, of: map) else {
                positions.append(nil)
                continue
            }
            try checkName(name, of: key)
            if find(name, in: columns + extras) != nil {
                throw failure(
                    "the extra column \(quoted(key)) has the name \(quoted(name)), which another column has already",
                    "choose another name for one of them")
            }
            positions.append(columns.count + extras.count)
            extras.append(ColumnSchema(name: name, type: type, isNullable: key == "slot", defaultValue: nil))
        }
        return (extras, positions[0], positions[1])
    }

    private mutating func readKeys(_ map: ValueMap, columns: [ColumnSchema]) throws(SchemaError) -> [Int] {
        var keys: [Int] = []
        for name in try texts("keys", of: map) {
            let key = try index(of: name, for: "the key", in: columns)
            if keys.contains(key) { throw failure("the key \(quoted(name)) is listed twice") }
            keys.append(key)
        }
        return keys
    }

    /// storage.md §2 Build: a misspelt variable would otherwise leave its column empty for ever.
    private func checkVariables(of topic: String, columns: [ColumnSchema]) throws(SchemaError) {
        var seen: Set<Int> = []
        for case .variable(let name) in TopicSegment.split(topic) {
            if name.isEmpty {
                throw failure(
                    "the topic \(quoted(topic)) has a variable without a name", "write :name, with a column's name")
            }
            let column = try index(of: name, for: "the topic variable", in: columns)
            guard seen.insert(column).inserted else {
                throw failure("the topic \(quoted(topic)) has the variable \(quoted(name)) twice")
            }
        }
    }

    private func readPartition(_ map: ValueMap, columns: [ColumnSchema]) throws(SchemaError) -> [PartitionKey] {
        var keys: [PartitionKey] = []
        for text in try texts("partition", of: map) {
            let key = try partitionKey(text, columns: columns)
            if keys.contains(key) { throw failure("the partition \(quoted(text)) is listed twice") }
            keys.append(key)
        }
        return keys
    }

    private func partitionKey(_ text: String, columns: [ColumnSchema]) throws(SchemaError) -> PartitionKey {
        // A column's name may look like a transform.
        if let column = columns.firstIndex(where: { ExactText($0.name) == ExactText(text) }) {
            return PartitionKey(transform: .identity, column: column)
        }
        let trimmed = text[...].trimming()
        guard let open = trimmed.firstIndex(of: "("), trimmed.last == ")" else {
            return PartitionKey(transform: .identity, column: try index(of: text, for: "the partition", in: columns))
        }
        let word = trimmed[..<open].trimming().lowercased()
        let name = String(trimmed[trimmed.index(after: open)...].dropLast().trimming())
        guard let transform = PartitionKey.Transform(rawValue: word) else {
            throw failure(
                "the partition \(quoted(text)) has the unknown transform \(quoted(word))",
                "there are " + PartitionKey.Transform.allCases.map(\.rawValue).joined(separator: ", "))
        }
        let column = try index(of: name, for: "the partition", in: columns)
        let type = columns[column].type
        if transform != .identity, !type.isCalendar || (transform == .hour && type == .date) {
            throw failure(
                "the partition \(quoted(text)) is of a column of type \(type.sql)",
                transform == .hour ? "hour takes a timestamp" : "\(word) takes a date or timestamp")
        }
        return PartitionKey(transform: transform, column: column)
    }
}

extension Substring {
    /// Without blanks at both ends.
    func trimming() -> Substring {
        var rest = self
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}
