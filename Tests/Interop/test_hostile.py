"""Peers that mean harm (known-defects.md R3, S20): whatever one does to the broker, everybody else is served,
memory stays bounded, and nothing is left behind when it is gone."""

import itertools
import os
import re
import socket
import struct
import threading
import time

import cbor2
import pytest
from websockets.exceptions import ConnectionClosed

from support.chaos_peers import open_files, resident_bytes
from support.processes import PATIENCE, Broker
from support.raw_websocket import BINARY, CONTINUATION, PING, TEXT, RawSocket, frame
from support.wire import ACK, ADMIN, ERROR, IDENTITY, OK, PUBLISH, QOS1, QOS2, RESPONSE, RPC, Peer, eventually, new_id

pytestmark = [pytest.mark.differs("R3, S20: the reference has none of these limits"), pytest.mark.limit(180)]

MEBIBYTE = 1 << 20
#: How much memory an attack may cost for as long as it lasts and afterwards.
MEMORY = 200 * MEBIBYTE
HANDSHAKE_TIMEOUT, PING_INTERVAL = 1, 2
#: Subscriptions, exposed topics and unanswered calls of one component.
LIMIT = 1000


class Town:
    """A broker with components that do nothing wrong and must not notice who else is there."""

    def __init__(self):
        self.broker = Broker(
            REMBUS_HANDSHAKE_TIMEOUT=HANDSHAKE_TIMEOUT, REMBUS_WS_PING_INTERVAL=PING_INTERVAL,
            # Publications are kept in memory alone: what tables need of it is not the question here.
            REMBUS_RECORD="none", REMBUS_STORE_BYTES=16 * MEBIBYTE,
            REMBUS_MAX_SUBSCRIPTIONS=LIMIT, REMBUS_MAX_EXPOSED=LIMIT, REMBUS_MAX_PENDING_CALLS=LIMIT)
        self.subscriber, self.provider = self._peer("good-subscriber"), self._peer("good-provider")
        self.publisher, self.caller = self._peer("good-publisher"), self._peer("good-caller")
        self.subscriber.subscribe("good/news")
        self.subscriber.reactive()
        self.provider.expose("good/service")
        self._number = 0
        self.check_service()
        self.base_files, self.base_memory = open_files(self.pid), resident_bytes(self.pid)
        self.begin()

    def _peer(self, name):
        peer = Peer(self.broker.url)
        assert peer.identify(name)[0] == OK
        return peer

    @property
    def pid(self):
        return self.broker.process.pid

    def check_service(self):
        """A publication of each QoS arrives, a call is answered, somebody new gets in; none waits longer than PATIENCE."""
        for qos in range(3):
            self._number += 1
            self.publisher.publish("good/news", self._number, qos=qos)
            # A copy of an earlier one may come first when the broker was too busy to see the acknowledgement in time.
            while self.subscriber.receive_publish()[3] != [self._number]:
                pass
        identifier = self.caller.send_call("good/service", self._number)
        self.provider.answer(self.provider.receive_call(), self._number)
        assert self.caller.response_to(identifier) == (OK, self._number)
        newcomer = Peer(self.broker.url)
        assert newcomer.call("rid")[0] == OK
        newcomer.close()

    def begin(self):
        """What an attack costs is counted from here: the allocator keeps some of what earlier ones used."""
        self.memory_before = resident_bytes(self.pid)

    def check_memory(self, bound=MEMORY):
        used = resident_bytes(self.pid) - self.memory_before
        assert used < bound, f"{used / MEBIBYTE:.0f} MiB more than before"

    def check_aftermath(self):
        assert self.broker.alive, self.broker.log()
        self.check_service()
        kept = resident_bytes(self.pid) - self.base_memory
        assert kept < MEMORY, f"{kept / MEBIBYTE:.0f} MiB more than at first"
        assert eventually(lambda: open_files(self.pid) <= self.base_files), "file descriptors were left open"


@pytest.fixture(scope="module")
def _towns():
    """The town that is in use: one for all attacks, as long as it stands."""
    towns = []
    yield towns
    for town in towns:
        town.broker.discard()


@pytest.fixture
def town(_towns):
    if not _towns:
        _towns.append(Town())
    town = _towns[0]
    town.begin()
    try:
        yield town
        town.check_aftermath()
    except BaseException:
        _towns.remove(town)
        town.broker.discard()
        raise


@pytest.fixture
def attack(town):
    """Opens raw connections: attack() after the handshake, attack(upgraded=False) before. All are gone before the aftermath."""
    opened = []

    def dial(upgraded=True, name=None, receive_buffer=None):
        plain = socket.socket()
        if receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.connect(("127.0.0.1", town.broker.port))
        raw = RawSocket(plain)
        opened.append(raw)
        if upgraded:
            raw.upgrade()
        if name:
            assert ask(raw, IDENTITY, name, {})[2] == OK
        return raw

    yield dial
    for raw in opened:
        raw.close()


def ask(raw, kind, *rest):
    """A request on a raw connection and its response."""
    identifier = new_id()
    raw.send(BINARY, cbor2.dumps([kind, identifier, *rest]))
    while True:
        _, payload = raw.read_message()
        message = cbor2.loads(payload)
        if message[0] == RESPONSE and message[1] == identifier:
            return message


def pour(raw, data, seconds, total=None):
    """Writes the same bytes again and again for a time, or until so many are written or the broker takes no more."""
    raw.socket.settimeout(0.2)
    end, written = time.monotonic() + seconds, 0
    try:
        while time.monotonic() < end and (total is None or written < total):
            try:
                written += raw.socket.send(data if written % len(data) == 0 else data[written % len(data):])
            except TimeoutError:
                continue
    except OSError:
        pass
    finally:
        raw.socket.settimeout(20)
    return written


def swallow(raw):
    """Reads and forgets until the connection ends."""
    try:
        while raw.socket.recv(1 << 20):
            pass
    except OSError:
        pass


def is_refused(raw):
    """Whether the broker ends the connection. The Close frame says so; that a peer which does not answer it is dropped soon
    after is not waited for each time."""
    try:
        raw.read_close()
    except TimeoutError:
        return False
    except (EOFError, ConnectionError):
        pass
    return True


def reset(raw):
    """Ends the connection with RST."""
    raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.socket.close()


def sends(raw, data):
    """Whether the connection still takes something."""
    try:
        raw.socket.send(data)
        return True
    except OSError:
        return False


# Slow and silent peers


def test_handshakes_that_come_byte_by_byte_end_in_time(town, attack):
    loris = open_ones = [attack(upgraded=False) for _ in range(100)]
    # A header that never ends, well below the size at which it would be cut off.
    request = itertools.chain(b"GET / HTTP/1.1\r\nX-Padding: ", itertools.repeat(ord("x"), 4000))
    for count, byte in enumerate(request):
        open_ones = [raw for raw in open_ones if sends(raw, bytes([byte]))]
        if not open_ones:
            break
        if count % 10 == 0:
            town.check_service()
    assert all(raw.at_end() for raw in loris)


def test_connections_without_a_handshake_end_in_time(town, attack):
    silent = [attack(upgraded=False) for _ in range(300)]
    town.check_service()
    assert all(raw.at_end() for raw in silent)


def test_headers_without_end_are_cut_off(town, attack):
    raw = attack(upgraded=False)
    raw.write(b"GET / HTTP/1.1\r\n")
    pour(raw, b"X-Header: " + b"y" * 8000 + b"\r\n", 10, total=64 * MEBIBYTE)
    assert raw.at_end()
    town.check_memory(50 * MEBIBYTE)


def test_one_header_without_end_is_cut_off(town, attack):
    raw = attack(upgraded=False)
    raw.write(b"GET / HTTP/1.1\r\nX-Header: ")
    pour(raw, b"y" * 65536, 10, total=64 * MEBIBYTE)
    assert raw.at_end()
    town.check_memory(50 * MEBIBYTE)


def test_who_falls_silent_is_let_go_after_two_pings(town, attack):
    """Half-open connections, and such as stopped in the middle of a frame."""
    dead = [attack(name=f"dead{number}") for number in range(50)]
    halves = [attack() for _ in range(50)]
    for raw in halves:
        # 60 MB are announced: what is announced must not be reserved.
        raw.write(b"\x82\xff" + struct.pack(">Q", 60_000_000) + bytes(1000))
    town.check_service()
    town.check_memory(50 * MEBIBYTE)
    assert all(raw.at_end() for raw in [*dead, *halves])


def test_a_fragmented_message_does_not_grow_for_ever(town, attack):
    raw = attack()
    raw.send(BINARY, b"\x83", fin=False)
    piece = frame(CONTINUATION, bytes(1 * MEBIBYTE), fin=False)
    pour(raw, piece, 20, total=80 * MEBIBYTE)
    assert is_refused(raw)


def test_empty_fragments_for_ever_cost_only_their_sender(town, attack):
    raw = attack()
    raw.send(BINARY, b"\x83", fin=False)
    pour(raw, frame(CONTINUATION, b"", fin=False) * 1000, 1)
    town.check_service()
    town.check_memory(50 * MEBIBYTE)


# Peers that do not read


def subscribe_raw(raw, topic):
    assert ask(raw, ADMIN, topic, {"cmd": "subscribe", "msg_from": 0.0})[2] == OK
    assert ask(raw, ADMIN, "__config__", {"cmd": "reactive", "status": True})[2] == OK


def test_a_subscriber_that_never_acknowledges_does_not_fill_the_memory(town, attack):
    raw = attack(name="ungrateful")
    subscribe_raw(raw, "flood")
    threading.Thread(target=swallow, args=[raw], daemon=True).start()
    flooder = Peer(town.broker.url)
    payload = os.urandom(100_000)
    for number in range(1500):
        flooder.publish("flood", number, payload, qos=1)
    town.check_service()
    town.check_memory()
    flooder.close()


@pytest.mark.parametrize("qos", [0, 1])
def test_subscribers_that_never_read_do_not_stop_anybody(town, attack, qos):
    deaf = [attack(name=f"deaf{qos}{number}", receive_buffer=4096) for number in range(5)]
    for raw in deaf:
        subscribe_raw(raw, "flood")
    listener = Peer(town.broker.url)
    assert listener.identify(f"listener{qos}")[0] == OK
    listener.subscribe("flood")
    listener.reactive()
    flooder = Peer(town.broker.url)
    payload, count, seen = os.urandom(100_000), 600, 0

    def listen():
        nonlocal seen
        while seen < count:
            listener.receive_publish()
            seen += 1

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    for number in range(count):
        flooder.publish("flood", number, payload, qos=qos)
        if number % 200 == 0:
            town.check_service()
    thread.join(20)
    assert seen == count, "a subscriber that reads was held up by those that do not"
    town.check_memory()
    flooder.close()
    listener.close()


def test_answers_that_nobody_reads_do_not_fill_the_memory(town, attack):
    raw = attack(receive_buffer=4096)
    # The answer names the unknown method: it is as long as the request.
    request = frame(BINARY, cbor2.dumps([RPC, new_id(), "x" * 1000, None, []]))
    pour(raw, request * 200, 2, total=400 * MEBIBYTE)
    town.check_service()
    town.check_memory(100 * MEBIBYTE)


def test_pongs_that_nobody_reads_do_not_fill_the_memory(town, attack):
    raw = attack(receive_buffer=4096)
    pour(raw, frame(PING, bytes(125)) * 1000, 2, total=400 * MEBIBYTE)
    town.check_service()
    town.check_memory(100 * MEBIBYTE)


def test_results_that_nobody_reads_do_not_fill_the_memory(town, attack):
    """A provider's large answers to a caller that does not read."""
    provider = Peer(town.broker.url)
    assert provider.identify("generous")[0] == OK
    provider.expose("megabyte")
    raw = attack(receive_buffer=4096)
    ending, answer, answered = threading.Event(), bytes(MEBIBYTE), 0

    def serve():
        nonlocal answered
        try:
            while not ending.is_set():
                provider.answer(provider.receive_call(), answer)
                answered += 1
        except (ConnectionClosed, AssertionError, TimeoutError):
            pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    for _ in range(400):
        raw.send(BINARY, cbor2.dumps([RPC, new_id(), "megabyte", None, []]))
    assert eventually(lambda: answered >= 400)
    # What does not fit the caller's connection is answered with an error (43) instead.
    town.check_service()
    town.check_memory()
    ending.set()
    provider.close()
    thread.join(20)


# Floods


def test_resets_in_the_middle_of_a_frame_leave_nothing(town, attack):
    whole = frame(BINARY, cbor2.dumps([PUBLISH | QOS1, new_id(), "t", [bytes(5000)]]))
    for number in range(200):
        raw = attack(name=f"reset{number % 5}" if number % 2 == 0 and number < 10 else None)
        raw.write(whole + whole[:number * len(whole) // 200])
        reset(raw)
    for number in range(100):
        raw = attack(upgraded=False)
        raw.write(RawSocket.request()[:number + 1])
        reset(raw)


@pytest.mark.parametrize("message", [
    [PUBLISH, "nobody", []], [ACK, bytes(8)], [6, bytes(8)], [RESPONSE, bytes(8), 0, None], [PUBLISH | QOS1, bytes(8), "x", []],
    [8, bytes(8), "cid"]], ids=str)
def test_floods_of_tiny_frames(town, attack, message):
    raw = attack()
    threading.Thread(target=swallow, args=[raw], daemon=True).start()
    pour(raw, frame(BINARY, cbor2.dumps(message)) * 500, 0.5)
    town.check_service()


def test_a_flood_of_huge_frames(town, attack):
    huge = frame(BINARY, cbor2.dumps([PUBLISH, "huge", [bytes(10_000_000)]]))
    for _ in range(3):
        raw = attack()
        raw.write(huge)
        raw.write(huge)
        town.check_service()
        raw.close()
    town.check_memory(150 * MEBIBYTE)


def test_frames_above_the_limit_are_refused_by_their_head(town, attack):
    for _ in range(50):
        raw = attack()
        raw.write(b"\x82\xff" + struct.pack(">Q", 1 << 40) + b"mask" + b"x")
        assert raw.read_close() == 1009
    town.check_memory(50 * MEBIBYTE)


def test_a_flood_of_connections(town, attack):
    for _ in range(3):
        crowd = [attack() for _ in range(200)]
        town.check_service()
        for raw in crowd:
            raw.socket.close()
    for _ in range(300):
        reset(attack(upgraded=False))


def test_connections_that_come_and_go_without_a_word(town):
    for _ in range(500):
        socket.create_connection(("127.0.0.1", town.broker.port)).close()
    town.check_service()
    assert eventually(lambda: open_files(town.pid) <= town.base_files)


@pytest.mark.parametrize("command", ["subscribe", "expose"])
@pytest.mark.parametrize("name", [None, "collector"])
def test_a_flood_of_subscriptions_ends_at_the_limit(town, attack, command, name):
    raw = attack(name=name)

    def tell_all(command):
        """How many of the commands were refused."""
        topics = [f"many/{number}/*" if number % 3 == 0 else f"many/{number}" for number in range(LIMIT + 200)]
        raw.write(b"".join(
            frame(BINARY, cbor2.dumps([ADMIN, new_id(), topic, {"cmd": command, "msg_from": 0.0}])) for topic in topics))
        return sum(cbor2.loads(raw.read_message()[1])[2] == ERROR for _ in topics)

    assert tell_all(command) == 200
    town.check_service()
    # A named component's interests are kept for it: it takes them back, so that later tests meet an empty broker.
    assert tell_all("un" + command) == 0
    assert tell_all(command) == 200
    assert tell_all("un" + command) == 0


@pytest.mark.parametrize("pattern, topic", [
    ("**/a/" * 30 + "b", "a/" * 500), ("**/" * 60 + "b", "a/" * 500), ("*a" * 100 + "b", "a" * 1000), ("a*" * 300, "a" * 1000),
    ("/".join(["*a*a*a*a*b"] * 20), "/".join(["a" * 40] * 20))], ids=lambda text: text[:6])
def test_patterns_that_are_hard_to_match_stay_cheap(town, attack, pattern, topic):
    raw = attack()
    ask(raw, ADMIN, pattern, {"cmd": "subscribe", "msg_from": 0.0})
    ask(raw, ADMIN, "__config__", {"cmd": "reactive", "status": True})
    sender = Peer(town.broker.url)
    for number in range(30):
        # A topic of its own each time: no remembered route helps.
        sender.publish(f"{topic[:900]}{number}", qos=0)
    # Behind them all: its answer would not come within the patience of a peer if each cost what it could.
    assert sender.call("rid")[0] == OK
    sender.close()


def test_a_flood_of_topics_fills_no_table(town, attack):
    raw = attack()
    for start in range(0, 40_000, 2000):
        raw.write(b"".join(
            frame(BINARY, cbor2.dumps([PUBLISH, f"topic/{number}/{'x' * 200}", []])) for number in range(start, start + 2000)))
    assert ask(raw, RPC, "rid", None, [])[2] == OK
    town.check_memory()


def test_a_flood_of_names(town, attack):
    raw = attack()
    for number in range(200):
        status = ask(raw, IDENTITY, f"name{number}", {})[2]
        assert status == (OK if number == 0 else ERROR)
    for number in range(200):
        reset(attack(name=f"mayfly{number}"))
    town.check_memory()


def test_a_flood_of_ids_that_are_never_confirmed(town, attack):
    """QoS 2 ids wait for their Ack2: only so many."""
    raw = attack()
    threading.Thread(target=swallow, args=[raw], daemon=True).start()
    for _ in range(40):
        raw.write(b"".join(frame(BINARY, cbor2.dumps([PUBLISH | QOS2, os.urandom(32), "once", []])) for _ in range(1000)))
    town.check_service()
    town.check_memory()


def test_a_flood_of_answers_to_nothing(town, attack):
    raw = attack()
    for _ in range(30):
        raw.write(b"".join(
            frame(BINARY, cbor2.dumps([kind, os.urandom(8), *rest]))
            for kind, *rest in [(ACK,), (6,), (RESPONSE, 0, None), (RESPONSE, 10, "x")] * 100))
    assert ask(raw, RPC, "rid", None, [])[2] == OK


def test_proofs_that_nobody_asked_for_end_the_connection(town, attack):
    raw = attack()
    raw.write(b"".join(frame(BINARY, cbor2.dumps([11, os.urandom(8), "cid", b"proof", {}])) for _ in range(1000)))
    assert is_refused(raw)


@pytest.mark.parametrize("kind, rest", [
    (RPC, ("rid", None, [])), (PUBLISH | QOS1, ("t", [])), (ACK, ()), (RESPONSE, (0, None)), (IDENTITY, ("n", {}))],
    ids=["call", "publication", "acknowledgement", "answer", "identity"])
@pytest.mark.parametrize("size", [0, 9, 31, 33, 300, 70_000])
def test_ids_of_strange_sizes(town, attack, size, kind, rest):
    raw, identifier = attack(), os.urandom(size)
    raw.send(BINARY, cbor2.dumps([kind, identifier, *rest]))
    if not 0 < size <= 32:
        assert is_refused(raw)
    elif kind in (ACK, RESPONSE):
        # Nothing that anybody waits for.
        assert ask(raw, RPC, "rid", None, [])[2] == OK
    else:
        assert cbor2.loads(raw.read_message()[1])[1] == identifier


def test_calls_that_are_never_answered_end_at_the_limit(town, attack):
    deaf = attack(name="never-answers")
    assert ask(deaf, ADMIN, "void", {"cmd": "expose"})[2] == OK
    raw = attack()
    statuses = []

    def collect():
        try:
            while True:
                statuses.append(cbor2.loads(raw.read_message()[1])[2])
        except (OSError, EOFError):
            pass

    threading.Thread(target=collect, daemon=True).start()
    for _ in range(6):
        raw.write(b"".join(frame(BINARY, cbor2.dumps([RPC, new_id(), "void", None, []])) for _ in range(1000)))
    town.check_service()
    town.check_memory()
    assert eventually(lambda: len(statuses) >= 6000 - LIMIT), "calls above the limit were not refused"
    assert set(statuses) == {43}


# Malformed content


@pytest.mark.parametrize("opening", [b"\x81", b"\x9f", b"\xa1\x01", b"\xbf\x01", b"\xc1", b"\xd8\x40"])
def test_deep_nesting_everywhere(town, attack, opening):
    deep = opening * 100_000
    for head in [
        b"", bytes.fromhex("83016174"), bytes.fromhex("8500480102030405060708") + b"\x61n", bytes.fromhex("8502480102030405060708"),
        bytes.fromhex("8403480102030405060708") + b"\x61t", bytes.fromhex("840448010203040506070800"),
    ]:
        raw = attack()
        raw.send(BINARY, head + deep)
        assert is_refused(raw)


def test_announced_sizes_reserve_nothing(town, attack):
    for head in ["9b00000000ffffffff", "bb00000000ffffffff", "5b00000000ffffffff", "7b00000000ffffffff", "c25b00000000ffffffff"]:
        for prefix in ["83016174", "850248010203040506070863726964f6", "84034801020304050607086174", "84044801020304050607080a"]:
            raw = attack()
            raw.send(BINARY, bytes.fromhex(prefix + head))
            assert is_refused(raw)
    town.check_memory(50 * MEBIBYTE)


@pytest.mark.parametrize("text", ["[" * 300_000, '{"a":' * 100_000, '"' + "\\u0041" * 100_000, "1" * 1_000_000, "-" * 1000, "1e" + "9" * 100_000],
                         ids=lambda text: text[:6])
def test_json_that_is_hard_to_read(town, attack, text):
    for template in ["%s", '{"jsonrpc":"2.0","method":"x","params":%s}', '{"jsonrpc":"2.0","id":%s,"method":"rid"}']:
        raw = attack()
        raw.send(TEXT, (template % text).encode())
        assert is_refused(raw)


@pytest.mark.parametrize("topic", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"a\xf5\x80\x80\x80", b"\x80" * 1000], ids=lambda topic: topic[:4].hex())
def test_topics_that_are_no_utf_8(town, attack, topic):
    head = struct.pack(">BH", 0x79, len(topic))
    for message in [
        b"\x83\x01" + head + topic + b"\x80", b"\x84\x11\x48" + bytes(8) + head + topic + b"\x80",
        b"\x85\x02\x48" + bytes(8) + head + topic + b"\xf6\x80", b"\x85\x02\x48" + bytes(8) + b"\x63rid" + head + topic + b"\x80",
        b"\x84\x03\x48" + bytes(8) + head + topic + b"\xa1\x63cmd\x69subscribe", b"\x84\x00\x48" + bytes(8) + head + topic + b"\xa0",
    ]:
        raw = attack()
        raw.send(BINARY, message)
        assert is_refused(raw)
    raw = attack()
    raw.send(TEXT, b'{"jsonrpc":"2.0","method":"' + topic + b'","params":[]}')
    assert raw.read_close() == 1007


def test_control_frames_that_are_too_long(town, attack):
    for opcode in (8, 9, 10):
        for size in (126, 65_536):
            raw = attack()
            raw.send(opcode, bytes(size))
            assert raw.read_close() == 1002


def test_a_flood_of_pings_that_is_read(town, attack):
    raw = attack()
    threading.Thread(target=swallow, args=[raw], daemon=True).start()
    pour(raw, frame(PING, b"?") * 500, 0.3)
    town.check_service()
    town.check_memory(50 * MEBIBYTE)


NAMES = [
    "../../x", "..", "../x", "a/../../b", "/etc/passwd", "//x", "/", "a\0b", "\0", "x" * 256, "x" * 100_000, "a\nb", "a\rb",
    "\x1b[2J", "broker", "repl", "__repl__", "\x85", "\x7f"]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name[:12]))
def test_names_that_would_lead_elsewhere_are_refused(town, attack, name):
    raw = attack()
    assert ask(raw, IDENTITY, name, {})[2] == ERROR
    # Not bound: what a stranger may do works, and the name stays free of a state.
    assert ask(raw, RPC, "rid", None, [])[2] == OK


@pytest.mark.parametrize("name", ["%2e%2e%2fx", "..%2fx", "a\\..\\b", "...", ".hidden", "CON", "a b", "-rf", "é/ü", "$(id)", "`id`", "'; --"])
def test_strange_names_stay_inside_the_folder_of_the_broker(town, attack, name):
    raw = attack()
    assert ask(raw, IDENTITY, name, {})[2] == OK
    assert ask(raw, ADMIN, "t", {"cmd": "subscribe", "msg_from": 0.0})[2] == OK
    folder = town.broker.folder
    strange = [
        path for path, _, files in os.walk(folder) for entry in files
        if not re.fullmatch(r"[\w.%@+=,-]+", entry) or not path.startswith(folder)]
    assert not strange
    assert ask(raw, ADMIN, "t", {"cmd": "unsubscribe"})[2] == OK
