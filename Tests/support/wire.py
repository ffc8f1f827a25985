"""A raw peer: writes and reads exact frames, in CBOR or in either dialect of the JSON text form.

Tests see one form of a message whatever the encoding, the CBOR layout of protocol.md §3 as a Python list:
[0, id, name, meta], [1, topic, args], [0x11, id, topic, args], [2, id, topic, target, args], [4, id, status, data], ….
Ids are bytes.
"""

import base64
import itertools
import json
import math
import os
import socket
import time
from collections import deque

import cbor2
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from support.processes import PATIENCE

IDENTITY, PUBLISH, RPC, ADMIN, RESPONSE, ACK, ACK2, UNREGISTER, REGISTER, ATTESTATION = 0, 1, 2, 3, 4, 5, 6, 9, 10, 11
QOS1, QOS2, SLOT = 0x10, 0x30, 0x40
QOS_FLAGS = (0, QOS1, QOS2)
OK, ERROR, EXCEPTION, NOT_FOUND, UNAVAILABLE, LOOPBACK, NO_TARGET, TARGET_DOWN, UNKNOWN_COMMAND = (
    0, 10, 40, 42, 43, 44, 45, 46, 47)
LAST_RECEIVED = math.inf
MINUTE = 60e9

#: How long a test watches a line that must stay silent, when nothing can be sent to prove it.
SILENCE = 0.2

_fences = itertools.count(1)


def new_id() -> bytes:
    """8 random bytes that also make an integer JSON peers can carry (below 2^53)."""
    return os.urandom(6) + b"\x01\x00"


def is_publish(message) -> bool:
    return message[0] & 0x0F == PUBLISH


class Peer:
    """One WebSocket connection to a broker. `encoding` is "cbor", "json" (Python dialect) or "julia"."""

    def __init__(self, url, encoding="cbor", reference=False, max_queue=16):
        """`max_queue` messages are read ahead; with None all are, so that a peer that a test forgets holds nobody up."""
        self.encoding = encoding
        self.reference = reference
        self.inbox = deque()
        # No compression: tests count bytes. No pings: tests see every frame that they caused.
        self.ws = connect(
            url, max_size=None, compression=None, ping_interval=None, proxy=None, close_timeout=1, open_timeout=PATIENCE,
            max_queue=max_queue)

    # Frames

    def send(self, message):
        self.send_raw(cbor2.dumps(message) if self.encoding == "cbor" else self._to_json(message))

    def send_raw(self, data):
        """A binary frame for bytes, a text frame for text."""
        self.ws.send(data)

    def receive_raw(self, timeout=PATIENCE):
        return self.ws.recv(timeout=timeout)

    def receive(self, timeout=PATIENCE):
        """The next message, earliest first; what arrived while a response was awaited comes before the rest."""
        return self.inbox.popleft() if self.inbox else self._read(timeout)

    def _read(self, timeout=PATIENCE):
        while True:
            raw = self.receive_raw(timeout)
            if self.encoding == "cbor":
                assert isinstance(raw, bytes), f"a text frame for a binary peer: {raw}"
                message = cbor2.loads(raw)
            else:
                assert isinstance(raw, str), f"a binary frame for a text peer: {raw.hex()}"
                message = self._from_json(json.loads(raw))
            # The reference floods subscriptions to every named peer (D20); ours only to brokers.
            if not (self.reference and message[0] == ADMIN):
                return message

    def is_silent(self, timeout=SILENCE) -> bool:
        try:
            self.inbox.append(self._read(timeout))
        except TimeoutError:
            return not self.inbox
        return False

    def expect_close(self):
        """Reads until the broker closes; gives the close code and the reason."""
        try:
            while True:
                self.receive_raw()
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")

    def close(self):
        self.ws.close()

    def vanish(self):
        """Ends the connection without a close frame, as a crash does."""
        self.ws.socket.shutdown(socket.SHUT_RDWR)
        # The thread that reads must have ended before the descriptor is free: on its way into the system's call it would read
        # from whoever gets the number next, and that one would wait for ever for what it took.
        self.ws.recv_events_thread.join(PATIENCE)
        self.ws.socket.close()

    # Requests

    def response_to(self, identifier):
        """(status, data) of the response with this id; other messages wait in the inbox."""
        for kept in list(self.inbox):
            if kept[0] == RESPONSE and kept[1] == identifier:
                self.inbox.remove(kept)
                return kept[2], kept[3] if len(kept) > 3 else None
        while True:
            message = self._read()
            if message[0] == RESPONSE and message[1] == identifier:
                return message[2], message[3] if len(message) > 3 else None
            self.inbox.append(message)

    def request(self, kind, *rest, identifier=None):
        identifier = identifier or new_id()
        self.send([kind, identifier, *rest])
        return self.response_to(identifier)

    def identify(self, name, meta=None, identifier=None):
        return self.request(IDENTITY, name, meta or {}, identifier=identifier)

    def admin(self, topic, data):
        return self.request(ADMIN, topic, data)

    def command(self, topic, name, **fields):
        """An admin command that must succeed."""
        status, data = self.admin(topic, {"cmd": name, **fields})
        assert (status, data) == (OK, None), (name, topic, status, data)

    def subscribe(self, *topics, since=0.0):
        for topic in topics:
            self.command(topic, "subscribe", msg_from=since)

    def unsubscribe(self, topic):
        self.command(topic, "unsubscribe")

    def expose(self, *topics):
        for topic in topics:
            self.command(topic, "expose")

    def unexpose(self, topic):
        self.command(topic, "unexpose")

    def reactive(self, status=True, **fields):
        self.command("__config__", "reactive", status=status, **fields)

    def call(self, topic, *arguments, target=None, identifier=None):
        return self.request(RPC, topic, target, list(arguments), identifier=identifier)

    def send_call(self, topic, *arguments, target=None, identifier=None) -> bytes:
        identifier = identifier or new_id()
        self.send([RPC, identifier, topic, target, list(arguments)])
        return identifier

    def receive_call(self):
        """The next message, which must be a request: its id and the rest."""
        message = self.receive()
        assert message[0] == RPC, message
        return message

    def answer(self, request, data=None, status=OK):
        self.send([RESPONSE, request[1], status, data])

    # Publications

    def send_publish(self, topic, *arguments, qos=0, slot=None, identifier=None):
        """Sends the frame and waits for nothing; gives the id, None when the frame has none."""
        flags = QOS_FLAGS[qos] | (SLOT if slot is not None else 0)
        if flags == 0:
            self.send([PUBLISH, topic, list(arguments)])
            return None
        if identifier is None:
            identifier = new_id()
            if slot is not None:
                identifier = slot.to_bytes(4, "little") + (identifier[4:] if qos else bytes(4))
        self.send([PUBLISH | flags, identifier, topic, list(arguments)])
        return identifier

    def publish(self, topic, *arguments, qos=0, slot=None, identifier=None):
        """A whole exchange: with QoS 1 and 2 the Ack is awaited, with QoS 2 the Ack2 is sent."""
        identifier = self.send_publish(topic, *arguments, qos=qos, slot=slot, identifier=identifier)
        if qos > 0:
            self.expect_ack(identifier)
        if qos == 2:
            self.send([ACK2, identifier])
        return identifier

    def expect_ack(self, identifier):
        """Reads on to this acknowledgement. One that has overtaken another is an error: they come in the order of what
        they acknowledge."""
        ack = [ACK, identifier]
        assert ack not in self.inbox, f"the acknowledgement of {identifier.hex()} came before an earlier one"
        while (message := self._read()) != ack:
            self.inbox.append(message)

    def receive_publish(self):
        """The next message, which must be a publication: (flags, id, topic, args); completes the QoS exchange."""
        message = self.receive()
        assert is_publish(message), message
        flags = message[0] & 0xF0
        identifier, topic, arguments = (None, *message[1:]) if flags == 0 else message[1:]
        if flags & QOS1:
            self.send([ACK, identifier])
        if flags & QOS2 == QOS2:
            self._expect_ack2(identifier)
        return flags, identifier, topic, arguments

    def _expect_ack2(self, identifier):
        """Waits for the Ack2 of this id; what was sent before it stays in the inbox."""
        while True:
            message = self._read()
            if message == [ACK2, identifier]:
                return
            self.inbox.append(message)

    def receive_topic(self):
        """(topic, args) of the next publication."""
        return self.receive_publish()[2:]

    # JSON

    @property
    def _key(self):
        return "__type__" if self.encoding == "julia" else "type"

    def _json_id(self, identifier):
        number = int.from_bytes(identifier, "little")
        return str(number) if self.encoding == "julia" else number

    def _to_json(self, message):
        kind, flags = message[0] & 0x0F, message[0] & 0xF0
        body = {"jsonrpc": "2.0"}
        if kind == PUBLISH and flags == 0:
            topic, arguments = message[1:]
            # The reference reads publications from a key of its own (D10).
            body |= {"method": topic, "params": arguments} | ({"data": arguments} if self.reference else {})
            return json.dumps(body)
        body["id"] = self._json_id(message[1])
        if kind == IDENTITY:
            body |= {"method": "__identity__", "params": {self._key: 0, "cid": message[2]}}
            if len(message) > 3:
                body["params"]["meta"] = message[3]
        elif kind == PUBLISH:
            body |= {"method": message[2], "params": {self._key: flags, "data": message[3]}}
            if self.reference:
                body["data"] = message[3]
        elif kind == RPC:
            body |= {"method": message[2], "params": message[4]}
        elif kind == ADMIN:
            data = message[3]
            if isinstance(data, dict) and data.get("msg_from") == math.inf:
                data = data | {"msg_from": 1e300}
            body |= {"method": message[2], "params": {self._key: 3, "data": data}}
        elif kind == RESPONSE:
            body["result" if message[2] == OK else "error"] = {self._key: 4, "sts": message[2], "data": message[3]}
        elif kind in (ACK, ACK2):
            body["result"] = {self._key: kind}
        elif kind == ATTESTATION:
            body |= {"method": message[2], "params": {
                self._key: 11, "signature": base64_text(message[3]), "meta": message[4]}}
        elif kind == REGISTER:
            body |= {"method": message[2], "params": {
                self._key: 10, "pin": message[3], "key_val": base64_text(message[4]), "key_type": message[5]}}
        elif kind == UNREGISTER:
            body |= {"method": "__unregister__", "params": {self._key: 9}}
        else:
            raise ValueError(f"no JSON form for {message}")
        return json.dumps(body)

    def _from_json(self, body):
        assert body["jsonrpc"] == "2.0", body
        identifier = body.get("id")
        if identifier is not None:
            number = int(identifier)
            identifier = number.to_bytes(8, "little")
        if "method" in body:
            parameters = body.get("params", [])
            if isinstance(parameters, dict):
                kind = self._discriminator(parameters)
                if kind == ADMIN:
                    return [ADMIN, identifier, body["method"], parameters["data"]]
                assert kind >= QOS1, body
                return [PUBLISH | kind, identifier, body["method"], parameters["data"]]
            if identifier is None:
                return [PUBLISH, body["method"], parameters]
            return [RPC, identifier, body["method"], None, parameters]
        content = body["result"] if "result" in body else body["error"]
        kind = self._discriminator(content)
        # The form in which a peer writes ids is the form in which its own come back (protocol.md §10).
        if not self.reference:
            assert isinstance(body["id"], str if self.encoding == "julia" else int), body
        if kind in (ACK, ACK2):
            return [kind, identifier]
        assert kind == RESPONSE and ("result" in body) == (content["sts"] in (0, 11)), body
        data = content.get("data")
        if content["sts"] == 11:
            # A challenge: base64 text, or integers for the Julia dialect (D11).
            assert isinstance(data, list if self.encoding == "julia" else str), body
            data = bytes(data) if isinstance(data, list) else base64.b64decode(data)
        return [RESPONSE, identifier, content["sts"], data]

    def _discriminator(self, content):
        if not self.reference:
            assert content["type"] == content["__type__"], content
        return content["type"]


def assert_nothing_for(publisher, *peers, on=None):
    """Proves without waiting that nothing reached these reactive peers: the next thing each sees is a later publication.

    What is replayed comes in the order of its own subscription, and another subscription may overtake it. So where a
    replay is the question, `on` names a topic of that subscription, and the later publication is one of it."""
    topic = on or f"fence/{next(_fences)}"
    for peer in peers:
        if not on:
            peer.subscribe(topic)
    publisher.publish(topic, "fence", qos=1 if on else 0)
    for peer in peers:
        assert peer.receive_topic() == (topic, ["fence"])
        if not on:
            peer.unsubscribe(topic)


def base64_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Answer:
    """An answer of which the status and some words of the text are known. The reference says less in its texts."""

    def __init__(self, status, *words):
        self.status, self.words = status, words

    def __eq__(self, answer):
        status, text = answer
        return status == self.status and isinstance(text, str) and all(word in text for word in self.words)

    def __repr__(self):
        return f"Answer{(self.status, *self.words)}"


def eventually(condition) -> bool:
    """Asks until the answer is yes. For what a broker learns in its own time, such as a connection that ended."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.005)
    return False


def reconnect(connect, name, **arguments):
    """Takes a name again whose connection was just closed."""
    peer = connect(**arguments)

    def named():
        status, data = peer.identify(name)
        assert status == OK or (status, data) == Answer(ERROR, "already connected"), (status, data)
        return status == OK

    assert eventually(named), f"{name} never came free"
    return peer
