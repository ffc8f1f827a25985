/// Writes a schema as a FlatBuffer table. Dictionaries are numbered in the order in which their fields come, depth
/// first.
struct SchemaWriter {
    private var dictionaryCount: Int64 = 0

    mutating func table(_ schema: Schema) -> [FlatValue] {
        [.absent, .tables(schema.fields.map { table($0) }), metadata(schema.metadata)]
    }

    private mutating func table(_ field: Field) -> [FlatValue] {
        var dictionary = FlatValue.absent
        if case .dictionary(let index, _, let isOrdered) = field.type {
            dictionary = .table([.long(dictionaryCount), .table(integer(index)), .bool(isOrdered)])
            dictionaryCount += 1
        }
        let (kind, type) = describe(field.type.valueType)
        let children = field.type.fields.map { table($0) }
        return [
            .text(field.name), .bool(field.isNullable), .byte(kind.rawValue), .table(type), dictionary,
            .tables(children), metadata(field.metadata),
        ]
    }

    private func metadata(_ metadata: Metadata) -> FlatValue {
        metadata.isEmpty ? .absent : .tables(metadata.pairs.map { [.text($0.key), .text($0.value)] })
    }

    private func integer(_ type: IntegerType) -> [FlatValue] { [.int(Int32(type.width * 8)), .bool(type.isSigned)] }

    /// The member of the union of types, and its table.
    private func describe(_ type: DataType) -> (ArrowFormat.Kind, [FlatValue]) {
        switch type {
        case .null: (.null, [])
        case .bool: (.bool, [])
        case .int8: (.int, integer(.int8))
        case .int16: (.int, integer(.int16))
        case .int32: (.int, integer(.int32))
        case .int64: (.int, integer(.int64))
        case .uint8: (.int, integer(.uint8))
        case .uint16: (.int, integer(.uint16))
        case .uint32: (.int, integer(.uint32))
        case .uint64: (.int, integer(.uint64))
        case .float16: (.floatingPoint, [.short(0)])
        case .float32: (.floatingPoint, [.short(1)])
        case .float64: (.floatingPoint, [.short(2)])
        case .utf8: (.utf8, [])
        case .largeUtf8: (.largeUtf8, [])
        case .utf8View: (.utf8View, [])
        case .binary: (.binary, [])
        case .largeBinary: (.largeBinary, [])
        case .binaryView: (.binaryView, [])
        case .fixedSizeBinary(let width): (.fixedSizeBinary, [.int(Int32(clamping: width))])
        case .date32: (.date, [.short(0)])
        case .date64: (.date, [.short(1)])
        case .time32(let unit): (.time, [.short(Int16(unit.rawValue)), .int(32)])
        case .time64(let unit): (.time, [.short(Int16(unit.rawValue)), .int(64)])
        case .timestamp(let unit, let zone):
            (.timestamp, [.short(Int16(unit.rawValue)), zone.map { .text($0) } ?? .absent])
        case .duration(let unit): (.duration, [.short(Int16(unit.rawValue))])
        case .interval(let unit): (.interval, [.short(Int16(unit.rawValue))])
        case .decimal128(let precision, let scale): (.decimal, decimal(precision, scale, 128))
        case .decimal256(let precision, let scale): (.decimal, decimal(precision, scale, 256))
        case .list: (.list, [])
        case .largeList: (.largeList, [])
        case .fixedSizeList(_, let count): (.fixedSizeList, [.int(Int32(clamping: count))])
        case .structure: (.structure, [])
        case .map(_, let keysSorted): (.map, [.bool(keysSorted)])
        // A dictionary is described by its values' type; one of dictionaries does not exist in a stream.
        case .dictionary(_, let value, _): describe(value)
        }
    }

    private func decimal(_ precision: Int, _ scale: Int, _ width: Int32) -> [FlatValue] {
        [.int(Int32(clamping: precision)), .int(Int32(clamping: scale)), .int(width)]
    }
}
