"""Every file of the state folder, in every way that a file is lost: the broker starts and says it, or does not and says why.

Never does it end by a crash, wait for ever, or make public what was private.
"""

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from support.keys import Key
from support.mqtt import Client
from support.processes import run_rembus
from support.unprivileged import Unprivileged
from support.wire import Peer

pytestmark = pytest.mark.differs("the reference says nothing")

SCHEMA = {"tables": [{"table": "sensor", "topic": ":dn/sensor", "columns": [
    {"col": "dn", "type": "TEXT"}, {"col": "value", "type": "DOUBLE"}]}]}

#: By a name, what is damaged: a pattern in $REMBUS_DIR.
FILES = {
    "names": "broker/journal/names", "segment": "broker/journal/p0/*.seg", "journal lock": "broker/journal/lock",
    "journal": "broker/journal", "components": "broker/components", "rights": "broker/trust.json",
    "copy of rights": "broker/trust.json.bak", "rights lock": "broker/trust.lock", "audit": "broker/audit.log",
    "retained": "broker/mqtt-retained", "sessions": "broker/mqtt-sessions", "keys": "broker/keys",
    "key": "broker/keys/friend.ecdsa.pem", "settings": "broker/settings.json", "manifest": "broker/manifest",
    "catalog": "broker.ducklake", "catalog lock": "broker.ducklake.lock", "data files": "broker/main/**/*.parquet",
}


def garbage(path):
    path.write_bytes(random.Random(str(path.name)).randbytes(4096))


def truncated(path):
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size // 2)


def a_folder(path):
    path.unlink()
    path.mkdir()


def lost(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink()


DAMAGES = {
    "lost": lost, "empty": lambda path: path.write_bytes(b""), "garbage": garbage, "truncated": truncated,
    "a folder": a_folder, "unreadable": lambda path: path.chmod(0)}

#: What needs no word: it is made anew and nothing is lost with it, or it works all the same, or it is found out when
#: somebody asks for it (a key, a data file).
QUIET = {"journal lock", "rights lock", "catalog lock", "audit", "manifest", "data files", "key"}
#: These are damaged in a few ways only.
FEW = {"lost", "a folder", "unreadable"}


class Damaged(Unprivileged):
    """Remembers the newest, which the caller of a broker that does not start has not got."""

    last = None

    def start(self):
        Damaged.last = self
        super().start()


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A state folder with everything in it, and a copy of it to begin each case with."""
    base = tmp_path_factory.mktemp("state")
    state = base / "state"
    (base / "schema.json").write_text(json.dumps(SCHEMA))
    (state / "broker").mkdir(parents=True, mode=0o700)
    (state / "broker/settings.json").write_text(json.dumps({"maintenance_interval": 1}))
    os.chmod(state / "broker/settings.json", 0o600)
    run_rembus("admin", "private", "vault", folder=state)
    run_rembus("admin", "grant", "friend", "vault", folder=state)
    with broker_in(base, REMBUS_INLINING_ROWS=0) as broker:
        Key.make("ecdsa").give(broker, "friend")
        peer = Peer(broker.url)
        for number in range(20):
            peer.publish("pump/sensor", {"value": number}, qos=1)
        reader = Peer(broker.url)
        reader.identify("reader")
        reader.subscribe("pump/sensor")
        reader.close()
        with Client(broker, "device", clean=False) as device:
            device.subscribe("a/#", qos=1)
            device.publish("kept", b"1", qos=1, retain=True)
        assert peer.call("query_sensor", {})[0] == 0
        while not list(state.glob("broker/main/**/*.parquet")):
            assert broker.alive, broker.log()
        peer.close()
        assert broker.stop() == 0
    shutil.copytree(state, base / "copy", symlinks=True)
    return base


def broker_in(base, **settings):
    return Damaged(folder=base / "state", options=["--schema", str(base / "schema.json"), "--mqtt-listen", "0"], **settings)


@pytest.fixture
def state(template):
    """The state folder, whole again: at the same path, which is in the catalog."""
    folder = template / "state"
    for root, names, files in os.walk(folder):
        for name in (*names, *files):
            os.chmod(os.path.join(root, name), 0o700)
    shutil.rmtree(folder)
    shutil.copytree(template / "copy", folder, symlinks=True)
    return folder


def check(broker, said):
    """What holds for every broker that says it is ready."""
    stranger = Peer(broker.url)
    assert stranger.admin("vault", {"cmd": "subscribe", "msg_from": 0.0})[0] != 0, "private topics became public"
    stranger.publish("other", 1, qos=1)
    stranger.close()
    broker.kill()
    log = broker.log()
    assert any(word in log for word in said), (said, log)


def cases():
    for file in FILES:
        for damage in DAMAGES:
            if file in ("journal", "keys") and damage not in ("lost", "unreadable"):
                continue  # They are folders.
            if file not in QUIET or damage in FEW:
                yield pytest.param(file, damage, id=f"{file}-{damage}")


@pytest.mark.parametrize("file, damage", cases())
def test_a_damaged_file_is_said_and_breaks_nothing_else(template, state, file, damage):
    paths = sorted(state.glob(FILES[file]))
    assert paths, file
    for path in paths:
        DAMAGES[damage](path)
    said = [""] if file in QUIET else [os.path.basename(FILES[file]).strip("*"), str(paths[0])]
    try:
        broker = broker_in(template)
    except RuntimeError as refusal:
        assert Damaged.last.process.returncode in range(1, 100), f"a crash, or it never came: {refusal}"
        errors = Damaged.last.errors.lines
        assert any(word in errors[-1] for word in said) and "Fatal error" not in str(refusal), str(refusal)
        return
    with broker:
        check(broker, said)


@pytest.mark.parametrize("folder", [".", "broker", "broker/journal", "broker/journal/p0"])
def test_a_folder_that_cannot_be_written_is_an_error(template, state, folder):
    if folder == ".":
        # What is in it may be written, but nothing new be made there.
        (state / "broker.ducklake.lock").unlink()
    (state / folder).chmod(0o500)
    with pytest.raises(RuntimeError, match="cannot|Permission denied"):
        broker_in(template)
    assert Damaged.last.process.returncode in range(1, 100)


def test_a_file_in_the_place_of_a_folder_is_an_error(template, state):
    for name in ("broker/keys", "broker/journal", "broker"):
        shutil.rmtree(state / name)
        (state / name).touch()
        with pytest.raises(RuntimeError, match=name):
            broker_in(template)
        assert Damaged.last.process.returncode in range(1, 100)
        (state / name).unlink()
        shutil.copytree(template / "copy" / name, state / name, symlinks=True)
