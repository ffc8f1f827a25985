import RembusLake
import Testing

@Suite struct FunctionTests {
    private static let database = Result { try Database() }
    private let scope = TableScope(table: "m", columns: ["dn", "n", "l"])

    /// What is not in the list was never looked at, and must not be allowed.
    @Test func everyFunctionOfDuckDBIsDecided() throws {
        let connection = try Self.database.get().connect()
        let names = try connection.query(
            """
            SELECT DISTINCT lower(function_name) FROM duckdb_functions()
            WHERE function_type IN ('scalar', 'aggregate', 'macro') AND function_name NOT LIKE 'icu\\_%' ESCAPE '\\'
            ORDER BY 1
            """
        ).rows.compactMap { $0[0].text }
        #expect(names.count > 600)
        let allowed = Set(DuckDBFunctions.allowed)
        var reasons: [String: String] = [:]
        for (reason, names) in DuckDBFunctions.refused { for name in names { reasons[name] = reason } }
        for name in names {
            if allowed.contains(name) {
                #expect(Functions.rule(name) != nil, "\(name) has no rule")
            } else if let reason = reasons[name] {
                #expect(Functions.rule(name) == nil, "\(name) \(reason), and has a rule")
            } else {
                Issue.record("\(name) is new in DuckDB: give it a rule, or a reason why it is refused")
            }
        }
        #expect(allowed.subtracting(names).isEmpty)
        #expect(allowed.isDisjoint(with: reasons.keys))
    }

    @Test func whatHasNoRuleIsRefused() throws {
        let connection = try Self.database.get().connect()
        for name in DuckDBFunctions.refused.flatMap(\.names) + ["icu_sort_key", "icu_collate_de", "read_text"] {
            #expect(throws: LakeError.self) {
                try Condition(
                    "\(name.contains("_") ? name : "\"\(name)\"")(dn) IS NULL", scope: scope, parser: connection)
            }
        }
    }

    private static let amplifying: [(text: String, reason: String)] = [
        (String(repeating: "hex(", count: 24) + "dn" + String(repeating: ")", count: 24), "256 times"),
        ("repeat(repeat(dn, 100), 100)", "256 times"), ("repeat(dn, n)", "written as such"),
        ("repeat('x', 1000000)", "at most 1000"), ("repeat(repeat('x', 1000), 100)", "256 times"),
        ("lpad(dn, n, 'x')", "written as such"), ("rpad(dn, 1001, 'x')", "at most 1000"),
        ("replace(dn, '', dn)", "written as such"), ("replace(dn, 'a', repeat('x', 100))", "written as such"),
        ("replace(replace(dn, 'a', 'bbbbbbbbbbbbbbbbbbbb'), 'b', 'cccccccccccccccccccc')", "256 times"),
        ("regexp_replace(dn, '', dn, 'g')", "written as such"),
        (#"regexp_replace(regexp_replace(dn, '', '\0\0\0\0\0\0', 'g'), '', '\0\0\0\0\0\0\0', 'g')"#, "256 times"),
        ("format('{:>1000000}', n)", "below 1000"), ("format('{:{}}', dn, n)", "must be a number"),
        ("printf('%*d', n, n)", "below 1000"), ("printf(dn, n)", "written as such"),
        ("range(n)", "written as such"), ("range(100000)", "at most 1000"),
        ("generate_series(1, 5000, 2)", "at most 1000"),
        ("list_resize(l, n)", "written as such"), ("array_to_string(l, dn)", "written as such"),
        ("string_split(string_split(dn, '')[1], '')::VARCHAR", "256 times"),
        ("list_transform(l, lambda x: l)", "the lambda's own parameters"),
        ("list_transform(l, lambda x: concat(dn, x))", "the lambda's own parameters"),
        ("list_transform(l, lambda x: list_transform(l, lambda y: x))", "the lambda's own parameters"),
        ("list_transform(l, lambda x: list_transform([1], lambda y: x))", "the lambda's own parameters"),
        ("list_transform(l, lambda x: contains(dn, x))", "the lambda's own parameters"),
        ("list_transform(range(1000), lambda x: range(1000))", "256 times"),
        ("list_reduce(l, lambda a, b: concat(a, b))", "not be larger"),
        ("list_reduce(l, lambda a, b: hex(a))", "not be larger"),
        ("json_extract(dn, '$..*')", "without **"), ("dn ->> '$.**'", "without **"), ("dn -> l", "written as such"),
        ("json_contains(dn, l)", "written as such"), ("dn::INTEGER[100000]", "1 to 1000"),
        ("dn::INTEGER[1000000]", "not allowed"),
        ("dn::INTEGER[100][100]", "1000 values"), ("CAST(dn AS BIT)", "cast to BIT"),
        ("dn GLOB '*a*b'", "one * before its end"), ("dn GLOB l", "one * before its end"),
        ("list_aggregate(l, 'random')", "aggregate random"), ("list_aggregate(l, dn)", "written as such"),
        ("concat(\(Array(repeating: "dn", count: 300).joined(separator: ", ")))", "256 times"),
    ]

    @Test(arguments: amplifying)
    func whatMakesMuchOfLittleIsRefused(text: String, reason: String) throws {
        let connection = try Self.database.get().connect()
        let error = #expect(throws: LakeError.self) {
            let selection = try ColumnSelection("length(\(text)) AS n", scope: scope, parser: connection)
            Issue.record("became \(selection.sql)")
        }
        #expect(error?.message.contains(reason) == true, "\(String(describing: error))")
    }

    /// Each name is the one before twice.
    @Test func namesOfTheSelectionCountAsWhatTheyStandFor() throws {
        let connection = try Self.database.get().connect()
        let names = (1...20).map { "concat(a\($0 - 1), a\($0 - 1)) AS a\($0)" }
        let error = #expect(throws: LakeError.self) {
            try ColumnSelection("dn AS a0, \(names.joined(separator: ", "))", scope: scope, parser: connection)
        }
        #expect(error?.message.contains("times as large") == true)
    }

    /// DuckDB cannot be stopped while it compares two texts, or tries where wildcards could be.
    @Test func slowFunctionsGetShortTextsOrAnotherForm() throws {
        let connection = try Self.database.get().connect()
        try connection.execute("CREATE OR REPLACE TEMP TABLE m AS SELECT repeat('a', 20000) AS dn, 1 AS n, [1] AS l")
        for function in ["levenshtein", "damerau_levenshtein", "jaro_similarity", "jaro_winkler_similarity"] {
            let condition = try Condition("\(function)(dn, dn) = 0", scope: scope, parser: connection)
            let error = #expect(throws: LakeError.self) {
                try connection.query("SELECT count(*) FROM m WHERE \(condition.sql)")
            }
            #expect(error?.message.contains("takes texts of at most 4096 bytes") == true)
        }
        for (text, count) in [
            ("dn LIKE '%a%a%_a%b'", 0), ("dn ILIKE '%a%b'", 0), ("dn ILIKE '%A%'", 1), ("dn GLOB '*a*'", 1),
            ("dn ILIKE '%A%a%a%A'", 1), ("dn LIKE concat('%a%a%a%a', 'b')", 0),
            ("dn LIKE '%a%!%%b%' ESCAPE '!'", 0), ("dn NOT LIKE '%_a%_a%_a%_b'", 1),
        ] {
            let condition = try Condition(text, scope: scope, parser: connection)
            let rows = try connection.query("SELECT count(*) FROM m WHERE \(condition.sql)")
            #expect(rows.value?.integer == count, "\(text)")
        }
    }
}
