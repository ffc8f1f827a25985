import RembusLake
import Testing

@Suite struct ConditionTests {
    /// A table with rows of several types; conditions are tried on it directly and as generated.
    private let connection: DatabaseConnection
    private let scope = TableScope(
        table: "m", columns: ["dn", "type", "value", "n", "big", "ts", "ok", "Odd \"name\""])

    /// One database for all cases, which only read.
    private static let database = Result {
        let database = try Database()
        try database.connect().execute(
            #"""
            SET GLOBAL TimeZone = 'UTC';
            CREATE TABLE m (dn VARCHAR, type VARCHAR, value DOUBLE, n INTEGER, big HUGEINT, ts TIMESTAMP, ok BOOLEAN,
                "Odd ""name""" VARCHAR);
            INSERT INTO m SELECT CASE WHEN i % 7 > 0 THEN 'u' || i % 5 END, ['HVAC', 'Light', 'it''s', ''][i % 4 + 1],
                i / 8, i - 20, i::HUGEINT * 170141183460469231731687303715884105, TIMESTAMP '2026-01-01' + i * INTERVAL 1 HOUR,
                CASE WHEN i % 3 > 0 THEN i % 2 = 0 END, 'Straße ' || chr(960 + (i % 3)::INTEGER)
            FROM range(100) r(i)
            """#)
        return database
    }

    init() throws {
        connection = try Self.database.get().connect()
    }

    private static let legitimate = [
        "type='HVAC'", "type = 'it''s'", "dn='u1' AND value > 2.5", "dn='u1' or not ok", "ok", "NOT ok", "ok IS NULL",
        "dn IS NOT NULL", "ok IS TRUE", "ok IS NOT FALSE", "dn IN ('u1', 'u2', NULL)", "dn NOT IN ('u1')",
        "n BETWEEN 3 AND 7", "n NOT BETWEEN 3 AND 7", "type LIKE 'H%'",
        "type NOT LIKE 'H%'", "type ILIKE 'h%c'",
        "type NOT ILIKE 'h%'", "type LIKE 'H!%' ESCAPE '!'", "type SIMILAR TO 'H.*'", "type ~ '[A-Z]+'",
        "type !~ 'H.*'",
        "type GLOB 'H*'", "type ^@ 'Li'", "regexp_matches(type, '^[HL]')", "starts_with(type, 'Li')",
        "n + 1 = 5", "n - 1 >= 5", "n * 2 < 3", "n / 2 = 2.5", "n // 3 = 2", "n % 3 = 1", "n ** 2 > 16", "n ^ 2 > 16",
        "-n > 5", "+n > 5", "- -n > 5", "n = -3", "n = -2147483648", "n & 1 = 1", "n | 1 = n", "~n = 4",
        "abs(n) << 1 = 8",
        "n > 9223372036854775807", "big > 18446744073709551616", "big < 170141183460469231731687303715884105727",
        "big = 340282366920938463463374607431768210", "n < 1_000", "value = .125",
        "value < 12345678901234567890.123456789",
        "value > 1e0", "value < 1e-7", "value = 0.0", "value = -0.125",
        "CASE WHEN n > 5 THEN true ELSE ok END", "CASE type WHEN 'HVAC' THEN n > 3 WHEN 'Light' THEN ok END",
        "CAST(n AS VARCHAR) = '5'", "n::VARCHAR = '5'", "TRY_CAST(type AS INTEGER) IS NULL",
        "value::DECIMAL(10,2) = 1.25",
        "ts >= '2026-01-02'", "ts < TIMESTAMP '2026-01-03 04:00:00'", "ts::DATE = DATE '2026-01-02'",
        "ts > TIMESTAMP '2026-01-01' + INTERVAL 2 DAY", "ts - INTERVAL '36 hours' > '2026-01-02'",
        "date_trunc('day', ts) = '2026-01-02'", "extract(hour FROM ts) = 5", "hour(ts) = 5", "ts < now()",
        "ts < current_timestamp", "ts::DATE <= current_date", "epoch(ts) > 1767300000", "strftime(ts, '%H') = '03'",
        "ts AT TIME ZONE 'UTC' > '2026-01-03 00:00:00+00'", "time_bucket(INTERVAL 6 HOUR, ts) = '2026-01-01 06:00:00'",
        "lower(type) = 'hvac'", "upper(dn) = 'U3'", "length(type) = 4", "dn || type = 'u1HVAC'",
        "concat(dn, n) = 'u3-17'",
        "substring(type FROM 1 FOR 2) = 'HV'", "left(type, 2) = 'HV'", "right(type, 1) = 'C'", "trim(type) = ''",
        "trim(both 'H' from type) = 'VAC'", "position('V' IN type) = 2", "split_part(type, 'g', 1) = 'Li'",
        "abs(n) = 3", "round(value, 1) = 1.1", "floor(value) = 1", "greatest(n, 5) = 5",
        "coalesce(dn, 'none') = 'none'",
        "ifnull(dn, 'x') = 'x'", "nullif(type, '') IS NULL", "if(n > 3, ok, dn = 'u1')", "dn IS DISTINCT FROM 'u1'",
        "dn IS NOT DISTINCT FROM NULL", "type COLLATE NOCASE = 'hvac'", "m.n = 4", "M.N = 4", "DN = 'u1'",
        "\"dn\" = 'u1'",
        "\"type\"='HVAC'", "\"Odd \"\"name\"\"\" LIKE 'Stra%'", "contains(\"Odd \"\"name\"\"\", 'π')", "true", "false",
        "1 = 1", "NULL",
        "n = 4 -- a comment", "n = /* inside */ 4", "n = 4;", "((((n)))) = 4", "type = 'a;b'", "type = '--'",
        "type = '/*'",
        "type = 'x'') OR 1=1 --'", "type = $$HVAC$$", "type = E'HV\\x41C'", "n=1 or\tn\n=\r\n2", "type = 'SELECT'",
        "type > '\u{301}'", "type <> ''''", "type = '''\u{301} OR 1=1 --'", "dn = '\u{1}'",
        "n IN (1, 2, 3 + 4, abs(-5))",
        "lower(\"type\") IN ('hvac') AND (n > 1 OR (ok AND NOT (dn = 'u2')))", "n > 3 WINDOW w AS ()",
        "main.lower(dn) = 'u1'",
        "replace(dn, 'u', 'x') = 'x1'", "printf('%d', n) = '5'", "parse_path(dn) IS NOT NULL",
        "dn LIKE 'u' || n % 5 || '%'", "type LIKE '%_g%t%'", "type ILIKE '%L%G%T'", "dn NOT LIKE concat('_', n)",
        "type NOT ILIKE '%h%_%c%' ESCAPE '!'", "dn[1] = 'u'", "dn[1:1] = 'u'", "[1, 2] = [n, 2]", "(n, ok) = (5, true)",
        "list_contains([1, 2, 3], n)", "n IN [1, 2, 3]", "levenshtein(dn, 'u1') = 0", "format('{:>3}', n) = '  5'",
        "TRY(n > 1)", "ok = ok AND dn ILIKE '%U%'", "md5(dn) <> ''", "year(ts) = 2026", "n IN (1) = ok",
        "(n = 1) IS NULL",
    ]

    @Test(arguments: legitimate)
    func aConditionGivesTheRowsThatItWouldGiveAsIs(text: String) throws {
        let condition = try Condition(text, scope: scope, parser: connection)
        let direct = try connection.query("SELECT n FROM m WHERE \(text)\n ").rows
        let generated = try connection.query("SELECT n FROM m WHERE \(condition.sql)").rows
        #expect(direct == generated, "\(condition.sql)")
        // What was generated means the same to the parser as what it was generated from; checks that are made when it
        // runs cannot be a client's.
        if condition.sql.contains("error('") { return }
        #expect(try Condition(condition.sql, scope: scope, parser: connection).sql.isEmpty == false)
    }

    private static let hostile: [(text: String, reason: String)] = [
        ("n = 1; DROP TABLE m", "not a statement"), ("n = 1; SELECT 2", "several statements"), ("1;1", "syntax error"),
        ("n = 1; PRAGMA database_list", "not a statement"), ("n = 1; ATTACH 'x'", "not a statement"),
        ("n = 1; COPY m TO 'x'", "not a statement"), ("n = 1;;SELECT 1", "several statements"), ("", "end of input"),
        ("n = 1; SET threads = 1", "not a statement"), ("n = 1; INSTALL httpfs; LOAD httpfs", "not a statement"),
        ("n = 1) UNION (SELECT 1", "syntax error"), ("n = 1 UNION SELECT 1", "UNION"),
        ("n = 1 UNION ALL SELECT 1", "UNION"),
        ("n = 1 EXCEPT SELECT 1", "UNION"), ("n = 1 INTERSECT SELECT 1", "UNION"), ("1 = 1) OR (1 = 1", "syntax error"),
        ("EXISTS (SELECT 1 FROM tenant)", "subqueries"), ("n IN (SELECT n FROM m)", "subqueries"),
        ("n = (SELECT 1)", "subqueries"),
        ("n = ANY(SELECT 1)", "subqueries"), ("n > ALL(SELECT 1)", "subqueries"), ("n = ANY([1])", "subqueries"),
        ("ARRAY(SELECT 1) IS NULL", "subqueries"), ("n = (FROM m SELECT n)", "subqueries"),
        ("(VALUES (1)) = n", "subqueries"),
        ("(WITH x AS (SELECT 1) SELECT * FROM x) = n", "subqueries"),
        ("dn = (SELECT secret FROM tenant LIMIT 1)", "subqueries"),
        ("read_text('/etc/passwd') IS NULL", "function read_text"), ("read_csv('x') = 1", "function read_csv"),
        ("read_blob('x') = 1", "function read_blob"), ("getenv('HOME') = 'x'", "function getenv"),
        ("current_setting('threads') = 1", "function current_setting"),
        ("duckdb_settings() = 1", "function duckdb_settings"),
        ("getvariable('x') = 1", "function getvariable"), ("nextval('s') = 1", "function nextval"),
        ("random() < 0.5", "function random"),
        ("query('SELECT 1') = 1", "function query"), ("query_table('tenant') = 1", "function query_table"),
        ("uuid() = dn", "function uuid"),
        ("repeat(dn, 1000000000) = ''", "argument 2 of repeat"),
        ("lpad(dn, 1000000000, 'x') = ''", "argument 2 of lpad"),
        ("format('{:1000000000}', n) = ''", "widths in the format"),
        ("range(1000000000) IS NULL", "range takes whole numbers"), ("unnest([1]) = 1", "function unnest"),
        ("error('x')", "function error"),
        ("write_log('x') IS NULL", "function write_log"),
        ("json_serialize_sql('x') IS NULL", "function json_serialize_sql"),
        ("json_execute_serialized_sql('x') IS NULL", "function json_execute_serialized_sql"),
        ("pg_sleep(1)", "function pg_sleep"),
        ("in_search_path('a', 'b')", "function in_search_path"), ("txid_current() = 1", "function txid_current"),
        ("current_database() = 'x'", "function current_database"),
        ("current_schema() = 'x'", "function current_schema"),
        ("version() = 'x'", "function version"), ("system.main.lower(dn) = ''", "qualified"),
        ("evil.lower(dn) = ''", "qualified"),
        ("glob('/*') IS NULL", "function glob"),
        ("sleep_ms(1) IS NULL", "function sleep_ms"),
        ("count(*) > 1", "aggregate count_star"), ("sum(n) > 1", "aggregate sum"), ("max(n) = n", "aggregate max"),
        ("sum(n) OVER () > 1", "window"), ("row_number() OVER (ORDER BY n) = 1", "window"),
        ("lag(n) OVER () = 1", "window"),
        ("n = (lambda x: x)", "no column x"), ("n = (lambda n: n)", "the path of ->"),
        ("dn -> dn", "the path of ->"), ("dn ->> '$..*' = ''", "the path of ->>"),
        ("$1 = 1", "parameters"),
        ("? = 1", "parameters"), ("$name = 1", "parameters"), ("#1 = 1", "positional"),
        ("* IS NULL", "* is not allowed"), ("m.* IS NULL", "*"),
        ("COLUMNS('.*') = 1", "* is not allowed"), ("COLUMNS(*) IS NULL", "* is not allowed"),
        ("n = DEFAULT", "DEFAULT"), ("secret = 'x'", "no column secret"),
        ("tenant.secret = 'x'", "no column tenant.secret"), ("main.m.n = 1", "no column main.m.n"),
        ("rowid = 1", "no column rowid"),
        ("filename = 'x'", "no column filename"), ("current_user = 'x'", "no column current_user"),
        ("user = 'x'", "no column user"),
        ("nocolumn", "the table m has dn, type, value"),
        ("dn::mytype = 1", "cast to mytype"),
        ("dn::ENUM('a') = 'a'", "cast to ENUM"), ("dn::main.t = 1", "cast to t"),
        ("dn::regclass = 1", "cast to regclass"),
        ("n = 1 GROUP BY n", "GROUP BY"), ("n = 1 GROUP BY ALL", "GROUP BY"), ("n = 1 GROUP BY ()", "GROUP BY"),
        ("n = 1 HAVING n > 1", "HAVING"), ("n = 1 ORDER BY n", "not allowed here"),
        ("n = 1 LIMIT 1", "not allowed here"), ("n = 1 OFFSET 1", "not allowed here"),
        ("n = 1 USING SAMPLE 1", "SAMPLE"),
        ("n = 1 QUALIFY n", "QUALIFY"),
        ("n = 1 FOR UPDATE", "locking"), ("lower(DISTINCT dn) = ''", "DISTINCT"),
        ("lower(dn ORDER BY n) = ''", "ORDER BY"),
        ("lower(dn) FILTER (WHERE n > 1) = ''", "FILTER"), ("dn COLLATE de = 'x'", "collations"),
        ("lower(x := dn) = ''", "named arguments"),
        ("GROUPING(n) = 1", "GROUPING"), ("n = 1\0 OR true", "NUL"), ("n = 1 /*", "comment"),
        ("dn = 'open", "unterminated"),
        ("dn = \"u1\"", "no column u1"), ("n = 1 AND", "end of input"), ("SELECT 1", "syntax error"),
        ("n = 1e400", "too large"),
        ("dn = \u{FF07}x\u{FF07}", "no column"), ("n\u{2003}= 1; DROP TABLE m", "not a statement"),
        ("n = 1\u{037E} DROP TABLE m", "syntax error"),
        ("dn = '\u{301}' OR (SELECT 1)", "subqueries"), ("'a' = '\u{200D}'; DROP TABLE m --'", "not a statement"),
        ("dn = x'\u{301}", "unterminated"),
        ("n = 1 --\n; DROP TABLE m", "not a statement"), ("n = 1 /* */; /* */ DROP TABLE m", "not a statement"),
        ("FROM tenant", "syntax error"),
        ("n = 1 WHERE true", "syntax error"), ("n = 1, tenant", "syntax error"),
        ("try(read_text('x')) IS NULL", "function read_text"),
        ("CASE WHEN true THEN (SELECT 1) END = 1", "subqueries"),
        ("CASE n WHEN getenv('x') THEN 1 END = 1", "function getenv"),
        ("n BETWEEN 1 AND (SELECT 1)", "subqueries"), ("coalesce(dn, getenv('x')) = ''", "function getenv"),
        ("CAST(getenv('x') AS INTEGER) = 1", "function getenv"),
        ("n IN (1, (SELECT 1))", "subqueries"), ("NOT EXISTS (FROM m)", "subqueries"),
        ("getenv('x') COLLATE nocase = ''", "function getenv"),
        ("LOWER(GETENV('x')) = ''", "function getenv"), ("\"getenv\"('x') = ''", "function getenv"),
        ("dn = upper(pragma_version())", "function pragma_version"),
    ]

    @Test(arguments: hostile)
    func aHostileTextIsRefusedWithItsReason(text: String, reason: String) {
        let error = #expect(throws: LakeError.self) {
            let condition = try Condition(text, scope: scope, parser: connection)
            Issue.record("became \(condition.sql)")
        }
        #expect(error?.kind == .invalid, "\(String(describing: error))")
        #expect(
            error?.message.hasPrefix("where: ") == true && error?.message.contains(reason) == true,
            "\(String(describing: error))")
    }

    @Test func depthAndLengthAreLimited() throws {
        let texts = [
            String(repeating: "NOT ", count: 200) + "ok",
            String(repeating: "lower(", count: 150) + "dn" + String(repeating: ")", count: 150) + " = ''",
            Array(repeating: "n", count: 200).joined(separator: " + ") + " = 1",
            String(repeating: "-", count: 0) + String(repeating: "- ", count: 3000) + "n = 1",
            String(repeating: "CASE WHEN ok THEN ", count: 150) + "ok" + String(repeating: " END", count: 150),
            String(repeating: "(", count: 9000) + "n", "dn = '" + String(repeating: "x", count: 20000) + "'",
            String(repeating: "NOT ", count: 4000) + "ok",
        ]
        for text in texts {
            let error = #expect(throws: LakeError.self) { try Condition(text, scope: scope, parser: connection) }
            #expect(error?.kind == .invalid)
        }
        let wide = (0..<1000).map { "n=\($0)" }.joined(separator: " OR ")
        _ = try Condition(wide, scope: scope, parser: connection)
        let list = (0..<2000).map(String.init).joined(separator: ", ")
        _ = try Condition("n IN (\(list))", scope: scope, parser: connection)
        _ = try Condition(String(repeating: "NOT ", count: 90) + "ok", scope: scope, parser: connection)
    }
}
