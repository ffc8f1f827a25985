import RembusWire

/// Lists, structures and maps.
extension Cast {
    /// Stages an array or map with its parts, which follow the same rules as columns.
    static func stage(parts value: Value, as type: ColumnType, into column: ColumnBuffer) -> CastResult {
        switch (type, value) {
        case (.list(let element), .array(let values)): stage(values, as: element, into: column)
        case (.structure(let fields), .map(let map)): stage(map, as: fields, into: column)
        case (.map(let key, let value), .map(let map)): stage(map, key, value, into: column)
        default: .unsupported
        }
    }

    private static func stage(_ values: [Value], as element: ColumnType, into column: ColumnBuffer) -> CastResult {
        column.beginElements()
        for value in values {
            let result = stage(part: value, as: element, into: column.children[0])
            guard result == .added else { return result }
            column.children[0].commit()
        }
        column.endElements()
        return .added
    }

    /// Fields are found by name, as columns are. A missing field is null; an unknown one is left out and reported.
    private static func stage(
        _ map: ValueMap, as fields: [ColumnType.Field], into column: ColumnBuffer
    ) -> CastResult {
        var found = 0
        for (field, child) in zip(fields, column.children) {
            let value =
                map[field.name] ?? map.last { $0.key.stringValue?.lowercased() == field.name.lowercased() }?.value
            if value != nil { found += 1 }
            let result = stage(part: value ?? .null, as: field.type, into: child)
            guard result == .added else { return result }
        }
        if found < map.count { column.noteUnknown(in: map, besides: fields) }
        column.stageStructure()
        return .added
    }

    private static func stage(
        _ map: ValueMap, _ keyType: ColumnType, _ valueType: ColumnType, into column: ColumnBuffer
    ) -> CastResult {
        let (keys, values) = (column.children[0], column.children[1])
        column.beginElements()
        var seen: Set<[UInt8]> = []
        for pair in map {
            // The keys of a map are distinct and not null.
            if pair.key.isNull { return .invalid }
            var result = stage(part: pair.key, as: keyType, into: keys)
            guard result == .added else { return result }
            result = stage(part: pair.value, as: valueType, into: values)
            guard result == .added else { return result }
            keys.commit()
            values.commit()
            guard seen.insert(keys.cellBytes(keys.count - 1)).inserted else { return .invalid }
        }
        column.endElements()
        return .added
    }

    private static func stage(part value: Value, as type: ColumnType, into column: ColumnBuffer) -> CastResult {
        if value.isNull {
            column.stageNull()
            return .added
        }
        return stage(value: value, as: type, into: column)
    }
}
