/// Reads the type of one field.
struct TypeReader {
    /// The field's name, for errors.
    let name: String
    let children: [Field]

    func read(kind number: UInt8, _ table: FlatTable?) throws(DataFrameError) -> DataType {
        guard let kind = ArrowFormat.Kind(rawValue: number) else { throw unsupported("type number \(number)") }
        guard let table else { throw malformed("no type") }
        switch kind {
        case .null: return .null
        case .bool: return .bool
        case .int: return try integer(table).dataType
        case .floatingPoint: return try float(table)
        case .utf8: return .utf8
        case .largeUtf8: return .largeUtf8
        case .utf8View: return .utf8View
        case .binary: return .binary
        case .largeBinary: return .largeBinary
        case .binaryView: return .binaryView
        case .fixedSizeBinary: return .fixedSizeBinary(try size(table))
        case .decimal: return try decimal(table)
        case .date: return try table.number(0, Int16(1)) == 0 ? .date32 : .date64
        case .time: return try time(table)
        case .timestamp: return .timestamp(try unit(table, 0), timeZone: try table.text(1))
        case .duration: return .duration(try unit(table, 1))
        case .interval: return try interval(table)
        case .list: return .list(try onlyChild())
        case .largeList: return .largeList(try onlyChild())
        case .fixedSizeList: return .fixedSizeList(try onlyChild(), count: try size(table))
        case .structure: return .structure(children)
        case .map: return try map(table)
        case .union: throw unsupported("a union")
        case .runEndEncoded: throw unsupported("run-end encoding")
        case .listView, .largeListView: throw unsupported("a list view")
        }
    }

    func integer(_ table: FlatTable) throws(DataFrameError) -> IntegerType {
        let isSigned = try table.bool(1)
        switch try table.number(0, Int32(0)) {
        case 8: return isSigned ? .int8 : .uint8
        case 16: return isSigned ? .int16 : .uint16
        case 32: return isSigned ? .int32 : .uint32
        case 64: return isSigned ? .int64 : .uint64
        case let width: throw malformed("an integer of \(width) bits")
        }
    }

    private func float(_ table: FlatTable) throws(DataFrameError) -> DataType {
        switch try table.number(0, Int16(0)) {
        case 0: return .float16
        case 1: return .float32
        case 2: return .float64
        case let precision: throw malformed("a float of precision \(precision)")
        }
    }

    private func decimal(_ table: FlatTable) throws(DataFrameError) -> DataType {
        let (precision, scale) = (Int(try table.number(0, Int32(0))), Int(try table.number(1, Int32(0))))
        switch try table.number(2, Int32(128)) {
        case 128 where (1...38).contains(precision): return .decimal128(precision: precision, scale: scale)
        case 256 where (1...76).contains(precision): return .decimal256(precision: precision, scale: scale)
        case 128, 256: throw malformed("a decimal of \(precision) digits")
        case let width: throw unsupported("a decimal of \(width) bits")
        }
    }

    private func unit(_ table: FlatTable, _ standard: Int16) throws(DataFrameError) -> TimeUnit {
        let number = try table.number(0, standard)
        guard let unit = UInt8(exactly: number).flatMap(TimeUnit.init) else { throw malformed("time unit \(number)") }
        return unit
    }

    private func time(_ table: FlatTable) throws(DataFrameError) -> DataType {
        switch (try unit(table, 1), try table.number(1, Int32(32))) {
        case (let unit, 32) where unit == .second || unit == .millisecond: return .time32(unit)
        case (let unit, 64) where unit == .microsecond || unit == .nanosecond: return .time64(unit)
        case (let unit, let width): throw malformed("a time in \(unit.symbol) of \(width) bits")
        }
    }

    private func interval(_ table: FlatTable) throws(DataFrameError) -> DataType {
        let number = try table.number(0, Int16(0))
        guard let unit = UInt8(exactly: number).flatMap(IntervalUnit.init) else {
            throw malformed("interval unit \(number)")
        }
        return .interval(unit)
    }

    private func size(_ table: FlatTable) throws(DataFrameError) -> Int {
        let size = Int(try table.number(0, Int32(0)))
        guard size >= 0 else { throw malformed("a size of \(size)") }
        return size
    }

    private func onlyChild() throws(DataFrameError) -> Field {
        guard children.count == 1 else { throw malformed("a list with \(children.count) fields") }
        return children[0]
    }

    private func map(_ table: FlatTable) throws(DataFrameError) -> DataType {
        guard children.count == 1, case .structure(let fields) = children[0].type, fields.count == 2 else {
            throw malformed("a map that does not consist of pairs")
        }
        return .map(children[0], keysSorted: try table.bool(0))
    }

    private func malformed(_ what: String) -> DataFrameError { .malformed("field \(name) has \(what)") }

    private func unsupported(_ what: String) -> DataFrameError {
        .unsupported("field \(name) has \(what), which cannot be read")
    }
}
