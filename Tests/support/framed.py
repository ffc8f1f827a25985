"""A raw peer of the TCP door."""

import socket
import struct

import cbor2

from support.processes import PATIENCE
from support.wire import RESPONSE


class FramedPeer:
    """One TCP connection with the framing of protocol.md §11."""

    def __init__(self, port, tls=None):
        """`tls` is the context of a TLS connection."""
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="127.0.0.1")

    def send(self, message, header=None):
        body = cbor2.dumps(message)
        if header is None:
            header = 0x81 if len(body) < 256 else 0x8D if len(body) < 65536 else 0x8F
        length = {0x81: ">B", 0x8D: ">H", 0x8F: ">I"}[header]
        self.socket.sendall(bytes([header]) + struct.pack(length, len(body)) + body)

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise EOFError("the broker closed the connection")
            data += part
        return data

    def receive(self):
        size = {0x81: 1, 0x8D: 2, 0x8F: 4}[self._exactly(1)[0]]
        return cbor2.loads(self._exactly(int.from_bytes(self._exactly(size), "big")))

    def request(self, *message):
        self.send(list(message))
        answer = self.receive()
        assert answer[:2] == [RESPONSE, message[1]], answer
        return answer[2], answer[3]

    def is_closed(self):
        try:
            while self.socket.recv(65536):
                pass
            return True
        except ConnectionResetError:
            return True

    def close(self):
        self.socket.close()
