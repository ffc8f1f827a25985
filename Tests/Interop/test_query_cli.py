"""`rembus query`, `upsert` and `delete` on the tables of our broker: storage.md §6."""

import datetime as dt
import io
import json
import time

import polars
import pyarrow as pa
import pyarrow.parquet
import pytest

from support.processes import REFERENCE, Broker, on_a_terminal, rembus_binary, run_rembus

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our command")

SCHEMA = {
    "tables": [
        {
            "table": "sensor",
            "topic": ":site/:type/:dn/sensor",
            "columns": [
                {"col": "site", "type": "TEXT"},
                {"col": "type", "type": "TEXT"},
                {"col": "dn", "type": "TEXT", "nullable": False},
                {"col": "level", "type": "DOUBLE"},
            ],
            "keys": ["dn"],
        },
        {
            "table": "log",
            "topic": "log",
            "columns": [{"col": "n", "type": "BIGINT"}, {"col": "text", "type": "TEXT"}],
        },
    ]
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    schema = tmp_path_factory.mktemp("schema") / "schema.json"
    schema.write_text(json.dumps(SCHEMA))
    broker = Broker(options=["--schema", str(schema)])
    yield broker
    broker.discard()


@pytest.fixture
def rembus(tables):
    def run(*arguments, status=0, **options):
        finished = run_rembus(*arguments, url=tables.url, **options)
        assert finished.returncode == status, finished.stderr
        return finished

    return run


@pytest.fixture
def sensors(rembus, uid):
    """Three rows of a site of their own; gives its name."""
    site = f"site{uid}"
    rows = [
        {"site": site, "type": "HVAC", "dn": f"{uid}a", "level": 1.5},
        {"site": site, "type": "HVAC", "dn": f"{uid}b", "level": None},
        {"site": site, "type": "METER", "dn": f"{uid}c", "level": -2.0},
    ]
    rembus("upsert", "sensor", json.dumps(rows))
    return site


def query(rembus, site, *arguments):
    """Rows of a site as JSON, in the order of dn."""
    finished = rembus("query", "sensor", "--where", f"site='{site}'", "--order", "dn", "--format", "json", *arguments)
    return json.loads(finished.stdout)


# query


def test_a_table_is_printed_like_polars_does(rembus, sensors, uid):
    finished = rembus("query", "sensor", "--where", f"site='{sensors}' AND type='HVAC'", "--cols", "type,level",
                      "--order", "dn", "--format", "table")
    with polars.Config(tbl_width_chars=100):
        expected = str(polars.DataFrame({"type": ["HVAC", "HVAC"], "level": [1.5, None]}))
    assert finished.stdout == expected + "\n"


def test_rows_are_json_lines_in_a_pipe(rembus, sensors, uid):
    finished = rembus("query", "sensor", "--where", f"site='{sensors}'", "--cols", "dn,level", "--order", "dn")
    assert [json.loads(line) for line in finished.stdout.splitlines()] == [
        {"dn": f"{uid}a", "level": 1.5}, {"dn": f"{uid}b", "level": None}, {"dn": f"{uid}c", "level": -2.0}]
    assert rembus("query", "sensor", "--where", "false").stdout == ""
    # What the broker offers as a method, a call prints in the same way.
    called = rembus("call", "query_sensor", json.dumps({"where": f"site='{sensors}'", "order": "dn", "cols": "dn,level"}))
    assert called.stdout == finished.stdout


def test_rows_are_a_table_on_a_terminal(tables, rembus, sensors):
    query = ["query", "sensor", "--where", f"site='{sensors}'", "--order", "dn"]
    assert on_a_terminal(*query, url=tables.url) == rembus(*query, "--format", "table").stdout
    assert on_a_terminal(*query, "--format", "jsonl", url=tables.url) == rembus(*query).stdout


def test_the_ending_of_a_file_says_its_format(rembus, sensors, tmp_path):
    query = ["query", "sensor", "--where", f"site='{sensors}'", "--order", "dn", "--output"]
    lines = rembus(*query[:-1]).stdout
    for file in ("rows.jsonl", "rows.ndjson", "rows"):
        rembus(*query, tmp_path / file)
        assert (tmp_path / file).read_text() == lines
    rembus(*query, tmp_path / "rows.json")
    assert json.loads((tmp_path / "rows.json").read_text()) == [json.loads(line) for line in lines.splitlines()]
    rembus(*query, tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_text().startswith("site,type,dn,level\n")
    rembus(*query, tmp_path / "rows.parquet")
    assert pyarrow.parquet.read_table(tmp_path / "rows.parquet").num_rows == 3
    rembus(*query, tmp_path / "rows.parquet", "--format", "csv")
    assert (tmp_path / "rows.parquet").read_text() == (tmp_path / "rows.csv").read_text()


def test_an_ending_that_says_nothing_is_an_error(rembus, sensors, tmp_path):
    for file in ("rows.txt", "rows.parqet", "rows.csv.gz"):
        said = rembus("query", "sensor", "--output", tmp_path / file, status=64).stderr
        assert f"--output {tmp_path / file}: the ending .{file.rsplit('.')[-1]} is none of" in said
        assert all(ending in said for ending in (".csv", ".jsonl", ".parquet", ".arrow", "--format"))
        assert not (tmp_path / file).exists()
    rembus("query", "sensor", "--output", tmp_path / "rows.txt", "--format", "csv")
    assert (tmp_path / "rows.txt").read_text().startswith("site,type,dn,level\n")
    (tmp_path / "rows.parquet").write_text("[]")
    said = rembus("upsert", "sensor", "--file", tmp_path / "rows.parquet", status=64).stderr
    assert "the ending .parquet is none of .json, .jsonl" in said


def test_changes_say_what_is_so_now(rembus, uid):
    row = {"site": f"said{uid}", "type": "HVAC", "dn": f"said{uid}"}
    assert rembus("upsert", "sensor", json.dumps(row)).stdout == "1 row is in `sensor`\n"
    two = json.dumps([row, {**row, "dn": f"said{uid}b"}])
    assert rembus("upsert", "sensor", "--file", "-", stdin=two).stdout == "2 rows are in `sensor`\n"
    deleted = rembus("delete", "sensor", "--where", f"site='said{uid}'").stdout
    assert deleted == f"the rows of `sensor` with `site='said{uid}'` are deleted\n"


def test_columns_order_and_limits(rembus, sensors, uid):
    assert query(rembus, sensors, "--cols", "dn", "--limit", 1, "--offset", 1) == [{"dn": f"{uid}b"}]
    finished = rembus("query", "sensor", "--where", f"site='{sensors}'", "--cols", "type, count(*) AS n",
                      "--order", "n desc", "--format", "jsonl")
    assert [json.loads(line) for line in finished.stdout.splitlines()] == [
        {"type": "HVAC", "n": 2}, {"type": "METER", "n": 1}]


def test_formats_for_programs(rembus, sensors, uid, tmp_path):
    where = ["query", "sensor", "--where", f"site='{sensors}'", "--order", "dn"]
    assert rembus(*where, "--format", "csv").stdout.splitlines() == [
        "site,type,dn,level", f"{sensors},HVAC,{uid}a,1.5", f"{sensors},HVAC,{uid}b,", f"{sensors},METER,{uid}c,-2.0"]
    rembus(*where, "--format", "arrow", "--output", tmp_path / "rows.arrow")
    frame = pa.ipc.open_stream(io.BytesIO((tmp_path / "rows.arrow").read_bytes())).read_all()
    assert frame.column("level").to_pylist() == [1.5, None, -2.0]
    rembus(*where, "--format", "parquet", "--output", tmp_path / "rows.parquet")
    assert pyarrow.parquet.read_table(tmp_path / "rows.parquet").to_pylist() == frame.to_pylist()
    rembus("query", "sensor", "--where", "false", "--format", "parquet", "--output", tmp_path / "none.parquet")
    assert pyarrow.parquet.read_table(tmp_path / "none.parquet").column_names == ["site", "type", "dn", "level"]


def test_an_empty_result_keeps_its_columns(rembus, uid):
    finished = rembus("query", "sensor", "--where", f"site='none{uid}'", "--format", "table")
    assert finished.stdout.splitlines()[0] == "shape: (0, 4)"
    assert "│ site ┆ type ┆ dn  ┆ level │" in finished.stdout
    assert rembus("query", "sensor", "--where", f"site='none{uid}'", "--format", "json").stdout.strip() == "[]"


def test_a_json_connection_gives_the_same(rembus, sensors):
    assert query(rembus, sensors, "--encoding", "json") == query(rembus, sensors)


def test_the_state_of_an_earlier_time(rembus, sensors, uid):
    time.sleep(1.1)
    moment = dt.datetime.now(dt.timezone.utc)
    time.sleep(1.1)
    rembus("delete", "sensor", "--where", f"dn='{uid}a'")
    assert len(query(rembus, sensors)) == 2
    for text in (str(int(moment.timestamp())), moment.strftime("%Y-%m-%d %H:%M:%S+00:00"),
                 moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")):
        assert len(query(rembus, sensors, "--when", text)) == 3, text


def test_an_unknown_table_says_where_tables_come_from(rembus):
    finished = rembus("query", "nothing", status=5)
    assert "no table `nothing`" in finished.stderr and "--schema" in finished.stderr
    for command in (["upsert", "nothing", "{}"], ["delete", "nothing", "--where", "true"]):
        assert "no table `nothing`" in rembus(*command, status=5).stderr


def test_a_wrong_condition_is_refused_with_the_reason(rembus):
    assert "colour" in rembus("query", "sensor", "--where", "colour='red'", status=5).stderr
    assert rembus("query", "sensor", "--when", "yesterday-ish", status=5).stderr.startswith("rembus: ")


def test_binary_formats_do_not_go_to_terminals(tables, tmp_path):
    import os
    import pty
    import subprocess

    main, terminal = pty.openpty()
    try:
        finished = subprocess.run(
            [rembus_binary(), "query", "sensor", "--format", "arrow", "--url", tables.url],
            stdout=terminal, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, timeout=20)
        assert finished.returncode == 64 and "terminal" in finished.stderr
    finally:
        os.close(main)
        os.close(terminal)


# upsert


def test_records_of_every_source(rembus, uid, tmp_path):
    site = f"site{uid}"
    row = {"site": site, "type": "t", "dn": f"{uid}1", "level": 1}
    rembus("upsert", "sensor", json.dumps(row), json.dumps({**row, "dn": f"{uid}2"}))
    (tmp_path / "rows.json").write_text(json.dumps([{**row, "dn": f"{uid}3"}]))
    (tmp_path / "rows.jsonl").write_text(json.dumps({**row, "dn": f"{uid}4"}) + "\n\n" + json.dumps({**row, "dn": f"{uid}5"}))
    (tmp_path / "rows.csv").write_text(f"site,type,dn,level\n{site},t,{uid}6,6.5\n{site},t,{uid}7,\n")
    polars.DataFrame({"site": [site], "type": ["t"], "dn": [f"{uid}8"], "level": [8.0]}).write_ipc_stream(
        tmp_path / "rows.arrow")
    for file in ("rows.json", "rows.jsonl", "rows.csv", "rows.arrow"):
        rembus("upsert", "sensor", "--file", tmp_path / file)
    rembus("upsert", "sensor", "--file", "-", stdin=json.dumps([{**row, "dn": f"{uid}9"}]))
    rows = query(rembus, site)
    assert [row["dn"] for row in rows] == [f"{uid}{n}" for n in range(1, 10)]
    assert [row["level"] for row in rows] == [1, 1, 1, 1, 1, 6.5, None, 8, 1]


def test_an_update_changes_what_it_mentions(rembus, sensors, uid):
    rembus("upsert", "sensor", json.dumps({"dn": f"{uid}a", "type": "NEW"}))
    assert query(rembus, sensors)[0] == {"site": sensors, "type": "NEW", "dn": f"{uid}a", "level": 1.5}
    rembus("upsert", "sensor", json.dumps({"dn": f"{uid}a", "site": sensors}), "--nulls")
    assert query(rembus, sensors)[0] == {"site": sensors, "type": None, "dn": f"{uid}a", "level": None}


def test_records_that_do_not_fit_are_refused(rembus, tmp_path):
    assert "dn" in rembus("upsert", "sensor", '{"site": "x"}', status=5).stderr
    assert "level" in rembus("upsert", "sensor", '{"dn": "x", "level": "warm"}', status=5).stderr
    rembus("upsert", "sensor", "no json", status=64)
    rembus("upsert", "sensor", status=64)
    nothing = tmp_path / "nothing.json"
    missing = rembus("upsert", "sensor", "--file", nothing, status=1).stderr
    assert missing == f"rembus: cannot read {nothing}: No such file or directory\n"
    (tmp_path / "bad.csv").write_text("a,b\n1\n")
    assert "line 2" in rembus("upsert", "sensor", "--file", tmp_path / "bad.csv", status=1).stderr


# delete


def test_delete_needs_to_know_what(rembus):
    rembus("delete", "log", status=64)
    rembus("delete", "log", "--all", "--where", "true", status=64)


def test_deletes_some_or_all(rembus):
    rembus("upsert", "log", json.dumps([{"n": n, "text": "x"} for n in range(5)]))
    rembus("delete", "log", "--where", "n < 2")
    rows = json.loads(rembus("query", "log", "--order", "n", "--format", "json").stdout)
    assert [row["n"] for row in rows] == [2, 3, 4]
    rembus("delete", "log", "--all")
    assert json.loads(rembus("query", "log", "--format", "json").stdout) == []
