"""`rembus bench` leaves nothing behind on a broker that records everything, unless it is asked to."""

import json
from pathlib import Path

import pytest

from support.processes import REFERENCE, Broker, Command, run_rembus
from support.wire import eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our command")

SCHEMA = {"tables": [
    {"table": "pair", "topic": ":a/:b", "columns": [{"col": "a", "type": "TEXT"}, {"col": "b", "type": "TEXT"}]}]}


@pytest.fixture(params=[[], ["--record", "all"], ["--record", "**"], ["--record", "**,age=7d", "--record", "all"]],
                ids=["default", "all", "pattern", "several"])
def recording(request, tmp_path):
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(SCHEMA))
    with Broker(options=[*request.param, "--schema", str(schema)]) as broker:
        yield broker


def stored(broker, table):
    finished = run_rembus("query", table, "--cols", "count(*) AS n", url=broker.url)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)["n"]


def archived(broker):
    """Publications that the lake has got."""
    return json.loads(run_rembus("call", "storage_status", url=broker.url).stdout)["lake"]["messages_written"]


def allocated(folder):
    """Bytes that the files really take; holes take none."""
    return sum(entry.stat().st_blocks * 512 for entry in Path(folder).rglob("*") if entry.is_file())


def run_bench(broker, mode, *options):
    finished = run_rembus("bench", mode, "--count", 20_000, "--json", *options, url=broker.url)
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)["lost"] == 0


@pytest.mark.parametrize("mode", ["pub", "qos1"])
def test_a_run_leaves_nothing_behind(recording, mode):
    # What is published on other topics is recorded as ever; the first makes the journal reserve its file.
    assert run_rembus("pub", "x/y", "--qos", 1, url=recording.url).returncode == 0
    assert eventually(lambda: stored(recording, "pair") == 1)
    before, messages = allocated(recording.folder), archived(recording)
    run_bench(recording, mode, "--size", 10_000)
    assert run_rembus("pub", "x/y", "--qos", 1, url=recording.url).returncode == 0
    assert eventually(lambda: stored(recording, "pair") == 2)
    assert archived(recording) - messages == 1
    # 200 MB of payload: a fraction of it would show.
    assert allocated(recording.folder) - before < 20_000_000


def test_a_recorded_run_is_recorded(start_broker):
    broker = start_broker()
    run_bench(broker, "qos1", "--recorded", "--size", 16)
    assert eventually(lambda: archived(broker) == 20_000)


def test_benches_do_not_reach_subscribers_of_everything(broker, connect, uid):
    subscriber = connect(f"s{uid}", reactive=True)
    subscriber.subscribe("**", "*/*")
    run_bench(broker, "pub")
    publisher = connect()
    publisher.publish(f"end{uid}", 1)
    while (topic := subscriber.receive()[-1][0]) != f"end{uid}":
        assert not topic.startswith("@bench/")
