"""The memory limit: what peers do not take, do not finish or do not acknowledge is bounded in sum, whatever the mix, and
nobody who behaves notices. Memory is that of the broker's process as the system counts it."""

import json
import os
import socket
import threading

import cbor2
import pytest

from support.chaos_peers import resident_bytes
from support.http_gateway import Http, http_port
from support.http_provider import Provider
from support.metrics import scrape
from support.mqtt import RawClient, connect_packet
from support.processes import PATIENCE, run_rembus
from support.raw_websocket import BINARY, RawSocket, frame
from support.wire import ADMIN, IDENTITY, LAST_RECEIVED, OK, RESPONSE, RPC, eventually, new_id

pytestmark = [pytest.mark.differs("S20: the reference has no limits"), pytest.mark.limit(180)]

MEBIBYTE = 1 << 20
LIMIT = 256 * MEBIBYTE
#: The process is looked at twenty times a second, so it may be above the limit for a moment.
HIGHEST = LIMIT + LIMIT // 8


class Highest:
    """The most memory that a process had while this was open."""

    def __init__(self, broker):
        self.pid, self.bytes, self._is_over = broker.process.pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self._is_over.wait(0.01):
            self.bytes = max(self.bytes, resident_bytes(self.pid))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self._thread.join()


@pytest.fixture
def limited(start_broker):
    """A broker with every gateway, and a limit that a few of those peers would break."""
    def start(*options, **settings):
        return start_broker(
            options=["--tcp", "0", "--http", "0", "--mqtt-listen", "0", "--prometheus", "0", *options],
            **{"REMBUS_MEMORY_LIMIT": "256MiB", "REMBUS_RECORD": "none", "REMBUS_STORE_BYTES": 16 * MEBIBYTE, **settings})

    return start


@pytest.fixture
def opened():
    """What is closed at the end."""
    everything = []
    yield everything
    for one in everything:
        one.close()


def dial(port):
    """A connection whose end here takes little by itself."""
    plain = socket.socket()
    plain.settimeout(PATIENCE)
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.connect(("127.0.0.1", port))
    return plain


class LargeAnswers:
    """A component that answers the calls of one method with so many bytes, as fast as a socket takes them."""

    def __init__(self, broker, topic, size):
        self.raw = RawSocket.dial(broker.port)
        self.raw.upgrade()
        self.tail = b"\x00\x5a" + size.to_bytes(4, "big") + bytes(size)
        self._ask(IDENTITY, f"provider of {topic}", {})
        self._ask(ADMIN, topic, {"cmd": "expose"})
        threading.Thread(target=self._serve, daemon=True).start()

    def _ask(self, kind, *rest):
        self.raw.send(BINARY, cbor2.dumps([kind, new_id(), *rest]))
        assert cbor2.loads(self.raw.read_message()[1])[2] == OK

    def _serve(self):
        try:
            while True:
                _, data = self.raw.read_message()
                message = bytes([0x84, RESPONSE]) + cbor2.dumps(cbor2.loads(data)[1]) + self.tail
                # Masked with zeros, which changes nothing.
                self.raw.write(b"\x82\xff" + len(message).to_bytes(8, "big") + b"\0\0\0\0" + message)
        except (OSError, EOFError, AssertionError):
            # The connection ends with the test.
            return

    def close(self):
        self.raw.close()


def stuck_subscriber(broker, topic):
    raw = RawSocket(dial(broker.port))
    raw.upgrade()
    for name, data in [("__config__", {"cmd": "reactive", "status": True}), (topic, {"cmd": "subscribe"})]:
        raw.send(BINARY, cbor2.dumps([ADMIN, new_id(), name, data]))
        assert cbor2.loads(raw.read_message()[1])[2] == OK
    return raw


def next_message(raw):
    """A large message, without copying it again for each piece that arrives."""
    raw.read_exactly(2)
    size = int.from_bytes(raw.read_exactly(8), "big")
    message, start = bytearray(size), len(raw._buffer)
    message[:start] = raw.read_exactly(start)
    view = memoryview(message)[start:]
    while view:
        view = view[raw.socket.recv_into(view):]
    return bytes(message)


def held(broker):
    return scrape(broker).by("rembus_memory_bytes", "kind")


def test_subscribers_that_do_not_read_cost_a_bounded_sum(limited, connect, opened):
    broker = limited()
    reader, publisher = connect("reader", to=broker, reactive=True), connect("publisher", to=broker)
    reader.subscribe("flood")
    opened += [stuck_subscriber(broker, "flood") for _ in range(60)]
    with Highest(broker) as highest:
        for number in range(1500):
            publisher.send_publish("flood", number, bytes(10_000))
            if number % 10 == 9:
                # The one that reads has all of them, and in order.
                for expected in range(number - 9, number + 1):
                    assert reader.receive_topic()[1][0] == expected
        figures = held(broker)
    # Each had 8 MiB and more for itself before, 600 MiB together.
    assert highest.bytes < HIGHEST, f"{highest.bytes / MEBIBYTE:.0f} MiB"
    limit = scrape(broker)
    assert limit("rembus_memory_limit_bytes", part="process") == LIMIT
    assert 16 * MEBIBYTE < figures["outgoing"] <= limit("rembus_memory_limit_bytes", part="connections")
    while opened:
        opened.pop().close()
    assert eventually(lambda: held(broker)["outgoing"] == 0)


def test_one_that_is_stuck_on_large_messages(limited, connect, opened):
    """With a lake, which writes them all: its part of the memory is in the limit too."""
    broker = limited(REMBUS_RECORD="all", REMBUS_MEMORY_LIMIT="512MiB")
    opened.append(stuck_subscriber(broker, "large"))
    publisher = connect("publisher", to=broker)
    with Highest(broker) as highest:
        for _ in range(128):
            publisher.publish("large", os.urandom(MEBIBYTE), qos=1)
    assert held(broker)["outgoing"] < 16 * MEBIBYTE
    assert highest.bytes < 512 * MEBIBYTE, f"{highest.bytes / MEBIBYTE:.0f} MiB"


def test_http_answers_that_nobody_reads(limited, connect, opened):
    broker = limited()
    opened.append(LargeAnswers(broker, "large", 12 * MEBIBYTE))
    Provider(connect("other", to=broker), "small", lambda *_: (OK, 7))
    # As they are: bytes as JSON would take the broker some time.
    octets = {"Accept": "application/octet-stream"}
    request = b"POST /rpc/large HTTP/1.1\r\nHost: localhost\r\nAccept: application/octet-stream\r\nContent-Length: 2\r\n\r\n[]"
    with Highest(broker) as highest:
        # What lies in the buffers of a socket is not the broker's: 8 MiB of each, 240 MiB.
        for _ in range(30):
            plain = dial(http_port(broker))
            opened.append(plain)
            plain.sendall(request * 5)
        # Whoever reads is answered: refused for a moment at most.
        http = Http(http_port(broker))
        assert eventually(lambda: http.post("/rpc/large", [], headers=octets).status == 200)
        assert eventually(lambda: http.post("/rpc/small", []).json() == 7)
    assert highest.bytes < HIGHEST, f"{highest.bytes / MEBIBYTE:.0f} MiB"
    assert http.get("/readyz").status == 200


def test_calls_wait_until_their_answers_are_read(start_broker, connect, tmp_path, opened):
    """Table answers of 8 MB: 64 MiB of them wait for a connection, and no further call is begun."""
    table = {"table": "reading", "columns": [{"col": "dn", "type": "TEXT"}]}
    (tmp_path / "schema.json").write_text(json.dumps({"tables": [table]}))
    broker = start_broker(
        options=["--schema", str(tmp_path / "schema.json"), "--prometheus", "0"], REMBUS_MEMORY_LIMIT="2GiB")
    writer = connect("writer", to=broker)
    for _ in range(8):
        assert writer.call("upsert_reading", [{"dn": "x" * 1_000_000}]) == (OK, None)
    raw = RawSocket.dial(broker.port)
    opened.append(raw)
    raw.upgrade()
    identifiers = [new_id() for _ in range(24)]
    before = resident_bytes(broker.process.pid)
    with Highest(broker) as highest:
        raw.write(b"".join(
            frame(BINARY, cbor2.dumps([RPC, identifier, "query_reading", None, [{}]])) for identifier in identifiers))
        # Somebody else is answered meanwhile, which also takes as long as several of those answers.
        assert eventually(lambda: held(broker)["outgoing"] > 35 * MEBIBYTE)
        for _ in range(5):
            assert writer.call("query_reading", {"cols": "count(*) AS n"})[0] == OK
        assert held(broker)["outgoing"] < 66 * MEBIBYTE
        # All are answered when they are read; none was dropped.
        answers = [cbor2.loads(next_message(raw)) for _ in identifiers]
    assert {answer[1] for answer in answers} == set(identifiers)
    assert {answer[2] for answer in answers} == {OK}
    assert highest.bytes - before < 300 * MEBIBYTE, f"{(highest.bytes - before) / MEBIBYTE:.0f} MiB more"


def test_requests_and_messages_that_do_not_end(limited, connect, opened):
    broker = limited(REMBUS_HANDSHAKE_TIMEOUT=60)
    piece = bytes(MEBIBYTE)

    def push(plain, count):
        # The broker may hang up in the middle: that is what it is to do.
        try:
            for _ in range(count):
                plain.sendall(piece)
        except OSError:
            pass

    with Highest(broker) as highest:
        for _ in range(20):
            plain = dial(http_port(broker))
            opened.append(plain)
            plain.sendall(b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000000\r\n\r\n")
            push(plain, 20)
        for _ in range(20):
            raw = RawSocket(dial(broker.port))
            opened.append(raw)
            raw.upgrade()
            raw.write(b"\x82\xff" + (50_000_000).to_bytes(8, "big") + b"\0\0\0\0")
            push(raw.socket, 20)
        for number in range(20):
            client = RawClient(broker, connect_packet(f"half{number}"))
            opened.append(client)
            client.send(b"\x30\x80\xe1\xeb\x17")
            push(client.socket, 20)
        peer = connect("honest", to=broker, reactive=True)
        peer.subscribe("quiet")
        connect("publisher", to=broker).publish("quiet", 1, qos=1)
        assert peer.receive_topic() == ("quiet", [1])
    assert highest.bytes < HIGHEST, f"{highest.bytes / MEBIBYTE:.0f} MiB"


def test_deliveries_that_nobody_acknowledges(limited, connect, opened):
    """Different publications for each of many, all of which are kept until they are acknowledged."""
    broker = limited(REMBUS_ACK_TIMEOUT=3600)
    publisher = connect("publisher", to=broker)
    peers = []
    for number in range(30):
        peer = connect(f"deaf{number}", to=broker, reactive=True)
        peer.subscribe(f"for/{number}")
        peers.append(peer)
    with Highest(broker) as highest:
        for number in range(30):
            for _ in range(12):
                publisher.publish(f"for/{number}", bytes(MEBIBYTE), qos=1)
        assert held(broker)["unacknowledged"] > 16 * MEBIBYTE
    assert highest.bytes < HIGHEST, f"{highest.bytes / MEBIBYTE:.0f} MiB"


def test_the_setting_in_all_its_places(tmp_path):
    def printed(*options, **settings):
        done = run_rembus("broker", "--print-config", *options, **settings)
        return json.loads(done.stdout)["memory_limit"] if done.returncode == 0 else done.stderr

    assert printed() == 0
    assert printed(REMBUS_MEMORY_LIMIT="512MiB") == 512 * MEBIBYTE
    assert printed("--memory-limit", "1GB", REMBUS_MEMORY_LIMIT="512MiB") == 1_000_000_000
    assert "memory-limit" in printed("--memory-limit", "12")
    assert "at least" in printed(REMBUS_MEMORY_LIMIT="a lot")


def test_parts_that_do_not_fit_are_cut_and_named(start_broker):
    broker = start_broker(REMBUS_MEMORY_LIMIT="256MiB", REMBUS_STORE_BYTES=1 << 30, REMBUS_RECORD="none")
    assert broker.alive
    broker = start_broker(REMBUS_MEMORY_LIMIT="512MiB")
    assert broker.says("memory_limit", "lake_memory_bytes is 268435456 instead of 1073741824")


def test_load_of_every_kind_at_once(limited, connect, opened):
    """Peers of every protocol that take nothing or do not end, while one component publishes at QoS 1 and another one hears it."""
    limit = 512 * MEBIBYTE
    broker = limited(REMBUS_MEMORY_LIMIT=limit, REMBUS_RECORD="news/**", REMBUS_ACK_TIMEOUT=3600)
    opened.append(LargeAnswers(broker, "large", 8 * MEBIBYTE))
    is_over = threading.Event()

    def bother():
        """Peers that the broker hangs up on come again."""
        flooder = connect("flooder", to=broker)
        while not is_over.is_set():
            try:
                for _ in range(4):
                    opened.append(stuck_subscriber(broker, "flood"))
                client = RawClient(broker, connect_packet(f"stuck{len(opened)}"))
                opened.append(client)
                client.send(b"\x82\x0b\x00\x01\x00\x00\x05flood\x00")
                events = dial(http_port(broker))
                opened.append(events)
                events.sendall(b"GET /events/flood HTTP/1.1\r\nHost: localhost\r\n\r\n")
                caller = dial(http_port(broker))
                opened.append(caller)
                caller.sendall(b"POST /rpc/large HTTP/1.1\r\nHost: localhost\r\nAccept: application/octet-stream\r\n"
                               b"Content-Length: 2\r\n\r\n[]")
                unread = RawSocket(dial(broker.port))
                opened.append(unread)
                unread.upgrade()
                for _ in range(10):
                    unread.send(BINARY, cbor2.dumps([RPC, new_id(), "large", None, []]))
                half = RawSocket(dial(broker.port))
                opened.append(half)
                half.upgrade()
                half.write(b"\x82\xff" + (50_000_000).to_bytes(8, "big") + b"\0\0\0\0" + bytes(4 * MEBIBYTE))
                for _ in range(40):
                    flooder.send_publish("flood", bytes(100_000))
            except OSError:
                continue

    attacker = threading.Thread(target=bother, daemon=True)
    reader, publisher = connect("reader", to=broker, reactive=True), connect("publisher", to=broker)
    reader.subscribe("news/today", since=LAST_RECEIVED)
    with Highest(broker) as highest:
        attacker.start()
        count = 0
        # Until there is more of all that than fits, and for a while then.
        while count < 200 or scrape(broker)("rembus_memory_closed_connections_total") < 3:
            publisher.publish("news/today", count, bytes(1000), qos=1)
            assert reader.receive_topic()[1][0] == count
            count += 1
        is_over.set()
    attacker.join()
    assert highest.bytes < limit, f"{highest.bytes / MEBIBYTE:.0f} MiB"
    assert broker.stop() == 0
    broker.start()
    # What was acknowledged is on the disk, to the last one.
    late = connect("late", to=broker, reactive=True)
    late.subscribe("news/today", since=LAST_RECEIVED)
    numbers = set()
    while len(numbers) < count:
        numbers.add(late.receive_topic()[1][0])
    assert numbers == set(range(count))
