"""What a broker keeps is nobody else's, whatever the mask it is started with, and whatever was open before."""

import json
import os
import stat
from pathlib import Path

import pytest

from support.keys import register, shared_secret, write_trust, Key
from support.mqtt import Client, mqtt_port
from support.ports import free_port
from support.processes import run_rembus
from support.wire import ACK, Peer

pytestmark = pytest.mark.differs("S18: the reference leaves modes to the mask")

SCHEMA = {"tables": [{"table": "sensor", "topic": ":dn/sensor", "partition": ["dn"],
                      "columns": [{"col": "dn", "type": "TEXT"}, {"col": "value", "type": "DOUBLE"}]}]}


def open_files(folder):
    """What somebody else may use in a folder, below it and it itself, with modes."""
    found = {}
    for root, _, files in os.walk(folder):
        for path in (root, *(os.path.join(root, name) for name in files)):
            mode = os.lstat(path).st_mode
            if mode & 0o077 and not stat.S_ISLNK(mode):
                found[os.path.relpath(path, folder)] = oct(mode & 0o777)
    return found


@pytest.fixture
def schema(tmp_path):
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(SCHEMA))
    return str(file)


def started_with_mask(start_broker, mask, **arguments):
    previous = os.umask(mask)
    try:
        return start_broker(**arguments)
    finally:
        os.umask(previous)


def use_everything(broker):
    """Has the broker write every kind of file that it has."""
    peer = Peer(broker.url)
    peer.publish("pump/sensor", {"value": 1.5}, qos=1)
    peer.identify("reader")
    peer.subscribe("pump/sensor")
    assert register(Peer(broker.url), "pump7", "a pin of some length", Key.make("ecdsa"))[0] == 0
    assert peer.call("query_sensor", {})[0] == 0
    with Client(broker, "device", clean=False) as device:
        device.subscribe("a/#", qos=1)
        device.publish("kept", b"1", qos=1, retain=True)
    peer.close()


@pytest.mark.parametrize("mask", [0o022, 0], ids=["usual", "none"])
def test_everything_that_a_broker_writes_is_its_own(start_broker, tmp_path, schema, mask):
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    added = run_rembus("admin", "tenant", "add", ".", "--pin-file", "-", stdin="a pin of some length\n", folder=state)
    assert added.returncode == 0, added.stderr
    run_rembus("admin", "private", "vault", folder=state)
    broker = started_with_mask(
        start_broker, mask, folder=state, options=["--schema", schema, "--mqtt-listen", "0"],
        REMBUS_INLINING_ROWS=0, REMBUS_MAINTENANCE_INTERVAL=1)
    use_everything(broker)
    while not list(state.glob("broker/main/*/*/*.parquet")):
        assert broker.alive, broker.log()
    running = open_files(state)
    assert broker.stop() == 0
    stopped = open_files(state)
    # The folder that was there is the administrator's.
    assert running.keys() <= {"."} and stopped.keys() <= {"."}, (running, stopped)
    names = {path.name for path in state.rglob("*")}
    assert {"broker.ducklake", "trust.json", "trust.json.bak", "audit.log", "components", "names", "manifest",
            "mqtt-sessions", "mqtt-retained", "pump7.ecdsa.pem"} <= names


def test_what_was_open_is_closed_at_the_start_and_said(start_broker, tmp_path, schema):
    state = tmp_path / "state"
    broker = start_broker(folder=state, options=["--schema", schema], REMBUS_INLINING_ROWS=0)
    Peer(broker.url).publish("pump/sensor", {"value": 1.5}, qos=1)
    broker.stop()
    for root, _, files in os.walk(state):
        os.chmod(root, 0o755)
        for name in files:
            os.chmod(os.path.join(root, name), 0o644)
    os.chmod(state / "broker/journal/names", 0o666)
    outside = tmp_path / "not the broker's"
    outside.write_text("")
    os.chmod(outside, 0o644)
    (state / "broker/link").symlink_to(outside)
    broker.start()
    assert broker.says("were open to other users", "closed now"), broker.log()
    assert open_files(state).keys() <= {"."}
    assert outside.stat().st_mode & 0o777 == 0o644
    broker.stop()
    broker.start()
    assert "open to other users" not in broker.log()
    broker.stop()


@pytest.mark.parametrize("mode", [0o640, 0o666])
def test_rights_that_others_could_read_or_change_are_refused(start_broker, tmp_path, mode):
    write_trust(tmp_path, private_topics=["vault"])
    os.chmod(tmp_path / "broker/trust.json", mode)
    with pytest.raises(RuntimeError, match="trust.json"):
        start_broker(folder=tmp_path)


def test_a_key_that_others_could_change_stays_open_and_is_refused(start_broker, tmp_path, connect):
    broker = start_broker(folder=tmp_path)
    Key.make("ecdsa").give(broker, "pump7")
    shared_secret().give(broker, "pump8")
    broker.stop()
    os.chmod(tmp_path / "broker/keys/pump7.ecdsa.pem", 0o666)
    os.chmod(tmp_path / "broker/keys/pump8", 0o644)
    broker.start()
    for name in ("pump7", "pump8"):
        assert connect(to=broker).identify(name)[0] != 0, name
    broker.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs rights")
def test_a_folder_of_somebody_else_is_said(start_broker, tmp_path):
    folder = tmp_path / "broker"
    folder.mkdir(mode=0o777)
    os.chown(folder, 12345, 12345)
    broker = start_broker(folder=tmp_path)
    assert broker.says("belongs to user 12345"), broker.log()


def test_a_root_folder_that_others_may_change_is_said(start_broker, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    os.chmod(state, 0o775)
    broker = start_broker(folder=state)
    assert broker.says("can be changed by other users", str(state)), broker.log()


def test_sockets_and_folders_elsewhere_are_closed_too(start_broker, tmp_path, schema):
    broker = started_with_mask(
        start_broker, 0o022, folder=tmp_path / "state",
        options=["--schema", schema, "--ducklake", f"ducklake:sqlite:{tmp_path}/elsewhere/lake.db"],
        REMBUS_DATA_PATH=str(tmp_path / "data"), REMBUS_INLINING_ROWS=0, REMBUS_AUDIT_LOG=str(tmp_path / "audit"))
    peer = Peer(broker.url)
    peer.publish("pump/sensor", {"value": 1.5}, qos=1)
    assert peer.call("query_sensor", {})[0] == 0
    for folder in ("elsewhere", "data"):
        assert list((tmp_path / folder).iterdir()), folder
        assert open_files(tmp_path / folder) == {}
    assert broker.stop() == 0
