import RembusLake
import RembusWire
import Testing

@Suite struct SelectionTests {
    private let connection: DatabaseConnection
    private let scope = TableScope(table: "m", columns: ["dn", "value", "Odd, \"name\""])

    /// One database for all cases, which only read.
    private static let database = Result {
        let database = try Database()
        try database.connect().execute(
            #"""
            CREATE TABLE m (dn VARCHAR, value DOUBLE, "Odd, ""name""" INTEGER);
            INSERT INTO m SELECT 'u' || i % 3, i, i % 2 FROM range(12) r(i)
            """#)
        return database
    }

    init() throws {
        connection = try Self.database.get().connect()
    }

    private func select(_ text: String) throws -> QueryResult {
        let selection = try ColumnSelection(text, scope: scope, parser: connection)
        return try connection.query(
            "SELECT \(selection.distinct)\(selection.sql) FROM m \(selection.grouping) ORDER BY ALL"
        )
    }

    @Test(
        arguments: [
            ("dn", ["dn"], 12), ("DN", ["dn"], 12), ("*", ["dn", "value", "Odd, \"name\""], 12),
            ("dn, value", ["dn", "value"], 12),
            ("value, *", ["value", "dn", "value", "Odd, \"name\""], 12),
            ("\"Odd, \"\"name\"\"\"", ["Odd, \"name\""], 12),
            ("dn AS name", ["name"], 12), ("dn other", ["other"], 12), ("avg(value)", ["avg(\"value\")"], 1),
            ("count(*)", ["count_star()"], 1),
            ("dn, avg(value)", ["dn", "avg(\"value\")"], 3),
            ("dn, avg(value) AS mean, max(value)", ["dn", "mean", "max(\"value\")"], 3),
            ("avg(value) mean, dn", ["mean", "dn"], 3), ("dn, count(DISTINCT value) AS n", ["dn", "n"], 3),
            ("DISTINCT dn", ["dn"], 3),
            ("upper(dn) AS u, sum(value) AS s", ["u", "s"], 3), ("round(avg(value), 1) AS a", ["a"], 1),
            ("value * 2 AS v", ["v"], 12),
            ("*, count(*) AS n", ["dn", "value", "Odd, \"name\"", "n"], 12),
            ("quantile_cont(value, 0.5) AS q", ["q"], 1), ("first(dn) AS f", ["f"], 1),
            ("dn -- comment", ["dn"], 12), ("m.dn", ["dn"], 12), ("dn, m.value AS \"a b\"", ["dn", "a b"], 12),
            ("arg_max(dn, value) AS x", ["x"], 1),
            ("* EXCLUDE (value)", ["dn", "Odd, \"name\""], 12),
            ("* REPLACE (value + 1 AS value) RENAME (dn AS name)", ["name", "value", "Odd, \"name\""], 12),
            ("COLUMNS('v.*')", ["value"], 12),
            ("value * 2, value + 1", ["(value * 2)", "(value + 1)"], 12),
            (
                "dn, sum(value) OVER (PARTITION BY dn ORDER BY value ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s",
                ["dn", "s"], 12
            ),
            (
                "dn, row_number() OVER (ORDER BY value DESC) AS r, lag(value, 2, -1) OVER (ORDER BY value) AS l",
                ["dn", "r", "l"], 12
            ),
            ("dn, sum(value) AS s, rank() OVER (ORDER BY sum(value) DESC) AS r", ["dn", "s", "r"], 3),
            ("dn, list(value ORDER BY value DESC) AS l, string_agg(DISTINCT dn, '-') AS t", ["dn", "l", "t"], 3),
            (
                "count(*) FILTER (WHERE value > 3) AS n, count(DISTINCT dn) FILTER (WHERE value > 3) AS d", ["n", "d"],
                1
            ),
            (
                "first_value(dn IGNORE NULLS) OVER (ORDER BY value RANGE BETWEEN 2 PRECEDING AND 1 FOLLOWING) AS f",
                ["f"], 12
            ),
            ("value + 1 AS a, a * 2 AS b", ["a", "b"], 12), ("unnest([1, 2]) AS u", ["u"], 24),
            ("{'a': dn, 'b': value} AS s, s.a AS a", ["s", "a"], 12),
            ("DISTINCT ON (dn) dn, value", ["dn", "value"], 3),
            ("list(dn) OVER (ORDER BY value ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS l", ["l"], 12),
            (
                "quantile_cont(value, [0.25, 0.75]) AS q, percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS p",
                ["q", "p"], 1
            ),
        ] as [(String, [String], Int)])
    func aSelectionGivesItsColumns(text: String, names: [String], rows: Int) throws {
        let result = try select(text)
        #expect(
            result.columns.map { $0.name.replacing("\"value\"", with: "value") }
                == names.map { $0.replacing("\"value\"", with: "value") })
        #expect(result.rowCount == rows)
    }

    @Test(
        arguments: [
            ("", "SELECT clause without selection list"), ("dn,,value", "syntax error"),
            ("nocol", "no column nocol; the table m has dn, value"),
            ("dn FROM tenant", "syntax error"), ("dn FROM tenant --", "syntax error"),
            ("secret FROM tenant; SELECT dn", "several statements"),
            ("(SELECT 1)", "subqueries"), ("dn, read_text('x')", "function read_text"),
            ("* EXCLUDE secret", "no column secret"),
            ("* REPLACE (1 AS secret)", "no column secret"),
            ("tenant.*", "this form of *"), ("list(dn) OVER ()", "list over a window needs ROWS"),
            ("max(dn, 100) OVER ()", "max over a window needs ROWS"), ("sum(sum(value))", "inside of another"),
            ("list(dn) OVER (ROWS BETWEEN 300 PRECEDING AND CURRENT ROW)", "list over a window needs ROWS"),
            ("row_number()", "needs OVER"), ("random() OVER ()", "function random"),

            ("dn FROM t UNION SELECT secret", "UNION"),
            ("dn INTO x", "SELECT INTO"), ("DISTINCT ON (secret) dn", "no column secret"),
            ("geomean(value) FILTER (WHERE true)", "FILTER"),
            ("max(unnest([1]))", "unnest is not allowed here"), ("#1", "positional"),
            ("avg(value ORDER BY secret)", "no column secret"),
            ("dn \0", "NUL"),
            ("/*", "comment"), ("max((SELECT 1))", "subqueries"), ("$1", "parameters"),
        ] as [(String, String)])
    func aHostileSelectionIsRefused(text: String, reason: String) {
        let error = #expect(throws: LakeError.self) {
            let selection = try ColumnSelection(text, scope: scope, parser: connection)
            Issue.record("became \(selection.sql)")
        }
        #expect(
            error?.message.hasPrefix("cols: ") == true && error?.message.contains(reason) == true,
            "\(String(describing: error))")
    }

    @Test func aSourceInTheSelectionIsOurOwnOrRefused() throws {
        // The text may end the list itself, but only with the very same source, without an effect.
        let selection = try? ColumnSelection("dn FROM t --", scope: scope, parser: connection)
        #expect(selection == nil || selection?.sql == "\"dn\"")
    }

    @Test(
        arguments: [
            ("value", "\"value\""), ("value desc", "\"value\" DESC"),
            ("dn ASC, value DESC NULLS LAST", "\"dn\" ASC, \"value\" DESC NULLS LAST"),
            ("dn nulls first", "\"dn\" NULLS FIRST"), ("lower(dn) DESC", "lower(\"dn\") DESC"),
            ("\"Odd, \"\"name\"\"\"", "\"Odd, \"\"name\"\"\""),
        ] as [(String, String)])
    func anOrderIsWrittenAgain(text: String, sql: String) throws {
        let all = ColumnSelection(all: scope)
        #expect(try SortOrder(text, scope: scope, selection: all, parser: connection).sql == sql)
    }

    @Test func anOrderMayUseTheNamesOfTheSelection() throws {
        let selection = try ColumnSelection("dn, avg(value) AS mean", scope: scope, parser: connection)
        let order = try SortOrder("mean DESC", scope: scope, selection: selection, parser: connection)
        #expect(order.sql == "\"mean\" DESC")
        #expect(
            try SortOrder("max(value)", scope: scope, selection: selection, parser: connection).sql == "max(\"value\")")
    }

    @Test(
        arguments: [
            ("1", "named, not numbered"), ("secret", "no column secret"), ("value LIMIT 1", "only columns"),
            ("value; DROP TABLE m", "not a statement"),
            ("(SELECT 1)", "subqueries"), ("random()", "function random"), ("ALL, dn", "syntax error"),
            ("", "end of input"), ("max(value)", "aggregate max"),
            ("value DESC UNION SELECT 1", "syntax error"), ("value OFFSET 1", "only columns"),
            ("value USING SAMPLE 1", "SAMPLE"),
        ] as [(String, String)])
    func aHostileOrderIsRefused(text: String, reason: String) {
        let error = #expect(throws: LakeError.self) {
            let all = ColumnSelection(all: scope)
            let order = try SortOrder(text, scope: scope, selection: all, parser: connection)
            Issue.record("became \(order.sql)")
        }
        #expect(
            error?.message.hasPrefix("order: ") == true && error?.message.contains(reason) == true,
            "\(String(describing: error))")
    }

    @Test(
        arguments: [
            (.integer(0), "1970-01-01 00:00:00.000000"), (.float(1_700_000_000.999), "2023-11-14 22:13:20.000000"),
            (.integer(-1), "1969-12-31 23:59:59.000000"), (.float(-1.5), "1969-12-31 23:59:59.000000"),
            (.text("2026-11-01"), "2026-11-01 00:00:00.000000"),
            (.text("2026-11-01 10:00"), "2026-11-01 10:00:00.000000"),
            (.text("2024-02-29T23:59:59.5"), "2024-02-29 23:59:59.500000"),
            (.text("2026-11-01 10:00:00Z"), "2026-11-01 10:00:00.000000"),
            (.text("2026-11-01 10:00:00+02"), "2026-11-01 08:00:00.000000"),
            (.text("2026-11-01 10:00:00.123456-05:30"), "2026-11-01 15:30:00.123456"),
            (.text("2026-11-01 10:00:00.123456789 +0530"), "2026-11-01 04:30:00.123456"),
            (.text("1900-03-01"), "1900-03-01 00:00:00.000000"),
            (.tagged(1, .integer(5)), "1970-01-01 00:00:05.000000"),
            (.tagged(0, .text("2026-01-01T00:00:00Z")), "2026-01-01 00:00:00.000000"),
        ] as [(Value, String)])
    func aTimeIsReadAsUTC(value: Value, expected: String) throws {
        let time = try TimeTravel(value)
        #expect(time.sql == "TIMESTAMPTZ '\(expected)+00'")
        #expect(try connection.query("SELECT epoch_us(\(time.sql))").value == .integer(time.microseconds))
    }

    @Test(
        arguments: [
            .text(""), .text("garbage"), .text("2026-13-01"), .text("2026-02-29"), .text("2026-11-01 24:00"),
            .text("2026-11-01 10:60"), .text("26-11-01"),
            .text("2026-11-01 10:00:00 Europe/Rome"), .text("2026-11-01'; DROP TABLE m --"),
            .text("2026-11-01 10:00:00+2"), .text("now"), .text("2026-11-01 "),
            .text("2026-11-01 10:00:00.1234567890"), .text("٢٠٢٦-11-01"), .float(.nan), .float(.infinity), .float(1e18),
            .bool(true), .null, .array([]),
        ] as [Value])
    func anythingElseIsNoTime(value: Value) {
        let error = #expect(throws: LakeError.self) { try TimeTravel(value) }
        #expect(error?.message.hasPrefix("when: ") == true)
    }
}
