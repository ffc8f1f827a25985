import Testing

@testable import DataFrames

@Suite("Columns")
struct ColumnTests {
    @Test("Values are read as the type that was written") func values() throws {
        #expect(Array(try Column("a", [1, nil, 3]).values(as: Int.self)) == [1, nil, 3])
        #expect(Array(try Column("a", [UInt8(1), 255])[UInt8.self]) == [1, 255])
        #expect(Array(try Column("a", [0.5, nil])[Double.self]) == [0.5, nil])
        #expect(Array(try Column("a", [Float(0.1)])[Float.self]) == [0.1])
        #expect(Array(try Column("a", [true, nil, false])[Bool.self]) == [true, nil, false])
        #expect(Array(try Column("a", ["", nil, "ä"])[String.self]) == ["", nil, "ä"])
        #expect(Array(try Column("a", [[UInt8(1), 2], nil, []])[[UInt8].self]) == [[1, 2], nil, []])
        let days = [CalendarDate(daysSinceEpoch: 5), nil]
        #expect(Array(try Column("a", days)[CalendarDate.self]) == days)
        let time = Timestamp(5, .nanosecond, timeZone: "UTC")
        #expect(
            Array(try Column("a", [time, nil], type: .timestamp(.nanosecond, timeZone: "UTC"))[Timestamp.self]) == [
                time, nil,
            ])
    }

    @Test("Numbers are read as wider ones, and never cut off") func widening() throws {
        let small = Column("a", [Int8(-1), nil])
        #expect(Array(try small[Int64.self]) == [-1, nil])
        #expect(Array(try small[Double.self]) == [-1, nil])
        #expect(Array(try Column("a", [UInt16.max])[Int32.self]) == [65_535])
        #expect(Array(try Column("a", [Float(0.5)])[Double.self]) == [0.5])
        #expect(throws: DataFrameError(.mismatch, "column a is int64, which cannot be read as Int32")) {
            try Column("a", [1])[Int32.self]
        }
        #expect(throws: DataFrameError.self) { try Column("a", [Int8(1)])[UInt64.self] }
        #expect(throws: DataFrameError.self) { try Column("a", [UInt64(1)])[Int64.self] }
        #expect(throws: DataFrameError.self) { try Column("a", ["1"])[Int64.self] }
    }

    @Test("Dates and times are read as plain numbers too") func rawNumbers() throws {
        let column = try Column("t", [Timestamp(7, .microsecond)], type: .timestamp(.microsecond, timeZone: nil))
        #expect(Array(try column[Int64.self]) == [7])
        #expect(Array(try Column("d", [CalendarDate(daysSinceEpoch: 3)])[Int32.self]) == [3])
    }

    @Test("A dictionary-encoded column is read as its values") func dictionaries() throws {
        let type = DataType.dictionary(index: .int8, value: .utf8, isOrdered: false)
        let column = try Column("c", ["a", nil, "b", "a"], type: type)
        #expect(Array(try column[String.self]) == ["a", nil, "b", "a"])
        #expect(column.chunks[0].dictionary?.length == 2)
        #expect(throws: DataFrameError.self) { try column[Int64.self] }
    }

    @Test("Dictionaries are dissolved, nested ones too") func withoutDictionaries() throws {
        for sample in Samples.all {
            let column = try Samples.column(sample, times: 2)
            let plain = try column.withoutDictionaries()
            #expect(Array(plain.cells) == Array(column.cells))
            #expect(!plain.type.description.contains("dictionary"))
        }
        let long = Array(repeating: String(repeating: "x", count: 1000), count: 100)
        let type = DataType.dictionary(index: .int8, value: .utf8, isOrdered: false)
        #expect(throws: DataFrameError(.limit, "column t is larger than 5000 bytes without its dictionary")) {
            try Column("t", long.map(Optional.some), type: type).withoutDictionaries(maxByteCount: 5000)
        }
    }

    @Test("Chunks are one column") func chunks() throws {
        let arrays = [Int.array([1, 2]), Int.array([]), Int.array([nil]), Int.array([4, 5, 6])]
        let column = try Column(Field("a", .int64), arrays: arrays)
        let values = try column[Int.self]
        #expect(Array(values) == [1, 2, nil, 4, 5, 6])
        #expect(values.indices.map { values[$0] } == [1, 2, nil, 4, 5, 6])
        #expect(column.nullCount == 1)
        #expect(column.isNull(2))
        #expect(Array(try column.slice(1..<5)[Int.self]) == [2, nil, 4, 5])
        #expect(column == Column("a", [1, 2, nil, 4, 5, 6]))
        #expect(try column.combined().length == 6)
    }

    @Test("Slices of slices") func slices() throws {
        let column = Column("a", (0..<200).map { $0 % 3 == 0 ? nil : $0 % 2 == 0 })
        let slice = column.slice(7..<190).slice(6..<100)
        #expect(Array(try slice[Bool.self]) == Array(try column[Bool.self])[13..<107].map { $0 })
        #expect(slice.nullCount == (13..<107).filter { $0 % 3 == 0 }.count)
    }

    @Test("Lists and structures are read through their parts") func nested() throws {
        let lists = Column("l", lists: [[1, nil], nil, [], [3]])
        let elements = try lists.lists().map { list in try list.map { Array(try Column("", array: $0)[Int.self]) } }
        #expect(elements == [[1, nil], nil, [], [3]])
        let members = [Column("x", [1.5, 2.5, 3.5]), Column("y", ["a", nil, "c"])]
        let structure = try Column("s", structureOf: members)
        #expect(structure.members == members)
        #expect(structure.slice(1..<3).members?.map { $0.cell(0) } == [.double(2.5), .null])
    }

    @Test("Numbers are there as memory") func memory() throws {
        var sum = 0.0
        try Column("a", [1.5, 2.5]).slice(1..<2).withUnsafeValues(as: Double.self) { sum += $0.reduce(0, +) }
        #expect(sum == 2.5)
        #expect(throws: DataFrameError.self) {
            try Column("a", [1.5]).withUnsafeValues(as: Int64.self) { _ in }
        }
    }

    @Test("NaN is equal to itself, zeros are equal to each other") func equality() {
        #expect(Column("a", [Double.nan]) == Column("a", [-Double.nan]))
        #expect(Column("a", [0.0]) == Column("a", [-0.0]))
        #expect(Column("a", [0.0]) != Column("a", [1.0]))
        #expect(Column("a", [0.0]) != Column("b", [0.0]))
        #expect(Column("a", [0.0]) != Column("a", [Float(0)]))
        #expect(Column("a", [1, 2]) != Column("a", [1]))
    }
}

@Suite("Building columns")
struct BuildingTests {
    private func cells(_ type: DataType, _ cells: [Cell]) throws -> [Cell?] {
        Array(try Column("c", cells, type: type).cells)
    }

    @Test("Every type is built from cells", arguments: Samples.all.indices)
    func everyType(_ number: Int) throws {
        let sample = Samples.all[number]
        #expect(try Samples.column(sample).cells.map { $0 ?? .null } == sample.1)
    }

    @Test("Values are converted where nothing is lost") func conversion() throws {
        #expect(try cells(.int8, [.uint(5), .double(-3)]) == [.int(5), .int(-3)])
        #expect(try cells(.float64, [.int(5), .float(0.5)]) == [.double(5), .double(0.5)])
        let seconds = Timestamp(2, .second)
        #expect(
            try cells(.timestamp(.millisecond, timeZone: nil), [.timestamp(seconds)])
                == [.timestamp(Timestamp(2000, .millisecond))])
        #expect(
            try cells(.timestamp(.second, timeZone: nil), [.timestamp(Timestamp(2000, .millisecond)), .int(7)])
                == [.timestamp(seconds), .timestamp(Timestamp(7, .second))])
        #expect(
            try cells(.decimal128(precision: 5, scale: 2), [.int(3), .decimal(DecimalNumber(15, scale: 1))])
                == [.decimal(DecimalNumber(300, scale: 2)), .decimal(DecimalNumber(150, scale: 2))])
    }

    @Test("What does not fit is an error") func misfits() {
        let wrong: [(DataType, Cell)] = [
            (.int8, .int(128)), (.uint8, .int(-1)), (.int32, .double(0.5)), (.bool, .int(1)), (.utf8, .bytes([1])),
            (.int64, .text("1")), (.timestamp(.second, timeZone: nil), .timestamp(Timestamp(1, .millisecond))),
            (.fixedSizeBinary(2), .bytes([1])), (.fixedSizeList(Field("item", .int8), count: 2), .list([.null])),
            (.decimal128(precision: 2, scale: 0), .int(100)),
            (.decimal128(precision: 5, scale: 0), .decimal(DecimalNumber(15, scale: 1))),
            (.interval(.yearMonth), .interval(.init(days: 1))), (.list(of: .int8), .list([.int(500)])),
            (.time32(.second), .time(TimeOfDay(.max, .second))),
        ]
        for (type, cell) in wrong {
            #expect(throws: DataFrameError.self, "\(type) \(cell)") { try Column("c", [cell], type: type) }
        }
    }

    @Test("More distinct values than indices are an error") func dictionaryLimit() throws {
        let type = DataType.dictionary(index: .int8, value: .int64, isOrdered: false)
        #expect(try Column("c", Array(0..<128).map(Optional.some), type: type).count == 128)
        #expect(throws: DataFrameError(.limit, "more distinct values than indices of type int8")) {
            try Column("c", Array(0..<129).map(Optional.some), type: type)
        }
    }

    @Test("Joined arrays have the values of all", arguments: Samples.all.indices)
    func concatenation(_ number: Int) throws {
        let array = try Samples.column(Samples.all[number], times: 9).combined()
        let parts = [array.slice(0..<5), array.slice(5..<5), array.slice(5..<26), array.slice(26..<27)]
        let joined = try ArrayData.concatenating(parts, array.type)
        #expect((0..<27).map(joined.cell) == (0..<27).map(array.cell))
        #expect(try ArrayData.concatenating([], array.type).length == 0)
    }
}

@Suite("Frames")
struct DataFrameTests {
    private let frame = DataFrame(
        unchecked: [Column("a", [1, 2, 3]), Column("b", ["x", nil, "z"])], rowCount: 3, metadata: [:])

    @Test("Columns have the same length") func lengths() {
        #expect(throws: DataFrameError(.mismatch, "column b has 1 rows, column a 2")) {
            try DataFrame(columns: [Column("a", [1, 2]), Column("b", [1])])
        }
    }

    @Test("Columns are selected, renamed, dropped and added") func columns() throws {
        #expect(try frame.selecting(["b", "a"]).columnNames == ["b", "a"])
        #expect(frame.dropping(["a"]).columnNames == ["b"])
        #expect(frame.renaming(["a": "c"]).columnNames == ["c", "b"])
        #expect(try frame.adding(Column("c", [1, 2, 3])).columnCount == 3)
        #expect(try frame.adding(Column("a", [7, 8, 9]))["a"]?.cell(0) == .int(7))
        #expect(frame["z"] == nil)
        #expect(throws: DataFrameError(.mismatch, "there is no column z; the columns are a, b")) {
            try frame.column("z")
        }
    }

    @Test("Rows are cut and joined") func rows() throws {
        #expect(frame.slice(1..<2)["b"]?.cell(0) == .null)
        #expect(frame.prefix(2) == frame.slice(0..<2))
        #expect(frame.suffix(9) == frame)
        #expect(try DataFrame(concatenating: [frame.prefix(1), frame.suffix(2)]) == frame)
        #expect(throws: DataFrameError.self) { try DataFrame(concatenating: [frame, frame.dropping(["a"])]) }
    }
}
