import DataFrames
import NIOCore
import RembusLake
import RembusWire
import Testing

/// Dataframes as payloads (storage.md §4.4).
@Suite struct FrameTests {
    private func value(_ columns: [Column]) throws -> Value {
        .tagged(Value.Tag.dataFrame, .bytes(try DataFrame(columns: columns).arrowBuffer()))
    }

    @Test("a frame without a column gets what a message without it gets, and other frames are not touched")
    func missingColumns() async throws {
        let fixture = try LakeFixture()
        defer { fixture.removeFolder() }
        let journal = fixture.journal
        let time = journal.publish(
            "u4/telemetry",
            [try value([Column("dn", ["a", "b", nil]), Column("temperature", [1.5, nil, 3.5] as [Double?])])],
            flags: 0x40, id: 7)
        // Without dn the topic gives it; another type is cast; further columns are ignored.
        let other = journal.publish(
            "u5/telemetry",
            [
                try value([
                    Column("pressure", [1, 2] as [Int32]), Column("x", ["p", "q"]),
                    Column("temperature", ["7", "8.5"]),
                ])
            ])
        journal.publish("u6/telemetry", [try value([Column("temperature", ["warm"])])])
        journal.publish("u7/telemetry", [.tagged(Value.Tag.dataFrame, .bytes(ByteBuffer(string: "no frame")))])
        journal.publish("u8/telemetry", [try value([Column("temperature", [Double]())])])
        try await fixture.drain()
        let metrics = fixture.lake.metrics
        let (a, b) = (DatabaseValue.unsigned(time), DatabaseValue.unsigned(other))
        #expect(
            try await fixture.rows("SELECT * FROM telemetry ORDER BY ts, dn NULLS LAST, temperature") == [
                ["a", 1.5, nil, a, .unsigned(7)], ["b", nil, nil, a, .unsigned(7)], [nil, 3.5, nil, a, .unsigned(7)],
                ["u5", 7.0, 1.0, b, nil], ["u5", 8.5, 2.0, b, nil],
            ])
        let reasons = try await fixture.rows("SELECT split_part(reason, ':', 1) FROM rejected ORDER BY recv")
        #expect(reasons == [["cannot_cast"], ["not_a_dataframe"]])
        #expect(metrics.rows["telemetry"] == 5)
        #expect(metrics.unknownFields == ["telemetry": 1])
        #expect(try await fixture.rows("SELECT count(*) FROM message") == [[5]])
    }

    @Test("frames and messages of a keyed table count in the order they came")
    func order() async throws {
        let fixture = try LakeFixture(RowTests.keyed)
        defer { fixture.removeFolder() }
        let journal = fixture.journal
        journal.publish("kv", [["k": "a", "v": 1, "w": "first"]])
        journal.publish("kv", [try value([Column("k", ["a", "b", "b"]), Column("v", [2, 3, 4] as [Int64])])])
        journal.publish("kv", [["k": "b", "w": "second"]])
        journal.publish("kv", [try value([Column("k", ["c", nil] as [String?])])])
        journal.publish("kv", [["k": "c", "v": 5]])
        journal.publish("kv", [try value([Column("k", ["c"]), Column("w", ["third"])])])
        try await fixture.drain()
        #expect(
            try await fixture.rows("SELECT k, v, w FROM kv ORDER BY k") == [
                ["a", 2, "first"], ["b", 4, "second"], ["c", 5, "third"],
            ])
        #expect(
            try await fixture.rows("SELECT reason FROM rejected") == [
                ["null_key: Column k of the dataframe has nulls."]
            ])
    }

    @Test("a large frame is one row group after the other, all or nothing")
    func large() async throws {
        let fixture = try LakeFixture()
        defer { fixture.removeFolder() }
        let count = 450_000
        let numbers = (0..<count).map { Double($0) }
        fixture.journal.publish(
            "u1/telemetry", [try value([Column("temperature", numbers), Column("pressure", numbers)])])
        var texts = (0..<count).map { "\($0)" }
        texts[count - 1] = "odd"
        fixture.journal.publish("u2/telemetry", [try value([Column("temperature", texts)])])
        try await fixture.drain(timeout: .seconds(120))
        #expect(
            try await fixture.rows("SELECT dn, count(*), sum(temperature) = sum(pressure) FROM telemetry GROUP BY dn")
                == [["u1", .integer(Int64(count)), true]])
    }
}
