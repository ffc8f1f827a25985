"""SQL of clients that asks for all memory, for all threads, or for the end of the process: storage.md, "What may stand in a
query". Figures are those of the broker's process, as the system has them."""

import json
import re
import signal
import socket
import threading

import polars
import pytest

from support.framed_peer import FramedPeer
from support.http_gateway import Http, http_port
from support.processes import PATIENCE, REFERENCE, Broker
from support.wire import Peer, eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our broker")

SCHEMA = {
    "tables": [
        {
            "table": "reading",
            "topic": "reading",
            "columns": [
                {"col": "kind", "type": "TEXT"},
                {"col": "n", "type": "BIGINT"},
                {"col": "big", "type": "TEXT"},
                {"col": "doc", "type": "TEXT"},
                {"col": "bytes", "type": "BLOB"},
            ],
        }
    ]
}

MEBIBYTE = 1 << 20
#: A chunk of rows may be made into a quarter of this, and DuckDB itself may take all of it.
LAKE_MEMORY = 256 * MEBIBYTE
#: What the process may grow by in all during any of the queries: DuckDB's own, that for each of three threads, and what it
#: takes before somebody looks, four times a second.
MOST = 640 * MEBIBYTE


class Tables:
    """A broker with one table, and HTTP to ask it."""

    def __init__(self, folder, options=(), **settings):
        schema = folder / "schema.json"
        schema.write_text(json.dumps(SCHEMA))
        self.broker = Broker(
            options=["--schema", str(schema), "--http", "0", *options],
            REMBUS_LAKE_MEMORY_BYTES=LAKE_MEMORY, REMBUS_THREADS=1, **settings)
        self.http = http_port(self.broker)

    def ask(self, method, body, content_type="application/json", timeout=PATIENCE):
        """The status and the answer of a call."""
        answer = Http(self.http, timeout)("POST", f"/rpc/{method}", body, {"Content-Type": content_type})
        return answer.status, json.loads(answer.body or b"null")

    def query(self, cols, where=None, **more):
        body = {"cols": cols, **more}
        if where:
            body["where"] = where
        return self.ask("query_reading", body)

    def fill(self, rows):
        frame = polars.DataFrame(
            rows, schema={"kind": polars.Utf8, "n": polars.Int64, "big": polars.Utf8, "doc": polars.Utf8, "bytes": polars.Binary},
            orient="row")
        status, answer = self.ask("upsert_reading", frame.write_ipc_stream(None).getvalue(), "application/vnd.apache.arrow.stream")
        assert status == 200, answer

    def memory(self, field="VmRSS"):
        with open(f"/proc/{self.broker.process.pid}/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field + ":"))

    def forget_peak(self):
        with open(f"/proc/{self.broker.process.pid}/clear_refs", "w") as file:
            file.write("5")

    def status(self):
        """How the broker's queries stand."""
        return self.ask("storage_status", [])[1]["lake"]["queries"]


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    tables = Tables(tmp_path_factory.mktemp("hostile"), REMBUS_TIMEOUT=5)
    deep = "[" * 200_000 + "]" * 200_000
    objects = '{"a":' * 200_000 + "1" + "}" * 200_000
    tables.fill([("row", n, "é1" * (MEBIBYTE // 3), json.dumps(list(range(100_000))), b"\xff" * MEBIBYTE) for n in range(12)])
    tables.fill([("cell", 0, "ab" * (10 * MEBIBYTE), "[" + "1," * (5 * MEBIBYTE) + "1]", b"\x00" * (10 * MEBIBYTE))])
    tables.fill([("deep", 0, "x", deep, b""), ("deep", 1, "x", objects, b"")])
    tables.fill([("short", n, "a" * 4000, "{}", b"") for n in range(2048)])
    yield tables
    tables.broker.discard()


def nested(function, depth, inner):
    return f"{function}(" * depth + inner + ")" * depth


#: Every family of functions as an amplifier: cols, over which rows.
AMPLIFIERS = [
    *[(f"length({nested(f, 8, 'big')}) AS n", kind) for f in ("hex", "to_base64", "bin", "url_encode") for kind in ("row", "cell")],
    *[(f"{', '.join(f'{f}(big) AS c{i}' for i in range(300))}", kind)
      for f in ("upper", "lower", "reverse", "trim", "strip_accents") for kind in ("row", "cell")],
    *[(f"length({f}) AS n", kind) for kind in ("row", "cell") for f in (
        "repeat(big, 200)", "lpad(big, 1000, big)", "replace(big, 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')",
        "regexp_replace(big, '', 'xxxxxxxxxxxxxxxx', 'g')", "translate(big, 'ab', '€€')", "concat(" + ", ".join(["big"] * 200) + ")",
        "concat_ws('-', " + ", ".join(["big"] * 14) + ")", "format('" + "{0}" * 100 + "', big)", "printf('" + "%1$s" * 50 + "', big)",
        "string_split(big, '')", "regexp_split_to_array(big, '')", "regexp_extract_all(big, '.')",
        "list_transform(string_split(big, ''), lambda x: x || 'yyyyyyyyyyyyyyyy')", "[" + ", ".join(["big"] * 200) + "]",
        "array_to_string([big, big], 'z')", "list_resize([big], 200)", "list_zip([big], [big], [big])",
        "to_json([" + ", ".join(["big"] * 20) + "])::VARCHAR", "json_object('a', big, 'b', big)::VARCHAR", "json_quote(big)::VARCHAR",
        "hex(bytes)", "bin(bytes)", "encode(big)", "base64(bytes)", "regexp_escape(big)", "CAST([big, big] AS VARCHAR)",
        "string_split(hex(bytes), 'F')", "list_sort(string_split(big, 'a'))", "list_distinct(string_split(big, ''))",
        "list_histogram(string_split(big, '1'))", "doc::JSON::INTEGER[]", "doc::JSON::VARCHAR[]",
        "from_json(doc, '[\"INTEGER\"]')", "json_extract(doc, '$[*]')", "json_structure(doc)::VARCHAR",
        "json_merge_patch(doc, doc)::VARCHAR", "(big COLLATE NOCASE)", "nfc_normalize(big)", "strftime(TIMESTAMP '2026-01-01', big)",
        "map([big], [big])", "{'a': big, 'b': big, 'c': big}::VARCHAR", "array_cat([big], [big])",
    )],
    *[(f"length({f}) AS n", kind) for kind in ("row", "cell", "short") for f in (
        "string_agg(big, ',')", "hex(string_agg(big, ','))", "list(big)", "to_json(list(big))::VARCHAR", "list(hex(big))",
        "hex(mode(big))", "repeat(max(big), 200)", "hex(hex(min_by(big, n)))", "json_group_array(big)::VARCHAR",
        "array_to_string(list(big), 'abc')", "list_sort(list(big || n))", "list_aggregate(list(big), 'string_agg', ',')",
    )],
    ("cardinality(histogram(big || n))", "short"), ("median(hex(big))", "short"), ("max(hex(big), 1000)", "short"),
    ("approx_top_k(hex(hex(big)), 200)", "short"), ("quantile_disc(hex(hex(big)), [0.1, 0.5])", "short"),
    ("count(DISTINCT hex(hex(hex(big || n))))", "short"),
    ("count(DISTINCT " + "||".join(f"hex(hex(big || {i}))" for i in range(20)) + ")", "short"),
    (", ".join(f"lpad(n::VARCHAR, 1000, 'é') AS c{i}" for i in range(300)), "short"),
    (", ".join(f"list_transform(range(1000), x -> x + n) AS c{i}" for i in range(200)), "short"),
    (", ".join(f"list(big) OVER (ORDER BY n ROWS BETWEEN 200 PRECEDING AND CURRENT ROW) AS c{i}" for i in range(10)), "short"),
    ("string_agg(big, '') OVER (ORDER BY n ROWS BETWEEN 255 PRECEDING AND CURRENT ROW) AS c", "short"),
    ("max(hex(big)) OVER (ORDER BY n) AS c, hex(lag(big) OVER (ORDER BY n)) AS d", "short"),
    ("*, " + ", ".join(f"upper(big) AS c{i}" for i in range(100)), "row"),
    ("upper(COLUMNS(['big', 'doc'])), hex(COLUMNS(['big', 'doc'])), lower(COLUMNS(['big', 'doc']))", "row"),
    ("hex(big) AS a, a || a AS b, b || b AS c, c || c AS d, d || d AS e, e || e AS f", "row"),
    ("unnest(string_split(big, '')) AS u, hex(big)", "cell"),
    ("unnest(range(1000))::VARCHAR || big AS u", "row"), ("unnest(range(1000)) AS u, u::VARCHAR || big AS c", "row"),
]

#: `unnest` repeats what stands beside it. These are refused, or answered, before anything is copied.
REPEATED = [
    *[(f"{before}unnest(range(1000)) AS u{after}", "row") for before, after in (
        ("", ", doc"), ("", ", big"), ("big, ", ""), ("", ", bytes"), ("", ", *"), ("*, ", ""), ("", ", big || n AS b, doc"), ("big || n AS b, doc, ", ""),
        ("", ", n, {'a': big} AS s"), ("", ", [big, doc] AS l"), ("", ", hex(big) AS h"), ("", ", u + 1 AS v, lower(big)"), ("big AS a, ", ", a, a || a AS b"),
        ("DISTINCT ", ", big"), ("DISTINCT ON (big) ", ", n"), ("", ", CASE WHEN n > 3 THEN big END AS c"), ("", ", bytes[1:1000000] AS c"))],
    *[(f"unnest(range(1000)) AS u, {f} AS w", "row") for f in (
        "first_value(big) OVER (ORDER BY n)", "row_number() OVER (PARTITION BY big)", "lag(big) OVER ()")],
    *[(f"unnest(list({of})) AS u, {beside}", kind) for kind in ("row", "short") for of in ("n", "big", "big || n")
      for beside in ("max(doc) AS m", "list(big) AS l", "string_agg(big, ',') AS s", "big", "doc", "count(*) AS c")],
    *[(f"unnest({of}) AS u, {beside}", "row") for of in ("[big, doc, big]", "[1, 2, 3]", "string_split(left(doc, 20000), ',')", "list_resize([big], 200)")
      for beside in ("n", "big", "*", "length(big) AS c")],
    ("unnest(range(5)) AS u, unnest(range(1000)) AS v, big", "row"), ("unnest(range(1000)) AS u, big", "cell"), ("unnest(range(1000)) AS u, big", "short"),
    ("unnest(list_transform(range(1000), x -> {'a': x})) AS u, big", "row"),
]

#: How far a window may reach: DuckDB calculates with these without looking whether that overflows.
FAR = ["9223372036854775807", "-9223372036854775808", "(-9223372036854775807)", "1000000001", "(n - 9223372036854775807)",
       "CAST('-9223372036854775808' AS BIGINT)", "NULL", "1e30", "(-n - 9000000000000000000)"]
WINDOWS = [
    *[f"{f}(n, {far}) OVER (ORDER BY n) AS w" for f in ("lag", "lead", "nth_value") for far in FAR],
    *[f"lag(big, {far}, 'x') OVER (ORDER BY n) AS w" for far in FAR], *[f"ntile({far}) OVER (ORDER BY n) AS w" for far in FAR],
    *[f"lead(n, {far}) OVER () AS w" for far in FAR], *[f"lag(n, {far}) IGNORE NULLS OVER (ORDER BY n) AS w" for far in FAR[:4]],
    *[f"{f} OVER (ORDER BY n {unit} BETWEEN {a} {ends[0]} AND {b} {ends[1]}) AS w"
      for f in ("sum(n)", "first_value(n)", "row_number()", "cume_dist()") for unit in ("ROWS", "GROUPS", "RANGE")
      for a, b in ((FAR[0], FAR[0]), (FAR[3], FAR[3]), ("1", FAR[0]), (FAR[0], "1"), (FAR[5], FAR[5]))
      for ends in (("PRECEDING", "FOLLOWING"), ("FOLLOWING", "FOLLOWING"), ("PRECEDING", "PRECEDING"))],
]

#: Functions that DuckDB cannot interrupt, on values for which they would take very long.
SLOW = [
    *[(f"{f}(big, big) AS n", kind) for f in ("levenshtein", "damerau_levenshtein", "jaro_similarity", "jaro_winkler_similarity", "editdist3")
      for kind in ("row", "cell", "short")],
    *[(f, kind) for kind in ("row", "cell", "short") for f in (
        "contains(big, left(big, length(big) // 2) || 'b')", "strpos(big, right(big, 500000) || 'q')", "instr(big, big || 'x')",
        "position(big || 'x' IN big)", "trim(big, big)", "big LIKE '%' || big || '%b%a'", "big LIKE '%ababababababab%bbbb%'",
        "big ILIKE '%a%b%c%d%e%'", "big SIMILAR TO '(a|b)*c(a|b)*d'", "big GLOB '*abababababababababc'",
        "regexp_matches(big, '(a?b?){500}c')", "regexp_matches(big, '((a{0,30}b{0,30}){0,30})c')", "regexp_full_match(big, '(.*)(.*)(.*)(.*)x')",
        "length(regexp_extract_all(big, 'a.*c|a'))", "length(regexp_replace(big, '[ab]+c|a', 'x', 'g'))",
        "length(regexp_split_to_array(big, 'a[ab]*c|b'))", "length(list_sort(string_split(big, '')))",
        "jaccard(big, big)", "hamming(big, big)", "length(split_part(big, big, 2))", "big COLLATE NOACCENT > 'a'",
        "list_has_all(string_split(big, ''), string_split(big, ''))", "list_position(string_split(big, ''), 'q')",
        "length(list_distinct(string_split(big, '')))", "list_aggregate(string_split(big, ''), 'mode')",
        "json_contains(doc, '[1,1,1,1,1,2]')", "length(json_merge_patch(doc, doc)::VARCHAR)", "json_valid(doc)",
    )],
    (" AND ".join(["levenshtein(left(big, 4000), reverse(left(big, 4000))) > 1"] * 50), "short"),
    ("sum(levenshtein(left(a, 4000), left(b, 4000)))".replace("a,", "big,").replace("b,", "doc || big,"), "short"),
]

#: JSON that lies in itself 200,000 times: functions that go down into it would end the process.
DEEP = [
    "json_structure(doc)::VARCHAR", "json_structure(doc::JSON)::VARCHAR", "json_merge_patch(doc, doc)::VARCHAR",
    "json_merge_patch('{}', doc)::VARCHAR", "json_contains(doc, '1')", "json_group_structure(doc::JSON)::VARCHAR",
    "json_structure('[' || doc || ']')::VARCHAR", "json_structure(json_group_array(doc::JSON))::VARCHAR", "json_valid(doc)",
    "json_type(doc)", "json_keys(doc)", "doc::JSON::VARCHAR[]", "from_json(doc, '[\"JSON\"]')::VARCHAR",
    "json_transform(doc, '{\"a\": \"JSON\"}')::VARCHAR", "json_extract(doc, '$[0]')", "doc -> '$.a' ->> '$.a'", "to_json([doc::JSON])::VARCHAR",
    "json_array(doc::JSON)::VARCHAR", "doc::JSON = doc::JSON", "doc::STRUCT(a VARCHAR)::VARCHAR", "doc::VARCHAR[]::VARCHAR",
]


def ask_all(tables, queries, most=MOST, **more):
    """Asks all, one after the other. Every query must have an answer, and the process must stay within bounds."""
    too_large = []
    for cols, kind in queries:
        before = tables.memory()
        tables.forget_peak()
        status, answer = tables.query(cols, f"kind = '{kind}'", **more)
        assert status in (200, 400, 413, 422, 500, 502, 503, 504), (cols[:100], status, answer)
        growth = tables.memory("VmHWM") - before
        if growth > most:
            too_large.append((cols[:100], kind, growth // MEBIBYTE, str(answer)[:100]))
    assert not too_large
    assert tables.query("count(*) AS n")[0] == 200


@pytest.mark.parametrize("kind", ["row", "cell", "short"])
def test_no_function_makes_more_than_fits(tables, kind):
    ask_all(tables, [query for query in AMPLIFIERS if query[1] == kind])


def test_nothing_is_repeated_beside_unnest_that_does_not_fit(tables):
    # An answer of 60 MiB may be there three times while it is made and sent.
    ask_all(tables, REPEATED, most=320 * MEBIBYTE)
    for order in ("big", "doc, u", "lower(big)", "n, big DESC", "hex(bytes)"):
        ask_all(tables, [("unnest(range(1000)) AS u", "row")], most=320 * MEBIBYTE, order=order)
    status, answer = tables.query("unnest(range(1000)) AS u, big", "kind = 'row'")
    assert status != 200 and "narrow it with where" in answer["error"], answer


def test_columns_beside_unnest_are_what_they_are(tables):
    for cols, order, rows in (
            ("unnest([7, 8]) AS u, kind, n", "u, n", [{"u": 7, "kind": "row", "n": 0}, {"u": 7, "kind": "row", "n": 1}]),
            ("n, kind, unnest(['a', 'b']) AS u", "u DESC, kind, n", [{"n": 0, "kind": "row", "u": "b"}, {"n": 1, "kind": "row", "u": "b"}]),
            ("unnest(range(3)) AS u, left(big, 2) || kind AS c", "u, c", [{"u": 0, "c": "é1row"}] * 2),
            ("unnest(list(n)) AS u, kind", "u", [{"u": 0, "kind": "row"}, {"u": 1, "kind": "row"}]),
            ("unnest(list(n)) AS u, count(*) AS c, max(n) AS m", "u", [{"u": 0, "c": 2, "m": 1}, {"u": 1, "c": 2, "m": 1}]),
            ("unnest(range(2)) AS u, row_number() OVER (ORDER BY n) AS r", "u, r", [{"u": 0, "r": 1}, {"u": 0, "r": 2}])):
        status, answer = tables.query(cols, "kind = 'row' AND n < 2", order=order, limit=2)
        assert (status, answer) == (200, rows), (cols, answer)
    for cols, words in (("unnest(list(n)) AS u, max(big) AS m", "the value of max cannot be a text"),
                        ("unnest(range(2)) AS u, COLUMNS(*)", "name the columns instead of COLUMNS")):
        status, answer = tables.query(cols)
        assert status != 200 and words in answer["error"], answer


def test_no_function_holds_a_thread(tables):
    # Some of them may work for some seconds after their answer; none of them for ever.
    ask_all(tables, SLOW)
    assert eventually(lambda: tables.status()["lost_threads"] == 0)


def test_json_that_is_nested_deeply_does_not_end_the_process(tables):
    ask_all(tables, [(f"length({expression}) AS n" if "::VARCHAR" in expression else f"{expression} AS n", "deep") for expression in DEEP])
    # What is nested less is read as ever.
    status, answer = tables.query("json_structure(repeat('[', 400) || repeat(']', 400)) AS s", "kind = 'deep'", limit=1)
    assert status == 200, answer


def test_no_window_reaches_out_of_the_table(tables):
    ask_all(tables, [(cols, "row") for cols in WINDOWS])
    status, answer = tables.query("lag(n, -9223372036854775808) OVER () AS w", "kind = 'row'")
    assert status != 200 and "a window reaches at most 1000000000 rows far" in answer["error"], answer
    status, answer = tables.query("lag(n, n % 3) OVER (ORDER BY n) AS w", "kind = 'row'")
    assert status == 200, answer
    assert [row["w"] for row in answer][:6] == [0, 0, 0, 3, 3, 3], answer


def test_mistakes_in_values_are_the_callers(tables):
    for cols in ("regexp_matches(kind, '(x{500}){500}') AS n", "max(n, 1000000000) AS n"):
        status, answer = tables.query(cols)
        assert status != 200 and "the broker's log" not in answer["error"], (cols, answer)


def test_memory_goes_back_after_the_answer(tables):
    tables.query("count(*) AS n")
    before = tables.memory()
    assert tables.query("max(length(hex(upper(big)))) AS n", "kind = 'row'")[0] == 200
    assert eventually(lambda: tables.memory() < before + 64 * MEBIBYTE)


def test_a_refusal_says_why(tables):
    status, answer = tables.query("length(hex(hex(hex(big)))) AS n", "kind = 'cell'")
    assert status != 200 and "narrow it with where" in answer["error"], answer
    status, answer = tables.query("json_structure(doc) AS n", "kind = 'deep'")
    assert status != 200 and "nested more than 1000 deep" in answer["error"], answer


def test_columns_keep_the_names_that_duckdb_gives_them(tables):
    status, answer = tables.query("upper(kind), hex(left(big, 1)), count(*)", "kind = 'short'")
    assert status == 200 and list(answer[0]) == ["upper(kind)", 'hex("left"(big, 1))', "count_star()"], answer


def test_a_delete_is_measured_too(tables):
    status, answer = tables.ask("delete_reading", {"where": "levenshtein(hex(big), hex(big)) = -1"})
    assert status != 200, answer
    assert tables.query("count(*) AS n")[0] == 200


#: Slow for every chunk of rows, though DuckDB itself would not look whether it is to stop: 2,000 million calls of a lambda.
LONG = {"cols": "sum(list_sum(list_transform(range(1000), x -> list_sum(list_transform(range(1000), y -> x * y + n)))))",
        "where": "kind = 'short'"}


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    tables = Tables(tmp_path_factory.mktemp("patient"), REMBUS_TIMEOUT=300, options=["--tcp", "0"])
    tables.fill([("short", n, "a" * 4000, "{}", b"") for n in range(2048)])
    yield tables
    tables.broker.discard()


def cancelled_by(tables, leave):
    """Whether a query that runs is cancelled when its client leaves."""
    before = tables.status()["cancelled"]
    assert eventually(lambda: tables.status()["running"] == 1)
    leave()
    return eventually(lambda: tables.status()["cancelled"] == before + 1 and tables.status()["running"] == 0)


def http_request(tables, body):
    text = json.dumps(body)
    connection = socket.create_connection(("127.0.0.1", tables.http))
    connection.sendall(f"POST /rpc/query_reading HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
    return connection


@pytest.mark.parametrize("protocol", ["websocket", "tcp"])
def test_a_query_ends_with_its_connection(patient, protocol):
    tcp = int(re.search(r"tcp://127\.0\.0\.1:(\d+)", patient.broker.started_with)[1])
    peer = Peer(patient.broker.url) if protocol == "websocket" else FramedPeer(tcp)
    peer.send_call("query_reading", LONG)
    assert cancelled_by(patient, peer.vanish if protocol == "websocket" else peer.socket.close)


def test_a_query_ends_with_its_http_request(patient):
    connection = http_request(patient, LONG)
    assert cancelled_by(patient, connection.close)


def test_queries_of_a_json_rpc_batch_end_with_it(patient):
    text = json.dumps([{"jsonrpc": "2.0", "id": 1, "method": "query_reading", "params": [LONG]}])
    connection = socket.create_connection(("127.0.0.1", patient.http))
    connection.sendall(f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
    assert cancelled_by(patient, connection.close)


def test_a_client_that_only_sends_no_more_gets_its_answer(patient):
    connection = http_request(patient, {**LONG, "where": "kind = 'short' AND n < 20"})
    connection.shutdown(socket.SHUT_WR)
    answer = b""
    while part := connection.recv(65536):
        answer += part
    assert b"HTTP/1.1 200 OK" in answer, answer


def test_answers_come_at_the_time_out_and_a_stop_is_not_held_up(tmp_path):
    tables = Tables(tmp_path, REMBUS_TIMEOUT=1)
    try:
        # As much as one function may do at a time, which takes longer than the time-out.
        tables.fill([("slow", n, "ab" * 2000, "{}", b"") for n in range(240)])
        slow = {"cols": "sum(levenshtein(big, reverse(big)))", "where": "kind = 'slow'"}
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(tables.ask("query_reading", slow))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert len(answers) == 6 and all("took longer than 1 s" in answer["error"] for _, answer in answers), answers
        # Whoever asks next finds a thread, whether those have come back or not.
        assert tables.query("count(*) AS n") == (200, [{"n": 240}])
        assert tables.status()["late"] > 0
        connections = [http_request(tables, slow) for _ in range(4)]
        assert eventually(lambda: tables.status()["running"] + tables.status()["lost_threads"] >= 2)
        tables.broker.process.send_signal(signal.SIGTERM)
        assert tables.broker.process.wait(PATIENCE) == 0
        for connection in connections:
            connection.close()
    finally:
        tables.broker.discard()
