"""A raw peer with the framing of protocol.md §11, over TCP or TLS, with the surface of `wire.Peer`."""

import socket
import struct
import time
from collections import deque

import cbor2

from support.processes import PATIENCE
from support.wire import Peer


def frame(body: bytes, header=None) -> bytes:
    """A body with its header byte and length."""
    if header is None:
        header = 0x81 if len(body) < 256 else 0x8D if len(body) < 65536 else 0x8F
    return bytes([header]) + struct.pack({0x81: ">B", 0x8D: ">H", 0x8F: ">I"}[header], len(body)) + body


class FramedPeer(Peer):
    """One connection; `tls` is a client's SSL context."""

    def __init__(self, port, tls=None):
        self.encoding, self.reference = "cbor", False
        self.inbox = deque()
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")

    def send_raw(self, data):
        """The body of a frame, of whatever bytes."""
        self.socket.sendall(frame(data))

    def _exactly(self, count, deadline):
        data = bytearray()
        while len(data) < count:
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            part = self.socket.recv(count - len(data))
            if not part:
                raise EOFError("the broker closed the connection")
            data += part
        return bytes(data)

    def receive_raw(self, timeout=PATIENCE):
        # Time is for the first byte: what has begun to come is read to its end.
        first = self._exactly(1, time.monotonic() + timeout)
        deadline = time.monotonic() + PATIENCE
        size = {0x81: 1, 0x8D: 2, 0x8F: 4}[first[0]]
        return self._exactly(int.from_bytes(self._exactly(size, deadline), "big"), deadline)

    def is_closed(self):
        """Reads until the broker hangs up."""
        self.socket.settimeout(PATIENCE)
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True

    def close(self):
        self.socket.close()

    vanish = close
