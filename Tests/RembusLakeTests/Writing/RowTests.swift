import NIOCore
import RembusLake
import RembusWire
import Testing

/// What publications become in the tables (storage.md §4).
@Suite struct RowTests {
    @Test("the results of the specification's table")
    func specification() async throws {
        let fixture = try LakeFixture()
        defer { fixture.removeFolder() }
        let journal = fixture.journal
        journal.publish("hq/HVAC/u1/sensor")
        journal.publish("lab/HVAC/u1/sensor")
        journal.publish("hq/HVAC/u3/sensor", [["type": "OVERRIDE"]])
        let wrong = journal.publish("hq/HVAC/u4/sensor", ["positional"])
        journal.publish("hq/HVAC/u5/extra/sensor")
        let first = journal.publish(
            "u1/telemetry", [["temperature": 21.5, "pressure": 980]], flags: 0x40, id: 1_700_000_100)
        let second = journal.publish("u1/telemetry", [["temperature": 21]])
        let third = journal.publish("u3/telemetry")
        let fourth = journal.publish("u3/telemetry", [1.0, 2.0])
        try await fixture.drain()
        let metrics = fixture.lake.metrics
        let sensors = try await fixture.rows("SELECT * FROM sensor ORDER BY dn")
        #expect(sensors == [["lab", "HVAC", "u1"], ["hq", "OVERRIDE", "u3"]])
        let telemetry = try await fixture.rows("SELECT * FROM telemetry ORDER BY ts")
        #expect(
            telemetry == [
                ["u1", 21.5, 980.0, .unsigned(first), .unsigned(1_700_000_100)],
                ["u1", 21.0, nil, .unsigned(second), nil], ["u3", nil, nil, .unsigned(third), nil],
                ["u3", 1.0, 2.0, .unsigned(fourth), nil],
            ])
        let rejected = try await fixture.rows(
            "SELECT name, recv, topic, reason LIKE 'wrong_count: %', data FROM rejected ORDER BY recv")
        #expect(rejected.count == 1)
        #expect(rejected.first?.prefix(4) == ["bro", .unsigned(wrong), "hq/HVAC/u4/sensor", true])
        #expect(rejected.first?[4] == .blob([0x81, 0x6A] + Array("positional".utf8)))
        #expect(try await fixture.rows("SELECT count(*) FROM message") == [[9]])
        #expect(metrics.messages == 9)
        #expect(metrics.rows["sensor"] == 3)
        #expect(metrics.rows["telemetry"] == 4)
        #expect(metrics.rejected.values.reduce(0, +) == 1)
    }

    @Test("message keeps flags, id, slot and arguments as the reference does")
    func message() async throws {
        let fixture = try LakeFixture()
        defer { fixture.removeFolder() }
        let journal = fixture.journal
        let a = journal.publish("t", [1, "a"], publisher: "node", tenant: nil)
        let b = journal.publish("t", flags: 0x30, id: 0x0807_0605_0403_0201, publisher: "node", tenant: "acme")
        let c = journal.publish("t", flags: 0x50, id: 0xFFFF_0000_0000_1234)
        try await fixture.drain()
        #expect(
            try await fixture.rows("SELECT * FROM message ORDER BY recv") == [
                ["bro", .unsigned(a), nil, .unsigned(0), nil, "t", .blob([0x82, 0x01, 0x61, 0x61])],
                ["bro", .unsigned(b), nil, .unsigned(0x30), .unsigned(0x0807_0605_0403_0201), "t", .blob([0x80])],
                [
                    "bro", .unsigned(c), .unsigned(0x1234), .unsigned(0x50), .unsigned(0xFFFF_0000_0000_1234), "t",
                    .blob([0x80]),
                ],
            ])
        #expect(
            try await fixture.rows("SELECT * FROM message_source ORDER BY recv") == [
                ["bro", .unsigned(a), "node", "."], ["bro", .unsigned(b), "node", "acme"],
            ])
    }

    @Test("within a batch the last value of every mentioned column counts, and the others stay")
    func mentioned() async throws {
        let fixture = try LakeFixture(Self.keyed)
        defer { fixture.removeFolder() }
        let journal = fixture.journal
        journal.publish("kv", [["k": "one", "v": 1, "w": "x"]])
        try await fixture.drain()
        // storage.md §4.8: together in one batch with another row that has w.
        journal.publish("kv", [["k": "one", "v": 2]])
        journal.publish("kv", [["k": "two", "v": 3, "w": "y"]])
        journal.publish("kv", [["k": "three", "w": "z"]])
        journal.publish("kv", [["k": "three", "v": 4]])
        try await fixture.drain()
        journal.publish("kv", [["k": "two", "w": .null]])
        journal.publish("kv", [["k": .null, "v": 9]])
        journal.publish("kv", ["four", 4, "positional"])
        try await fixture.drain()
        #expect(
            try await fixture.rows("SELECT k, v, w FROM kv ORDER BY k") == [
                ["four", 4, "positional"], ["one", 2, "x"], ["three", 4, "z"], ["two", 3, nil],
            ])
        #expect(try await fixture.rows("SELECT count(*) FROM rejected WHERE reason LIKE 'null_key%'") == [[1]])
    }

    @Test("values that fit no column and odd numbers do not spoil their batch")
    func oddValues() async throws {
        let fixture = try LakeFixture(Self.append)
        defer { fixture.removeFolder() }
        let journal = fixture.journal
        let long = String(repeating: "ü", count: 5000)
        for value in [Value.float(.nan), .float(.infinity), .float(-.infinity), 1, "not a number", .float(1e300)] {
            journal.publish("odd", [["x": value, "i": 1]])
        }
        journal.publish("odd", [["i": 300]])
        journal.publish("odd", [["i": "12", "t": .text(long)]])
        journal.publish("odd", [["t": .bytes(.init(bytes: [0xFF, 0xFE]))]])
        journal.publish("odd", [["j": "{\"a\": [1]}"]])
        journal.publish("odd", [["j": "{not json"]])
        try await fixture.drain()
        let rows = try await fixture.rows("SELECT x, i, length(t), j FROM odd")
        #expect(rows.contains([.double(.infinity), .unsigned(1), nil, nil]))
        #expect(rows.contains([1.0, .unsigned(1), nil, nil]))
        #expect(rows.contains([nil, .unsigned(12), 5000, nil]))
        #expect(rows.contains { $0[3].text == "{\"a\": [1]}" })
        #expect(try await fixture.rows("SELECT count(*) FROM message") == [[11]])
        let rejected = try await fixture.rows("SELECT count(*) FROM rejected")
        #expect(try #require(rejected.first?.first?.integer) + rows.count == 11)
    }

    static let keyed = """
        {"tables": [{"table": "kv", "keys": ["k"], "columns": [
          {"col": "k", "type": "TEXT"}, {"col": "v", "type": "INTEGER"}, {"col": "w", "type": "TEXT"}]}]}
        """

    static let append = """
        {"tables": [{"table": "odd", "columns": [
          {"col": "x", "type": "DOUBLE"}, {"col": "i", "type": "UTINYINT"}, {"col": "t", "type": "TEXT"},
          {"col": "j", "type": "JSON"}]}]}
        """
}
