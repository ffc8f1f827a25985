import DataFrames
import Foundation
import NIOCore
import RembusLake
import RembusStore
import RembusWire
import Testing

extension TableServicesTests {
    // MARK: - Delete

    @Test func rowsAreDeleted() async throws {
        try await fill()
        #expect(try await call("delete_telemetry", ["where": "temperature < 5", "when": 5]) == .null)
        #expect(try await frame("telemetry").rowCount == 7)
        #expect(await refusal("delete_telemetry", [:]).contains("where is missing"))
        #expect(await refusal("delete_telemetry", ["where": .null]).contains("where is missing"))
        #expect(await refusal("delete_telemetry", ["cols": "dn"]).hasPrefix("invalid keys: cols; known are "))
        #expect(await refusal("delete_telemetry", ["where": "true; DROP TABLE sensor"]).hasPrefix("where: "))
        #expect(try await frame("telemetry").rowCount == 7)
        #expect(try await call("delete_telemetry") == .null)
        #expect(try await frame("telemetry").rowCount == 0)
    }

    // MARK: - Upsert

    @Test func recordsAreInsertedOrUpdatedByTheirKey() async throws {
        try await fill()
        let columns = "site, type, dn, n, time_bucket, ts > 1700000000000000000"
        // What a record leaves out stays, and nulls too.
        _ = try await call("upsert_sensor", ["dn": "u0", "site": "new", "type": .null])
        #expect(try await texts("sensor", columns, "dn = 'u0'") == [["new", "HVAC", "u0", 1, .unsigned(8), true]])
        // Defaults are for new rows; a slot may be given.
        _ = try await call("upsert_sensor", ["dn": "u2", "site": "s", "time_bucket": 5])
        #expect(try await texts("sensor", columns, "dn = 'u2'") == [["s", "it's new", "u2", nil, .unsigned(5), true]])
        // With nulls, what is missing gets its default or null.
        _ = try await call("upsert_sensor", ["dn": "u0", "site": "x"], ["nulls": true])
        #expect(try await texts("sensor", columns, "dn = 'u0'") == [["x", "it's new", "u0", nil, nil, true]])
        _ = try await call("upsert_sensor", ["dn": "u0", "site": "x", "type": .null, "n": 3], ["nulls": true])
        #expect(try await texts("sensor", columns, "dn = 'u0'") == [["x", nil, "u0", 3, nil, true]])
        // The last of a call wins, in each column that it has.
        _ = try await call(
            "upsert_sensor",
            [
                ["dn": "u1", "n": 10], ["dn": "u1", "site": "b"], ["dn": "u3", "site": "c", "n": 1],
                ["dn": "u1", "site": "d"],
            ])
        #expect(
            try await texts("sensor", columns, "dn IN ('u1', 'u3')", order: "dn") == [
                ["d", "Light", "u1", 10, nil, true], ["c", "it's new", "u3", 1, nil, true],
            ])
        #expect(try await frame("sensor").rowCount == 4)
        #expect(try await call("upsert_sensor", []) == .null)
    }

    @Test func recordsOfATableWithoutKeysAreAppended() async throws {
        _ = try await call(
            "upsert_telemetry",
            [["dn": "z", "temperature": 1], ["dn": "y", "pressure": .null], ["DN": "x", "pressure": 2]])
        #expect(
            try await texts("telemetry", "dn, temperature, pressure, time_bucket, ts > 0", order: "dn") == [
                ["x", nil, 2.0, nil, true], ["y", nil, nil, nil, true], ["z", 1.0, 1.5, nil, true],
            ])
    }

    @Test func framesAreUpserted() async throws {
        try await fill()
        let frame = try DataFrame(columns: [
            Column("dn", ["u0", "u5", "u5"]), Column("n", [nil, 5, 6] as [Int64?]), Column("site", ["a", "b", "c"]),
        ])
        let value: Value = .tagged(80, .bytes(try frame.arrowBuffer()))
        _ = try await call("upsert_sensor", value)
        #expect(
            try await texts("sensor", "site, type, dn, n", order: "dn") == [
                ["a", "HVAC", "u0", 1], ["lab", "Light", "u1", 2], ["c", "it's new", "u5", 6],
            ])
        _ = try await call(
            "upsert_telemetry",
            .tagged(
                80,
                .bytes(try DataFrame(columns: [Column("dn", ["a"]), Column("temperature", [Int64(3)])]).arrowBuffer())))
        #expect(try await texts("telemetry", "dn, temperature, pressure", "dn = 'a'") == [["a", 3.0, 1.5]])
        // 500,000 rows, in an order that matters.
        let count = 500_000
        let large = try DataFrame(columns: [
            Column("dn", (0..<count).map { "k\($0 % 1000)" }), Column("n", (0..<count).map { Int64($0) }),
            Column("site", Array(repeating: "s", count: count)),
        ])
        _ = try await call("upsert_sensor", .tagged(80, .bytes(try large.arrowBuffer())))
        #expect(try await texts("sensor", "count(*), min(n), max(n)", "dn LIKE 'k%'") == [[1000, 499_000, 499_999]])
    }

    @Test func wrongRecordsAreRefusedAndChangeNothing() async throws {
        try await fill()
        let before = try await texts("sensor", "*", order: "dn")
        let cases: [(Value, String)] = [
            (5, "invalid record type"), ("x", "invalid record type"), ([5], "invalid record type"),
            (.null, "invalid record type"),
            (["dn": "u0", "nope": 1], "no column nope; the table sensor has site, type, dn"),
            (["site": "a"], "key column dn is missing"),
            (["dn": .null, "site": "a"], "key column dn is null"),
            ([["dn": "u9", "site": "a"], ["site": "b"]], "key column dn is null in 1 rows"),
            (["dn": "u0", "n": "no number"], #"the text "no number" is no INTEGER"#),
            (
                ["dn": "u9"],
                "table sensor, column site: a row has no value where null is not allowed; give every row one"
            ),
            (["dn": "u0", "n": [1]], "Column n: an array cannot be made INTEGER"),
            (
                [["dn": "u0", "site": "changed"], ["dn": "u9", "n": 1]], "table sensor, column site: a row has no value"
            ),
            (["dn": "u0", "n": 3_000_000_000], "the number 3000000000 is out of the range of INTEGER"),
            (.tagged(80, .bytes(ByteBuffer(bytes: [1, 2, 3]))), "metadata ends early"),
            (["dn'; DROP TABLE sensor --": 1], "no column"),
            (.map(ValueMap(pairs: [.init(key: 1, value: 2)])), "must be a text"),
        ]
        for (record, text) in cases {
            let message = await refusal("upsert_sensor", record)
            #expect(message.contains(text) && message != "nothing was refused", "\(record): \(message)")
        }
        #expect(await refusal("upsert_sensor", ["dn": "u0"], ["nope": true]).contains("invalid keys: nope"))
        #expect(await refusal("upsert_sensor", ["dn": "u0"], ["nulls": 1]).contains("nulls: true or false"))
        #expect(await refusal("upsert_sensor").contains("a record"))
        #expect(try await texts("sensor", "*", order: "dn") == before)
    }
}
