"""The way from a publication into its table: at once, in order, whole, and gone when its time is over."""

import json
import time

import cbor2
import polars
import pytest
import rembus as rb

from support.lake import rows
from support.processes import PATIENCE, run_rembus
from support.wire import LAST_RECEIVED

pytestmark = pytest.mark.differs("tables that are up to date, rejected rows, retention")

SCHEMA = {
    "tables": [
        {"table": "reading", "topic": ":dn/reading",
         "columns": [{"col": "dn", "type": "TEXT"}, {"col": "value", "type": "INTEGER"}, {"col": "note", "type": "TEXT"}]},
        {"table": "state", "topic": "state", "keys": ["k"],
         "columns": [{"col": "k", "type": "TEXT", "nullable": False}, {"col": "v", "type": "INTEGER"}]},
        {"table": "site", "topic": "site", "partition": ["dn"],
         "columns": [{"col": "dn", "type": "TEXT"}, {"col": "v", "type": "INTEGER"}]},
    ]
}


@pytest.fixture
def schema(tmp_path):
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SCHEMA))
    return ["--schema", str(path)]


def query(peer, table, **arguments):
    status, data = peer.call(f"query_{table}", arguments)
    assert status == 0, data
    return polars.read_ipc_stream(data.value).to_dicts()


# Read your writes. The archiver's interval is an hour: only what waits for the writer hurries it.


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_query_sees_what_was_accepted_before_it(start_broker, connect, schema, qos):
    peer = connect(to=start_broker(options=schema, REMBUS_ARCHIVER_INTERVAL=3600))
    for number in range(20):
        peer.publish("a/reading", {"value": number}, qos=qos)
        assert query(peer, "reading", cols="count(*) AS n, max(value) AS top") == [{"n": number + 1, "top": number}]


def test_the_python_package_reads_its_writes(start_broker, schema, tmp_path, monkeypatch):
    monkeypatch.setenv("REMBUS_DIR", str(tmp_path))
    broker = start_broker(options=schema, REMBUS_ARCHIVER_INTERVAL=3600)
    handle = rb.node(broker.url)
    for number in range(6):
        handle.publish("a/reading", {"value": number}, qos=rb.QOS1)
        assert handle.rpc("query_reading", {"cols": "max(value) AS top"})["top"][0] == number
    handle.close()


def test_upsert_and_delete_come_behind_what_was_accepted_before_them(start_broker, connect, schema):
    peer = connect(to=start_broker(options=schema, REMBUS_ARCHIVER_INTERVAL=3600))
    for number in range(5):
        peer.publish("state", {"k": "x", "v": number}, qos=1)
        assert peer.call("upsert_state", {"k": "x", "v": 100 + number})[0] == 0
        assert query(peer, "state") == [{"k": "x", "v": 100 + number}]
        peer.publish("state", {"k": "y", "v": number}, qos=1)
        assert peer.call("delete_state", {"where": "k = 'y'"})[0] == 0
        assert query(peer, "state") == [{"k": "x", "v": 100 + number}]


def test_a_dashboard_may_do_without(start_broker, connect, schema):
    peer = connect(to=start_broker(options=schema, REMBUS_ARCHIVER_INTERVAL=3600))
    peer.publish("a/reading", {"value": 1}, qos=1)
    assert len(query(peer, "reading")) == 1
    # Nobody waits for the second one, and the interval is long.
    peer.publish("a/reading", {"value": 2}, qos=1)
    assert len(query(peer, "reading", fresh=False)) == 1
    assert len(query(peer, "reading", fresh=True)) == 2
    assert peer.call("delete_reading", {"where": "value = 2", "fresh": False})[0] == 0
    assert peer.call("upsert_state", {"k": "x", "v": 1}, {"fresh": False})[0] == 0
    status, text = peer.call("query_reading", {"fresh": "no"})
    assert status == 40 and "fresh" in text


def test_a_clean_stop_takes_the_journal_into_the_lake(start_broker, connect, schema, tmp_path):
    broker = start_broker(folder=tmp_path / "state", options=schema, REMBUS_ARCHIVER_INTERVAL=3600)
    peer = connect(to=broker)
    peer.publish("a/reading", {"value": -1}, qos=1)
    assert len(query(peer, "reading")) == 1
    for number in range(500):
        peer.send_publish("a/reading", {"value": number})
    peer.publish("a/reading", {"value": 500}, qos=1)
    assert broker.stop() == 0
    assert rows(tmp_path / "state", "SELECT count(*), max(value) FROM rl.reading") == [(502, 500)]


# Sizes


def test_large_payloads_make_files_and_small_ones_do_not(start_broker, connect, schema, tmp_path):
    broker = start_broker(folder=tmp_path / "state", options=schema)
    peer = connect(to=broker)

    def files(table):
        return len(list((tmp_path / "state").glob(f"**/main/{table}/**/*.parquet")))

    peer.publish("a/reading", {"value": 1, "note": "small"}, qos=1)
    assert len(query(peer, "reading")) == 1 and files("message") == files("reading") == 0
    peer.publish("a/reading", {"value": 2, "note": "x" * 100_000}, qos=1)
    assert len(query(peer, "reading")) == 2 and files("message") == files("reading") == 1
    assert peer.call("upsert_reading", {"dn": "b", "value": 3, "note": "y" * 100_000})[0] == 0
    assert files("reading") == 2
    peer.publish("a/reading", {"value": "no number", "note": "z" * 60_000}, qos=1)
    peer.publish("a/reading", {"value": 4}, qos=1)
    assert len(query(peer, "reading")) == 4


def test_nothing_that_fills_a_table_is_shed(start_broker, connect, schema):
    broker = start_broker(options=[*schema, "--record", "none"], REMBUS_STORE_BYTES=1 << 20, REMBUS_THREADS=1)
    peer = connect(to=broker)
    for number in range(100):
        peer.send_publish("a/reading", {"value": number, "note": "x" * 200_000})
    peer.publish("a/reading", {"value": 100}, qos=1)
    assert query(peer, "reading", cols="count(*) AS n") == [{"n": 101}]
    assert peer.call("storage_status")[1]["shed_by_table"] == {}


# Rows that no file can have


@pytest.mark.parametrize("value", ["a\0b", "x" * 300, "ü" * 60])
def test_a_value_that_cannot_name_a_partition_is_one_rejected_row(start_broker, connect, schema, tmp_path, value):
    broker = start_broker(folder=tmp_path / "state", options=schema, REMBUS_MAINTENANCE_INTERVAL=0.1,
                          REMBUS_ARCHIVER_INTERVAL=0.1)
    peer = connect(to=broker)
    peer.publish("site", {"dn": "good", "v": 1}, qos=1)
    peer.publish("site", {"dn": value, "v": 2}, qos=1)
    for number in range(150):
        peer.send_publish("site", {"dn": value if number == 7 else "many", "v": number})
    frame = polars.DataFrame({"dn": ["f", value], "v": [1, 2]}).write_ipc_stream(
        None, compat_level=polars.CompatLevel.oldest()).getvalue()
    peer.publish("site", cbor2.CBORTag(80, frame), qos=1)
    peer.publish("site", {"dn": "last", "v": 3}, qos=1)
    counted = query(peer, "site", cols="dn, count(*) AS n", order="dn")
    assert counted == [{"dn": "good", "n": 1}, {"dn": "last", "n": 1}, {"dn": "many", "n": 149}]
    status, text = peer.call("upsert_site", {"dn": value, "v": 4})
    assert status == 40 and "folder" in text, text
    rejected = [one for one in peer.call("storage_status")[1]["lake"]["rejected"] if one["table"] == "site"]
    assert rejected == [{"table": "site", "reason": "partition_value", "count": 3}]

    def maintenance():
        return peer.call("storage_status")[1]["lake"]

    # Every tenth round moves what lies in the catalog into files.
    deadline = time.monotonic() + PATIENCE
    rounds = maintenance()["maintenance"]["rounds"]
    while maintenance()["maintenance"]["rounds"] < rounds + 11 or "site" in maintenance()["inlined_rows"]:
        assert time.monotonic() < deadline, broker.log()
        time.sleep(0.05)
    assert maintenance()["maintenance"]["steps"]["flush"]["failures"] == 0, broker.log()
    assert "moved out of the catalog" not in broker.log()


def test_bytes_that_are_no_text_cannot_name_a_partition(start_broker, connect, tmp_path):
    """They were stored, and went to `rejected` when they were to become a file."""
    schema = tmp_path / "schema.json"
    columns = [{"col": "b", "type": "BLOB"}, {"col": "v", "type": "INTEGER"}]
    schema.write_text(json.dumps({"tables": [{"table": "site", "topic": "site", "partition": ["b"], "columns": columns}]}))
    broker = start_broker(folder=tmp_path / "state", options=["--schema", str(schema)], REMBUS_ARCHIVER_INTERVAL=0.1)
    peer = connect(to=broker)
    for number, value in enumerate([b"", b"a/b", "\u00fc".encode(), b"\\xFF", b"\xff", b"a\0b"]):
        peer.publish("site", {"b": value, "v": number}, qos=1)
    rows = query(peer, "site", order="v")
    assert [row["v"] for row in rows] == [0, 1, 2, 3]
    for value in [b"\xff", b"\0"]:
        status, text = peer.call("upsert_site", {"b": value, "v": 9})
        assert status == 40 and "folder" in text, text
    broker.stop()
    broker.settings["REMBUS_MAINTENANCE_INTERVAL"] = "0.1"
    broker.start()
    peer = connect(to=broker)
    deadline = time.monotonic() + PATIENCE
    while not (lake := peer.call("storage_status")[1]["lake"])["maintenance"]["rounds"]:
        assert time.monotonic() < deadline, broker.log()
        time.sleep(0.05)
    assert lake["maintenance"]["steps"]["flush"]["failures"] == 0, broker.log()
    assert "moved out of the catalog" not in broker.log()
    assert query(peer, "site", order="v") == rows


def test_a_key_with_a_nul_is_refused(start_broker, connect, schema):
    """DuckLake looks for the files with a key by the text of a statement, which ends there."""
    peer = connect(to=start_broker(options=schema, REMBUS_ARCHIVER_INTERVAL=0.1))
    frame = polars.DataFrame({"k": ["f\0", "f"], "v": [1, 2]}).write_ipc_stream(
        None, compat_level=polars.CompatLevel.oldest()).getvalue()
    for payload in [{"k": "a", "v": 1}, {"k": "a\0", "v": 2}, cbor2.CBORTag(80, frame), {"k": "b", "v": 3}]:
        peer.publish("state", payload, qos=1)
    assert query(peer, "state", order="k") == [{"k": "a", "v": 1}, {"k": "b", "v": 3}]
    peer.publish("state", {"k": "\0", "v": 2}, qos=1)
    peer.publish("state", {"k": "a", "v": 4}, qos=1)
    assert query(peer, "state", order="k") == [{"k": "a", "v": 4}, {"k": "b", "v": 3}]
    assert peer.call("storage_status")[1]["lake"]["rejected"] == [
        {"table": "state", "reason": "cannot_cast", "count": 3}]
    status, text = peer.call("upsert_state", [{"k": "c"}, {"k": "a\0"}])
    assert status == 40 and "NUL" in text, text


# Retention


def test_what_is_past_its_age_is_gone_everywhere_on_a_quiet_broker(start_broker, connect, tmp_path):
    broker = start_broker(folder=tmp_path / "state", options=["--record", "t/**,age=2s", "--record", "all"],
                          REMBUS_MAINTENANCE_INTERVAL=3600)
    publisher = connect(to=broker)
    for number in range(100):
        publisher.send_publish("t/old", number)
    publisher.publish("kept", 1, qos=1)

    def deletions():
        return publisher.call("storage_status")[1]["lake"]["maintenance"]["steps"].get("retention", {"count": 0})["count"]

    published = time.monotonic()
    deadline = published + PATIENCE
    # Nothing is published any more; the clock of retention goes on.
    while time.monotonic() < published + 2.1:
        time.sleep(0.05)
    before = deletions()
    while deletions() < before + 4:
        assert time.monotonic() < deadline, "retention does not run on a quiet broker"
        time.sleep(0.05)
    subscriber = connect("late", to=broker)
    subscriber.subscribe("t/old", "t/new", "kept", since=LAST_RECEIVED)
    subscriber.reactive()
    assert subscriber.receive_topic() == ("kept", [1])
    publisher.publish("t/new", "fresh", qos=1)
    assert subscriber.receive_topic() == ("t/new", ["fresh"])
    assert broker.stop() == 0
    assert rows(tmp_path / "state", "SELECT topic, count(*) FROM rl.message GROUP BY 1 ORDER BY 1") == [
        ("kept", 1), ("t/new", 1)]


def test_what_a_limit_of_size_deleted_does_not_come_back(start_broker, connect, tmp_path):
    options = ["--record", "t/**,size=50kB", "--record", "all"]
    broker = start_broker(folder=tmp_path / "state", options=options, REMBUS_MAINTENANCE_INTERVAL=0.2)
    publisher = connect(to=broker)
    for number in range(20):
        publisher.publish("t/old", "x" * 10_000, qos=1)
    time.sleep(4.5)  # Sizes are exact to stretches of four seconds.
    for number in range(6):
        publisher.publish("t/new", "x" * 10_000, qos=1)
    deadline = time.monotonic() + PATIENCE

    def steps():
        return publisher.call("storage_status")[1]["lake"]["maintenance"]["steps"].get("retention", {"count": 0})["count"]

    before = steps()
    while steps() < before + 8:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    for name in ("first", "second"):
        subscriber = connect(f"{name}", to=broker)
        subscriber.subscribe("t/old", "t/new", since=LAST_RECEIVED)
        subscriber.reactive()
        assert subscriber.receive_topic()[0] == "t/new"
        subscriber.close()
        if name == "first":
            assert broker.stop() == 0
            broker.start()


# What is said


def test_a_table_s_own_name_fills_it_too(start_broker, connect, schema):
    peer = connect(to=start_broker(options=schema))
    peer.publish("reading", {"dn": "x", "value": 1}, qos=1)
    assert query(peer, "reading", cols="dn, value") == [{"dn": "x", "value": 1}]


@pytest.mark.parametrize("options", [["--schema"], ["--record", "a/**"], ["--ducklake", "ducklake:x.ducklake"]])
def test_without_a_store_nothing_can_be_kept(tmp_path, schema, options):
    options = schema if options == ["--schema"] else options
    result = run_rembus("broker", "--port", 0, *options, REMBUS_STORE_BYTES=0)
    assert result.returncode != 0 and "store_bytes" in result.stderr and options[0] in result.stderr, result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
