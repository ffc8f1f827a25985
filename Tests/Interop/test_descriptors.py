"""A broker with few descriptors: it says how many it needs, refuses connections before its files suffer, and does not spin."""

import http.client
import os
import re
import socket
import subprocess
import time

import pytest

from support.http_gateway import Http
from support.metrics import metrics_url
from support.processes import PATIENCE, REFERENCE, Broker, clean_environment, rembus_binary
from support.wire import Peer, eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our broker")


class LimitedBroker(Broker):
    """A broker that may have so many descriptors."""

    def __init__(self, descriptors, **arguments):
        self.descriptors = descriptors
        super().__init__(**arguments)

    def _command(self):
        return ["prlimit", f"--nofile={self.descriptors}:{self.descriptors}", *super()._command()]


@pytest.fixture
def limited():
    started = []

    def start(descriptors, **arguments):
        started.append(LimitedBroker(descriptors, **arguments))
        return started[-1]

    yield start
    for one in started:
        one.discard()


def processor_seconds(broker) -> float:
    with open(f"/proc/{broker.process.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("count", [16, 24, 40])
def test_a_broker_without_enough_says_how_many_it_needs(tmp_path, count):
    done = subprocess.run(
        ["prlimit", f"--nofile={count}:{count}", rembus_binary(), "broker", "--port", "0"],
        env=clean_environment(tmp_path), capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode > 0 and done.stdout == ""
    [line] = done.stderr.splitlines()
    assert f"may have {count} files" in line and "ulimit -n" in line
    assert int(re.search(r"needs at least (\d+)", line)[1]) > count


def test_what_it_asks_for_is_enough(limited):
    """With every listener, and as few descriptors as the message says: it starts, stores and answers."""
    options = ["--tcp", "0", "--http", "0", "--mqtt-listen", "0", "--prometheus", "0"]
    with pytest.raises(RuntimeError) as refusal:
        limited(24, options=options)
    needed = int(re.search(r"needs at least (\d+)", str(refusal.value))[1])
    broker = limited(needed, options=options)
    peer = Peer(broker.url)
    peer.publish("t", 1, qos=1)
    peer.close()
    assert broker.stop() == 0
    assert "Too many open files" not in broker.log()


@pytest.mark.parametrize("listener", ["ws", "tcp", "http", "mqtt", "zmq"])
def test_more_connections_than_descriptors(limited, listener):
    options = {"ws": [], "tcp": ["--tcp", "0"], "http": ["--http", "0"], "mqtt": ["--mqtt-listen", "0"],
               "zmq": ["--zmq", "0"]}[listener]
    broker = limited(80, options=options)
    port = int(re.search(rf"{listener}://[^,\s]*?:(\d+)", broker.started_with)[1])
    publisher = Peer(broker.url)
    crowd = []
    try:
        for _ in range(120):
            crowd.append(socket.create_connection(("127.0.0.1", port), PATIENCE))
        assert broker.says("out of file descriptors", "ulimit -n"), broker.log()
        # Nothing to do: no attempt is made over and over.
        before = processor_seconds(broker)
        time.sleep(1)
        assert processor_seconds(broker) - before < 0.5, "a core spins"
        # Files are not what is short: the journal takes publications.
        for number in range(20):
            publisher.publish("t", number, qos=1)
    finally:
        for each in crowd:
            each.close()
    assert eventually(lambda: is_served(broker)), broker.log()
    publisher.close()
    assert broker.stop() == 0


def is_served(broker) -> bool:
    try:
        peer = Peer(broker.url)
    except Exception:
        return False
    peer.close()
    return True


def test_silent_connections_do_not_keep_a_scraper_out(start_broker):
    broker = start_broker(options=["--prometheus", "0"], REMBUS_RECORD="none")
    url = metrics_url(broker)
    port = int(re.search(r":(\d+)/", url)[1])
    crowd = [socket.create_connection(("127.0.0.1", port), PATIENCE) for _ in range(64)]
    try:
        assert eventually(lambda: scraped(port)), "nobody gets in"
        # The oldest had to go, the others are still there.
        crowd[0].settimeout(PATIENCE)
        assert crowd[0].recv(1) == b""
        crowd[-1].sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        crowd[-1].settimeout(PATIENCE)
        assert crowd[-1].recv(15) == b"HTTP/1.1 200 OK"
    finally:
        for each in crowd:
            each.close()


def scraped(port) -> bool:
    try:
        return Http(port).get("/metrics").status == 200
    except (OSError, http.client.HTTPException):
        return False
