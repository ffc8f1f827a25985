import RembusWire

extension SchemaFileReader {
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
        try refuseUnknownKeys(of: map, known: Self.tableKeys)
        let topic = try text("topic", of: map) ?? name
        if topic.isEmpty { throw failure(#""topic" is empty"#, "leave it out for the table's name", at: "topic") }
        if TopicPattern.isPattern(topic) {
            notice(
                "the topic \(quoted(topic)) has a wildcard, which stands for itself here; :name stands for a segment")
        }
        if let segment = TopicPattern.segments(of: topic).first(where: { $0 == "+" || $0 == "#" }) {
            notice(
                "the topic \(quoted(topic)) has the segment \(quoted(String(segment))), which is no wildcard but stands for itself; :name stands for a segment"
            )
        }
        let columns = try readColumns(map["columns"])
        let (extras, receivedAt, slot) = try readExtras(map["extras"], columns: columns)
        let all = columns + extras
        if all.isEmpty { throw failure("the table has no columns", #""columns" is an array of at least one column"#) }
        try checkVariables(of: topic, columns: columns)
        return TableSchema(
            name: name, topic: topic, columns: columns, allColumns: all, keys: try readKeys(map, columns: columns),
            receivedAtColumn: receivedAt, slotColumn: slot,
            partition: try readPartition(map, columns: all, receivedAt: receivedAt), tenant: try readTenant(map),
            deleteTopic: try text("delete_topic", of: map))
    }

    private func readTenant(_ map: ValueMap) throws(SchemaError) -> TableTenant? {
        guard let tenant = try text("tenant", of: map) else { return nil }
        try checkName(tenant, of: "tenant")
        return tenant == "*" ? .all : .only(ExactText(tenant))
    }

    private mutating func readColumns(_ value: Value?) throws(SchemaError) -> [ColumnSchema] {
        guard let value, !value.isNull else { return [] }
        guard let list = value.arrayValue else {
            throw failure(#""columns" is \#(value.jsonKind)"#, "it must be an array of columns", at: "columns")
        }
        var columns: [ColumnSchema] = []
        for (index, value) in list.enumerated() {
            column = "\(index + 1)"
            steps += [.key("columns"), .element(index)]
            let next = try readColumn(value)
            if let other = find(next.name, in: columns) { throw duplicate(of: columns[other], next.name) }
            columns.append(next)
            steps.removeLast(2)
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
    func find(_ name: String, in columns: [ColumnSchema]) -> Int? {
        let name = name.lowercased()
        return columns.firstIndex { $0.name.lowercased() == name }
    }

    /// The position of the column that `name` stands for exactly.
    func index(of name: String, for role: String, in columns: [ColumnSchema], at key: String) throws(SchemaError) -> Int
    {
        if let index = columns.firstIndex(where: { ExactText($0.name) == ExactText(name) }) { return index }
        if let other = find(name, in: columns) {
            throw failure(
                "\(role) \(quoted(name)) names no column", "did you mean \(quoted(columns[other].name))?", at: key)
        }
        let names = columns.isEmpty ? "there are none" : "there are " + columns.map(\.name).joined(separator: ", ")
        let question = Spelling.question(name, in: columns.map(\.name))
        throw failure("\(role) \(quoted(name)) names no column", names + question, at: key)
    }

    private mutating func readKeys(_ map: ValueMap, columns: [ColumnSchema]) throws(SchemaError) -> [Int] {
        var keys: [Int] = []
        for name in try texts("keys", of: map) {
            let key = try index(of: name, for: "the key", in: columns, at: "keys")
            if keys.contains(key) { throw failure("the key \(quoted(name)) is listed twice", at: "keys") }
            if columns[key].type.isNested {
                throw failure(
                    "the key \(quoted(name)) is of the type \(columns[key].type.name)", "a key has no parts", at: "keys"
                )
            }
            keys.append(key)
        }
        return keys
    }

    /// Refuses a misspelt variable, which would otherwise leave its column empty for ever (storage.md §2).
    private func checkVariables(of topic: String, columns: [ColumnSchema]) throws(SchemaError) {
        var seen: Set<Int> = []
        for case .variable(let name) in TopicSegment.split(topic) {
            if name.isEmpty {
                throw failure(
                    "the topic \(quoted(topic)) has a variable without a name", "write :name, with a column's name",
                    at: "topic")
            }
            let column = try index(of: name, for: "the topic variable", in: columns, at: "topic")
            guard seen.insert(column).inserted else {
                throw failure("the topic \(quoted(topic)) has the variable \(quoted(name)) twice", at: "topic")
            }
        }
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
