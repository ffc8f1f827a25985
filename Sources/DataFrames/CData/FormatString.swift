/// The text by which the C data interface names a type; what is nested, and dictionaries, are told apart from it.
enum FormatString {
    static func format(_ type: DataType) -> String {
        switch type {
        case .null: "n"
        case .bool: "b"
        case .int8: "c"
        case .uint8: "C"
        case .int16: "s"
        case .uint16: "S"
        case .int32: "i"
        case .uint32: "I"
        case .int64: "l"
        case .uint64: "L"
        case .float16: "e"
        case .float32: "f"
        case .float64: "g"
        case .binary: "z"
        case .largeBinary: "Z"
        case .binaryView: "vz"
        case .utf8: "u"
        case .largeUtf8: "U"
        case .utf8View: "vu"
        case .fixedSizeBinary(let width): "w:\(width)"
        case .decimal128(let precision, let scale): "d:\(precision),\(scale)"
        case .decimal256(let precision, let scale): "d:\(precision),\(scale),256"
        case .date32: "tdD"
        case .date64: "tdm"
        case .time32(let unit), .time64(let unit): "tt\(letter(unit))"
        case .timestamp(let unit, let zone): "ts\(letter(unit)):\(zone ?? "")"
        case .duration(let unit): "tD\(letter(unit))"
        case .interval(.yearMonth): "tiM"
        case .interval(.dayTime): "tiD"
        case .interval(.monthDayNano): "tin"
        case .list: "+l"
        case .largeList: "+L"
        case .fixedSizeList(_, let count): "+w:\(count)"
        case .structure: "+s"
        case .map: "+m"
        case .dictionary(let index, _, _): format(index.dataType)
        }
    }

    /// The type with this format and these nested fields.
    static func type(_ format: String, _ children: [Field], keysSorted: Bool) throws(DataFrameError) -> DataType {
        if let plain = plain[format] { return plain }
        let parts = format.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let argument = parts.count > 1 ? String(parts[1]) : ""
        switch (parts[0], children.count) {
        case ("w", _): if let width = Int(argument), width >= 0 { return .fixedSizeBinary(width) }
        case ("d", _): if let decimal = decimal(argument) { return decimal }
        case ("+l", 1): return .list(children[0])
        case ("+L", 1): return .largeList(children[0])
        case ("+w", 1): if let count = Int(argument), count >= 0 { return .fixedSizeList(children[0], count: count) }
        case ("+s", _): return .structure(children)
        case ("+m", 1): if children[0].type.fields.count == 2 { return .map(children[0], keysSorted: keysSorted) }
        case let (name, _) where name.hasPrefix("ts") && parts.count == 2:
            if let unit = unit(name) { return .timestamp(unit, timeZone: argument.isEmpty ? nil : argument) }
        default: break
        }
        throw .unsupported("the Arrow type with the format \(format) cannot be read")
    }

    /// The types whose format has no argument.
    private static let plain: [String: DataType] = {
        var types: [DataType] = [
            .null, .bool, .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64, .float16, .float32,
            .float64,
            .binary, .largeBinary, .binaryView, .utf8, .largeUtf8, .utf8View, .date32, .date64, .time32(.second),
            .time32(.millisecond), .time64(.microsecond), .time64(.nanosecond),
        ]
        types += TimeUnit.allCases.map { .duration($0) } + IntervalUnit.allCases.map { .interval($0) }
        return Dictionary(uniqueKeysWithValues: types.map { (format($0), $0) })
    }()

    private static func letter(_ unit: TimeUnit) -> String { unit == .second ? "s" : String(unit.symbol.prefix(1)) }

    private static func unit(_ name: Substring) -> TimeUnit? {
        TimeUnit.allCases.first { name == "ts" + letter($0) }
    }

    /// `precision,scale` or `precision,scale,width`.
    private static func decimal(_ argument: String) -> DataType? {
        let numbers = argument.split(separator: ",").compactMap { Int($0) }
        guard numbers.count >= 2 else { return nil }
        switch numbers.count > 2 ? numbers[2] : 128 {
        case 128: return .decimal128(precision: numbers[0], scale: numbers[1])
        case 256: return .decimal256(precision: numbers[0], scale: numbers[1])
        default: return nil
        }
    }
}
