extension DataType {
    /// The narrowest type that holds the values of both; nil when there is none.
    ///
    /// Null gives way to everything. Integers widen, become decimals where a sign meets 64 bits without one, and floats
    /// next to floats; decimals get the larger scale, times the finer unit; lists and structures unify what is in them.
    func unified(with other: DataType) -> DataType? {
        if self == other { return self }
        switch (self, other) {
        case (.null, let type), (let type, .null): return type
        case (.list(let one), .list(let two)):
            return one.type.unified(with: two.type).map { .list(of: $0) }
        case (.structure(let one), .structure(let two)): return DataType.unify(one, two)
        case (.map(let one, _), .map(let two, _)):
            guard one.type.fields.count == 2, two.type.fields.count == 2,
                let key = one.type.fields[0].type.unified(with: two.type.fields[0].type),
                let value = one.type.fields[1].type.unified(with: two.type.fields[1].type)
            else { return nil }
            return .map(key: key, value: value)
        case (.timestamp(let one, let zone), .timestamp(let two, let otherZone)):
            return (zone == nil) == (otherZone == nil)
                ? .timestamp(one.finer(two), timeZone: zone == otherZone ? zone : "UTC") : nil
        case (.duration(let one), .duration(let two)): return .duration(one.finer(two))
        case (.time32(let one), .time32(let two)): return .time32(one.finer(two))
        case (.time32, .time64(let unit)), (.time64(let unit), .time32): return .time64(unit)
        case (.time64(let one), .time64(let two)): return .time64(one.finer(two))
        default: return unifiedNumber(with: other)
        }
    }

    private func unifiedNumber(with other: DataType) -> DataType? {
        if let one = integerShape, let two = other.integerShape { return DataType.unify(one, two) }
        if isFloat || other.isFloat {
            guard isNumber, other.isNumber else { return nil }
            return integerShape == nil && other.integerShape == nil && self != .float64 && other != .float64
                && decimalShape == nil && other.decimalShape == nil ? .float32 : .float64
        }
        guard let one = decimalShape, let two = other.decimalShape else { return nil }
        let (scale, digits) = (max(one.scale, two.scale), max(one.digits, two.digits))
        return digits + scale <= 38
            ? .decimal128(precision: 38, scale: scale) : .decimal256(precision: 76, scale: scale)
    }

    private var isFloat: Bool {
        switch self {
        case .float16, .float32, .float64: true
        default: false
        }
    }

    private var isNumber: Bool { isFloat || decimalShape != nil }

    /// The width in bits and the sign of an integer type.
    private var integerShape: (bits: Int, isSigned: Bool)? {
        switch self {
        case .int8: (8, true)
        case .int16: (16, true)
        case .int32: (32, true)
        case .int64: (64, true)
        case .uint8: (8, false)
        case .uint16: (16, false)
        case .uint32: (32, false)
        case .uint64: (64, false)
        default: nil
        }
    }

    /// How many digits stand before the point at most, and how many behind it.
    private var decimalShape: (digits: Int, scale: Int)? {
        switch self {
        // What was inferred from values has the precision 38 and says nothing about the digits before the point.
        case .decimal128(let precision, let scale): (precision == 38 ? 0 : precision - scale, scale)
        case .decimal256(let precision, let scale): (max(39, precision - scale), scale)
        default: integerShape.map { ($0.bits == 64 ? 20 : 10, 0) }
        }
    }

    private static func unify(_ one: (bits: Int, isSigned: Bool), _ two: (bits: Int, isSigned: Bool)) -> DataType {
        let isSigned = one.isSigned || two.isSigned
        var bits = max(one.bits, two.bits)
        if one.isSigned != two.isSigned {
            bits = max(one.isSigned ? one.bits : one.bits * 2, two.isSigned ? two.bits : two.bits * 2)
        }
        switch (bits, isSigned) {
        case (8, true): return .int8
        case (16, true): return .int16
        case (32, true): return .int32
        case (64, true): return .int64
        case (8, false): return .uint8
        case (16, false): return .uint16
        case (32, false): return .uint32
        case (64, false): return .uint64
        default: return .decimal128(precision: 38, scale: 0)
        }
    }

    /// All fields of both, in the order of their first appearance.
    private static func unify(_ one: [Field], _ two: [Field]) -> DataType? {
        var fields = one
        for (number, field) in two.enumerated() {
            // Structures of one origin have their fields at the same places.
            let isInPlace = number < fields.count && fields[number].name == field.name
            guard let index = isInPlace ? number : fields.firstIndex(where: { $0.name == field.name }) else {
                fields.append(field)
                continue
            }
            guard let type = fields[index].type.unified(with: field.type) else { return nil }
            fields[index].type = type
        }
        return .structure(fields)
    }
}

extension TimeUnit {
    fileprivate func finer(_ other: TimeUnit) -> TimeUnit { perSecond >= other.perSecond ? self : other }
}

extension Cell {
    /// The type of a column that this value alone makes.
    var inferredType: DataType {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int64
        case .uint: .uint64
        case .float: .float32
        case .double: .float64
        case .text: .utf8
        case .bytes: .binary
        case .date: .date32
        case .time(let time): time.cellType
        case .timestamp(let time): time.cellType
        case .duration(let span): span.cellType
        case .interval: .interval(.monthDayNano)
        case .decimal(let number): number.cellType
        case .list(let cells): .list(of: DataType.common(cells.map(\.inferredType)) ?? .utf8)
        case .structure(let members): .structure(members.map { Field($0.name, $0.value.inferredType) })
        case .map(let entries):
            .map(
                key: DataType.common(entries.map(\.key.inferredType)) ?? .utf8,
                value: DataType.common(entries.map(\.value.inferredType)) ?? .utf8)
        }
    }
}

extension DataType {
    /// The type that holds the values of all these; nil when there is none.
    static func common(_ types: some Sequence<DataType>) -> DataType? {
        var common = DataType.null
        for type in types {
            guard let both = common.unified(with: type) else { return nil }
            common = both
        }
        return common
    }
}
