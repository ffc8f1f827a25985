import NIOCore
import RembusWire
import Testing

@testable import RembusTables

/// Fields that no structure of a column has are said, as fields that are no columns are.
@Suite struct UnknownStructFieldTests {
    private func batch() throws -> (TableBatch, TableMatcher) {
        let schema = try StoreSchema(
            json: ByteBuffer(
                string: """
                    {"tables": [{"table": "t", "topic": "t", "columns": [
                      {"col": "pos", "type": "STRUCT(latitude DOUBLE, longitude DOUBLE)"},
                      {"col": "steps", "type": "STRUCT(n INTEGER, at STRUCT(x INTEGER))[]"},
                      {"col": "byName", "type": "MAP(TEXT, STRUCT(v INTEGER))"}, {"col": "n", "type": "INTEGER"}]}]}
                    """), file: "schema.json")
        return (TableBatch(schema.tables[0]), TableMatcher(schema))
    }

    private func names(_ payload: Value) throws -> (names: [String], publications: Int) {
        let (batch, matcher) = try batch()
        let match = try #require(matcher.match("t", tenant: "."))
        var arguments = ByteBuffer()
        Value.array([payload]).encodeCBOR(into: &arguments)
        for time in [1, 2] as [UInt64] {
            _ = arguments.withUnsafeReadableBytes {
                batch.append(arguments: $0, match: match, receivedAt: time, slot: nil)
            }
        }
        return (batch.unknownFields.names, batch.unknownFields.publications)
    }

    @Test("what is a field is not said, whatever its case, and neither is what is missing")
    func known() throws {
        let found = try names(["pos": ["Latitude": 1, "longitude": 2], "steps": [["n": 1]], "byName": ["a": ["v": 1]]])
        #expect(found.names.isEmpty)
        #expect(found.publications == 0)
    }

    @Test("names are said with their column, in lists and maps too, once per publication")
    func unknown() throws {
        let found = try names([
            "pos": ["latitude": 1, "longitud": 2], "steps": [["n": 1, "m": 2], ["at": ["x": 1, "y": 2]]],
            "byName": ["a": ["w": 1]], "stray": 1,
        ])
        #expect(found.names == ["stray", "pos.longitud", "steps.m", "steps.at.y", "byName.w"])
        #expect(found.publications == 2)
    }

    @Test("the hint names the field that was perhaps meant")
    func hint() throws {
        let table = try batch().0.table
        #expect(table.words(ofUnknown: ["pos.longitud"]) == "pos.longitud (did you mean pos.longitude?)")
    }

    @Test("what was rejected leaves nothing for the next publication")
    func rejected() throws {
        let (batch, matcher) = try batch()
        let match = try #require(matcher.match("t", tenant: "."))
        for payload in [["pos": ["stray": 1], "n": "warm"], ["n": 1]] as [Value] {
            var arguments = ByteBuffer()
            Value.array([payload]).encodeCBOR(into: &arguments)
            _ = arguments.withUnsafeReadableBytes {
                batch.append(arguments: $0, match: match, receivedAt: 1, slot: nil)
            }
        }
        #expect(batch.rowCount == 1)
        #expect(batch.unknownFields.publications == 0)
    }
}
