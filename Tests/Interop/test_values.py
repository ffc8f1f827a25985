"""A value gives one value in a table, whichever way it comes and wherever it lies: the table of support/value_table.py."""

import decimal
import io
import json
import time

import cbor2
import polars as pl
import pyarrow as pa
import pyarrow.ipc
import pytest
import rembus as rb

from support.http_gateway import Http, http_port
from support.lake import opened_catalog
from support.mqtt import Client
from support.postgres import postgres, programs
from support.processes import PATIENCE, REFERENCE, Broker, run_rembus
from support.value_table import ABSENT, REJECTED, cases
from support.wire import Peer

pytestmark = [pytest.mark.skipif(REFERENCE, reason="the reference loses many of these values"), pytest.mark.limit(600)]


def frame_bytes(columns) -> bytes:
    """An Arrow stream of columns that are Polars series or Arrow arrays."""
    arrays = [column.to_arrow(compat_level=pl.CompatLevel.oldest()) if isinstance(column, pl.Series) else column
              for column in columns.values()]
    table = pa.table(dict(zip(columns, arrays)))
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


class Table:
    """One type of column, and what its rows are to be."""

    def __init__(self, number, type, epoch):
        self.name, self.type, self.epoch = f"t{number}", type, epoch
        self.right, self.refused = {}, set()

    def schema(self):
        column = {"col": "v", "type": self.type} | ({"epoch": self.epoch} if self.epoch else {})
        return {"table": self.name, "topic": f":id/{self.name}", "columns": [{"col": "id", "type": "TEXT"}, column]}

    def expect(self, id, right):
        if right is REJECTED:
            self.refused.add(id)
        else:
            self.right[id] = right
        return id


class Writer:
    """Sends the cases of one broker by every path."""

    def __init__(self, broker, folder):
        self.broker, self.folder = broker, folder
        self.peer, self.json, self.http = Peer(broker.url), Peer(broker.url, "json"), Http(http_port(broker))
        self.mqtt = Client(broker).__enter__()
        # Upserts that are accepted go together, table by table: each takes a commit.
        self.csv, self.records, self.json_rows = {}, {}, {}

    def publish(self, topic, *arguments):
        self.peer.publish(topic, *arguments, qos=1)

    def upsert(self, table, id, right, argument):
        if right is not REJECTED and isinstance(argument, dict):
            return self.records.setdefault(table.name, []).append(argument)
        status, answer = self.peer.call(f"upsert_{table.name}", argument)
        assert (status != 0) == (right is REJECTED), (table.type, id, answer)

    def write(self, table, number, case):
        right = case.right
        def id(path):
            return table.expect(f"{number}-{path}", right)
        if case.cbor is not ABSENT:
            self.publish(f"x/{table.name}", {"id": id("map"), "V": case.cbor})
            self.publish(f"x/{table.name}", id("full"), case.cbor)
            self.publish(f"{id('rest')}/{table.name}", case.cbor) if not isinstance(case.cbor, dict) else None
            name = id("upsert")
            self.upsert(table, name, right, {"id": name, "v": case.cbor})
        if case.json is not None:
            self.mqtt.publish(f"x/{table.name}", f'{{"id":"{id("mqtt")}","v":{case.json}}}', 1)
            self.mqtt.publish(f"x/{table.name}", f'["{id("mqttlist")}",{case.json}]', 1)
            answer = self.http.post(
                f"/publish/x/{table.name}", f'[{{"id":"{id("http")}","v":{case.json}}}]')
            assert answer.status in (200, 204), answer
            row = f'{{"id":"{id("httpupsert")}","v":{case.json}}}'
            if right is REJECTED:
                answer = self.http.post(f"/rpc/upsert_{table.name}", f"[{row}]")
                assert answer.status >= 400, (table.type, row, answer)
            else:
                self.json_rows.setdefault(table.name, []).append(row)
            name = id("json")
            self.json.send_raw(
                f'{{"jsonrpc":"2.0","method":"x/{table.name}","params":[{{"id":"{name}","v":{case.json}}}]}}')
        if case.frame is not None:
            name = id("frame")
            columns = {"id": pa.array([name]), "v": case.frame}
            self.publish(f"x/{table.name}", cbor2.CBORTag(80, frame_bytes(columns)))
            name = id("upsertframe")
            columns = {"id": pa.array([name]), "v": case.frame}
            self.upsert(table, name, right, cbor2.CBORTag(80, frame_bytes(columns)))
        if case.csv is not None and right is not REJECTED:
            field = '"' + case.csv.replace('"', '""') + '"' if case.csv else ""
            lines = self.csv.setdefault(table.name, ([], []))
            lines[0].append(f"{id('csv')},{field}\n")
            lines[1].append(f"{id('httpcsv')},{field}\n")

    def close(self):
        for table, records in self.records.items():
            status, answer = self.peer.call(f"upsert_{table}", records)
            assert status == 0, (table, answer)
        for table, texts in self.json_rows.items():
            answer = self.http.post(f"/rpc/upsert_{table}", f"[[{','.join(texts)}]]")
            assert answer.status < 400, (table, answer)
        for table, (lines, over_http) in self.csv.items():
            answer = self.http.post(
                f"/rpc/upsert_{table}", "id,v\n" + "".join(over_http), headers={"Content-Type": "text/csv"})
            assert answer.status < 400, (table, answer)
            path = self.folder / f"{table}.csv"
            path.write_text("id,v\n" + "".join(lines))
            done = run_rembus("upsert", "--url", self.broker.url, "--file", str(path), table)
            assert done.returncode == 0, (table, done.stderr, lines)
        # What was sent before is in the journal when this is answered.
        self.json.call("rid")
        self.mqtt.__exit__(None, None, None)
        for peer in (self.peer, self.json):
            peer.close()


def shown(peer, table):
    status, data = peer.call(f"query_{table.name}", {"cols": "id, CAST(v AS VARCHAR) AS v"})
    assert status == 0, (table.type, data)
    found = pl.read_ipc_stream(data.value).to_dicts()
    assert len({row["id"] for row in found}) == len(found), found
    return {row["id"]: row["v"] for row in found}


def differences(table, found):
    right = table.right
    return [
        f"{table.type} {id}: came {found.get(id, 'no row')!r}, right is {right.get(id, 'no row')!r}"
        for id in sorted(right.keys() | found.keys()) if found.get(id, REJECTED) != right.get(id, REJECTED)
    ]


def check(peer, tables):
    """Waits until the rows are there, and says all that differs."""
    deadline, found = time.monotonic() + PATIENCE, []
    for table in tables:
        while len(rows := shown(peer, table)) < len(table.right) and time.monotonic() < deadline:
            time.sleep(0.1)
        found += differences(table, rows)
    assert not found, f"{len(found)} differ:\n" + "\n".join(found)


def flushed(broker, peer):
    """Waits until no row lies in the catalog any more."""
    deadline = time.monotonic() + PATIENCE
    while True:
        status, data = peer.call("storage_status")
        assert status == 0
        lake = data["lake"]
        if lake["maintenance"]["rounds"] > 1:
            return
        assert time.monotonic() < deadline, lake
        time.sleep(0.1)


def tables_of(found):
    """The cases by table; one table for each type."""
    tables = {}
    for number, case in enumerate(found):
        key = (case.type, case.epoch)
        table = tables.setdefault(key, Table(len(tables), *key))
        yield table, number, case


def run(folder, found, **settings):
    found = list(tables_of(found))
    tables = list({id(table): table for table, _, _ in found}.values())
    schema = folder / "schema.json"
    schema.write_text(json.dumps({"tables": [table.schema() for table in tables]}))
    broker = Broker(
        folder=folder / "state", options=["--schema", str(schema), "--http", "0", "--mqtt-listen", "0"],
        REMBUS_ARCHIVER_INTERVAL=0.1, **settings)
    try:
        writer = Writer(broker, folder)
        for table, number, case in found:
            writer.write(table, number, case)
        writer.close()
        peer = Peer(broker.url)
        check(peer, tables)
        peer.close()
        broker.stop()
        broker.settings["REMBUS_MAINTENANCE_INTERVAL"] = "0.2"
        broker.start()
        peer = Peer(broker.url)
        flushed(broker, peer)
        check(peer, tables)
        assert "maintenance of the lake failed" not in broker.log(), broker.log()
        handle_check(broker, tables)
        peer.close()
    finally:
        broker.discard()
    return tables


def handle_check(broker, tables):
    """Every column is one that the Python package and the command can read as it is."""
    for table in tables:
        done = run_rembus("query", "--url", broker.url, "--format", "jsonl", table.name)
        assert done.returncode == 0, (table.type, done.stderr)
        assert len([json.loads(line) for line in done.stdout.splitlines()]) == len(table.right), table.type
    handle = rb.node(broker.url)
    try:
        for table in tables:
            frame = handle.rpc(f"query_{table.name}")
            assert frame.height == len(table.right), table.type
    finally:
        handle.close()


def test_every_path_gives_one_value(tmp_path, monkeypatch):
    monkeypatch.setenv("REMBUS_DIR", str(tmp_path / "python"))
    tables = run(tmp_path, cases())
    assert sum(len(table.right) + len(table.refused) for table in tables) > 1000


SELECTION = ("HUGEINT", "DECIMAL(20,6)", "TIMESTAMP", "TIMETZ", "INTERVAL", "TEXT", "FLOAT[]", "MAP(TEXT, DOUBLE)", "BLOB",
             "STRUCT(x DOUBLE, label TEXT)", "TIMESTAMP_S", "UUID", "DOUBLE", "JSON", "UBIGINT")


def test_an_sqlite_catalog_gives_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("REMBUS_DIR", str(tmp_path / "python"))
    run(tmp_path, [case for case in cases() if case.type in SELECTION],
        DUCKLAKE_URL=f"ducklake:sqlite:{tmp_path}/catalog.sqlite")


@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed")
def test_a_postgres_catalog_gives_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("REMBUS_DIR", str(tmp_path / "python"))
    with postgres() as server:
        run(tmp_path, [case for case in cases() if case.type in SELECTION], DUCKLAKE_URL=f"ducklake:postgres:{server}")


NESTED = [
    ("l", "FLOAT[]", [1.5, None]),
    ("s", "STRUCT(x DOUBLE, label TEXT)", {"x": 2.5, "label": "a"}),
    ("m", "MAP(TEXT, INTEGER[])", {"k": [1, 2]}),
    ("d", "STRUCT(tags TEXT[], at TIMESTAMP)[]", [{"tags": ["a"], "at": "2026-03-29T03:00:00+02:00"}]),
    ("i", "INTERVAL", "-1 hour"),
]


def test_clients_read_nested_values_and_intervals(tmp_path, monkeypatch):
    monkeypatch.setenv("REMBUS_DIR", str(tmp_path / "python"))
    schema = tmp_path / "schema.json"
    columns = [{"col": "id", "type": "TEXT"}] + [{"col": name, "type": type} for name, type, _ in NESTED]
    schema.write_text(json.dumps({"tables": [{"table": "part", "topic": "part", "columns": columns, "keys": ["id"]}]}))
    broker = Broker(folder=tmp_path / "state", options=["--schema", str(schema)], REMBUS_ARCHIVER_INTERVAL=0.1)
    peer = Peer(broker.url)
    try:
        values = {name: value for name, _, value in NESTED}
        peer.publish("part", {"id": "a", **values}, qos=1)
        assert peer.call("upsert_part", {"id": "b", **values})[0] == 0
        # Only what is mentioned changes.
        peer.publish("part", {"id": "b", "l": [3.5]}, qos=1)
        deadline = time.monotonic() + PATIENCE
        while True:
            status, data = peer.call("query_part", {"order": "id"})
            found = pl.read_ipc_stream(data.value).to_dicts()
            if len(found) == 2 and found[1]["l"] == [3.5]:
                break
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        handle = rb.node(broker.url)
        row = handle.rpc("query_part", {"where": "id = 'a'"}).to_dicts()[0]
        handle.close()
        assert row["l"] == [1.5, None] and row["s"] == {"x": 2.5, "label": "a"} and row["i"] == "-01:00:00"
        assert row["m"] in ({"k": [1, 2]}, [{"key": "k", "value": [1, 2]}])
        assert row["d"][0]["tags"] == ["a"] and row["d"][0]["at"].hour == 1
        done = run_rembus("query", "--url", broker.url, "--format", "jsonl", "part", "--where", "id = 'a'")
        shown = json.loads(done.stdout)
        assert shown["l"] == [1.5, None] and shown["s"] == {"x": 2.5, "label": "a"} and shown["m"] == {"k": [1, 2]}
        # An interval that a query makes can be read, too.
        status, data = peer.call("query_part", {"cols": "CAST(i AS INTERVAL) AS i, i AS j", "where": "id = 'a'"})
        assert status == 0, data
        assert pl.read_ipc_stream(data.value).to_dicts() == [{"i": "-01:00:00", "j": "-01:00:00"}]
    finally:
        peer.close()
        broker.discard()


@pytest.mark.parametrize("type", ["HUGEINT", "INTERVAL"])
def test_a_column_that_files_would_change_is_refused(tmp_path, type):
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"tables": [{"table": "old", "columns": [{"col": "n", "type": type}]}]}))
    broker = Broker(folder=tmp_path / "state")
    broker.stop()
    with opened_catalog(str(tmp_path / "state"), read_only=False) as connection:
        connection.execute(f"CREATE TABLE rl.old (n {type})")
    broker.options += ["--schema", str(schema)]
    with pytest.raises(RuntimeError, match=f"column n is {type}, not"):
        broker.start()


def test_digits_reach_subscribers(tmp_path):
    broker = Broker(folder=tmp_path)
    sender, cbor, text = Peer(broker.url, "json"), Peer(broker.url), Peer(broker.url, "json")
    try:
        for peer in (cbor, text):
            peer.subscribe("n")
            peer.reactive()
        sender.send_raw('{"jsonrpc":"2.0","method":"n","params":[12345678901234.567891,12345678901234567890123,0.1]}')
        assert cbor.receive()[2] == [decimal.Decimal("12345678901234.567891"), 12345678901234567890123, 0.1]
        assert "12345678901234.567891" in text.receive_raw()
    finally:
        for peer in (sender, cbor, text):
            peer.close()
        broker.discard()
