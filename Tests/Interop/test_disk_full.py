"""A broker whose disk is full says so, goes on with what needs no disk, and recovers by itself."""

import base64
import os
import subprocess

import pytest

from support.http_gateway import Http, http_port
from support.mqtt import RawClient, connect_packet, packet, text
from support.wire import ACK, Peer, eventually

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


def test_a_broker_with_a_full_disk_is_not_ready(start_broker, connect, small_disk):
    folder, make_room = small_disk
    broker = start_broker(folder=folder / "state", options=["--http", "0"], REMBUS_STORE_BYTES=8 << 20)
    http = Http(http_port(broker))
    assert http.get("/readyz").json() == {"status": "ready"}
    publisher = connect(to=broker)
    (folder / "ballast").write_bytes(bytes(110 << 20))
    payload = os.urandom(500_000)
    for _ in range(40):
        publisher.send_publish("big", payload)
    assert eventually(lambda: http.get("/readyz").status == 503), broker.log()
    answer = http.get("/readyz").json()
    assert answer["status"] == "not ready" and "journal" in [each["reason"] for each in answer["reasons"]]
    assert all(each["text"] for each in answer["reasons"])
    text = http.get("/metrics").body.decode()
    assert 'rembus_ready 0' in text and 'rembus_unready{reason="journal"} 1' in text
    assert broker.says("not ready: the journal cannot be written"), broker.log()
    (folder / "ballast").unlink()
    make_room()
    assert eventually(lambda: http.get("/readyz").status == 200), broker.log()
    assert broker.says("ready again"), broker.log()
    assert "rembus_ready 1" in http.get("/metrics").body.decode()


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


def test_a_full_store_has_a_word_in_http_and_mqtt(start_broker, small_disk):
    """Of the publications that it cannot write, the broker takes as many as its memory holds."""
    folder, make_room = small_disk
    broker = start_broker(options=["--http", "0", "--mqtt-listen", "0"], folder=folder / "state",
                          REMBUS_STORE_BYTES=4 << 20, REMBUS_TIMEOUT=0.5)
    http, payload = Http(http_port(broker)), base64.b64encode(os.urandom(1_500_000))
    statuses = []
    while 503 not in statuses:
        answer = http.post("/publish/big?qos=1", b'["' + payload + b'"]')
        statuses.append(answer.status)
        assert len(statuses) < 300, "the store never filled"
    assert set(statuses) <= {200, 503, 504}, statuses
    assert "no room to store publications" in answer.error and answer.headers["retry-after"] == "1"
    with RawClient(broker, connect_packet(version=5)) as client:
        client.send(packet(0x32, text("big") + b"\0\7\0" + payload))
        assert client.receive() == (0x40, b"\0\7\x97")
    with RawClient(broker, connect_packet(version=4)) as client:
        # MQTT 3.1.1 has no word for it: whoever connects again sends it again.
        client.send(packet(0x32, text("big") + b"\0\7" + payload))
        assert client.rest() == b""
    make_room()
    assert broker.says("works again"), broker.log()
    while (answer := http.post("/publish/small?qos=1", [1])).status != 200:
        assert answer.status in (503, 504), answer
    assert broker.stop() == 0
