/// A field of a stream's schema, with the numbers of the dictionaries that its values come from.
struct StreamField {
    var field: Field
    /// The dictionary, if the field is dictionary-encoded.
    var dictionary: Int64?
    /// The fields nested in the field, or in the values of its dictionary.
    var children: [StreamField]

    /// Whether values need no memory, apart from a bit that tells whether they are null.
    var isEmpty: Bool {
        switch field.type.layout {
        case .null, .fixed(0), .fixedList(0): true
        case .structure: children.isEmpty
        default: false
        }
    }

    /// The field of the dictionary's values.
    var values: StreamField {
        StreamField(field: Field(field.name, field.type.valueType), dictionary: nil, children: children)
    }
}

/// Reads the schema of a stream.
struct ArrowSchemaReader {
    private let limits: ArrowLimits
    private var fieldCount = 0

    init(_ limits: ArrowLimits) { self.limits = limits }

    mutating func read(_ table: FlatTable) throws(DataFrameError) -> (fields: [StreamField], metadata: Metadata) {
        if try table.number(ArrowFormat.SchemaField.endianness, Int16(0)) != 0 {
            throw .unsupported("the stream is big-endian, only little-endian ones can be read")
        }
        var fields: [StreamField] = []
        for field in try table.tables(ArrowFormat.SchemaField.fields) { fields.append(try read(field, depth: 1)) }
        return (fields, try metadata(table, ArrowFormat.SchemaField.metadata))
    }

    private mutating func read(_ table: FlatTable, depth: Int) throws(DataFrameError) -> StreamField {
        fieldCount += 1
        guard fieldCount <= limits.maxFields else {
            throw DataFrameError(.limit, "there are more than \(limits.maxFields) fields")
        }
        guard depth <= limits.maxDepth else {
            throw DataFrameError(.limit, "types are nested more than \(limits.maxDepth) levels deep")
        }
        var children: [StreamField] = []
        for child in try table.tables(ArrowFormat.FieldField.children) {
            children.append(try read(child, depth: depth + 1))
        }
        let name = try table.text(ArrowFormat.FieldField.name) ?? ""
        let reader = TypeReader(name: name, children: children.map(\.field))
        var type = try reader.read(
            kind: try table.number(ArrowFormat.FieldField.typeKind, UInt8(0)),
            try table.table(ArrowFormat.FieldField.type))
        var dictionary: Int64?
        if let encoding = try table.table(ArrowFormat.FieldField.dictionary) {
            dictionary = try encoding.number(ArrowFormat.DictionaryField.id, Int64(0))
            let index = try encoding.table(ArrowFormat.DictionaryField.indexType)
            type = .dictionary(
                index: try index.map { index throws(DataFrameError) in try reader.integer(index) } ?? .int32,
                value: type,
                isOrdered: try encoding.bool(ArrowFormat.DictionaryField.isOrdered))
        }
        let field = Field(
            name, type, isNullable: try table.bool(ArrowFormat.FieldField.isNullable),
            metadata: try metadata(table, ArrowFormat.FieldField.metadata))
        return StreamField(field: field, dictionary: dictionary, children: children)
    }

    private func metadata(_ table: FlatTable, _ field: Int) throws(DataFrameError) -> Metadata {
        var pairs: [Metadata.Pair] = []
        for pair in try table.tables(field) {
            pairs.append(Metadata.Pair(key: try pair.text(0) ?? "", value: try pair.text(1) ?? ""))
        }
        return Metadata(pairs)
    }
}
