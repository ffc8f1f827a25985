import NIOCore
import Testing

@testable import DataFrames

@Suite struct CSVTests {
    @Test func writesWhatRFC4180Says() throws {
        let frame = try DataFrame([
            "plain": ["a", "b,c", "say \"hi\"", nil, "", " x"], "n": [1, nil, -3, 4, 5, 6],
            "f": [1.5, 2, .double(.nan), .double(.infinity), nil, 1e-7],
            "two\nlines": [true, false, nil, nil, nil, nil],
        ])
        #expect(
            frame.csvText == #"""
                plain,n,f,"two
                lines"
                a,1,1.5,true
                "b,c",,2.0,false
                "say ""hi""",-3,NaN,
                ,4,inf,
                "",5,,
                " x",6,1e-07,

                """#)
    }

    @Test func writesDatesBytesAndNested() throws {
        let frame = try DataFrame(columns: [
            Column("d", [CalendarDate(daysSinceEpoch: 0)]),
            Column("t", [Timestamp(1_500_000, .microsecond)], type: .timestamp(.microsecond, timeZone: "UTC")),
            Column("b", [[UInt8(1), 2]]), Column("l", lists: [[1, nil]]),
            Column("s", [TimeSpan(-1500, .millisecond)], type: .duration(.millisecond)),
        ])
        #expect(frame.csvText == "d,t,b,l,s\n1970-01-01,1970-01-01T00:00:01.5Z,AQI=,\"[1,null]\",-PT1.5S\n")
    }

    @Test func obeysItsFormat() throws {
        let frame = try DataFrame(["a": ["x;y", nil], "b": [1, 2]])
        var buffer = ByteBuffer()
        try frame.writeCSV(
            into: &buffer,
            format: CSVFormat(separator: ";", hasHeader: false, quoting: .always, null: "NA", lineEnd: "\r\n"))
        #expect(String(buffer: buffer) == "\"x;y\";\"1\"\r\nNA;\"2\"\r\n")
        #expect(throws: DataFrameError.self) {
            try frame.writeCSV(into: &buffer, format: CSVFormat(separator: "\""))
        }
    }

    @Test func writesInPieces() throws {
        let frame = try DataFrame(["n": ColumnLiteral(Array(0..<10_000))])
        var pieces: [ByteBuffer] = []
        try frame.writeCSV(pieceSize: 1000) { pieces.append($0) }
        #expect(pieces.count > 5)
        #expect(pieces.map { String(buffer: $0) }.joined() == frame.csvText)
        var header = ""
        try frame.prefix(0).writeCSV { header += String(buffer: $0) }
        #expect(header == "n\n")
    }

    @Test func infersTypes() throws {
        let frame = try DataFrame(
            csvText: """
                i,f,b,d,t,z,s,zip,empty,q
                1,1.5,true,2026-11-22,2026-11-22 21:30:00,2026-11-22T21:30:00.5+01:00,a,01234,,"1"
                -2,3,false,,2026-11-22T21:30,2026-11-22T21:30:00Z,1,99999,,"2"

                """)
        #expect(
            frame.columns.map(\.type) == [
                .int64, .float64, .bool, .date32, .timestamp(.microsecond, timeZone: nil),
                .timestamp(.microsecond, timeZone: "UTC"), .utf8, .utf8, .utf8, .utf8,
            ])
        #expect(frame["z"]?.cell(0) == .timestamp(Timestamp(1_795_379_400_500_000, .microsecond, timeZone: "UTC")))
        #expect(frame["d"]?.cell(1) == .null)
        #expect(frame["empty"]?.nullCount == 2)
    }

    @Test func takesGivenTypes() throws {
        let types: [String: DataType] = [
            "a": .int8, "b": .decimal128(precision: 10, scale: 2), "c": .binary,
            "d": .dictionary(index: .int8, value: .utf8, isOrdered: false), "e": .duration(.millisecond),
            "f": .list(of: .int64),
        ]
        let frame = try DataFrame(csvText: "a,b,c,d,e,f\n7,1.5,AQI=,x,PT1.5S,\"[1,2]\"\n", types: types)
        #expect(
            frame.row(at: 0) == [
                "a": 7, "b": .decimal(DecimalNumber(150, scale: 2)), "c": .bytes([1, 2]), "d": "x",
                "e": .duration(TimeSpan(1500, .millisecond)), "f": [1, 2],
            ])
        let error = #expect(throws: DataFrameError.self) { try DataFrame(csvText: "a\n1\n300\n", types: ["a": .int8]) }
        #expect(error?.message.hasPrefix("row 1, column a: ") == true)
        let other = #expect(throws: DataFrameError.self) { try DataFrame(csvText: "a\nx\n", types: ["a": .int8]) }
        #expect(other?.message == "row 0, column a: \"x\" is not int8")
    }

    @Test func readsWhatItWrote() throws {
        let frame = try DataFrame(["s": ["a\r\nb", "\"", "", nil, ",", "é"], "n": [1, 2, nil, 4, 5, 6]])
        for format in [CSVFormat.standard, CSVFormat(separator: "\t", quoting: .always, null: "NULL", lineEnd: "\r\n")]
        {
            var buffer = ByteBuffer()
            try frame.writeCSV(into: &buffer, format: format)
            #expect(try DataFrame(csv: buffer, format: format, types: ["n": .int64]) == frame)
        }
        // One column: a null must not become a line that is skipped.
        let single = try DataFrame(["s": ["a", nil, "b"]])
        #expect(try DataFrame(csvText: single.csvText).rowCount == 3)
    }

    @Test func refusesMalformedTexts() {
        for (text, message) in [
            ("a,b\n1\n", "line 2 has 1 fields instead of 2"), ("a\n\"x\n", "the quote in line 2 is not closed"),
            ("a\n\"x\"y\n", "line 2 has something behind a closing quote"),
        ] {
            let error = #expect(throws: DataFrameError.self) { try DataFrame(csvText: text) }
            #expect(error?.message == message)
        }
        #expect(throws: DataFrameError.self) { try DataFrame(csv: ByteBuffer(bytes: [0x61, 0x0A, 0xFF])) }
    }

    @Test func readsEdges() throws {
        #expect(try DataFrame(csvText: "").columnCount == 0)
        #expect(try DataFrame(csvText: "a,b\n").rowCount == 0)
        #expect(try DataFrame(csvText: "\u{FEFF}a\r\n1\r2").rowCount == 2)
        #expect(
            try DataFrame(csvText: "1,2\n", format: CSVFormat(hasHeader: false)).columnNames == [
                "column_1", "column_2",
            ])
        #expect(try DataFrame(csvText: "a,b\n1,").row(at: 0) == ["a": 1, "b": .null])
    }
}
