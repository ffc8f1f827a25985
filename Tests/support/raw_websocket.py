"""RFC 6455 by hand over a plain socket: for sending what no library would send."""

import base64
import hashlib
import os
import socket
import struct

from support.processes import PATIENCE

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_value(key: bytes) -> str:
    return base64.b64encode(hashlib.sha1(key + _GUID).digest()).decode()


def frame(opcode, payload=b"", fin=True, masked=True, reserved=0, length_bytes=None) -> bytes:
    """One frame. `length_bytes` forces a longer length field than needed: 2 or 8."""
    size = len(payload)
    if length_bytes is None:
        length_bytes = 0 if size < 126 else 2 if size < 65536 else 8
    mark = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    if length_bytes == 0:
        head += bytes([mark | size])
    elif length_bytes == 2:
        head += bytes([mark | 126]) + struct.pack(">H", size)
    else:
        head += bytes([mark | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + mask(payload, key)


def mask(payload: bytes, key: bytes) -> bytes:
    size = len(payload)
    stream = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")


def close_payload(code, reason=b"") -> bytes:
    return struct.pack(">H", code) + reason


class RawSocket:
    """One end of a connection: frames in, frames out, nothing done by itself."""

    def __init__(self, plain):
        self.socket = plain
        self.socket.settimeout(PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    @classmethod
    def dial(cls, port):
        return cls(socket.create_connection(("127.0.0.1", port), PATIENCE))

    # Bytes

    def write(self, data: bytes):
        self.socket.sendall(data)

    def write_slowly(self, data: bytes):
        """One write for each byte."""
        for offset in range(len(data)):
            self.socket.sendall(data[offset:offset + 1])

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self._buffer += data

    def read_exactly(self, count) -> bytes:
        while len(self._buffer) < count:
            self._more()
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def read_until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            self._more()
        data, _, self._buffer = self._buffer.partition(end)
        return data + end

    def at_end(self) -> bool:
        """Whether the other side has closed the TCP connection (waits for it)."""
        try:
            while True:
                self._more()
        except EOFError:
            return True
        except (ConnectionResetError, BrokenPipeError):
            return True
        except TimeoutError:
            return False

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)  # wakes a thread that reads
        except OSError:
            pass
        self.socket.close()

    # Handshake, client side

    @staticmethod
    def request(**changes) -> bytes:
        """A correct handshake; a header is replaced by name (`_` for `-`), or left out with None."""
        headers = {
            "Host": "127.0.0.1", "Upgrade": "websocket", "Connection": "Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
        line = changes.pop("line", "GET / HTTP/1.1")
        for name, value in changes.items():
            headers[name.replace("_", "-")] = value
        text = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value is not None)
        return f"{line}\r\n{text}\r\n".encode()

    def read_response(self):
        """(status, headers) of an HTTP response; names in lower case."""
        head = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = dict(line.split(":", 1) for line in head[1:] if ":" in line)
        return int(head[0].split()[1]), {name.lower(): value.strip() for name, value in headers.items()}

    def upgrade(self):
        self.write(self.request())
        status, headers = self.read_response()
        assert status == 101, status
        return headers

    # Frames

    def send(self, opcode, payload=b"", **form):
        self.write(frame(opcode, payload, **form))

    def read_frame(self):
        """(fin, opcode, payload) of the next frame; `self.was_masked` says whether it was."""
        first, second = self.read_exactly(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack(">H", self.read_exactly(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", self.read_exactly(8))
        self.was_masked = bool(second & 0x80)
        self.reserved = first >> 4 & 7
        key = self.read_exactly(4) if self.was_masked else None
        payload = self.read_exactly(size)
        return bool(first & 0x80), first & 0x0F, mask(payload, key) if key else payload

    def read_message(self):
        """(opcode, payload) of the next data message, put together; control frames in between are dropped."""
        kind, parts = None, b""
        while True:
            fin, opcode, payload = self.read_frame()
            if opcode & 8:
                assert opcode != CLOSE, payload
                continue
            kind = opcode or kind
            parts += payload
            if fin:
                return kind, parts

    def read_close(self):
        """The code of the close frame that comes next, after whatever else; None when it has no code."""
        while True:
            _, opcode, payload = self.read_frame()
            if opcode == CLOSE:
                return struct.unpack(">H", payload[:2])[0] if payload else None
