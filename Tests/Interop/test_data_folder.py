"""A state folder that was copied, moved or restored: it starts where it is now, and never writes into another's."""

import json
import os
import shutil
from pathlib import Path

import polars
import pytest

from support.lake import opened_catalog
from support.processes import Broker, run_rembus
from support.wire import Peer

pytestmark = pytest.mark.differs("data folders that are moved, copied and guarded")

SCHEMA = {"tables": [{"table": "reading", "topic": ":dn/reading", "columns": [
    {"col": "dn", "type": "TEXT"}, {"col": "value", "type": "INTEGER"}]}]}

#: Every batch makes a file.
FILES = {"REMBUS_INLINING_ROWS": 0}


@pytest.fixture
def schema(tmp_path):
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SCHEMA))
    return ["--schema", str(path)]


@pytest.fixture
def run(schema):
    """Runs a broker over a folder, publishes a value if there is one, and gives the values that the table then has."""
    def run(folder, value=None, **settings):
        with Broker(folder=folder, options=schema, **(FILES | settings)) as broker:
            peer = Peer(broker.url)
            if value is not None:
                peer.publish("a/reading", {"value": value}, qos=1)
            status, data = peer.call("query_reading", {"cols": "value", "order": "value"})
            assert status == 0, data
            peer.close()
            assert broker.stop() == 0
        return values(data)
    return run


def values(data):
    return polars.read_ipc_stream(data.value)["value"].to_list()


def refusal(folder, schema, name="broker", **settings):
    """What a broker says that does not start."""
    result = run_rembus("broker", "--port", "0", "--name", name, *schema, folder=folder, timeout=25, **settings)
    assert result.returncode != 0, result.stdout
    return result.stderr


def files(folder):
    return sorted(path.name for path in Path(folder).rglob("ducklake-*.parquet"))



def catalog(kind, folder):
    """The settings of a catalog of that kind in the folder."""
    return {} if kind == "duckdb" else {"DUCKLAKE_URL": f"ducklake:sqlite:{folder}/lake.sqlite"}


@pytest.mark.parametrize(
    ("kind", "settings"), [("duckdb", FILES), ("sqlite", {"REMBUS_INLINING_ROWS": 100})], ids=["files", "inlined"])
def test_a_moved_state_folder_just_starts(run, tmp_path, settings, kind):
    first, second = tmp_path / "first", tmp_path / "second"
    assert run(first, 1, **settings, **catalog(kind, first)) == [1]
    first.rename(second)
    assert run(second, 2, **settings, **catalog(kind, second)) == [1, 2]
    assert not first.exists()
    # From now on every reader of DuckLake finds the files there, and the broker has nothing to say.
    assert run(second, 3, **settings, **catalog(kind, second)) == [1, 2, 3]


@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
def test_a_copy_and_its_original_keep_to_themselves(run, tmp_path, kind):
    first, second = tmp_path / "first", tmp_path / "second"
    run(first, 1, **catalog(kind, first))
    shutil.copytree(first, second)
    before = files(first)
    assert run(second, 2, **catalog(kind, second)) == [1, 2]
    assert files(first) == before
    assert run(first, 3, **catalog(kind, first)) == [1, 3]
    assert run(second, **catalog(kind, second)) == [1, 2]
    if kind == "duckdb":
        with opened_catalog(str(second / "broker.ducklake"), data_path=f"{second}/broker") as reader:
            assert reader.execute("SELECT count(*) FROM rl.reading").fetchall() == [(2,)]


def test_a_copy_is_not_led_into_the_folder_of_the_original(run, schema, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    run(first, 1)
    shutil.copytree(first, second)
    before = files(first)
    said = refusal(second, schema, DUCKDB_IGNORE_DATA_PATH="1")
    assert f"belongs to the catalog {first}/broker.ducklake" in said
    # Also where an earlier broker has left nothing that says whose the folder is.
    (first / "broker" / "rembus-owner.json").unlink()
    assert f"belongs to the catalog {first}/broker.ducklake" in refusal(second, schema, DUCKDB_IGNORE_DATA_PATH="1")
    assert files(first) == before
    assert run(second, 2) == [1, 2]


def test_no_hint_leads_to_the_original(run, schema, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    run(first, 1)
    # Only the catalog was copied.
    second.mkdir()
    shutil.copy(first / "broker.ducklake", second)
    said = refusal(second, schema)
    assert "IGNORE" not in said and f"are not in {second}/broker" in said
    shutil.copytree(first / "broker" / "main", second / "broker" / "main", dirs_exist_ok=True)
    assert run(second, 2) == [1, 2]


def test_a_data_path_given_by_hand_has_one_owner_too(run, schema, tmp_path):
    first, second, data = tmp_path / "first", tmp_path / "second", tmp_path / "data"
    run(first, 1, REMBUS_DATA_PATH=data)
    shutil.copytree(first, second)
    before = files(data)
    # The original does not even run.
    assert f"belongs to the catalog {first}/broker.ducklake" in refusal(second, schema, REMBUS_DATA_PATH=data)
    assert files(data) == before
    # Moved instead of copied, it is the same catalog.
    shutil.rmtree(second)
    first.rename(second)
    assert run(second, 2, REMBUS_DATA_PATH=data) == [1, 2]
    # A link to the folder is no other folder.
    link = tmp_path / "link"
    link.symlink_to(data)
    assert run(second, 3, REMBUS_DATA_PATH=link) == [1, 2, 3]
    assert "belongs to the catalog" in refusal(first, schema, name="other", REMBUS_DATA_PATH=link)


def test_two_brokers_with_one_data_folder(schema, tmp_path, run):
    data = tmp_path / "data"
    with Broker(folder=tmp_path / "one", options=schema, REMBUS_DATA_PATH=data):
        said = refusal(tmp_path / "two", schema, REMBUS_DATA_PATH=data)
        assert "another broker uses the data folder" in said and "/one/broker.ducklake" in said


def test_what_is_missing_after_a_restore_is_named(run, schema, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    run(first, 1)
    first.rename(second)
    [lost] = [path for path in (second / "broker").rglob("ducklake-*.parquet") if path.parent.name == "reading"]
    lost.unlink()
    said = refusal(second, schema)
    assert lost.name in said and "restore the whole data folder" in said


def test_brokers_that_share_a_catalog_share_its_folder(schema, tmp_path):
    url, data = f"ducklake:sqlite:{tmp_path}/lake.sqlite", tmp_path / "data"
    shared = {"DUCKLAKE_URL": url, "REMBUS_DATA_PATH": data, **FILES}
    with Broker(name="one", folder=tmp_path / "1", options=schema, **shared) as one, \
            Broker(name="two", folder=tmp_path / "2", options=schema, **shared) as two:
        for number, broker in enumerate([one, two]):
            peer = Peer(broker.url)
            peer.publish("a/reading", {"value": number}, qos=1)
            # It waits for what this broker has accepted.
            assert values(peer.call("query_reading", {"cols": "value", "order": "value"})[1]) == list(range(number + 1))
            peer.close()
        said = refusal(tmp_path / "3", schema, name="one", **shared)
        assert "another broker uses" in said
        # A third one that keeps files elsewhere would leave the others without them.
        assert f"to {data}" in refusal(tmp_path / "4", schema, name="three", DUCKLAKE_URL=url)
        assert one.stop() == 0 and two.stop() == 0


def test_what_the_catalog_remembers_is_used_when_asked_for(run, tmp_path):
    state, data = tmp_path / "state", tmp_path / "data"
    run(state, 1, REMBUS_DATA_PATH=data)
    assert run(state, 2, DUCKDB_IGNORE_DATA_PATH="1") == [1, 2]
    assert not (state / "broker" / "main").exists() and os.listdir(data / "main" / "reading")
    # The whole of it at another place, where what the catalog remembers is gone.
    moved = tmp_path / "moved"
    run(tmp_path / "plain", 1)
    (tmp_path / "plain").rename(moved)
    assert run(moved, 2, DUCKDB_IGNORE_DATA_PATH="1") == [1, 2]
    assert not (tmp_path / "plain").exists()
