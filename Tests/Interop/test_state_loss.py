"""What a broker does about files that go away while it runs, and what it finds again after a loss."""

import json
import os
import shutil
import time

import pytest

from support.keys import write_secret, write_trust
from support.mqtt import Client, RawClient, connect_packet
from support.processes import run_rembus
from support.wire import ACK, LAST_RECEIVED, Peer, eventually

pytestmark = pytest.mark.differs("the reference says nothing")

NO_LAKE = {"REMBUS_DUCKDB_LIBRARY": "/nowhere/libduckdb.so"}


def is_acknowledged(peer, identifier, timeout):
    try:
        while peer._read(timeout) != [ACK, identifier]:
            pass
        return True
    except TimeoutError:
        return False


def journal_failure(peer):
    return peer.call("storage_status")[1]["journal"]["failure"]


# While it runs


def test_a_deleted_folder_ends_acknowledgements_and_is_said_once(start_broker, tmp_path):
    broker = start_broker(folder=tmp_path / "state", options=["--mqtt-listen", "0"])
    peer = Peer(broker.url)
    peer.publish("a", 1, qos=1)
    deleted = time.monotonic()
    shutil.rmtree(tmp_path / "state")
    # Noticed without a publication, too.
    assert broker.says("was deleted, moved or replaced"), broker.log()
    for qos in (1, 2):
        assert not is_acknowledged(peer, peer.send_publish("a", 2, qos=qos), 0.5)
    with Client(broker, "device") as device:
        sent = device.client.publish("kept", b"1", qos=1, retain=True)
        with pytest.raises((ValueError, RuntimeError, AssertionError)):
            sent.wait_for_publish(0.5)
            assert sent.is_published()
            raise ValueError("acknowledged")
        assert not sent.is_published()
    assert journal_failure(Peer(broker.url)) is not None
    # Once, and again when it has gone on for half a minute.
    said = sum(" error " in line and "the journal cannot be written" in line for line in broker.errors.lines)
    assert 1 <= said <= 1 + (time.monotonic() - deleted) // 30
    assert broker.stop() == 0
    assert not (tmp_path / "state").exists(), "made anew, without what was in it"


def test_a_folder_that_comes_back_is_used_again(start_broker, tmp_path):
    broker = start_broker(folder=tmp_path / "state")
    peer = Peer(broker.url)
    peer.publish("a", 1, qos=1)
    (tmp_path / "state").rename(tmp_path / "away")
    assert broker.says("was deleted, moved or replaced"), broker.log()
    waiting = peer.send_publish("a", 2, qos=1)
    assert not is_acknowledged(peer, waiting, 0.3)
    (tmp_path / "away").rename(tmp_path / "state")
    assert is_acknowledged(peer, waiting, 30), broker.log()
    assert broker.says("works again")
    assert broker.stop() == 0
    broker.start()
    reader = Peer(broker.url)
    reader.identify("reader")
    reader.subscribe("a", since=LAST_RECEIVED)
    reader.reactive()
    assert [reader.receive_topic(), reader.receive_topic()] == [("a", [1]), ("a", [2])]
    assert "bytes lost" not in broker.log()


@pytest.mark.parametrize("pattern", ["journal/names", "journal/p*/*.seg", "journal/p*", "components", "mqtt-*"])
def test_a_single_file_that_is_deleted_is_written_again(start_broker, tmp_path, pattern):
    """What is acknowledged afterwards is there after a crash, and so is what is in memory."""
    broker = start_broker(folder=tmp_path, options=["--mqtt-listen", "0"], **NO_LAKE)
    peer = Peer(broker.url)
    peer.publish("a", 1, qos=1)
    with Client(broker, "device", clean=False) as device:
        device.subscribe("first/#", qos=1)
        for path in (tmp_path / "broker").glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        device.subscribe("second/#", qos=1)
        device.publish("kept", b"1", qos=1, retain=True)
    other = Peer(broker.url)
    other.identify("pump.plant")
    other.subscribe("a")
    other.publish("a", 2, qos=1)
    other.close()
    peer.publish("a", 3, qos=1)
    broker.kill()
    broker.start()
    late = Peer(broker.url)
    late.identify("late")
    late.subscribe("a", since=LAST_RECEIVED)
    late.reactive()
    assert [late.receive_topic(), late.receive_topic()] == [("a", [1]), ("a", [3])], broker.log()
    tenant = Peer(broker.url)
    tenant.identify("other.plant")
    tenant.subscribe("a", since=LAST_RECEIVED)
    tenant.reactive()
    assert tenant.receive_topic() == ("a", [2])


def test_a_deleted_catalog_takes_nothing_out_of_the_journal(start_broker, tmp_path):
    broker = start_broker(folder=tmp_path)
    peer = Peer(broker.url)
    peer.publish("a", 1, qos=1)
    (tmp_path / "broker.ducklake").rename(tmp_path / "away")
    peer.publish("a", 2, qos=1)
    assert broker.says("the lake cannot be written to", "broker.ducklake was deleted"), broker.log()
    assert eventually(lambda: peer.call("storage_status")[1]["lake"]["lag_bytes"] > 0)
    (tmp_path / "away").rename(tmp_path / "broker.ducklake")
    assert broker.says("the lake can be written to again")
    assert broker.stop() == 0


# Names


@pytest.mark.parametrize("damage", ["lost", "garbage", "cut in the head"])
def test_names_come_back_from_the_lake_and_replay_goes_on(start_broker, tmp_path, damage):
    broker = start_broker(folder=tmp_path)
    for name in ("pump", "pump.plant"):
        peer = Peer(broker.url)
        peer.identify(name)
        peer.publish("a", name, qos=1)
        peer.close()
    Peer(broker.url).publish("a", "anonymous", qos=1)
    assert broker.stop() == 0
    names = tmp_path / "broker/journal/names"
    if damage == "lost":
        names.unlink()
    else:
        names.write_bytes(os.urandom(9 if damage == "cut in the head" else 4096))
    broker.start()
    assert broker.says("names was lost or damaged", "all of them were found in the lake"), broker.log()
    for name, expected in (("reader", ["pump", "anonymous"]), ("reader.plant", ["pump.plant"])):
        reader = Peer(broker.url)
        reader.identify(name)
        reader.subscribe("a", since=LAST_RECEIVED)
        reader.reactive()
        assert [reader.receive_topic() for _ in expected] == [("a", [text]) for text in expected]
    assert broker.stop() == 0
    broker.start()
    assert "names was lost" not in broker.log()


def test_publications_of_a_tenant_whose_name_is_lost_are_nobodys(start_broker, tmp_path):
    """Without a lake nothing tells whose they are: they are not everybody's."""
    broker = start_broker(folder=tmp_path, **NO_LAKE)
    peer = Peer(broker.url)
    peer.identify("pump.plant")
    peer.publish("a", "secret", qos=1)
    broker.stop()
    (tmp_path / "broker/journal/names").unlink()
    broker.settings = {}
    broker.start()
    assert broker.says("names was lost or damaged", "are not replayed"), broker.log()
    # Now there is a lake, which takes them over.
    other = Peer(broker.url)
    other.publish("a", "public", qos=1)
    assert eventually(lambda: other.call("storage_status")[1]["lake"]["lag_bytes"] == 0)
    broker.stop()
    shutil.rmtree(tmp_path / "broker/journal")
    broker.start()
    reader = Peer(broker.url)
    reader.identify("reader")
    reader.subscribe("a", since=LAST_RECEIVED)
    reader.reactive()
    assert reader.receive_topic() == ("a", ["public"])


# Rights


def is_private(broker):
    peer = Peer(broker.url)
    try:
        return peer.admin("vault", {"cmd": "subscribe", "msg_from": 0.0})[0] != 0
    finally:
        peer.close()


@pytest.fixture(params=["lake", "no lake", "no store"])
def ruled(request, tmp_path, start_broker):
    """The settings of a broker that ran once with a private topic."""
    settings = {"lake": {}, "no lake": NO_LAKE, "no store": {"REMBUS_RECORD": "none"}}[request.param]
    for words in (("private", "vault"), ("read-only", "panel")):
        assert run_rembus("admin", *words, folder=tmp_path).returncode == 0
    broker = start_broker(folder=tmp_path, **settings)
    assert is_private(broker)
    assert broker.stop() == 0
    return broker


def test_rights_without_their_restrictions_are_refused(ruled, tmp_path):
    rights = tmp_path / "broker/trust.json"
    for content in ("{}", '{"admins": ["boss"]}', '{"private_topics": []}'):
        write_secret(rights, content.encode())
        with pytest.raises(RuntimeError, match="says nothing of"):
            ruled.start()
    write_secret(rights, b'{"private_topics": [], "read_only": []}')
    ruled.start()
    assert ruled.says("public now", "vault"), ruled.log()
    assert not is_private(ruled)
    ruled.stop()
    # It was meant, and is not said again.
    ruled.start()
    assert "public now" not in ruled.log()
    ruled.stop()


def test_lost_rights_come_back(ruled, tmp_path):
    (tmp_path / "broker/trust.json").unlink()
    ruled.start()
    assert ruled.says("trust.json was missing")
    assert is_private(ruled)
    ruled.stop()
    assert json.loads((tmp_path / "broker/trust.json").read_text())["private_topics"] == ["vault"]


def test_rights_lost_with_their_copy_come_back_or_are_refused(ruled, tmp_path):
    for name in ("trust.json", "trust.json.bak"):
        (tmp_path / "broker" / name).unlink()
    if ruled.settings:
        with pytest.raises(RuntimeError, match="trust.json is lost"):
            ruled.start()
        write_secret(tmp_path / "broker/trust.json", b'{"private_topics": []}')
        ruled.start()
        ruled.stop()
    else:
        ruled.start()
        assert is_private(ruled)
        ruled.stop()


def test_an_emptied_file_without_its_copy_is_refused(ruled, tmp_path):
    (tmp_path / "broker/trust.json.bak").unlink()
    write_secret(tmp_path / "broker/trust.json", b"{}")
    if ruled.settings:
        # Nobody knows any more what was private; that the copy is lost is said.
        ruled.start()
        assert ruled.says("trust.json.bak is missing")
        ruled.stop()
    else:
        with pytest.raises(RuntimeError, match="says nothing of"):
            ruled.start()
        with pytest.raises(RuntimeError, match="says nothing of"):
            ruled.start()


def test_a_running_broker_keeps_its_rights_when_the_file_loses_them(ruled, tmp_path):
    ruled.start()
    write_secret(tmp_path / "broker/trust.json", b"{}")
    assert ruled.says("the rights stay as they were", "says nothing of"), ruled.log()
    assert is_private(ruled)
    refused = run_rembus("admin", "private", "other", folder=tmp_path)
    assert refused.returncode != 0 and "says nothing of" in refused.stderr
    write_secret(tmp_path / "broker/trust.json", b'{"private_topics": [], "read_only": []}')
    assert ruled.says("public now", "vault")
    assert eventually(lambda: not is_private(ruled))
    assert ruled.stop() == 0


def test_rules_that_a_command_takes_away_are_no_loss(ruled, tmp_path):
    assert run_rembus("admin", "public", "vault", folder=tmp_path).returncode == 0
    assert run_rembus("admin", "read-only", "panel", "--off", folder=tmp_path).returncode == 0
    ruled.start()
    assert not is_private(ruled) and "trust.json" not in ruled.log()
    ruled.stop()


def test_a_lost_catalog_with_data_files_is_refused(start_broker, tmp_path):
    """A new catalog would not know the files, and maintenance would remove what no catalog knows."""
    broker = start_broker(folder=tmp_path, REMBUS_INLINING_ROWS=0)
    peer = Peer(broker.url)
    peer.publish("a", 1, qos=1)
    assert eventually(lambda: list(tmp_path.glob("broker/main/**/*.parquet")))
    broker.stop()
    (tmp_path / "broker.ducklake").unlink()
    with pytest.raises(RuntimeError, match="broker.ducklake is missing or empty"):
        broker.start()
