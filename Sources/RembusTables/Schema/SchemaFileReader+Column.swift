import RembusWire

extension SchemaFileReader {
    private static let columnKeys: Set<String> = ["col", "type", "nullable", "default", "epoch"]

    mutating func readColumn(_ value: Value) throws(SchemaError) -> ColumnSchema {
        guard let map = value.mapValue else { throw failure("a column is an object, this is \(value.jsonKind)") }
        let name = try name("col", of: map)
        column = quoted(name)
        try refuseUnknownKeys(of: map, known: Self.columnKeys)
        guard let typeText = try text("type", of: map) else {
            throw failure(#"the key "type" is missing"#, "allowed are \(ColumnType.allowedNames)")
        }
        let type: ColumnType
        switch ColumnType.named(typeText) {
        case .success(let known): type = known
        case .failure(.refused(let reason)): throw failure("the type \(quoted(typeText)) cannot be used", reason)
        case .failure(.unknown):
            throw failure("the type \(quoted(typeText)) is unknown", "allowed are \(ColumnType.allowedNames)")
        }
        if let sentence = type.notice { notice(sentence) }
        let nullable = map["nullable"] ?? .bool(true)
        guard let isNullable = nullable.boolValue else {
            throw failure(#""nullable" is \#(nullable.jsonKind)"#, "it must be true or false")
        }
        var defaultValue = map["default"]
        if defaultValue?.isNull == true { defaultValue = nil }
        let schema = ColumnSchema(
            name: name, type: type, isNullable: isNullable, defaultValue: defaultValue, epoch: try epoch(map, type))
        if let defaultValue, let reason = Cast.check(defaultValue, for: schema) {
            throw failure(
                "the default \(defaultValue.jsonText) cannot be stored as \(type.name)", reason)
        }
        return schema
    }

    private func epoch(_ map: ValueMap, _ type: ColumnType) throws(SchemaError) -> EpochUnit? {
        guard let text = try text("epoch", of: map) else { return nil }
        guard let unit = EpochUnit(rawValue: text) else {
            throw failure(
                "\"epoch\" is \(quoted(text))",
                "it must be one of " + EpochUnit.allCases.map { quoted($0.rawValue) }.joined(separator: ", "))
        }
        guard type.isCalendar else {
            throw failure("\"epoch\" is given for the type \(type.name)", "it is for dates and timestamps")
        }
        return unit
    }
}
