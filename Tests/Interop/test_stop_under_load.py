"""SIGTERM while clients of a listener connect, ask and hang up: the broker ends with 0, whatever was under way."""

import contextlib
import re
import socket
import threading

import pytest
from websockets.sync.client import connect as open_websocket
import zmq

from support.framed_peer import FramedPeer
from support.mqtt import RawClient, connect_packet
from support.processes import REFERENCE, Broker
from support.wire import RPC, Peer, new_id
from support.zmq_peer import ZMQPeer

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our listeners")

CLIENTS = 4
ROUNDS = 2
#: Requests that were answered before the signal comes: every client is in its loop.
WARM = 16


def port_of(broker, scheme):
    return int(re.search(rf"{scheme}://[^,\s]*?:(\d+)", broker.started_with)[1])


def exchange(port, request):
    """One connection, one request, as much of the answer as comes first."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.settimeout(5)
        connection.sendall(request)
        if not connection.recv(65536):
            raise EOFError


def metrics(port):
    exchange(port, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")


def publication(port):
    exchange(
        port, b"POST /publish/t?qos=2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 3\r\n\r\n[1]")


def call_with_a_name(port):
    exchange(
        port, b"POST /rpc/rid HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic cGxhbnQ=\r\n"
        b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")


def events(port):
    exchange(port, b"GET /subscribe/t HTTP/1.1\r\nHost: localhost\r\n\r\n")


def words(peer):
    """A round on a Rembus connection: a subscription, a publication that comes back acknowledged, a call."""
    with contextlib.closing(peer):
        peer.subscribe("t/*")
        peer.reactive()
        peer.publish("t/a", 1, qos=2)
        peer.call("rid")


def websocket(port):
    words(Peer(f"ws://127.0.0.1:{port}"))


def tcp(port):
    words(FramedPeer(port))


def zeromq(port):
    peer = ZMQPeer(port)
    peer.socket.setsockopt(zmq.LINGER, 0)
    peer.socket.setsockopt(zmq.RCVTIMEO, 2000)
    try:
        peer.send([RPC, new_id(), "rid", None, []])
        peer.receive_raw(timeout=2)
    finally:
        peer.vanish()


def mqtt(port):
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), 5)) as connection:
        connection.settimeout(5)
        connection.sendall(connect_packet("", version=4))
        connection.recv(64)
        # SUBSCRIBE to t/+ and a publication at QoS 2, with PUBREL as soon as PUBREC may be on its way.
        connection.sendall(b"\x82\x08\x00\x01\x00\x03t/+\x02" + b"\x34\x08\x00\x03t/a\x00\x02x" + b"\x62\x02\x00\x02")
        if not connection.recv(64):
            raise EOFError


LISTENERS = {
    "prometheus": (["--prometheus", "0"], r"http", metrics),
    "http-metrics": (["--http", "0"], r"http", metrics),
    "http-publication": (["--http", "0"], r"http", publication),
    "http-name": (["--http", "0"], r"http", call_with_a_name),
    "http-events": (["--http", "0"], r"http", events),
    "ws": ([], r"ws", websocket),
    "tcp": (["--tcp", "0"], r"tcp", tcp),
    "zmq": (["--zmq", "0"], r"zmq", zeromq),
    "mqtt": (["--mqtt-listen", "0"], r"mqtt", mqtt),
}


class Load:
    """Clients that repeat an exchange until the broker takes no more. Daemons, and not joined: one that is in the middle
    of connecting when the broker ends is nobody's concern."""

    def __init__(self, body, port):
        self.done, self.failures, self.over = 0, [], False
        self.changed = threading.Condition()
        for _ in range(CLIENTS):
            threading.Thread(target=self.run, args=(body, port), daemon=True).start()

    def run(self, body, port):
        while not self.over:
            try:
                body(port)
            except Exception as error:  # a client may be cut off in any of its steps
                self.failures.append(error)
                continue
            with self.changed:
                self.done += 1
                self.changed.notify_all()

    def wait_until_warm(self):
        with self.changed:
            assert self.changed.wait_for(lambda: self.done >= WARM, 60), self.failures[-3:]


@pytest.mark.parametrize("listener", LISTENERS)
def test_a_stop_under_load_exits_with_0(listener):
    options, scheme, body = LISTENERS[listener]
    for _ in range(ROUNDS):
        with Broker(options=options, REMBUS_DRAIN_TIMEOUT=2) as broker:
            load = Load(body, port_of(broker, scheme))
            try:
                load.wait_until_warm()
                assert broker.stop() == 0, broker.log()
            finally:
                load.over = True
            assert "Fatal error" not in broker.log()
            assert "already shut down" not in broker.log()
