import RembusWire
import Testing

@testable import RembusTables

/// Fields that are no column: mostly misspelt ones.
@Suite struct UnknownFieldTests {
    private static let columns = #"""
        {"col": "dn", "type": "TEXT"}, {"col": "temp", "type": "DOUBLE"},
        {"col": "pressure", "type": "DOUBLE", "default": 1013.25}
        """#

    private func tester(_ rest: String = #""topic": ":dn/t", "extras": {"recv_ts": "ts"}"#) throws -> BatchTester {
        try BatchTester(columns: Self.columns, rest: rest)
    }

    @Test func aPayloadOfNothingElseIsRejected() throws {
        var tester = try tester()
        let outcome = tester.publish("s1/t", [["tempp": 1, "colour": "red"]])
        #expect(outcome.code == .unknownColumns)
        #expect(
            outcome.message
                == "No field of the payload is a column of the table x: tempp (did you mean temp?), colour. "
                + "Its columns are dn, temp, pressure.")
        #expect(tester.publish("s1/t", [["ts": 5]]).message?.contains("ts (the broker fills it)") == true)
        #expect(tester.publish("s1/t", [[.integer(1): 5]]).message?.contains("the number 1") == true)
        #expect(tester.publish("s1/t", [[:]]) == .added)
        #expect(tester.rows == ["s1|-|1013.25|4"])
        #expect(tester.batch.unknownFields == UnknownFields())
    }

    @Test func besideKnownFieldsTheyAreNoted() throws {
        var tester = try tester()
        #expect(tester.publish("s1/t", [["pressure": 2, "tempp": 1]]) == .added)
        #expect(tester.publish("s1/t", [["tempp": 1, "PRESSURE": 2, "x": [1, ["y": 2]]]]) == .added)
        #expect(tester.publish("s1/t", [["temp": 3]]) == .added)
        #expect(tester.rows == ["s1|-|2.0|1", "s1|-|2.0|2", "s1|3.0|1013.25|3"])
        #expect(tester.batch.unknownFields.publications == 2)
        #expect(tester.batch.unknownFields.names == ["tempp", "x"])
        #expect(tester.batch.unknownFields.firstReceivedAt == 1)
        tester.batch.reset()
        #expect(tester.batch.unknownFields == UnknownFields())
    }

    /// As `sensor` of storage.md §4.6, where the payload need not say anything.
    @Test func theTopicAloneMayMakeTheRow() throws {
        var tester = try BatchTester(columns: #"{"col": "dn", "type": "TEXT"}"#, rest: #""topic": ":dn/t""#)
        #expect(tester.publish("s1/t", [["note": "installed"]]) == .added)
        #expect(tester.rows == ["s1"])
        #expect(tester.batch.unknownFields.names == ["note"])
        // Found by the table's name, the topic gives nothing.
        #expect(tester.publish("x", [["note": "installed"]]).code == .unknownColumns)
    }

    @Test func aMissingColumnMayBeAMisspeltOne() throws {
        var tester = try BatchTester(
            columns: #"{"col": "k", "type": "TEXT"}, {"col": "value", "type": "DOUBLE", "nullable": false}"#)
        #expect(
            tester.publish("x", [["k": "a", "valeu": 1]]).message
                == "Column value is missing; it must not be null and has no default. "
                + "The payload has fields that are no column: valeu (did you mean value?).")
    }

    @Test func manyNamesTakeLittleRoom() throws {
        var tester = try tester()
        for number in 0..<100 {
            let name = "\(number)" + String(repeating: "n", count: 500)
            #expect(tester.publish("s1/t", [["temp": 1, .text(name): 2]]) == .added)
        }
        #expect(tester.batch.unknownFields.publications == 100)
        #expect(tester.batch.unknownFields.names.count <= 16)
        #expect(tester.batch.unknownFields.names.allSatisfy { $0.count <= 60 })
    }
}
