import Foundation
import RembusWire
import Testing

@testable import RembusLake

/// Checks in the SQL measure the values that a statement really works on.
@Suite struct QueryBudgetTests {
    private static let database = Result { () throws(LakeError) in
        let database = try Database()
        let connection = try database.connect()
        try BudgetFunctions.register(connection)
        try connection.execute(
            """
            CREATE TABLE t AS SELECT i AS n, repeat('a', 1000) AS dn, ['x', repeat('b', 100)] AS l,
              {'a': repeat('c', 100), 'b': i} AS s, MAP {'k': repeat('d', 100)} AS m, NULL::VARCHAR AS e,
              repeat('e', 50)::BLOB AS b FROM range(1000) r(i)
            """)
        return database
    }

    private func run(
        _ cols: String, where condition: String? = nil, bytes: Int = 1 << 40, work: Int = .max, table: String = "t"
    ) throws -> [[DatabaseValue]] {
        let connection = try Self.database.get().connect()
        var limits = TableServices.Limits()
        (limits.maximumChunkBytes, limits.maximumChunkWork) = (bytes, work)
        return try QueryBudget.with(limits, on: connection) { budget in
            var scope = TableScope(table: "t", columns: ["n", "dn", "l", "s", "m", "e", "b"])
            scope.budget = budget
            let selection = try ColumnSelection(cols, scope: scope, parser: connection)
            let filter = try condition.map { try Condition($0, scope: scope, parser: connection).sql } ?? "true"
            return try connection.query("SELECT \(selection.sql) FROM \(table) WHERE \(filter) \(selection.grouping)")
                .rows
        }
    }

    /// Whether a statement may make so many bytes of a chunk of 1,000 rows, and runs.
    private func fits(_ cols: String, in bytes: Int) throws -> Bool {
        do {
            _ = try run(cols, bytes: bytes)
            return true
        } catch let error as LakeError where error.kind == .tooLarge {
            return false
        }
    }

    /// Whether this is the least budget that a statement runs with.
    private func needs(_ cols: String, _ bytes: Int) throws -> Bool {
        let isEnough = try fits(cols, in: bytes)
        return try isEnough && !fits(cols, in: bytes - 1)
    }

    @Test func equalValuesCountForEveryRow() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("rembus-\(UUID().uuidString).parquet")
        defer { try? FileManager.default.removeItem(at: path) }
        let connection = try Self.database.get().connect()
        try connection.execute("COPY t TO '\(path.path)'")
        // DuckDB reads them as a dictionary of one value.
        try connection.execute("CREATE OR REPLACE VIEW f AS FROM '\(path.path)'")
        #expect(throws: LakeError.self) { try run("upper(dn)", bytes: 1_015_999, table: "f") }
        _ = try run("upper(dn)", bytes: 1_016_000, table: "f")
    }

    @Test func everyTypeIsMeasuredWithAllThatIsInIt() throws {
        // A copy of 1,000 bytes of text and 16 for the value, of 1,000 rows.
        #expect(try needs("upper(dn)", 1_016_000))
        #expect(try needs("upper(e)", 16000))
        #expect(try needs("hex(b)", 2 * 66000))
        #expect(try !fits("flatten([l])", in: 1000 * 101))
        #expect(try !fits("list_concat(l, l)", in: 2000 * 101))
        #expect(try !fits("map_values(m)", in: 1000 * 100))
        #expect(try !fits("struct_values(s)", in: 1000 * 100))
    }

    @Test func whatIsMadeOfSlicedListsIsMeasuredAsItIs() throws {
        for list in [
            "list_reverse(l)", "l[1:1]", "list_sort(l)", "list_filter(l, x -> x <> 'x')",
            "list_where(l, [true, false])",
        ] {
            #expect(try run("max(len(list_concat(\(list), l)))").first?.first?.integer ?? 0 > 2)
        }
    }

    @Test func allThatAStatementMakesCounts() throws {
        let one = 1_016_000
        #expect(try needs("upper(dn), lower(dn), hex(dn)", 4 * one))
        #expect(try !fits("upper(dn) AS a, hex(a) AS b", in: 4 * one - 1))
        #expect(try needs("hex(hex(hex(dn)))", (2 + 4 + 8) * one))
        // A part of a value is no copy of it.
        #expect(try fits("dn, greatest(dn, 'b'), length(dn)", in: 1))
    }

    @Test func whatAggregatesKeepCountsOverAllRows() throws {
        #expect(try !fits("length(string_agg(dn, ','))", in: 1_016_000 - 1))
        #expect(try !fits("len(list(dn))", in: 1_016_000 - 1))
        #expect(try fits("max(dn), min(dn), count(*)", in: 1))
        #expect(try needs("hex(max(dn))", 2 * 1016))
    }

    @Test(arguments: [
        "levenshtein(dn, dn)", "contains(dn, dn)", "strpos(dn, dn)", "regexp_matches(dn, '(a?){500}b')",
        "length(regexp_replace(dn, 'a+b|a', 'x', 'g'))", "strip_accents(replace(dn, 'a', 'é'))", "trim(dn, dn)",
        "json_merge_patch('{}', to_json(dn))", "dn LIKE '%a%ab%b'", "dn ILIKE '%a%a%_b'",
    ])
    func workIsMeasuredBeforeItIsBegun(_ expression: String) throws {
        _ = try run(expression, where: "n < 3")
        let error = #expect(throws: LakeError.self) { try run(expression, where: "n < 3", work: 1000) }
        #expect(error?.kind == .tooLarge && error?.message.contains("too long") == true, "\(String(describing: error))")
    }

    @Test func jsonThatIsNestedDeeplyIsRefused() throws {
        let deep = "repeat('[[[[[[[[[[[', 100) || repeat(']]]]]]]]]]]', 100)"
        for function in ["json_structure(\(deep))", "json_merge_patch('{}', \(deep))", "json_contains(\(deep), '1')"] {
            let error = #expect(throws: LakeError.self) { try run(function) }
            #expect(error?.message.contains("nested more than 1000 deep") == true, "\(String(describing: error))")
        }
        #expect(try run("json_structure('[\"[[\", {\"a\": \"\\\"[\"}]')").count == 1000)
    }

    @Test func patternsAreAsLargeAsTheirRepetitionsWrittenOut() {
        #expect(ExpressionWriter.patternCost("abc") == 3)
        #expect(ExpressionWriter.patternCost("a{10}") == 50)
        #expect(ExpressionWriter.patternCost("((a{1,100}){100}){100}") >= 1_000_000)
        #expect(ExpressionWriter.patternCost("{1000}{1000}{1000}{1000}{1000}{1000}{1000}") == 1 << 30)
    }
}
