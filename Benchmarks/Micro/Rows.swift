import NIOCore
import RembusTables
import RembusWire

/// Turning publications into rows, as the archiver does before it writes a batch.
struct Rows {
    private let matcher: TableMatcher
    private let batch: TableBatch

    private static let schema = """
        {"tables": [{"table": "telemetry", "topic": ":site/:dn/telemetry", "columns": [
            {"col": "dn", "type": "TEXT"}, {"col": "temperature", "type": "DOUBLE"},
            {"col": "pressure", "type": "INTEGER"}, {"col": "status", "type": "TEXT"},
            {"col": "count", "type": "BIGINT"}, {"col": "site", "type": "TEXT"}],
            "extras": {"recv_ts": "ts", "slot": "time_bucket"}}]}
        """

    init?() {
        guard let schema = try? StoreSchema(json: ByteBuffer(string: Self.schema), file: "bench") else { return nil }
        matcher = TableMatcher(schema)
        batch = TableBatch(schema.tables[0])
    }

    func measure(_ measure: Measure) {
        guard let match = matcher.match("rome/s1/telemetry") else { return }
        let map: (Int64) -> Value = { number in
            [
                "dn": "s1", "temperature": .float(Double(number) * 0.1), "pressure": .integer(980 + number),
                "status": "running", "count": .integer(number * 1_000_000), "site": "rome",
            ]
        }
        let short: (Int64) -> Value = { number in
            [
                "temperature": .float(Double(number) * 0.1), "pressure": .integer(980 + number), "status": "ok",
                "count": 7,
            ]
        }
        append("row from a map: 3 numbers, 1 text, 2 of the topic", (0..<256).map { [short($0)] }, match, measure)
        append("row from a map: 3 numbers, 3 texts", (0..<256).map { [map($0)] }, match, measure)
        append(
            "row from 6 values", (0..<256).map { ["s1", .float(Double($0) * 0.1), .integer($0), "ok", 7, "rome"] },
            match,
            measure)
        append(
            "row from a map: numbers as text",
            (0..<256).map { [["temperature": .text("\($0).25"), "pressure": .text("\($0)"), "count": "12"]] }, match,
            measure)
    }

    private func append(_ name: String, _ payloads: [[Value]], _ match: TableMatch, _ measure: Measure) {
        let arguments = payloads.map { values in
            var buffer = ByteBuffer()
            Value.array(values).encodeCBOR(into: &buffer)
            return Array(buffer.readableBytesView)
        }
        var next = 0
        var time: UInt64 = 0
        measure(name, bytes: arguments[0].count) {
            if batch.rowCount == 100_000 { batch.reset() }
            arguments[next & 255].withUnsafeBytes {
                use(batch.append(arguments: $0, match: match, receivedAt: time, slot: nil))
            }
            next &+= 1
            time &+= 64
        }
    }
}
