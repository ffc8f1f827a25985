"""A raw ZeroMQ peer: a DEALER socket of pyzmq with the framing of protocol.md §12, and the surface of `wire.Peer`."""

from collections import deque

import cbor2
import zmq

from support.processes import PATIENCE
from support.wire import (
    ACK, ACK2, ADMIN, ATTESTATION, IDENTITY, PUBLISH, REGISTER, RESPONSE, RPC, SILENCE, UNREGISTER, Peer)

PING, CLOSE = 12, 15
END = bytes.fromhex("deadbeefdeadbeef")
NULL = b"\xf6"


def parts_of(message) -> list[bytes]:
    """Header and body of a message in the layout of protocol.md §3."""
    kind, flags = message[0] & 0x0F, message[0] & 0xF0
    if kind == PUBLISH:
        cut = 3 if flags else 2
        return [cbor2.dumps(message[:cut]), cbor2.dumps(message[cut])]
    if kind == RPC:
        return [cbor2.dumps(message[:4]), cbor2.dumps(message[4])]
    if kind == ADMIN:
        return [cbor2.dumps([*message[:3], None]), cbor2.dumps(message[3])]
    if kind == RESPONSE:
        return [cbor2.dumps(message[:3]), cbor2.dumps(message[3] if len(message) > 3 else None)]
    if kind == REGISTER:
        kind, identifier, name, pin, key, key_type = message
        return [cbor2.dumps([kind, identifier, name, pin, key_type]), key]
    if kind == ATTESTATION:
        kind, identifier, name, signature, meta = message
        return [cbor2.dumps([kind, identifier, name, meta]), signature]
    assert kind in (IDENTITY, ACK, ACK2, UNREGISTER, PING, CLOSE), message
    return [cbor2.dumps(message), NULL]


def message_of(parts) -> list:
    """The message of what a router sends."""
    assert len(parts) == 4 and parts[0] == b"" and parts[3] == END, parts
    header, body = cbor2.loads(parts[1]), parts[2]
    kind = header[0] & 0x0F
    if kind in (PUBLISH, RPC, ADMIN, RESPONSE):
        return [*header, cbor2.loads(body)]
    assert body == NULL, parts
    return header


class ZMQPeer(Peer):
    """One DEALER connection to a broker."""

    def __init__(self, port, encoding="cbor", reference=False, routing_id=None, receive_limit=0):
        self.encoding, self.reference = "cbor", False
        self.inbox = deque()
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 1000)
        self.socket.setsockopt(zmq.SNDHWM, 0)
        self.socket.setsockopt(zmq.RCVHWM, receive_limit)
        if routing_id:
            self.socket.setsockopt(zmq.ROUTING_ID, routing_id)
        self.socket.connect(f"tcp://127.0.0.1:{port}")

    def send(self, message):
        self.send_parts(*parts_of(message))

    def send_parts(self, header, body):
        self.socket.send_multipart([b"", header, body, END])

    def send_raw(self, parts):
        """Any parts, such as broken ones."""
        self.socket.send_multipart(parts)

    def receive_raw(self, timeout=PATIENCE):
        if not self.socket.poll(timeout * 1000):
            raise TimeoutError("nothing came")
        return self.socket.recv_multipart()

    def _read(self, timeout=PATIENCE):
        return message_of(self.receive_raw(timeout))

    def expect_close(self):
        """Reads until the broker says goodbye; gives code and reason."""
        while True:
            message = self._read()
            if message[0] == CLOSE:
                return message[1], message[2]

    def ping(self, name, identifier):
        self.send([PING, identifier, name])
        return self.response_to(identifier)

    def close(self):
        self.socket.close()
        self.context.term()

    def vanish(self):
        """Ends the connection without a Close message; what was sent may be lost."""
        self.socket.close(linger=0)
        self.context.term()
