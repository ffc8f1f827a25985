"""Tables and their services, with the Python package and with raw frames: storage.md §3, §4, §6."""

import json
import time

import cbor2
import polars
import pytest
import rembus as rb

from support.keys import write_trust
from support.lake import rows
from support.processes import PATIENCE, run_rembus
from support.wire import ERROR, NOT_FOUND, Answer, Peer

differs = pytest.mark.differs

SCHEMA = {
    "tables": [
        {
            "table": "sensor",
            "topic": ":site/:type/:dn/sensor",
            "columns": [
                {"col": "site", "type": "TEXT", "nullable": False},
                {"col": "type", "type": "TEXT", "nullable": False},
                {"col": "dn", "type": "TEXT"},
            ],
            "keys": ["dn"],
        },
        {
            "table": "telemetry",
            "topic": ":dn/telemetry",
            "columns": [
                {"col": "dn", "type": "TEXT"},
                {"col": "temperature", "type": "DOUBLE"},
                {"col": "pressure", "type": "DOUBLE"},
            ],
            "extras": {"recv_ts": "ts", "slot": "time_bucket"},
        },
        {
            "table": "state",
            "topic": "state",
            "columns": [
                {"col": "k", "type": "TEXT", "nullable": False},
                {"col": "v", "type": "INTEGER"},
                {"col": "w", "type": "INTEGER"},
                {"col": "note", "type": "TEXT", "default": "it's new"},
            ],
            "keys": ["k"],
        },
        {
            "table": "kinds",
            "topic": "kinds",
            "columns": [
                {"col": "flag", "type": "BOOLEAN"},
                {"col": "small", "type": "SMALLINT"},
                {"col": "large", "type": "BIGINT"},
                {"col": "unsigned", "type": "UBIGINT"},
                {"col": "real", "type": "FLOAT"},
                {"col": "number", "type": "DECIMAL(10,2)"},
                {"col": "text", "type": "VARCHAR"},
                {"col": "bytes", "type": "BLOB"},
                {"col": "day", "type": "DATE"},
                {"col": "at", "type": "TIMESTAMP"},
                {"col": "id", "type": "UUID"},
            ],
        },
    ]
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """One broker with tables; each test uses keys of its own."""
    from support.processes import Broker

    folder = tmp_path_factory.mktemp("lake")
    schema = folder / "schema.json"
    schema.write_text(json.dumps(SCHEMA))
    broker = Broker(folder=folder / "state", options=["--schema", str(schema)], REMBUS_ARCHIVER_INTERVAL=0.1)
    yield broker
    assert broker.alive, broker.log()
    broker.discard()


@pytest.fixture
def peer(lake):
    peer = Peer(lake.url)
    yield peer
    peer.close()


@pytest.fixture
def python(lake, tmp_path, monkeypatch):
    """A blocking handle of the Python package."""
    monkeypatch.setenv("REMBUS_DIR", str(tmp_path))
    handle = rb.node(lake.url)
    yield handle
    handle.close()


def query(peer, table, **arguments):
    """The rows of a table as dictionaries."""
    status, data = peer.call(f"query_{table}", *([arguments] if arguments else []))
    assert status == 0, data
    assert data.tag == 80
    return polars.read_ipc_stream(data.value).to_dicts()


def eventually(read, expected):
    """What is published is in the table after the next move of the archiver."""
    deadline = time.monotonic() + PATIENCE
    while (found := read()) != expected:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


# Publications into tables


def test_a_topic_fills_a_keyed_table(peer, uid):
    def sensors():
        return query(peer, "sensor", where=f"dn LIKE 'u{uid}-%'", order="dn")

    peer.publish(f"hq/HVAC/u{uid}-1/sensor", qos=1)
    eventually(sensors, [{"site": "hq", "type": "HVAC", "dn": f"u{uid}-1"}])
    peer.publish(f"lab/HVAC/u{uid}-1/sensor", qos=1)
    eventually(sensors, [{"site": "lab", "type": "HVAC", "dn": f"u{uid}-1"}])
    peer.publish(f"hq/HVAC/u{uid}-3/sensor", {"type": "OVERRIDE"}, qos=1)
    peer.publish(f"hq/HVAC/u{uid}-4/sensor", "positional", qos=1)
    peer.publish(f"hq/HVAC/u{uid}-5/extra/sensor", qos=1)
    peer.publish(f"hq/HVAC/u{uid}-6/sensor", qos=1)
    eventually(sensors, [
        {"site": "lab", "type": "HVAC", "dn": f"u{uid}-1"},
        {"site": "hq", "type": "OVERRIDE", "dn": f"u{uid}-3"},
        {"site": "hq", "type": "HVAC", "dn": f"u{uid}-6"},
    ])


def test_an_append_table_takes_every_form(peer, uid):
    before = time.time_ns()
    peer.publish(f"u{uid}/telemetry", {"temperature": 21.5, "pressure": 980}, slot=1700000100)
    peer.publish(f"u{uid}/telemetry", {"temperature": 21})
    peer.publish(f"u{uid}/telemetry")
    peer.publish(f"u{uid}/telemetry", 1.0, 2.0)
    peer.publish(f"u{uid}/telemetry", f"u{uid}", 1.0, 2.0)
    frame = polars.DataFrame({"temperature": [1.5, None], "more": [1, 2]})
    peer.publish(f"u{uid}/telemetry", cbor2.CBORTag(80, frame.write_ipc_stream(None).getvalue()), qos=1)

    def telemetry():
        return [
            (row["temperature"], row["pressure"], row["time_bucket"])
            for row in query(peer, "telemetry", where=f"dn = 'u{uid}'", order="ts")
        ]

    eventually(telemetry, [
        (21.5, 980.0, 1700000100), (21.0, None, None), (None, None, None), (1.0, 2.0, None), (1.0, 2.0, None),
        (1.5, None, None),
        (None, None, None),
    ])
    stamps = [row["ts"] for row in query(peer, "telemetry", where=f"dn = 'u{uid}'", order="ts")]
    assert stamps == sorted(stamps) and before <= stamps[0] and stamps[-1] <= time.time_ns()


def test_only_what_is_mentioned_is_updated(peer, uid):
    def state():
        return [(row["v"], row["w"]) for row in query(peer, "state", where=f"k = 'k{uid}'")]

    peer.publish("state", {"k": f"k{uid}", "v": 1, "w": 10}, qos=1)
    peer.publish("state", {"k": f"k{uid}", "v": 2, "w": None}, qos=1)
    peer.publish("state", {"k": f"other{uid}", "v": 7, "w": 70}, qos=1)
    eventually(state, [(2, None)])


def test_one_bad_publication_spoils_nothing(peer, lake, uid):
    for number in range(50):
        peer.publish("state", {"k": f"bad{uid}-{number}", "v": "no number" if number % 5 == 0 else number}, qos=1)
    peer.publish("state", {"k": None, "v": 1}, qos=1)
    peer.publish("state", 1, 2, qos=1)

    def stored():
        return [row["v"] for row in query(peer, "state", where=f"k LIKE 'bad{uid}-%'", order="v")]

    eventually(stored, [number for number in range(50) if number % 5])
    for reason in ("cannot_cast", "null_key", "wrong_count"):
        assert lake.says("topic=state", reason), lake.log()
    status = peer.call("storage_status")[1]["lake"]
    counts = {(one["table"], one["reason"]): one["count"] for one in status["rejected"]}
    assert counts[("state", "cannot_cast")] >= 10 and counts[("state", "null_key")] >= 1


def test_every_kind_of_column(peer, uid):
    payload = {
        "flag": True, "small": -5, "large": 2**53 + 1, "unsigned": 2**64 - 1, "real": 0.5, "number": "12.34",
        "text": f"ü{uid}", "bytes": b"\x00\xff", "day": "2026-11-22", "at": "2026-11-22 10:11:12.5",
        "id": "00000000-0000-0000-0000-00000000000a",
    }
    peer.publish("kinds", payload, qos=1)

    def kinds():
        found = query(peer, "kinds", where=f"text = 'ü{uid}'")
        return [{key: str(value) if key in ("number", "day", "at") else value for key, value in row.items()} for row in found]

    expected = payload | {"at": "2026-11-22 10:11:12.500000"}
    eventually(lambda: [{**row, "id": str(row["id"])} for row in kinds()], [expected])


# The Python package, unchanged


def test_python_queries_give_a_polars_frame(python, peer, uid):
    python.publish(f"py{uid}/telemetry", polars.DataFrame({"dn": ["a", "b"], "temperature": [1.0, 2.0], "pressure": [3.0, 4.0]}),
                   qos=rb.QOS1)

    def found():
        frame = python.rpc("query_telemetry", {"where": "dn IN ('a', 'b')"})
        assert isinstance(frame, polars.DataFrame)
        return sorted(frame.select("dn", "temperature", "pressure").rows())

    eventually(found, [("a", 1.0, 3.0), ("b", 2.0, 4.0)])
    assert python.rpc("delete_telemetry", {"where": "dn IN ('a', 'b')"}) is None
    assert python.rpc("query_telemetry", {"where": "dn IN ('a', 'b')"}).height == 0
    python.rpc("upsert_state", [{"k": f"py{uid}", "v": 1}, {"k": f"py{uid}-2", "v": 2}])
    python.rpc("upsert_state", polars.DataFrame({"k": [f"py{uid}"], "w": [5]}))
    frame = python.rpc("query_state", {"where": f"k LIKE 'py{uid}%'", "cols": ["k", "v", "w", "note"]})
    assert sorted(frame.rows()) == [(f"py{uid}", 1, 5, "it's new"), (f"py{uid}-2", 2, None, "it's new")]


def test_python_gets_what_it_missed_of_a_pattern(lake, peer, uid, tmp_path, monkeypatch):
    from support.python_package import Received

    monkeypatch.setenv("REMBUS_DIR", str(tmp_path))
    received = Received()
    for number in range(3):
        peer.publish(f"miss{uid}/{number}/telemetry", {"temperature": number}, qos=1)
    subscriber = rb.node(f"{lake.url}/late{uid}")
    subscriber.subscribe(received.callback, topic=f"miss{uid}/**/telemetry", msgfrom=rb.LastReceived)
    subscriber.reactive()
    for number in range(3):
        assert received.get() == (f"miss{uid}/{number}/telemetry", {"temperature": number})
    subscriber.close()


# Services


@pytest.mark.parametrize("arguments, word", [
    ({"wher": "k = 1", "colls": "k"}, "invalid keys"),
    ({"where": "nothing = 1"}, "nothing"),
    ({"where": "k = 'x'; DROP TABLE state"}, ""),
    ({"where": "k IN (SELECT k FROM state)"}, "subquer"),
    ({"where": "read_text('/etc/passwd') = ''"}, "read_text"),
    ({"cols": ["(SELECT 1)"]}, ""),
    ({"when": "not a time"}, "when"),
    ({"when": "2001-01-01 00:00:00"}, "snapshot"),
    (7, ""),
])
def test_what_a_query_cannot_mean_is_refused(peer, arguments, word):
    status, text = peer.call("query_state", arguments)
    assert (status, word.lower() in text.lower()) == (40, True), text


def test_a_delete_needs_a_condition_when_it_has_a_map(peer):
    assert peer.call("delete_state", {})[0] == 40


def test_an_upsert_tells_what_is_wrong(peer):
    assert "nothing" in peer.call("upsert_state", {"k": "x", "nothing": 1})[1]
    assert peer.call("upsert_state", {"v": 1})[0] == 40
    assert peer.call("upsert_state", {"k": "x", "v": "many"})[0] == 40
    assert peer.call("upsert_state", 5)[0] == 40


def test_time_travel(peer, uid):
    assert peer.call("upsert_state", {"k": f"when{uid}", "v": 1})[0] == 0
    time.sleep(1.1)
    moment = int(time.time())
    time.sleep(1.1)
    assert peer.call("upsert_state", {"k": f"when{uid}", "v": 2})[0] == 0
    assert query(peer, "state", where=f"k = 'when{uid}'", when=moment, cols="v") == [{"v": 1}]
    assert query(peer, "state", where=f"k = 'when{uid}'", cols="v") == [{"v": 2}]


def test_aggregates(peer, uid):
    assert peer.call("upsert_state", [{"k": f"agg{uid}-{n}", "v": n} for n in range(5)])[0] == 0
    assert query(peer, "state", where=f"k LIKE 'agg{uid}-%'", cols="count(*) AS n, max(v) AS top") == [{"n": 5, "top": 4}]


def test_a_json_peer_gets_rows(lake, uid):
    peer = Peer(lake.url, "json")
    assert peer.call("upsert_state", {"k": f"json{uid}", "v": 1})[0] == 0
    status, data = peer.call("query_state", {"where": f"k = 'json{uid}'"})
    assert (status, data) == (0, [{"k": f"json{uid}", "v": 1, "w": None, "note": "it's new"}])
    peer.close()


# What did not fit


@differs("rejected publications are an extension")
def test_an_administrator_asks_for_what_did_not_fit(start_broker, tmp_path):
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(SCHEMA))
    folder = tmp_path / "state"
    write_trust(folder, admins=["chief"], private_topics=["vault/telemetry"])
    broker = start_broker(folder=folder, options=["--schema", str(schema), "--trust-names"])
    chief, other = Peer(broker.url), Peer(broker.url)
    chief.identify("chief")
    other.identify("other")
    other.publish("u1/telemetry", {"temprature": 1}, qos=1)
    other.publish("u2/telemetry", {"temperature": 1, "colour": "red"}, qos=1)
    # Payloads of private topics are there as well.
    assert chief.call("query_rejected") == Answer(ERROR, "chief", "query_rejected")
    assert Peer(broker.url).call("query_rejected") == Answer(ERROR, "administrator rights")
    assert other.call("query_rejected") == Answer(ERROR, "administrator rights")
    assert chief.admin("vault/telemetry", {"cmd": "authorize", "cid": "chief"})[0] == 0
    assert [(row["topic"], row["table_name"]) for row in query(chief, "rejected", cols="topic, table_name")] == [
        ("u1/telemetry", "telemetry")]
    row, = query(chief, "rejected", where="table_name = 'telemetry'")
    assert "temprature (did you mean temperature?)" in row["reason"] and cbor2.loads(row["data"]) == [{"temprature": 1}]
    assert query(chief, "telemetry", cols="dn, temperature") == [{"dn": "u2", "temperature": 1.0}]
    # Nobody writes there.
    assert chief.call("upsert_rejected", {"topic": "x"})[0] == NOT_FOUND
    assert broker.says("those fields are not stored", "colour", "dn, temperature", "u2/telemetry"), broker.log()
    assert broker.says("publications do not fit their table", "unknown_columns", "since_start=1"), broker.log()
    status = chief.call("storage_status")[1]["lake"]
    assert status["unknown_fields"] == {"telemetry": 1} and status["rows_written"] == {"telemetry": 1}


@pytest.mark.parametrize("call, words", [
    (("query_state", {"when": 1}), ["when: the table state", "1970-01-01 00:00:01+00", "its history begins at"]),
    (("query_state", {"cols": "CAST(note AS INTEGER)"}), ["table state, column note", "is no INTEGER", "TRY_CAST(note AS INTEGER)"]),
    (("query_state", {"where": "abs(note) = 1"}), ["table state: there is no abs(VARCHAR)"]),
    (("upsert_sensor", {"dn": "odd"}), ["table sensor, column site", "null is not allowed"]),
])
def test_errors_of_the_database_are_in_our_words(peer, uid, call, words):
    assert peer.call("upsert_state", {"k": f"words{uid}", "v": 1})[0] == 0
    status, text = peer.call(*call)
    assert status == 40 and all(word in text for word in words), text
    assert " Error: " not in text and "LINE" not in text


# The catalog


@differs("rejected publications are an extension")
def test_the_catalog_is_readable_by_anyone(start_broker, connect, tmp_path):
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(SCHEMA))
    broker = start_broker(folder=tmp_path / "state", options=["--schema", str(schema)])
    publisher = connect("sensor-7", to=broker)
    for number in range(1000):
        publisher.publish("u1/telemetry", {"temperature": number})
    publisher.publish("elsewhere", [1, {"a": b"x"}], qos=2, slot=9)
    publisher.publish("state", {"k": "x", "v": "no number"}, qos=1)
    assert broker.stop() == 0, broker.log()
    folder = tmp_path / "state"
    assert rows(folder, "SELECT count(*), sum(temperature) FROM rl.telemetry") == [(1000, 499500.0)]
    assert rows(folder, "SELECT count(*) FROM rl.message") == [(1002,)]
    name, slot, qos, topic, data = rows(
        folder, "SELECT name, slot, qos, topic, data FROM rl.message WHERE topic = 'elsewhere'")[0]
    assert (name, slot, qos, topic, cbor2.loads(data)) == ("broker", 9, 112, "elsewhere", [[1, {"a": b"x"}]])
    topic, reason = rows(folder, "SELECT topic, reason FROM rl.rejected")[0]
    assert topic == "state" and "v" in reason


def test_a_schema_that_is_wrong_prevents_the_start(tmp_path):
    for content, word in [
        ("{", "schema.json"), ('{"tables": 1}', "tables"), ('{"tables": [{"table": "message", "columns": []}]}', "message"),
        ('{"tables": [{"table": "t", "columns": [{"col": "a", "type": "SOMETHING"}]}]}', "SOMETHING"),
        ('{"tables": [{"table": "t", "columns": [{"col": "a", "type": "TEXT"}], "keys": ["b"]}]}', '"b"'),
    ]:
        schema = tmp_path / "schema.json"
        schema.write_text(content)
        result = run_rembus("broker", "--port", 0, "--schema", schema)
        assert result.returncode == 1 and word in result.stderr, result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
