import RembusWire

extension SchemaReader {
    private static let columnKeys: Set<String> = ["col", "type", "nullable", "default"]

    mutating func readColumn(_ value: Value) throws(SchemaError) -> ColumnSchema {
        guard let map = value.mapValue else { throw failure("a column is an object, this is \(value.jsonKind)") }
        let name = try name("col", of: map)
        column = quoted(name)
        notice(unknownKeysOf: map, known: Self.columnKeys)
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
        if let loss = type.loss { notice(loss) }
        let nullable = map["nullable"] ?? .bool(true)
        guard let isNullable = nullable.boolValue else {
            throw failure(#""nullable" is \#(nullable.jsonKind)"#, "it must be true or false")
        }
        var defaultValue = map["default"]
        if defaultValue?.isNull == true { defaultValue = nil }
        if let defaultValue, let reason = Cast.check(defaultValue, as: type) {
            throw failure(
                "the default \(defaultValue.jsonText) cannot be stored as \(type.sql)", reason)
        }
        return ColumnSchema(name: name, type: type, isNullable: isNullable, defaultValue: defaultValue)
    }
}
