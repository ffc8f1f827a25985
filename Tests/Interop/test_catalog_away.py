"""A broker whose catalog, or the server of its data files, is away: it starts, routes and journals, and has the tables as
soon as they can be reached."""

import json
import subprocess
import sys

import polars
import pytest

from support.http_gateway import Http, http_port
from support.lake import opened_catalog
from support.metrics import Metrics
from support.ports import free_port
from support.postgres import PostgresServer, programs
from support.processes import Broker, run_rembus
from support.wire import Peer, eventually

pytestmark = pytest.mark.differs("tables that come later")
needs_postgres = pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed")

SCHEMA = {"tables": [{"table": "reading", "topic": ":dn/reading", "columns": [
    {"col": "dn", "type": "TEXT"}, {"col": "value", "type": "INTEGER"}]}]}


@pytest.fixture
def schema(tmp_path):
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SCHEMA))
    return ["--schema", str(path)]


@pytest.fixture
def server():
    with PostgresServer() as server:
        yield server


def ask(broker):
    """What a query for all values is answered."""
    peer = Peer(broker.url)
    answer = peer.call("query_reading", {"cols": "value", "order": "value"})
    peer.close()
    return answer


def values(broker):
    status, data = ask(broker)
    return polars.read_ipc_stream(data.value)["value"].to_list() if status == 0 else None


def works_without_tables(broker, value):
    """Publications are delivered, acknowledged and replayed; the tables' methods say what is the matter."""
    peer, subscriber = Peer(broker.url), Peer(broker.url)
    subscriber.subscribe("a/reading")
    subscriber.reactive()
    peer.publish("a/reading", {"value": value}, qos=1)
    assert subscriber.receive_topic() == ("a/reading", [{"value": value}])
    for method, arguments in [("query_reading", []), ("delete_reading", [{"where": "value = 1"}]),
                              ("upsert_reading", [{"value": 7}])]:
        status, text = peer.call(method, *arguments)
        assert status == 40 and text.startswith("the tables cannot be reached"), (status, text)
        assert "s3cret" not in text and "host=" not in text
    status, storage = peer.call("storage_status")
    assert status == 0 and storage["lake"]["failures"] > 0
    peer.close()
    subscriber.close()


@needs_postgres
def test_a_broker_starts_without_its_postgres_catalog(server, schema, tmp_path):
    settings = {"DUCKLAKE_URL": f"ducklake:postgres:{server.connection()}", "REMBUS_DATA_PATH": tmp_path / "data"}
    with Broker(options=[*schema, "--record", "all", "--http", "0"], **settings) as broker:
        assert broker.says("warning", "the catalog of the tables cannot be reached")
        assert "s3cret" not in broker.errors.text()
        works_without_tables(broker, 1)
        http = Http(http_port(broker))
        answer = http("GET", "/readyz")
        assert answer.status == 503 and b"catalog" in answer.body and b"s3cret" not in answer.body
        assert Metrics(http("GET", "/metrics").body.decode())("rembus_lake_up") == 0
        # It may end while it waits, and what was acknowledged is still for the tables.
        assert broker.stop() == 0
        broker.start()
        works_without_tables(broker, 2)
        server.start()
        assert eventually(lambda: values(broker) == [1, 2])
        assert broker.says("notice", "the tables are there")
        assert Http(http_port(broker))("GET", "/readyz").status == 200
        status, storage = Peer(broker.url).call("storage_status")
        assert storage["lake"]["last_failure"] is None
        # The same outage later, and a restart in the middle of it.
        server.stop()
        assert broker.stop() == 0
        broker.start()
        works_without_tables(broker, 3)
        server.start()
        assert eventually(lambda: values(broker) == [1, 2, 3])
        assert broker.stop() == 0


@needs_postgres
def test_a_wrong_password_is_an_error_in_the_log_and_no_reason_not_to_route(server, schema, tmp_path):
    server.start()
    url = f"ducklake:postgres:{server.connection('wr0ng')}"
    with Broker(options=schema, DUCKLAKE_URL=url, REMBUS_DATA_PATH=tmp_path / "data") as broker:
        assert broker.says("error", "the catalog of the tables cannot be reached", "password authentication failed")
        assert "wr0ng" not in broker.errors.text()
        works_without_tables(broker, 1)
        # It is tried again and again, and said once.
        assert eventually(lambda: Peer(broker.url).call("storage_status")[1]["lake"]["failures"] >= 3)
        lines = [line for line in broker.errors.lines if " error " in line and "cannot be reached" in line]
        assert len(lines) == 1, lines
        assert broker.stop() == 0


@needs_postgres
def test_rights_in_a_catalog_that_comes_later_are_taken_over(server, schema, tmp_path):
    settings = {"DUCKLAKE_URL": f"ducklake:postgres:{server.connection()}", "REMBUS_DATA_PATH": tmp_path / "data"}
    server.start()
    with Broker(options=schema, folder=tmp_path / "state", **settings) as broker:
        assert broker.stop() == 0
    # As a tool for the reference adds an administrator.
    with opened_catalog(f"postgres:{server.connection()}", read_only=False, extensions=["postgres_scanner"]) as catalog:
        catalog.execute("INSERT INTO rl.admin VALUES ('broker', 'chief')")
    server.stop()
    with Broker(options=schema, folder=tmp_path / "state", **settings) as broker:
        assert broker.says("cannot be reached")
        server.start()
        assert broker.says("the tables are there")

        def is_administrator():
            # Whose name nobody may bind any more without a key.
            peer = Peer(broker.url)
            status, text = peer.identify("chief")
            peer.close()
            return status == 10 and "administrator" in text
        assert eventually(is_administrator)


@needs_postgres
def test_components_whose_file_is_lost_come_back_with_the_catalog(server, schema, tmp_path):
    settings = {"DUCKLAKE_URL": f"ducklake:postgres:{server.connection()}", "REMBUS_DATA_PATH": tmp_path / "data"}
    server.start()
    with Broker(options=schema, folder=tmp_path / "state", **settings) as broker:
        reader = Peer(broker.url)
        reader.identify("reader")
        reader.subscribe("news")
        reader.close()
        assert broker.stop() == 0
    server.stop()
    (tmp_path / "state" / "broker" / "components").unlink()
    with Broker(options=schema, folder=tmp_path / "state", **settings) as broker:
        assert broker.says("components is missing", "come from the copy in the lake")
        assert broker.says("cannot be reached")
        server.start()
        assert broker.says("1 components come from the copy in the catalog")
        assert broker.stop() == 0
        # It is in the file again.
        server.stop()
        broker.start()
        reader = Peer(broker.url)
        reader.identify("reader")
        reader.reactive()
        publisher = Peer(broker.url)
        publisher.publish("news", 1)
        assert reader.receive_topic() == ("news", [1])


def test_a_catalog_file_that_another_program_has_open(schema, tmp_path):
    """An analyst's shell must not keep a broker from starting."""
    with Broker(options=schema, folder=tmp_path) as broker:
        assert broker.stop() == 0
    program = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    shell = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "broker.ducklake")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True)
    assert shell.stdout.readline() == "open\n"
    with Broker(options=schema, folder=tmp_path) as broker:
        assert broker.says("warning", "another process has it open")
        works_without_tables(broker, 1)
        shell.communicate()
        assert eventually(lambda: values(broker) == [1])
        assert broker.stop() == 0


def test_what_trying_again_cannot_mend_ends_the_start(schema, tmp_path):
    (tmp_path / "lake.sqlite").write_text("this is no database" * 100)
    result = run_rembus(
        "broker", "--port", "0", *schema, folder=tmp_path, DUCKLAKE_URL=f"ducklake:sqlite:{tmp_path}/lake.sqlite")
    assert result.returncode != 0 and "file is not a database" in result.stderr


def test_an_object_store_that_is_away(schema, tmp_path):
    port = free_port()
    settings = {
        "REMBUS_DATA_PATH": "s3://lake/rembus", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "s3cret", "AWS_REGION": "us-east-1"}
    with Broker(options=schema, folder=tmp_path / "one", REMBUS_INLINING_ROWS=0, **settings) as broker:
        assert broker.says("warning", "cannot be reached")
        works_without_tables(broker, 1)
        store = subprocess.Popen(
            [sys.executable, "-c", STORE, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert store.stdout.readline() == "ready\n"
            assert eventually(lambda: values(broker) == [1])
            # Its data path has one owner as well.
            result = run_rembus("broker", "--port", "0", *schema, folder=tmp_path / "two", timeout=30, **settings)
            assert result.returncode != 0 and "s3://lake/rembus belongs to the catalog" in result.stderr
            assert broker.stop() == 0
        finally:
            store.kill()
            store.communicate()


STORE = """
import sys, boto3
from moto.server import ThreadedMotoServer
port = int(sys.argv[1])
ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False).start()
boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id="key",
             aws_secret_access_key="s3cret").create_bucket(Bucket="lake")
print("ready", flush=True)
sys.stdin.read()
"""
