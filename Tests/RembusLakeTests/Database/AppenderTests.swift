import RembusLake
import Testing

@Suite struct AppenderTests {
    private let connection: DatabaseConnection

    init() throws {
        connection = try Database().connect()
    }

    /// Appends `count` generated rows of a number, a text and a blob, from `start` on.
    private func append(_ appender: Appender, rows: Range<Int>, of count: Int) throws {
        let numbers = (0..<count).map { Int64($0) * 3 }
        let texts = (0..<count).map { Self.text($0) }
        let arena = texts.flatMap { Array($0.utf8) }
        var offsets = [0]
        for text in texts { offsets.append(offsets[offsets.count - 1] + text.utf8.count) }
        var validity = [UInt64](repeating: 0, count: (count + 63) / 64)
        for row in 0..<count where row % 5 != 0 { validity[row >> 6] |= 1 << (row & 63) }
        try numbers.withUnsafeBytes { numbers in
            try arena.withUnsafeBytes { arena in
                try offsets.withUnsafeBufferPointer { offsets in
                    try validity.withUnsafeBufferPointer { validity in
                        let number = try #require(numbers.baseAddress)
                        let bytes = try #require(arena.baseAddress)
                        let offset = try #require(offsets.baseAddress)
                        try appender.append(
                            [
                                AppendColumn(.fixed(number, width: 8)),
                                AppendColumn(.bytes(bytes, offsets: offset), validity: validity.baseAddress),
                                AppendColumn(.bytes(bytes, offsets: offset)), AppendColumn(.null),
                            ], rows: rows)
                    }
                }
            }
        }
    }

    private static func text(_ row: Int) -> String {
        String(repeating: "é", count: row % 11) + "\(row)"
    }

    @Test(arguments: [0..<0, 0..<1, 0..<2048, 0..<2049, 0..<10000, 1..<64, 63..<65, 64..<4100, 77..<9999])
    func columnsArriveAsTheyWere(rows: Range<Int>) throws {
        try connection.execute("CREATE TABLE t (n BIGINT, t TEXT, b BLOB, x DOUBLE)")
        let appender = try Appender(connection, table: "t")
        #expect(appender.columnCount == 4)
        try append(appender, rows: rows, of: 10000)
        try appender.close()
        let result = try connection.query("SELECT * FROM t").rows
        #expect(result.count == rows.count)
        for (values, row) in zip(result, rows) {
            let text = Self.text(row)
            let expected: [DatabaseValue] = [
                .integer(Int64(row) * 3), row % 5 == 0 ? .null : .text(text), .blob(Array(text.utf8)), .null,
            ]
            if values != expected { Issue.record("row \(row): \(values) is not \(expected)") }
        }
    }

    @Test func nullsOfOneChunkDoNotLeakIntoTheNext() throws {
        try connection.execute("CREATE TABLE t (n BIGINT, t TEXT, b BLOB, x DOUBLE)")
        let appender = try Appender(connection, table: "t")
        try append(appender, rows: 0..<100, of: 100)
        try append(appender, rows: 0..<100, of: 100)
        try appender.close()
        #expect(try connection.query("SELECT count(*), count(t), count(b) FROM t").rows == [[200, 160, 200]])
    }

    @Test func columnsThatAreNotAppendedGetTheirDefaults() throws {
        try connection.execute("CREATE TABLE t (a INTEGER DEFAULT 7, n BIGINT, b TEXT DEFAULT 'd')")
        let appender = try Appender(connection, table: "t", columns: ["n"])
        let numbers: [Int64] = [1, 2]
        try numbers.withUnsafeBytes {
            try appender.append([AppendColumn(.fixed(#require($0.baseAddress), width: 8))], rows: 0..<2)
        }
        try appender.close()
        #expect(try connection.query("SELECT * FROM t").rows == [[7, 1, "d"], [7, 2, "d"]])
    }

    @Test func aRefusedRowIsAnErrorAndLeavesTheTableAsItWas() throws {
        try connection.execute("CREATE TABLE t (n BIGINT NOT NULL)")
        let appender = try Appender(connection, table: "t")
        try appender.append([AppendColumn(.null)], rows: 0..<3)
        let error = #expect(throws: LakeError.self) { try appender.close() }
        #expect(error?.kind == .constraint, "\(String(describing: error))")
        #expect(try connection.query("SELECT count(*) FROM t").value == 0)
        #expect(throws: LakeError.self) { try Appender(connection, table: "nowhere") }
        #expect(throws: LakeError.self) { try appender.append([], rows: 0..<1) }
    }

    @Test func whatIsNotClosedIsForgotten() throws {
        try connection.execute("CREATE TABLE t (n BIGINT)")
        do {
            let appender = try Appender(connection, table: "t")
            try appender.append([AppendColumn(.null)], rows: 0..<3)
        }
        #expect(try connection.query("SELECT count(*) FROM t").value == 0)
    }
}
