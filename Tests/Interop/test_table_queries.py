"""What `query_<table>` answers, beside what plain DuckDB says of the same rows, which is what the reference broker
would answer: it pastes `cols` and `where` into SQL (storage.md §6)."""

import io
import json
import threading

import cbor2
import duckdb
import polars
import pytest

from support.lake import opened_catalog
from support.processes import Broker, run_rembus
from support.wire import OK, Peer, eventually

COLUMNS = [
    {"col": "dn", "type": "TEXT"},
    {"col": "n", "type": "INTEGER"},
    {"col": "v", "type": "DOUBLE"},
    {"col": "j", "type": "JSON"},
    {"col": "ts", "type": "TIMESTAMP"},
]
SCHEMA = {"tables": [{"table": "reading", "topic": "reading", "columns": COLUMNS}]}
ROWS = [
    {"dn": f"s{i % 3}" if i % 7 else None, "n": i, "v": i / 4, "ts": f"2026-01-0{i % 3 + 1} 0{i % 10}:30:00",
     "j": json.dumps({"a": i % 4, "list": list(range(i % 5)), "o": {"p.q": f"it's {i}"}})}
    for i in range(20)
]

#: cols, where. Rows are compared whatever their order.
REQUESTS = [
    # JSON
    ("n, j ->> 'a' AS a", "j ->> 'a' = '2'"),
    ("n, j -> 'list' -> 0 AS first", "(j -> '$.list[1]') IS NOT NULL"),
    ("json_extract_string(j, '$.o.\"p.q\"') AS t, (j ->> '$.a')::INTEGER AS a", "json_array_length(j, '$.list') > 2"),
    ("json_keys(j) AS k, json_type(j, '$.list') AS t", "json_exists(j, '$.o') AND json_valid(j::VARCHAR)"),
    ("json_extract(j, ['$.a', '$.list'])::VARCHAR[] AS l", "n < 5"),
    ("from_json(j, '{\"a\":\"INTEGER\",\"list\":[\"INTEGER\"]}') AS s", "n BETWEEN 4 AND 7"),
    ("(j ->> 'list')::INTEGER[] AS l, json_object('n', n, 'dn', dn)::VARCHAR AS o", "json_contains(j, '4')"),
    # Lists, structures, maps, lambdas
    ("list_transform((j ->> 'list')::INTEGER[], lambda x: x * n) AS l", "n > 10"),
    ("[x + 1 for x in ((j ->> 'list')::INTEGER[]) if x > 1] AS l", "n > 10"),
    ("list_filter([1, 2, 3], x -> x > n % 3) AS l, list_reduce([1, 2, 3], lambda a, b: a + b) AS r", "true"),
    ("list_sum([n, 1]) AS s, list_sort([3, n, 1]) AS o, len([n]) AS c, [n, 2][1] AS e, [n, 2, 3][2:] AS t", "true"),
    ("{'a': n, 'b': dn} AS s, {'a': n}.a AS a, struct_extract({'a': n}, 'a') AS b", "true"),
    ("MAP {'a': n}['a'] AS m, map_keys(MAP {'x': 1}) AS k, cardinality(MAP {dn: n}) AS c", "dn IS NOT NULL"),
    ("list_contains([1, 2, 3], n) AS c, array_to_string([dn, 'x'], '-') AS t, flatten([[n], [1]]) AS f", "n IN [1, 2, 9]"),
    ("list_aggregate([n, 2], 'max') AS m, list_distinct([1, 1]) AS d, range(3) AS r", "true"),
    # Texts, patterns, times
    ("regexp_replace(dn, 's', 'S') AS a, replace(dn, 's', '--') AS b, lpad(dn, 5, '.') AS c, repeat(dn, 3) AS d", "true"),
    ("format('{}-{}', dn, n) AS f, printf('%05d', n) AS p, string_split(dn, 's') AS s", "dn SIMILAR TO 's[01]'"),
    ("concat_ws('-', dn, n) AS c, regexp_extract(dn, '(\\d)', 1) AS r, bar(n, 0, 20, 10) AS b", "dn NOT LIKE '%1' AND dn ILIKE 'S%'"),
    ("date_trunc('day', ts) AS d, date_part('hour', ts) AS h, ts + INTERVAL 1 DAY AS t", "ts::DATE = DATE '2026-01-02'"),
    ("strftime(ts, '%Y') AS y, time_bucket(INTERVAL 6 HOUR, ts) AS b, date_diff('hour', TIMESTAMP '2026-01-01', ts) AS a", "hour(ts) > 3"),
    # Aggregates and groups
    ("dn, count(*), avg(v) AS m, max(n) FILTER (WHERE v > 1) AS x", "true GROUP BY dn HAVING count(*) > 5"),
    ("dn, string_agg(n::VARCHAR, ',' ORDER BY n DESC) AS t, list(n ORDER BY n) AS l", "n > 3 GROUP BY dn"),
    ("count(DISTINCT dn), sum(n) FILTER (WHERE dn = 's1') AS s, cardinality(histogram(dn)) AS h", "true"),
    ("n % 2 AS parity, quantile_cont(v, 0.5) AS q, percentile_disc(0.25) WITHIN GROUP (ORDER BY n) AS p", "true GROUP BY parity"),
    ("n % 2 AS a, dn, count(*) AS c, grouping(dn) AS g", "true GROUP BY GROUPING SETS ((1), (1, 2), ())"),
    ("dn, n % 2 AS a, sum(v) AS s", "true GROUP BY ROLLUP (dn, a)"),
    ("dn, count(*) AS c", "true GROUP BY ALL"),
    ("count(*)", "true HAVING count(*) > 1"),
    ("arg_max(dn, n), first(n ORDER BY n), any_value(dn ORDER BY n), mode(dn ORDER BY n), stddev(v), approx_count_distinct(n)", "true"),
    # Windows
    ("n, row_number() OVER (PARTITION BY dn ORDER BY n) AS r, lag(n, 1, 0) OVER (ORDER BY n) AS l", "true"),
    ("n, avg(v) OVER (ORDER BY n ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) AS m, ntile(4) OVER (ORDER BY n) AS t", "true"),
    ("n, sum(n) OVER (PARTITION BY dn) AS s, rank() OVER (ORDER BY dn DESC NULLS LAST) AS r", "n > 2"),
    ("dn, n", "true QUALIFY row_number() OVER (PARTITION BY dn ORDER BY n DESC) = 1"),
    ("n, max(ts) OVER (ORDER BY ts RANGE BETWEEN INTERVAL 2 HOUR PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) AS m", "true"),
    ("dn, sum(v) AS s, rank() OVER (ORDER BY sum(v)) AS r", "true GROUP BY dn"),
    ("n, list(n) OVER (ORDER BY n ROWS 2 PRECEDING) AS l, first_value(dn IGNORE NULLS) OVER (ORDER BY n) AS f", "true"),
    # The selection
    ("* EXCLUDE (j, ts)", "true"), ("* REPLACE (n * 2 AS n)", "n = 1"), ("DISTINCT dn", "true"),
    ("DISTINCT ON (dn) dn, n", "true ORDER BY dn, n"), ("COLUMNS('d.*|n')", "true"), ("min(COLUMNS(* ))", "true"),
    ("unnest((j ->> 'list')::INTEGER[]) AS u, n", "true"), ("n * 2 AS a, a + 1 AS b", "a > 30"),
    ("n, v * 2, upper(dn)", "true ORDER BY n DESC LIMIT 3 OFFSET 1"),
    ("CASE WHEN n > 5 THEN 'many' WHEN n IS NULL THEN 'none' ELSE 'few' END AS c, coalesce(dn, '-') AS d, n! AS f", "n < 8"),
    (None, "true ORDER BY v DESC LIMIT 2"), (None, "n > (3 + 4) // 2 AND (dn, n) <> ('s1', 4)"),
    (["dn", "n % 2 AS p"], "xor(n, 1) > 3"),
]


@pytest.fixture(scope="module")
def peer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("queries")
    (folder / "schema.json").write_text(json.dumps(SCHEMA))
    with Broker(folder=folder / "state", options=["--schema", str(folder / "schema.json")]) as broker:
        peer = Peer(broker.url)
        assert peer.call("upsert_reading", ROWS) == (OK, None)
        yield peer
        peer.close()


@pytest.fixture(scope="module")
def plain():
    with duckdb.connect() as connection:
        types = ", ".join(f"{column['col']} {column['type']}" for column in COLUMNS)
        connection.execute(f"SET TimeZone = 'UTC'; CREATE TABLE reading ({types})")
        names = [column["col"] for column in COLUMNS]
        connection.executemany("INSERT INTO reading VALUES (?, ?, ?, ?, ?)", [[row[name] for name in names] for row in ROWS])
        yield connection


def query(peer, table="reading", **arguments):
    status, data = peer.call(f"query_{table}", {key: value for key, value in arguments.items() if value is not None})
    assert status == OK, data
    return polars.read_ipc_stream(data.value)


def shown(frame):
    return sorted(repr(sorted(row.items())) for row in frame.to_dicts())


@pytest.mark.parametrize("cols, where", REQUESTS)
def test_an_answer_is_that_of_plain_duckdb(peer, plain, cols, where):
    text = ", ".join(cols) if isinstance(cols, list) else cols or "*"
    expected = plain.execute(f"SELECT {text} FROM reading WHERE {where}").pl()
    found = query(peer, cols=cols, where=where)
    assert found.columns == expected.columns
    assert shown(found) == shown(expected)


def test_a_group_is_made_beside_an_aggregate_without_group_by(peer, plain):
    expected = plain.execute("SELECT dn, max(n) AS m, rank() OVER (ORDER BY max(n)) AS r FROM reading GROUP BY dn").pl()
    assert shown(query(peer, cols="dn, max(n) AS m, rank() OVER (ORDER BY max(n)) AS r")) == shown(expected)


def test_the_keys_order_and_limit_may_stand_behind_the_condition_but_not_twice(peer):
    assert query(peer, cols="n", where="n > 3", order="n DESC", limit=1).to_dicts() == [{"n": 19}]
    assert query(peer, cols="n", where="n > 3 ORDER BY n LIMIT 1").to_dicts() == [{"n": 4}]
    for extra in ({"limit": 1}, {"order": "n"}):
        status, text = peer.call("query_reading", {"where": "n > 3 ORDER BY n LIMIT 1", **extra})
        assert status != OK and "behind the condition" in text


def test_a_deletion_takes_a_condition_alone(peer):
    for where in ("n = 1000 GROUP BY n", "n = 1000 ORDER BY n", "n = 1000 LIMIT 1", "sum(n) OVER () = 1000"):
        status, text = peer.call("delete_reading", {"where": where})
        assert status != OK and "not allowed" in text


# Time travel


def test_columns_that_came_later_are_null_before(tmp_path):
    schema, state = tmp_path / "schema.json", tmp_path / "state"

    def broker(*more):
        table = {"table": "reading", "columns": COLUMNS[:2] + list(more)}
        schema.write_text(json.dumps({"tables": [table]}))
        return Broker(folder=state, options=["--schema", str(schema)])

    with broker() as running:
        peer = Peer(running.url)
        assert peer.call("upsert_reading", [{"dn": "old", "n": 1}]) == (OK, None)
        peer.close()
        assert running.stop() == 0
    with opened_catalog(state, read_only=False) as catalog:
        before = catalog.execute("SELECT now()::VARCHAR").fetchone()[0]
        catalog.execute("ALTER TABLE rl.reading ADD COLUMN extra DOUBLE DEFAULT 7")
    with broker({"col": "extra", "type": "DOUBLE"}) as running:
        peer = Peer(running.url)
        assert query(peer, when=before).to_dicts() == [{"dn": "old", "n": 1, "extra": None}]
        assert query(peer, cols="dn, extra", where="extra IS NULL", order="extra", when=before).height == 1
        assert query(peer, cols="dn, avg(extra) AS m", when=before).to_dicts() == [{"dn": "old", "m": None}]
        assert query(peer, cols="extra").to_dicts() == [{"extra": 7.0}]
        status, text = peer.call("query_reading", {"when": "2020-01-01"})
        assert status != OK and "2020-01-01" in text
        peer.close()


# The receive time


@pytest.mark.parametrize("column", ["ts", {"col": "ts", "type": "TIMESTAMPTZ"}, {"col": "ts", "type": "TIMESTAMP"}])
def test_functions_of_times_take_the_receive_time(tmp_path, column):
    is_number = column == "ts"
    table = {"table": "reading", "columns": COLUMNS[:2], "extras": {"recv_ts": column}, "keys": ["dn"]}
    log = {**table, "table": "log", "keys": []}
    if not is_number:
        log["partition"] = ["day(recv_ts)"]
    (tmp_path / "schema.json").write_text(json.dumps({"tables": [table, log]}))
    with Broker(folder=tmp_path / "state", options=["--schema", str(tmp_path / "schema.json")],
                REMBUS_ARCHIVER_INTERVAL=0.1, REMBUS_INLINING_ROWS=0) as broker:
        peer = Peer(broker.url)
        for topic in ("reading", "log"):
            peer.publish(topic, {"dn": "published", "n": 1}, qos=1)
            assert eventually(lambda: query(peer, topic).height == 1)
            frame = polars.DataFrame({"dn": ["framed"], "n": [2]}).cast({"n": polars.Int32})
            peer.publish(topic, cbor2.CBORTag(80, ipc(frame)), qos=1)
            assert eventually(lambda: query(peer, topic).height == 2)
            assert peer.call(f"upsert_{topic}", {"dn": "upserted", "n": 3}) == (OK, None)
            rows = query(peer, topic, cols="""
                dn, make_timestamp_ns(ts) AS ns, day(ts) AS day, date_trunc('hour', ts) AS hour, ts::DATE AS date,
                strftime(ts, '%Y') AS year, ts""", where="ts IS NOT NULL AND year(ts) > 2000").to_dicts()
            assert len(rows) == 3
            for row in rows:
                assert row["ns"].day == row["day"] == row["date"].day and row["year"] == str(row["ns"].year)
                assert row["hour"].hour == row["ns"].hour
                assert isinstance(row["ts"], int) == is_number
        peer.close()
        assert broker.stop() == 0
    if not is_number:
        folders = {path.parent.name.partition("=")[0] for path in (tmp_path / "state").glob("broker/main/log/**/*.parquet")}
        assert folders == {"day"}


def ipc(frame):
    target = io.BytesIO()
    frame.write_ipc_stream(target, compat_level=polars.CompatLevel.oldest())
    return target.getvalue()


# Schemas that change over tables that are there


@pytest.fixture
def changed(tmp_path):
    """Starts a broker over what the one before left, with another schema of the same table."""
    schema = tmp_path / "schema.json"

    def start(table):
        schema.write_text(json.dumps({"tables": [{"table": "reading", "columns": COLUMNS[:2], **table}]}))
        return Broker(folder=tmp_path / "state", options=["--schema", str(schema)])

    def fails(table):
        schema.write_text(json.dumps({"tables": [{"table": "reading", "columns": COLUMNS[:2], **table}]}))
        finished = run_rembus("broker", "--port", 0, "--schema", schema, folder=tmp_path / "state")
        assert finished.returncode > 0 and finished.stdout == ""
        return finished.stderr

    rows = [{"dn": "a", "n": 1}, {"dn": "a", "n": 2}, {"dn": "b", "n": None}, {"dn": None, "n": 4}]
    with start({}) as broker:
        peer = Peer(broker.url)
        assert peer.call("upsert_reading", rows) == (OK, None)
        peer.close()
        assert broker.stop() == 0
    start.fails = fails
    return start


def test_new_keys_over_duplicates_are_refused(changed):
    text = changed.fails({"keys": ["dn"]})
    assert "the table reading has 1 values of the key dn in more than one row" in text and "{'dn': a}" in text
    with changed({}) as broker:
        peer = Peer(broker.url)
        assert peer.call("delete_reading", {"where": "n = 1"}) == (OK, None)
        peer.close()
        assert broker.stop() == 0
    with changed({"keys": ["dn"]}) as broker:
        peer = Peer(broker.url)
        assert peer.call("upsert_reading", {"dn": "a", "n": 5}) == (OK, None)
        assert query(peer, where="dn = 'a'").to_dicts() == [{"dn": "a", "n": 5}]
        peer.close()
        assert broker.stop() == 0
    # Keys that go and come back are looked at again.
    with changed({}) as broker:
        peer = Peer(broker.url)
        assert peer.call("upsert_reading", {"dn": "a", "n": 6}) == (OK, None)
        peer.close()
        assert broker.stop() == 0
    assert "in more than one row" in changed.fails({"keys": ["dn"]})


def test_not_null_over_nulls_is_refused_and_without_nulls_carried_out(changed):
    required = [{"col": "dn", "type": "TEXT"}, {"col": "n", "type": "INTEGER", "nullable": False}]
    assert "the column n of the table reading has 1 nulls" in changed.fails({"columns": required})
    with changed({}) as broker:
        peer = Peer(broker.url)
        assert peer.call("delete_reading", {"where": "n IS NULL"}) == (OK, None)
        peer.close()
        assert broker.stop() == 0
    for _ in range(2):
        with changed({"columns": required}) as broker:
            peer = Peer(broker.url)
            status, text = peer.call("upsert_reading", {"dn": "x"})
            assert status != OK and "NOT NULL" in text
            peer.close()
            assert broker.stop() == 0


def test_a_new_partition_is_for_new_files(changed, tmp_path):
    def folders():
        return {path.parent.name for path in (tmp_path / "state").glob("broker/main/reading/**/*.parquet")}

    for partition, expected in ((["dn"], "dn=new"), (["n"], "n=9"), ([], "reading")):
        earlier = folders()
        schema = {"partition": partition}
        with changed(schema) as broker:
            peer = Peer(broker.url)
            # More than stays inside the catalog.
            assert peer.call("upsert_reading", [{"dn": "new", "n": 9}] * 200) == (OK, None)
            peer.close()
            assert broker.stop() == 0
        assert expected in folders() - (earlier - {expected}), (partition, folders())


def test_other_types_are_refused(changed):
    other = [{"col": "dn", "type": "TEXT"}, {"col": "n", "type": "BIGINT"}]
    assert "column n is INTEGER, not BIGINT" in changed.fails({"columns": other})


# An SQLite catalog


def test_queries_while_an_sqlite_catalog_is_written_do_not_fail(tmp_path):
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    with Broker(folder=tmp_path / "state", REMBUS_ARCHIVER_INTERVAL=0.05, REMBUS_QUERY_THREADS=2, options=[
            "--schema", str(tmp_path / "schema.json"), "--ducklake", f"ducklake:sqlite:{tmp_path}/catalog.db"]) as broker:
        publisher, peers = Peer(broker.url), [Peer(broker.url), Peer(broker.url)]
        failures, counts = [], [0, 0]
        done = threading.Event()

        def ask(index):
            while not done.is_set():
                status, data = peers[index].call("query_reading", {"cols": "count(*) AS c"})
                if status != OK:
                    failures.append(data)
                counts[index] += 1
                done.wait(0.02)

        threads = [threading.Thread(target=ask, args=(index,)) for index in range(2)]
        for thread in threads:
            thread.start()
        for number in range(300):
            publisher.publish("reading", {"dn": "x", "n": number}, qos=1)
            if number % 60 == 0:
                assert publisher.call("upsert_reading", {"dn": "u", "n": number}) == (OK, None)
            done.wait(0.01)
        assert eventually(lambda: query(publisher, cols="count(*) AS c").to_dicts() == [{"c": 305}])
        done.set()
        for thread in threads:
            thread.join()
        assert not failures, failures[:3]
        assert min(counts) > 10
        publisher.close()
        for peer in peers:
            peer.close()
        assert broker.stop() == 0
    assert "database is locked" not in broker.log()
