import NIOCore
import Testing

@testable import DataFrames

@Suite struct JSONTests {
    @Test func writesRows() throws {
        let frame = try DataFrame(columns: [
            Column("i", [Int64.min, .max]), Column("u", [UInt64.max, 0]), Column("f", [0.1, .nan]),
            Column("s", ["a\"\u{1}\n", nil]), Column("b", [[UInt8(1), 2], nil]),
            Column("d", [CalendarDate(daysSinceEpoch: 0), nil]),
            Column("l", lists: [[1, nil], nil]),
            Column("n", [Cell.decimal(DecimalNumber(150, scale: 2)), nil], type: .decimal128(precision: 38, scale: 2)),
            Column(
                "st", [["x": 1, "y": ["a"]], nil] as [Cell],
                type: .structure([Field("x", .int8), Field("y", .list(of: .utf8))])),
            Column("m", [.map([.init("k", 1.5)]), nil] as [Cell], type: .map(key: .utf8, value: .float32)),
            Column("c", ["x", "x"], type: .dictionary(index: .int8, value: .utf8, isOrdered: false)),
        ])
        let expected = [
            #"{"i":-9223372036854775808,"u":18446744073709551615,"f":0.1,"s":"a\"\u0001\n","b":"AQI=","d":"1970-01-01","#
                + #""l":[1,null],"n":1.50,"st":{"x":1,"y":["a"]},"m":{"k":1.5},"c":"x"}"#,
            #"{"i":9223372036854775807,"u":0,"f":null,"s":null,"b":null,"d":null,"l":null,"n":null,"st":null,"m":null,"c":"x"}"#,
        ]
        #expect(frame.jsonText == "[" + expected.joined(separator: ",") + "]")
        var buffer = ByteBuffer()
        frame.writeJSON(into: &buffer, form: .lines)
        #expect(String(buffer: buffer) == expected.map { $0 + "\n" }.joined())
        var pieces = ""
        frame.writeJSON(pieceSize: 1) { pieces += String(buffer: $0) }
        #expect(pieces == frame.jsonText)
    }

    @Test func writesEdges() throws {
        #expect(DataFrame.empty.jsonText == "[]")
        #expect(try DataFrame(["a": []]).jsonText == "[]")
    }

    @Test func readsRows() throws {
        let text = #"[{"b":1,"a":"x"}, {"a":null,"c":[1,2.5]}, {"b":2.5,"c":[],"d":{"x":true}}]"#
        let frame = try DataFrame(jsonText: text)
        #expect(frame.columnNames == ["b", "a", "c", "d"])
        #expect(
            frame.columns.map(\.type) == [
                .float64, .utf8, .list(of: .float64), .structure([Field("x", .bool)]),
            ])
        #expect(frame.row(at: 0) == ["b": 1.0, "a": "x", "c": nil, "d": nil])
        #expect(frame.row(at: 2) == ["b": 2.5, "a": nil, "c": [], "d": ["x": true]])
        let lines = try DataFrame(jsonText: "{\"n\":1}\n\n{\"n\":18446744073709551615}\n")
        #expect(lines["n"]?.cell(1) == .decimal(DecimalNumber(Int128(UInt64.max), scale: 0)))
        #expect(try DataFrame(jsonText: "[]").columnCount == 0)
        #expect(try DataFrame(jsonText: " ").rowCount == 0)
    }

    @Test func takesGivenTypes() throws {
        let types: [String: DataType] = [
            "at": .timestamp(.millisecond, timeZone: "UTC"), "day": .date32, "raw": .binary, "n": .int8,
            "price": .decimal128(precision: 9, scale: 2),
        ]
        let text = #"[{"at":"2026-11-22T21:30:00Z","day":"2026-11-22","raw":"AQI=","n":5,"price":"1.50"}]"#
        let frame = try DataFrame(jsonText: text, types: types)
        #expect(frame.columns.map(\.type) == frame.columnNames.map { types[$0] })
        #expect(
            frame.jsonText == #"[{"at":"2026-11-22T21:30:00Z","day":"2026-11-22","raw":"AQI=","n":5,"price":1.50}]"#)
        let error = #expect(throws: DataFrameError.self) {
            try DataFrame(jsonText: #"[{"day":"2026-11-22"},{"day":"today"}]"#, types: types)
        }
        #expect(error?.message == "row 1, column day: \"today\" is not date32[day]")
    }

    @Test(arguments: [
        "[1]", "[{}", "[{},]", "{\"a\"}", "{\"a\":}", "{\"a\":1", "[{\"a\":1}] x", "{\"a\":\"\\x\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":01e}", "{\"a\":+1}", "{\"a\":tru}", "{\"a\":\"x", "{\"a\":\"\u{1}\"}", "{\"a\":1e999}",
    ])
    func refusesMalformedTexts(text: String) {
        #expect(throws: DataFrameError.self) { try DataFrame(jsonText: text) }
    }

    @Test func refusesDeepNesting() {
        #expect(throws: DataFrameError.self) {
            try DataFrame(jsonText: "{\"a\":" + String(repeating: "[", count: 100_000))
        }
    }

    @Test func namesTheRowThatDoesNotFit() {
        let error = #expect(throws: DataFrameError.self) { try DataFrame(jsonText: #"[{"a":1},{"a":"x"}]"#) }
        #expect(error?.message == "row 1, column a: string does not go together with int64 of the rows before")
        let other = #expect(throws: DataFrameError.self) { try DataFrame(jsonText: "{\"a\":1}\n{\"a\" 1}") }
        #expect(other?.message == "line 2: : is missing")
    }

    @Test func turnsReceivedStreamsIntoRows() throws {
        var buffer = ByteBuffer(string: "before")
        let frame = try DataFrame(["a": [1, 2]])
        #expect(DataFrame.writeRows(ofArrow: try frame.arrowBuffer(), into: &buffer))
        #expect(String(buffer: buffer) == #"before[{"a":1},{"a":2}]"#)
        #expect(!DataFrame.writeRows(ofArrow: ByteBuffer(bytes: [1, 2, 3]), into: &buffer))
        #expect(String(buffer: buffer) == #"before[{"a":1},{"a":2}]"#)
        // A few bytes can stand for very many nulls.
        let nulls = try DataFrame(columns: [Column("n", array: ArrayData(.null, length: 1 << 30))])
        #expect(!DataFrame.writeRows(ofArrow: try nulls.arrowBuffer(), into: &buffer))
        #expect(String(buffer: buffer).hasSuffix("{\"a\":2}]"))
    }
}
