import RembusWire

/// The columns that the broker fills itself.
extension SchemaFileReader {
    private static let extraKeys = ["recv_ts", "slot"]
    private static let receiveTypes: [ColumnType] = [.ubigint, .timestampTZ, .timestamp, .timestampNS]

    mutating func readExtras(
        _ value: Value?, columns: [ColumnSchema]
    ) throws(SchemaError) -> (extras: [ColumnSchema], receivedAt: Int?, slot: Int?) {
        guard let value, !value.isNull else { return ([], nil, nil) }
        guard let map = value.mapValue else {
            throw failure(
                #""extras" is \#(value.jsonKind)"#, #"it must be an object with "recv_ts" and "slot""#, at: "extras")
        }
        steps.append(.key("extras"))
        defer { steps.removeLast() }
        for pair in map.pairs where pair.key != "recv_ts" && pair.key != "slot" {
            let name = pair.key.stringValue ?? ""
            throw failure(
                "\"extras\" has the key \(pair.key)",
                #"its keys are "recv_ts" and "slot", its values column names"#
                    + Spelling.question(name, in: Self.extraKeys), at: name)
        }
        var extras: [ColumnSchema] = []
        var positions: [Int?] = []
        for key in Self.extraKeys {
            guard let (name, type) = try readExtra(key, of: map) else {
                positions.append(nil)
                continue
            }
            if find(name, in: columns + extras) != nil {
                throw failure(
                    "the extra column \(quoted(key)) has the name \(quoted(name)), which another column has already",
                    "choose another name for one of them", at: key)
            }
            positions.append(columns.count + extras.count)
            extras.append(ColumnSchema(name: name, type: type, isNullable: key == "slot", defaultValue: nil))
        }
        return (extras, positions[0], positions[1])
    }

    /// `"ts"`, or `{"col": "ts", "type": "TIMESTAMPTZ"}`; nil when the key is absent.
    private mutating func readExtra(
        _ key: String, of map: ValueMap
    ) throws(SchemaError) -> (name: String, type: ColumnType)? {
        let standard = key == "slot" ? ColumnType.uinteger : .ubigint
        guard let object = map[key]?.mapValue, key == "recv_ts" else {
            guard let name = try text(key, of: map) else { return nil }
            try checkName(name, of: key)
            return (name, standard)
        }
        steps.append(.key(key))
        defer { steps.removeLast() }
        try refuseUnknownKeys(of: object, known: ["col", "type"])
        let name = try self.name("col", of: object)
        guard let text = try text("type", of: object) else { return (name, standard) }
        guard case .success(let type) = ColumnType.named(text), Self.receiveTypes.contains(type) else {
            throw failure(
                "the type \(quoted(text)) of \"recv_ts\" cannot be used",
                "allowed are " + Self.receiveTypes.map(\.sql).joined(separator: ", "), at: "type")
        }
        return (name, type)
    }
}
