import DataFrames
import RembusLake
import Testing

@Suite struct ConnectionFrameTests {
    private let connection: DatabaseConnection

    init() throws {
        connection = try Database().connect()
        try connection.execute("SET TimeZone = 'UTC'")
    }

    @Test func aResultBecomesAFrameOfTheRightTypes() throws {
        let frame = try connection.frame(
            """
            SELECT true AS b, 'x'::BLOB AS bl, 'text longer than twelve bytes' AS t, 1::TINYINT AS i1, 2::SMALLINT AS i2,
                3::INTEGER AS i4, 4::BIGINT AS i8, 5::HUGEINT AS h, 6::UTINYINT AS u1, 7::USMALLINT AS u2, 8::UINTEGER AS u4,
                9::UBIGINT AS u8, 1.5::FLOAT AS f, 2.5::DOUBLE AS d, 1.25::DECIMAL(10, 2) AS dec, DATE '2026-01-01' AS da,
                TIME '10:00:00' AS ti, TIMESTAMP '2026-01-01' AS ts, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS tz,
                '00112233-4455-6677-8899-aabbccddeeff'::UUID AS u, INTERVAL 1 DAY AS iv, [1, 2] AS l, NULL::INTEGER AS n
            """)
        let types = frame.columns.map { "\($0.name): \($0.type)" }
        #expect(
            types == [
                "b: bool", "bl: large_binary", "t: large_string", "i1: int8", "i2: int16", "i4: int32", "i8: int64",
                "h: decimal128(38, 0)", "u1: uint8", "u2: uint16", "u4: uint32", "u8: uint64", "f: float", "d: double",
                "dec: decimal128(10, 2)", "da: date32[day]", "ti: time64[us]", "ts: timestamp[us]",
                "tz: timestamp[us, tz=UTC]", "u: large_string", "iv: large_string",
                "l: large_list<l: int32>", "n: int32",
            ])
        #expect(frame.rowCount == 1)
        #expect(frame["t"]?.cell(0) == .text("text longer than twelve bytes"))
        #expect(frame["n"]?.isNull(0) == true)
    }

    @Test func fieldsWithoutANameHaveTheirPlaceForOne() throws {
        let frame = try connection.frame("SELECT row(1, 'a') AS r, list_zip([1], [[row(2)]]) AS z, {'a': 1} AS s")
        #expect(frame.columns[0].type.fields.map(\.name) == ["1", "2"])
        let pair = frame.columns[1].type.fields[0].type.fields
        #expect(pair.map(\.name) == ["1", "2"])
        #expect(pair[1].type.fields[0].type.fields.map(\.name) == ["1"])
        #expect(frame.columns[2].type.fields.map(\.name) == ["a"])
    }

    @Test func manyRowsAndNoneBecomeAFrame() throws {
        let frame = try connection.frame(
            "SELECT i, CASE WHEN i % 2 = 0 THEN 'row ' || i END AS t FROM range(5000) r(i)")
        #expect(frame.rowCount == 5000)
        #expect(try frame.column("i").values(as: Int64.self).compactMap { $0 } == Array(0..<5000))
        #expect(try frame.column("t").values(as: String.self)[4998] == "row 4998")
        #expect(frame["t"]?.nullCount == 2500)
        let empty = try connection.frame("SELECT 1 AS i, 'x' AS t WHERE false")
        #expect(empty.rowCount == 0 && empty.columnNames == ["i", "t"])
    }

    private func sample(_ count: Int) throws -> DataFrame {
        try DataFrame(columns: [
            Column("i", (0..<count).map { Int64($0) }),
            Column("d", (0..<count).map { $0 % 3 == 0 ? nil : Double($0) / 4 }),
            Column("t", (0..<count).map { $0 % 5 == 0 ? nil : "text number \($0)" }),
            Column("b", (0..<count).map { $0 % 2 == 0 }),
        ])
    }

    @Test(arguments: [0, 1, 63, 2048, 2049, 5000, 300_000])
    func aFrameGoesInAndComesBack(count: Int) throws {
        try connection.execute("CREATE TABLE f (i BIGINT, d DOUBLE, t VARCHAR, b BOOLEAN)")
        let frame = try sample(count)
        try connection.run("INSERT INTO f SELECT * FROM frame", over: frame, as: "frame")
        let back = try connection.frame("SELECT * FROM f ORDER BY i")
        #expect(back.rowCount == count)
        let expected = try connection.query(
            """
            SELECT count(*) FROM f WHERE d IS DISTINCT FROM CASE WHEN i % 3 > 0 THEN i / 4 END
                OR t IS DISTINCT FROM CASE WHEN i % 5 > 0 THEN 'text number ' || i END OR b <> (i % 2 = 0)
            """)
        #expect(expected.value == 0)
    }

    @Test func slicesAndSeveralPiecesGoIn() throws {
        try connection.execute("CREATE TABLE f (i BIGINT, d DOUBLE, t VARCHAR, b BOOLEAN)")
        let whole = try sample(10000)
        let frame = try DataFrame(concatenating: [
            whole.slice(5..<70), whole.slice(70..<71), whole.slice(71..<4200), whole.slice(4200..<9999),
        ])
        try connection.run("INSERT INTO f SELECT * FROM frame", over: frame, as: "frame")
        let result = try connection.query(
            """
            SELECT count(*), min(i), max(i), sum(i), count(DISTINCT i), count(*) FILTER (
                d IS DISTINCT FROM CASE WHEN i % 3 > 0 THEN i / 4 END
                OR t IS DISTINCT FROM CASE WHEN i % 5 > 0 THEN 'text number ' || i END OR b <> (i % 2 = 0)) FROM f
            """)
        let sum = (5..<9999).reduce(0, +)
        #expect(result.rows == [[9994, 5, 9998, .hugeInteger(Int128(sum)), 9994, 0]])
    }

    @Test func valuesAreCastByTheStatement() throws {
        try connection.execute("CREATE TABLE f (i INTEGER, t VARCHAR DEFAULT 'x', r UBIGINT)")
        let frame = try DataFrame(columns: [Column("Odd \"n\"", ["1", "2", nil])])
        try connection.run(
            "INSERT INTO f (i, r) SELECT \"Odd \"\"n\"\"\"::INTEGER, 7 FROM frame", over: frame, as: "frame")
        #expect(
            try connection.query("SELECT * FROM f").rows == [
                [1, "x", .unsigned(7)], [2, "x", .unsigned(7)], [nil, "x", .unsigned(7)],
            ])
        let error = #expect(throws: LakeError.self) {
            let wrong = try DataFrame(columns: [Column("c", ["no number"])])
            try connection.run("INSERT INTO f (i) SELECT c::INTEGER FROM frame", over: wrong, as: "frame")
        }
        #expect(error?.kind == .conversion, "\(String(describing: error))")
    }

    @Test func typesThatDuckDBDoesNotKnowAreAnError() throws {
        let frame = try DataFrame(columns: [Column("h", [1.5] as [Float16])])
        let error = #expect(throws: LakeError.self) { try connection.run("SELECT 1", over: frame, as: "frame") }
        #expect(error != nil)
    }
}
