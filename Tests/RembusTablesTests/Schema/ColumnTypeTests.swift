import Testing

@testable import RembusTables

@Suite struct ColumnTypeTests {
    @Test(arguments: [
        ("int", "INTEGER"), ("INT4", "INTEGER"), ("Integer", "INTEGER"), ("signed", "INTEGER"), ("INT1", "TINYINT"),
        ("short", "SMALLINT"), ("long", "BIGINT"), ("int8", "BIGINT"), ("int64", "BIGINT"), ("int128", "HUGEINT"),
        ("uint8", "UTINYINT"), ("uint64", "UBIGINT"), ("bool", "BOOLEAN"), ("logical", "BOOLEAN"), ("real", "FLOAT"),
        ("float4", "FLOAT"), ("float(24)", "FLOAT"), ("float8", "DOUBLE"), ("double  precision", "DOUBLE"),
        ("text", "VARCHAR"), ("string", "VARCHAR"), ("varchar(20)", "VARCHAR"), ("character varying(5)", "VARCHAR"),
        ("char", "VARCHAR"), ("json", "JSON"), ("bytea", "BLOB"), ("varbinary", "BLOB"), ("guid", "UUID"),
        ("decimal", "DECIMAL(18,3)"), ("numeric(5)", "DECIMAL(5,0)"), ("dec( 10 , 2 )", "DECIMAL(10,2)"),
        ("date", "DATE"), ("time", "TIME"), ("timetz", "TIME WITH TIME ZONE"), ("datetime", "TIMESTAMP"),
        ("timestamp without time zone", "TIMESTAMP"), ("timestamptz", "TIMESTAMP WITH TIME ZONE"),
        ("timestamp with time zone", "TIMESTAMP WITH TIME ZONE"), ("timestamp_ns", "TIMESTAMP_NS"),
        ("timestamp(0)", "TIMESTAMP_S"), ("timestamp(3)", "TIMESTAMP_MS"), ("timestamp(6)", "TIMESTAMP"),
        ("timestamp(9)", "TIMESTAMP_NS"), ("interval", "INTERVAL"),
    ])
    func knowsTheNamesOfDuckDB(name: String, sql: String) throws {
        let type = try ColumnType.named(name).get()
        #expect(type.name == sql)
        // What goes into SQL is understood again.
        #expect(try ColumnType.named(sql).get() == type)
    }

    @Test(arguments: [
        "", " ", "FLOATY", "INTEGER(5)", "TEXT(5", "DOUBLE(1)", "TEXT, x INTEGER", "TEXT DEFAULT 5", "TEXT(1,2)",
        "BOOLEAN()x",
    ])
    func refusesWhatIsNoType(name: String) {
        #expect(ColumnType.named(name) == .failure(.unknown))
    }

    @Test(arguments: [
        "BIT", "ENUM('a')", "BIGNUM", "TIME_NS", "GEOMETRY", "VARIANT", "NULL", "INTEGER[3]", "MAP(TEXT[], TEXT)",
        "STRUCT",
        "STRUCT(a INTEGER, A TEXT)", "UNION(a INTEGER)", "LIST(INTEGER)", "BIT[]", "MAP(TEXT)", "DECIMAL(5,6)",
        "DECIMAL(0,0)", "DECIMAL(1,2,3)", "TIMESTAMP(10)",
    ])
    func refusesWhatDuckLakeCannotStore(name: String) {
        guard case .failure(.refused(let reason)) = ColumnType.named(name) else {
            Issue.record("\(name) was taken or is unknown")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test(arguments: [(4, 2), (5, 4), (9, 4), (10, 8), (18, 8), (19, 16), (38, 16)])
    func keepsDecimalsInTheWidthOfDuckDB(precision: Int, width: Int) {
        #expect(ColumnType.decimal(precision: precision, scale: 0).storage.width == width)
    }

    @Test(arguments: [
        ("float [ ]", "FLOAT[]", "FLOAT[]"), ("int[][]", "INTEGER[][]", "INTEGER[][]"),
        (
            "struct(a int, \"b \"\"c\" decimal(10, 2))", #"STRUCT("a" INTEGER, "b ""c" DECIMAL(10,2))"#,
            #"STRUCT("a" INTEGER, "b ""c" DECIMAL(10,2))"#
        ),
        (
            "map(text, struct(at timestamptz)[])", #"MAP(VARCHAR, STRUCT("at" TIMESTAMP WITH TIME ZONE)[])"#,
            #"MAP(VARCHAR, STRUCT("at" TIMESTAMP WITH TIME ZONE)[])"#
        ),
        ("hugeint", "HUGEINT", "DECIMAL(38,0)"), ("interval[]", "INTERVAL[]", "VARCHAR[]"),
        ("row(x json)", #"STRUCT("x" JSON)"#, #"STRUCT("x" JSON)"#),
    ])
    func knowsNestedTypesAndWhatFilesHold(text: String, name: String, sql: String) throws {
        let type = try ColumnType.named(text).get()
        #expect(type.name == name)
        #expect(type.sql == sql)
        #expect(try ColumnType.named(name).get() == type)
    }

    @Test func refusesEndlessNesting() {
        #expect(throws: ColumnTypeError.self) {
            try ColumnType.named(String(repeating: "STRUCT(a ", count: 1000) + "INTEGER").get()
        }
    }

    @Test func tellsTypesApartWhateverTheirSpelling() {
        #expect(ColumnType.isSame("STRUCT(a INTEGER, b VARCHAR)", #"STRUCT("a" INTEGER, "b" VARCHAR)"#))
        #expect(!ColumnType.isSame("HUGEINT", "DECIMAL(38,0)"))
        #expect(!ColumnType.isSame("INTERVAL", "VARCHAR"))
    }
}
