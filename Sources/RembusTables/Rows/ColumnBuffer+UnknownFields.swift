import RembusWire

extension ColumnBuffer {
    /// Notes what of a map is no field of this structure. Only names are kept, and not too many of them.
    func noteUnknown(in map: ValueMap, besides fields: [ColumnType.Field]) {
        let known = Set(fields.map { $0.name.lowercased() })
        for pair in map where unknownFields.count < UnknownFields.maximumNames {
            let name = pair.key.stringValue ?? "\(pair.key)"
            guard !known.contains(name.lowercased()) else { continue }
            unknownFields.append(String(name.prefix(UnknownFields.maximumNameLength)))
        }
    }

    /// The names that came since the last call and are no fields of the structures in here, as `column.field`.
    package func takeUnknownFields(of name: String, _ type: ColumnType) -> [String] {
        switch type {
        case .list(let element): return children[0].takeUnknownFields(of: name, element)
        case .map(_, let value): return children[1].takeUnknownFields(of: name, value)
        case .structure(let fields):
            defer { unknownFields.removeAll() }
            return unknownFields.map { "\(name).\($0)" }
                + zip(fields, children).flatMap { $1.takeUnknownFields(of: "\(name).\($0.name)", $0.type) }
        default: return []
        }
    }
}

extension ColumnType {
    /// Whether there is a structure in its values.
    var hasFields: Bool {
        switch self {
        case .structure: true
        case .list(let element): element.hasFields
        case .map(_, let value): value.hasFields
        default: false
        }
    }

    /// The fields of the structures in a column of this type, as `column.field`.
    func fieldNames(of name: String) -> [String] {
        switch self {
        case .list(let element): element.fieldNames(of: name)
        case .map(_, let value): value.fieldNames(of: name)
        case .structure(let fields):
            fields.flatMap { ["\(name).\($0.name)"] + $0.type.fieldNames(of: "\(name).\($0.name)") }
        default: []
        }
    }
}
