import NIOCore
import RembusWire
import Testing

@testable import RembusTables

@Suite struct TableBatchTests {
    /// storage.md §4.6, row by row.
    @Test func storesWhatTheReferenceStores() throws {
        var sensor = try BatchTester(Example.schema(), table: 0)
        #expect(sensor.publish("hq/HVAC/u1/sensor", []) == .added)
        #expect(sensor.publish("lab/HVAC/u1/sensor", []) == .added)
        #expect(sensor.publish("hq/HVAC/u3/sensor", [["type": "OVERRIDE"]]) == .added)
        #expect(sensor.publish("hq/HVAC/u4/sensor", ["positional"]).code == .wrongCount)
        #expect(sensor.rows == ["hq|HVAC|u1", "lab|HVAC|u1", "hq|OVERRIDE|u3"])

        var telemetry = try BatchTester(Example.schema(), table: 1)
        #expect(
            telemetry.publish("u1/telemetry", [["temperature": 21.5, "pressure": 980]], slot: 1_700_000_100) == .added)
        #expect(telemetry.publish("u1/telemetry", [["temperature": 21]]) == .added)
        #expect(telemetry.publish("u3/telemetry", []) == .added)
        // Those that no variable names, which the reference refuses.
        #expect(telemetry.publish("u3/telemetry", [1.0, 2.0]) == .added)
        #expect(telemetry.publish("u3/telemetry", [1.0]).code == .wrongCount)
        #expect(telemetry.publish("telemetry", [1.0, 2.0]).code == .wrongCount)
        #expect(telemetry.publish("u4/telemetry", [.tagged(80, .bytes(ByteBuffer(string: "ARROW1")))]) == .added)
        #expect(telemetry.publish("telemetry", [.tagged(80, .bytes(ByteBuffer(string: "frame")))]) == .added)
        #expect(
            telemetry.rows == ["u1|21.5|980.0|1|1700000100", "u1|21.0|-|2|-", "u3|-|-|3|-", "u3|1.0|2.0|4|-"])
        let frames = telemetry.batch.frames
        #expect(frames.map { String(buffer: $0.payload) } == ["ARROW1", "frame"])
        #expect(frames[0].missing == [.value("u4"), .null, .null])
        #expect(frames[1].missing == [.null, .null, .null])
        #expect(frames.map(\.receivedAt) == [7, 8])
    }

    @Test func prefersPayloadToVariableToDefaultToNull() throws {
        var tester = try BatchTester(columns: Self.columns, rest: #""topic": "t/:v""#)
        #expect(tester.publish("t/7", []) == .added)
        #expect(tester.publish("t/7", [["v": 1, "d": 2, "n": 3]]) == .added)
        #expect(tester.publish("t/7", [["v": .null, "d": .undefined]]) == .added)
        // The table's name matches too, and gives no variable.
        #expect(tester.publish("x", [["d": 5]]) == .added)
        #expect(tester.rows == ["7|42|-", "1|2|3", "-|-|-", "-|5|-"])
    }

    private static let columns = #"""
        {"col": "v", "type": "INTEGER"}, {"col": "d", "type": "INTEGER", "default": 42}, {"col": "n", "type": "INTEGER"}
        """#

    @Test func fillsTheRemainingColumnsFromAPositionalPayload() throws {
        var tester = try BatchTester(columns: Self.columns, rest: #""topic": "t/:v""#)
        #expect(tester.publish("t/7", [1, .null, 3]) == .added)
        #expect(tester.publish("t/7", [1, 2]) == .added)
        #expect(tester.publish("t/7", [.null, 2]) == .added)
        // Defaults do not stand in.
        #expect(
            tester.publish("t/7", [1]).message
                == "The table x needs 2 values (d, n) or 3 values (v, d, n), got 1. Publish a map.")
        #expect(tester.publish("t/7", [1, 2, 3, 4]).code == .wrongCount)
        #expect(tester.publish("t/seven", [1, 2]).code == .cannotCast)
        #expect(tester.publish("x", [1, 2]).code == .wrongCount)
        #expect(tester.publish("t/7", [["v": 1], 2, 3]).code == .cannotCast)
        #expect(tester.rows == ["1|-|3", "7|1|2", "7|-|2"])
    }

    @Test func findsColumnsWhateverTheCase() throws {
        var tester = try BatchTester(columns: Self.columns)
        #expect(tester.publish("x", [["V": 1, "D": 2]]) == .added)
        #expect(tester.publish("x", [["v": 3, "V": 4]]) == .added)
        #expect(tester.rows == ["1|2|-", "4|42|-"])
    }

    @Test func countsTimesFromNumbers() throws {
        var tester = try BatchTester(
            columns: #"""
                {"col": "s", "type": "TIMESTAMP", "epoch": "s"}, {"col": "ns", "type": "TIMESTAMP_NS", "epoch": "ns"},
                {"col": "t", "type": "TIMESTAMP"}
                """#)
        #expect(tester.publish("x", [1.25, -1, .null]) == .added)
        #expect(tester.publish("x", ["0.3", .tagged(4, [0, 7]), "1970-01-01T01:00:00+01:00"]) == .added)
        #expect(tester.publish("x", [1, 1, 1]).code == .cannotCast)
        #expect(tester.publish("x", [1e300, .null, .null]).code == .outOfRange)
        #expect(tester.publish("x", [true, .null, .null]).code == .cannotCast)
        #expect(tester.rows == ["1250000|-1|-", "300000|7|0"])
    }

    @Test func takesNestedValuesAndLeavesNoHalfOnes() throws {
        var tester = try BatchTester(
            columns:
                #"{"col": "p", "type": "STRUCT(x INTEGER, l TEXT[])[]"}, {"col": "m", "type": "MAP(TEXT, INTEGER)"}"#)
        #expect(tester.publish("x", [[["x": 1, "l": ["a", .null]], .null], ["k": 5]]) == .added)
        #expect(tester.publish("x", [[["x": 1, "l": ["b"]], ["x": 1.5]], ["k": 5]]).code == .inexact)
        #expect(tester.publish("x", [[["x": 2]], ["k": 5, "j": "x"]]).code == .cannotCast)
        #expect(tester.publish("x", [.array([]), .map(["a": 1])]) == .added)
        #expect(tester.publish("x", [.null, .null]) == .added)
        #expect(tester.publish("x", [#"[{"X": 3, "more": 1}]"#, "{}"]) == .added)
        #expect(tester.rows == ["[{1;[a;-]};-]|[k=5]", "[]|[a=1]", "-|-", "[{3;-}]|[]"])
    }

    @Test func remembersWhatThePayloadMentions() throws {
        var tester = try BatchTester(columns: Self.columns, rest: #""keys": ["v"], "topic": "t/:v""#)
        #expect(tester.publish("t/7", [["n": .null]]) == .added)
        #expect(tester.publish("t/7", []) == .added)
        #expect(tester.publish("t/7", [1, .null, 3]) == .added)
        let mentioned = tester.batch.mentioned
        #expect(
            mentioned.map { bits in (0..<3).map { bits[$0] } } == [
                [true, true, true], [true, true, true], [true, false, true],
            ])
        #expect(mentioned[0].areAllSet)
        #expect(!mentioned[2].areAllSet)
        #expect(try BatchTester(columns: Self.columns).batch.mentioned.isEmpty)
    }

    @Test(
        arguments: [
            ([["w": 1]], .missingColumn, "Column k is missing; it is a key and has no default."),
            ([["k": 1]], .missingColumn, "Column w is missing; it must not be null and has no default."),
            ([["k": .null, "w": 1]], .nullKey, "Column k is a key and is null."),
            ([["k": 1, "w": .null]], .nullNotAllowed, "Column w must not be null and is."),
            ([["k": "x", "w": 1]], .cannotCast, #"Column k: the text "x" is no INTEGER."#),
            (
                [["k": 3_000_000_000, "w": 1]], .outOfRange,
                "Column k: the number 3000000000 is out of the range of INTEGER."
            ),
            ([["k": [1], "w": 1]], .cannotCast, "Column k: an array cannot be made INTEGER."),
            (
                [["k": .tagged(80, .bytes(ByteBuffer())), "w": 1]], .cannotCast,
                "Column k: a dataframe cannot be made INTEGER."
            ),
            (
                [["k": .bytes(ByteBuffer(string: "abc")), "w": 1]], .cannotCast,
                "Column k: a byte string of 3 bytes cannot be made INTEGER."
            ),
            (
                [["k": .text(String(repeating: "y", count: 99)), "w": 1]], .cannotCast,
                "Column k: the text \"\(String(repeating: "y", count: 40))…\" is no INTEGER."
            ),
            ([.null, 1], .nullKey, "Column k is a key and is null."),
            ([1, .null], .nullNotAllowed, "Column w must not be null and is."),
            ([], .wrongCount, "The table x needs 2 values (k, w), got 0. Publish a map."),
            ([1], .wrongCount, "The table x needs 2 values (k, w), got 1. Publish a map."),
            ([.tagged(80, "text")], .notADataFrame, "The dataframe is not tag 80 around a byte string."),
        ] as [([Value], RejectReason.Code, String)])
    func rejectsWithAReason(arguments: [Value], code: RejectReason.Code, message: String) throws {
        var tester = try BatchTester(
            columns: #"{"col": "k", "type": "INTEGER"}, {"col": "w", "type": "DOUBLE", "nullable": false}"#,
            rest: #""keys": ["k"]"#)
        #expect(tester.publish("x", [7, 0.5]) == .added)
        let outcome = tester.publish("x", arguments)
        #expect(outcome.code == code)
        #expect(outcome.message == message)
        #expect(tester.publish("x", [8, 1.5]) == .added)
        #expect(tester.rows == ["7|0.5", "8|1.5"])
    }

    @Test func rejectsAVariableThatDoesNotFitOnlyWhereItIsNeeded() throws {
        var tester = try BatchTester(columns: Self.columns, rest: #""topic": "t/:v""#)
        #expect(tester.publish("t/seven", []).message == #"Column v: the text "seven" is no INTEGER."#)
        #expect(tester.publish("t/seven", [["v": 7]]) == .added)
        #expect(tester.rows == ["7|42|-"])
    }

    @Test func takesBackARowThatFailsInItsLastColumn() throws {
        var tester = try BatchTester(
            columns: #"{"col": "a", "type": "TEXT"}, {"col": "b", "type": "BLOB"}, {"col": "c", "type": "TINYINT"}"#)
        #expect(tester.publish("x", [["a": "one", "b": .bytes(ByteBuffer(string: "1")), "c": 1]]) == .added)
        for _ in 0..<100 {
            #expect(
                tester.publish("x", [["a": "lost", "b": .bytes(ByteBuffer(string: "lost")), "c": 1000]]).code != nil)
        }
        #expect(tester.publish("x", [["a": .null, "c": 3]]) == .added)
        #expect(tester.publish("x", [["a": "", "b": .bytes(ByteBuffer()), "c": .null]]) == .added)
        #expect(tester.rows == ["one|31|1", "-|-|3", "||-"])
        #expect(tester.batch.columns.map(\.nullCount) == [1, 1, 1])
    }

    @Test func takesTheLastOfEqualKeys() throws {
        var tester = try BatchTester(columns: Self.columns)
        let map = ValueMap(pairs: [
            .init(key: "n", value: 1), .init(key: "v", value: 2), .init(key: "n", value: 3), .init(key: 5, value: 6),
        ])
        #expect(tester.publish("x", [.map(map)]) == .added)
        #expect(tester.rows == ["2|42|3"])
    }

    @Test func followsKeysInAnyOrder() throws {
        var tester = try BatchTester(columns: Self.columns)
        let maps: [ValueMap] = [
            ["v": 1, "d": 2, "n": 3], ["n": 3, "d": 2, "v": 1], ["v": 1, "other": [1, 2], "n": 3, "d": 2],
            ["d": 2], ["v": 1, "d": 2, "n": 3, "more": "x"], ["V": 9, "v": 1, "": .null, "n": 3],
        ]
        for map in maps { #expect(tester.publish("x", [.map(map)]) == .added) }
        #expect(tester.rows == ["1|2|3", "1|2|3", "1|2|3", "-|2|-", "1|2|3", "1|42|3"])
    }

    @Test(
        arguments: [
            // Everything of indefinite length; a key and a text in pieces; heads longer than need be.
            ("9fbf6176016164186361 6e03ffff", "1|99|3"),
            ("81bf7f6176ff016164021a ff", nil),
            ("81a37f6176ff01616402616e03", "1|2|3"),
            ("9801b90003617619000161641a00000002616e1b0000000000000003", "1|2|3"),
            ("9f010203ff", "1|2|3"),
            ("83010203f5f5", "1|2|3"),
            // Half, single and double floats, tag 2, a bool, a date that is none.
            ("81a36176f940006164fa40000000616efb4008000000000000", "2|2|3"),
            ("81a36176f93e006164fa40200000616efb4008000000000000", nil),
            ("81a36176c2410161 64f5616e03", "1|1|3"),
            ("81a16176c1fb7ff8000000000000", nil),
            // Broken bytes.
            ("", nil), ("80ff", nil), ("81", nil), ("a0", nil), ("81a2617601", nil), ("9bffffffffffffffff", nil),
            ("81bbffffffffffffffff", nil), ("81a16176", nil), ("9f", nil), ("9f01", nil), ("81a161761cff", nil),
            ("01", nil),
            ("81a162ff7601", nil),
        ] as [(String, String?)])
    func readsEveryFormOfCBOR(hex: String, row: String?) throws {
        var tester = try BatchTester(columns: Self.columns)
        let outcome = tester.append("x", Sample.bytes(hex: hex))
        #expect(outcome == .added || row == nil)
        #expect(tester.rows == (row.map { [$0] } ?? []))
    }

    @Test func reusesItsMemory() throws {
        var tester = try BatchTester(columns: #"{"col": "a", "type": "TEXT"}, {"col": "b", "type": "INTEGER"}"#)
        for round in 0..<3 {
            for number in 0..<5000 {
                #expect(
                    tester.publish(
                        "x", [.text("row \(number)"), number % 3 == 0 ? .null : .integer(Int64(number + round))])
                        == .added)
            }
            #expect(tester.batch.rowCount == 5000)
            #expect(tester.batch.columns[1].nullCount == 1667)
            #expect(tester.rows[4999] == "row 4999|\(4999 + round)")
            #expect(tester.batch.byteCount > 5000 * 16)
            tester.batch.reset()
            #expect(tester.batch.isEmpty)
            #expect(tester.batch.byteCount == 0)
        }
    }

    @Test func countsFramesAsBytes() throws {
        var tester = try BatchTester(Example.schema(), table: 1)
        let frame = Value.tagged(80, .bytes(ByteBuffer(repeating: 1, count: 1000)))
        #expect(tester.publish("a/telemetry", [frame]) == .added)
        #expect(tester.batch.byteCount == 1000)
        #expect(!tester.batch.isEmpty)
        tester.batch.reset()
        #expect(tester.batch.isEmpty)
    }

    @Test func joinsAFrameInPieces() throws {
        var tester = try BatchTester(Example.schema(), table: 1)
        #expect(tester.append("a/telemetry", Sample.bytes(hex: "81d8505f41014202 03ff")) == .added)
        #expect(tester.batch.frames.map { Array($0.payload.readableBytesView) } == [[1, 2, 3]])
    }

    @Test func handlesMoreColumnsThanBitsInAWord() throws {
        let names = (0..<130).map { #"{"col": "c\#($0)", "type": "INTEGER", "default": \#($0)}"# }
        var tester = try BatchTester(columns: names.joined(separator: ","))
        #expect(tester.publish("x", [["c129": -1, "c64": -2]]) == .added)
        let row = tester.rows[0].split(separator: "|")
        #expect(row[129] == "-1")
        #expect(row[64] == "-2")
        #expect(row[63] == "63")
    }
}
