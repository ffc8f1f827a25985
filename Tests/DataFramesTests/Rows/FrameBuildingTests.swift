import Testing

@testable import DataFrames

@Suite struct FrameBuildingTests {
    private func frame() throws -> DataFrame {
        try DataFrame(["dn": ["b", "a", "c", "a"], "t": [2.5, nil, .double(.nan), 1], "n": [3, 1, 2, 1]])
    }

    @Test func buildsFromLiterals() throws {
        let frame = try DataFrame([
            "i": [1, nil], "f": [1, 2.5], "s": ["a", nil], "b": [true, false], "l": [[1], nil], "n": [nil, nil],
            "typed": ColumnLiteral([UInt8(1), 2]), "d": ColumnLiteral([CalendarDate(daysSinceEpoch: 1), nil]),
        ])
        #expect(
            frame.columns.map(\.type) == [
                .int64, .float64, .utf8, .bool, .list(of: .int64), .null, .uint8, .date32,
            ])
        #expect(throws: DataFrameError.self) { try DataFrame(["a": [1], "b": [1, 2]]) }
        #expect(throws: DataFrameError.self) { try DataFrame(["a": [1, "x"]]) }
    }

    @Test func givesRows() throws {
        let frame = try frame()
        #expect(frame.rows.count == 4)
        let row = frame.rows[0]
        #expect(row["dn"] == .text("b"))
        #expect(row["nothing"] == nil)
        #expect(try row["t", as: Double.self] == 2.5)
        #expect(try frame.rows[1]["t", as: Double.self] == nil)
        #expect(throws: DataFrameError.self) { try row["t", as: String.self] }
        #expect(throws: DataFrameError.self) { try row["nothing", as: String.self] }
        #expect(frame.row(at: 3) == ["dn": "a", "t": 1.0, "n": 1])
        #expect(try frame.rows.map { try $0["n", as: Int.self] } == [3, 1, 2, 1])
        struct Named: Decodable, Equatable { var dn: String }
        #expect(try frame.rows[2].decode(as: Named.self) == Named(dn: "c"))
    }

    @Test func sorts() throws {
        let frame = try frame()
        func names(_ keys: SortKey...) throws -> [Int] {
            let numbered = try frame.adding(Column("row", [0, 1, 2, 3]))
            let sorted =
                keys.count == 1 ? try numbered.sorted(by: keys[0]) : try numbered.sorted(by: keys[0], keys[1])
            return try sorted["row", as: Int.self].compactMap(\.self)
        }
        #expect(try names("dn") == [1, 3, 0, 2])
        #expect(try names(.descending("dn")) == [2, 0, 1, 3])
        #expect(try names("t") == [3, 0, 2, 1])
        #expect(try names(.descending("t")) == [2, 0, 3, 1])
        #expect(try names("n", .descending("dn")) == [1, 3, 2, 0])
        #expect(throws: DataFrameError.self) { try frame.sorted(by: "nothing") }
        #expect(throws: DataFrameError.self) { try DataFrame(["l": [[1]]]).sorted(by: "l") }
    }

    @Test func filters() throws {
        let frame = try frame()
        let low = try frame.filter { row in try (row["n", as: Int.self] ?? 0) < 3 }
        #expect(try low["dn", as: String.self].compactMap(\.self) == ["a", "c", "a"])
        #expect(frame.filter([true, false, false, true]) == frame.taking([0, 3]))
        #expect(frame.filter([true, true, true, true]) == frame)
        #expect(frame.filter([false, false, false, false]).rowCount == 0)
    }

    @Test func takesRowsOfEveryType() throws {
        let cells: [(DataType, [Cell])] = [
            (.bool, [true, nil, false]), (.int16, [1, nil, 3]), (.utf8, ["a", nil, "ccc"]),
            (.utf8View, ["a", nil, "a text behind a view"]),
            (.largeBinary, [.bytes([1]), nil, .bytes([])]), (.null, [nil, nil, nil]),
            (.list(of: .utf8), [["a", "b"], nil, []]), (.largeList(Field("item", .int8)), [[1], nil, [2, 3]]),
            (.fixedSizeList(Field("item", .int8), count: 2), [[1, 2], nil, [3, 4]]),
            (.structure([Field("x", .int8), Field("y", .utf8)]), [["x": 1, "y": "a"], nil, ["x": nil, "y": "c"]]),
            (.map(key: .utf8, value: .int8), [.map([.init("k", 1)]), nil, .map([])]),
            (.dictionary(index: .uint8, value: .utf8, isOrdered: false), ["a", nil, "b"]),
            (
                .decimal128(precision: 5, scale: 1),
                [.decimal(DecimalNumber(15, scale: 1)), nil, .decimal(DecimalNumber(0, scale: 1))]
            ),
        ]
        for (type, values) in cells {
            let whole = try Column("c", values, type: type)
            // Sliced and in several chunks, so that offsets matter.
            let frame = try DataFrame(concatenating: [
                DataFrame(columns: [whole.slice(1..<3)]), DataFrame(columns: [whole.slice(0..<2)]),
            ])
            let taken = frame.taking([3, 1, 2, 1, 0])
            let expected = [values[1], values[2], values[0], values[2], values[1]]
            #expect((0..<5).map { taken.columns[0].cell($0) } == expected, "\(type)")
            #expect(try DataFrame(arrow: taken.arrowBuffer()) == taken, "\(type)")
        }
    }

    @Test func putsFramesTogether() throws {
        let frame = try frame()
        #expect(try frame.head(1).concatenated(with: frame.tail(3)) == frame)
        #expect(frame.head().rowCount == 4)
        #expect(throws: DataFrameError.self) { try frame.concatenated(with: frame.dropping(["n"])) }
    }
}
