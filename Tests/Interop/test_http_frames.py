"""Dataframes over HTTP: tables as JSON, Arrow and CSV; upserts and publications of Arrow and CSV bodies."""

import io
import json

import polars
import pyarrow
import pyarrow.ipc
import pytest

from support.http_gateway import Http, http_port
from support.processes import Broker
from support.wire import eventually

ARROW = "application/vnd.apache.arrow.stream"
SCHEMA = {"tables": [
    {"table": "reading", "topic": ":dn/reading",
     "columns": [{"col": "dn", "type": "TEXT"}, {"col": "t", "type": "DOUBLE"}], "keys": ["dn"]},
]}


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("http-lake")
    (folder / "schema.json").write_text(json.dumps(SCHEMA))
    with Broker(folder=folder / "state", options=["--http", "0", "--schema", str(folder / "schema.json")],
                REMBUS_ARCHIVER_INTERVAL=0.1) as broker:
        yield broker
        assert broker.alive, broker.log()


@pytest.fixture
def http(lake):
    return Http(http_port(lake))


def stream(frame):
    table = frame.to_arrow()
    table = table.cast(pyarrow.schema([
        pyarrow.field(f.name, pyarrow.string() if pyarrow.types.is_large_string(f.type) or f.type == pyarrow.string_view()
                      else f.type) for f in table.schema]))
    buffer = io.BytesIO()
    with pyarrow.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    return buffer.getvalue()


def test_what_is_published_is_found_in_three_forms(http, uid):
    assert http.post(f"/publish/a{uid}/reading?qos=1", {"t": 20.5}).status == 200
    condition = {"where": f"dn = 'a{uid}'"}
    eventually(lambda: http.get("/query_reading", condition).json() != [])
    assert http.get("/query_reading", condition).json() == [{"dn": f"a{uid}", "t": 20.5}]
    as_csv = http.get("/query_reading", condition, headers={"Accept": "text/csv"})
    assert as_csv.body.decode() == f"dn,t\na{uid},20.5\n" and as_csv.headers["content-type"].startswith("text/csv")
    as_arrow = http.get("/query_reading", condition, headers={"Accept": ARROW})
    assert as_arrow.headers["content-type"] == ARROW
    assert pyarrow.ipc.open_stream(as_arrow.body).read_all().to_pylist() == [{"dn": f"a{uid}", "t": 20.5}]
    assert http.get("/query_reading", condition, headers={"Accept": "application/octet-stream"}).status == 406


@pytest.mark.parametrize("form", ["arrow", "csv"])
def test_rows_are_upserted(http, uid, form):
    names = [f"{form}{uid}-{n}" for n in range(3)]
    if form == "arrow":
        body, type_ = stream(polars.DataFrame({"dn": names, "t": [0.5, 1.5, 2.5]})), ARROW
    else:
        body, type_ = "dn,t\n" + "".join(f"{name},{n + 0.5}\n" for n, name in enumerate(names)), "text/csv"
    assert http.post("/rpc/upsert_reading", body, headers={"Content-Type": type_}).status == 200
    rows = http.get("/query_reading", {"where": f"dn LIKE '{form}{uid}-%'"}).json()
    assert sorted((row["dn"], row["t"]) for row in rows) == [(name, n + 0.5) for n, name in enumerate(names)]


def test_a_frame_is_published(lake, http, connect, uid):
    subscriber = connect(f"s{uid}", to=lake, reactive=True)
    subscriber.subscribe(f"frames{uid}")
    data = stream(polars.DataFrame({"a": [1, 2]}))
    assert http.post(f"/frames{uid}", data, headers={"Content-Type": ARROW}).status == 200
    argument = subscriber.receive_topic()[1][0]
    assert argument.tag == 80 and argument.value == data
    assert http.post(f"/frames{uid}", "a,b\n1,x\n", headers={"Content-Type": "text/csv"}).status == 200
    argument = subscriber.receive_topic()[1][0]
    assert pyarrow.ipc.open_stream(argument.value).read_all().to_pylist() == [{"a": 1, "b": "x"}]


@pytest.mark.parametrize("type_, body", [(ARROW, b"no arrow"), (ARROW, b"\xff\xff\xff\xff\x10\x00\x00\x00"), ("text/csv", 'a,b\n"x'), ("text/csv", "a,b\n1\n")])
def test_bodies_that_are_no_frames(http, type_, body):
    assert http.post("/x", body, headers={"Content-Type": type_}).status == 400


def test_a_condition_that_means_nothing(http):
    answer = http.get("/query_reading", {"where": "nothing = 1"})
    assert answer.status == 502 and answer.json()["sts"] == 40
