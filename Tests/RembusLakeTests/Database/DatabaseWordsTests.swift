import NIOCore
import RembusTables
import Testing

@testable import RembusLake

/// What DuckDB says, and what people read of it.
@Suite struct DatabaseWordsTests {
    private static let schema = """
        {"tables": [{"table": "t", "columns": [
          {"col": "k", "type": "TEXT", "nullable": false}, {"col": "i", "type": "INTEGER"}]}]}
        """

    private func table() throws -> TableSchema {
        try StoreSchema(json: ByteBuffer(string: Self.schema), file: "schema.json").tables[0]
    }

    @Test(
        arguments: [
            (
                "Conversion Error: Could not convert string 'a' to INT32 when casting from source column k\n\nLINE 1: …",
                #"table t, column k: the text "a" is no INTEGER; TRY_CAST(k AS INTEGER) gives null where a value is none"#
            ),
            (
                "Conversion Error: Could not convert string 'x' to BOOL",
                #"table t: the text "x" is no BOOLEAN; TRY_CAST(… AS BOOLEAN) gives null where a value is none"#
            ),
            (
                #"Conversion Error: Could not convert string "a" to DECIMAL(4,2) when casting from source column c1"#,
                #"table t, column i: the text "a" is no DECIMAL(4,2)"#
            ),
            (
                #"Conversion Error: invalid timestamp field format: "a", expected format is (YYYY-MM-DD) when casting from source column k"#,
                #"table t, column k: the text "a" is no timestamp; TRY_CAST(k AS TIMESTAMP) gives null where a value is none"#
            ),
            (
                #"Conversion Error: date field value out of range: "2001-99-01""#,
                #"table t: the text "2001-99-01" is no date, or none in its range; TRY_CAST(… AS DATE) gives null where a value is none"#
            ),
            (
                "Conversion Error: Type INT32 with value 300 can't be cast because the value is out of range for the destination type INT8",
                "table t: the value 300 does not fit TINYINT; TRY_CAST(… AS TINYINT) gives null where a value is none"
            ),
            (
                #"Conversion Error: Malformed JSON at byte 0 of input: unexpected character.  Input: "a" when casting from source column k"#,
                #"table t, column k: the text "a" is no JSON; TRY_CAST(k AS JSON) gives null where a value is none"#
            ),
            (
                "Out of Range Error: Overflow in multiplication of INT32 (2147483647 * 10)!",
                "table t: the result of 2147483647 * 10 does not fit INTEGER; cast one of the values to a larger type, as HUGEINT or DOUBLE"
            ),
            (
                "Binder Error: No function matches the given name and argument types '+(VARCHAR, INTEGER_LITERAL)'. You might need to",
                "table t: there is no +(VARCHAR, INTEGER); cast the arguments to what it takes, as in CAST(x AS DOUBLE)"
            ),
            (
                "Binder Error: Cannot compare values of type TIMESTAMP and type INTEGER_LITERAL - an explicit cast is required",
                "table t: TIMESTAMP and INTEGER cannot be compared; cast one of them"
            ),
            (
                "Constraint Error: NOT NULL constraint failed: t.k",
                "table t, column k: a row has no value where null is not allowed; give every row one"
            ),
            (
                "Out of Range Error: cannot take square root of a negative number",
                "table t: cannot take square root of a negative number"
            ),
        ])
    func areForPeople(text: String, sentence: String) throws {
        let words = try #require(DatabaseWords(LakeError(.conversion, text), table: table()))
        #expect(try words.sentence(table: table()) == sentence)
    }

    @Test func valuesAreCut() throws {
        let text = "Conversion Error: Could not convert string '\(String(repeating: "x", count: 5000))' to INT32"
        let words = try #require(DatabaseWords(LakeError(.conversion, text), table: table()))
        #expect(try words.sentence(table: table()).count < 150)
        #expect(words.reason == "The text \"\(String(repeating: "x", count: 40))…\" is no INTEGER.")
    }

    @Test func ourOwnTextsStay() throws {
        #expect(try DatabaseWords(LakeError(.conversion, "upsert failed: Column k is null."), table: table()) == nil)
        #expect(
            try ServiceFailures(logger: .lakeTests).forCaller(
                LakeError(.conversion, "upsert failed: x"), table: table()
            )
            .message == "upsert failed: x")
    }
}
