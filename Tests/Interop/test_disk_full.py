"""A broker whose disk is full says so, goes on with what needs no disk, and recovers by itself."""

import os
import subprocess

import pytest

from support.wire import ACK, Peer

pytestmark = pytest.mark.differs("R1: the reference acknowledges what it has not stored")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 120 MB, and a function that makes it larger."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=120m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("mounting a file system needs more rights")
    yield folder, lambda: subprocess.run(["mount", "-o", "remount,size=600m", folder], check=True)
    subprocess.run(["umount", "-l", folder], check=True)


def acknowledged(peer, identifier, timeout):
    try:
        while peer._read(timeout) != [ACK, identifier]:
            pass
        return True
    except TimeoutError:
        return False


def test_a_full_disk_costs_acknowledgements_and_nothing_else(start_broker, connect, small_disk):
    folder, make_room = small_disk
    broker = start_broker(folder=folder / "state", REMBUS_STORE_BYTES=8 << 20)
    publisher, subscriber = connect(to=broker), connect("reader", to=broker, reactive=True)
    subscriber.subscribe("live")
    payload = os.urandom(200_000)
    for number in range(2000):
        if not acknowledged(publisher, publisher.send_publish("big", payload, qos=1), 3):
            break
    assert number < 1999, "the disk never filled"
    other = Peer(broker.url)
    waiting = other.send_publish("small", 1, qos=1)
    assert not acknowledged(other, waiting, 1), "acknowledged without a disk"
    other.publish("live", "still here")
    assert subscriber.receive_topic() == ("live", ["still here"])
    assert broker.says("No space left"), broker.log()
    assert other.call("storage_status")[1]["journal"]["failure"] is not None
    make_room()
    # The same publication, not a copy: it was waiting.
    assert acknowledged(other, waiting, 20), broker.log()
    assert broker.says("works again"), broker.log()
    other.publish("small", 2, qos=1)
    other.close()
    assert broker.stop() == 0
