"""A WebSocket server for one dialer at a time, with a script of the test: right answers in awkward frames, and wrong ones."""

import socket
import threading

import cbor2

from support.processes import PATIENCE
from support.raw_websocket import BINARY, CLOSE, PING, PONG, RawSocket, accept_value, close_payload

IDENTITY, PUBLISH, RPC, ADMIN, RESPONSE = 0, 1, 2, 3, 4


class AwkwardServer:
    """Accepts connections on a thread and runs `script(connection)` for each; failures of the script are kept in `failure`."""

    def __init__(self, script):
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}"
        self.connections = []
        self.failure = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while True:
            plain, _ = self._listener.accept()
            if self._closing:
                plain.close()
                return self._listener.close()
            connection = ServerSide(plain)
            self.connections.append(connection)
            try:
                self._script(connection)
            except (EOFError, ConnectionError, TimeoutError):
                pass  # The dialer left: whether it should have is for the test to say.
            except BaseException as failure:  # noqa: BLE001 - shown to the test
                self.failure = failure
            finally:
                connection.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self._closing = True
        for connection in self.connections:
            connection.close()
        # Closing a socket does not wake the thread that accepts on it; a connection does.
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join(PATIENCE)
        if kind is None and self.failure:
            raise self.failure


class ServerSide(RawSocket):
    """The server's end: reads requests, answers them in the way of `send_message`, which a test replaces."""

    def accept(self, **changes):
        """The handshake; keyword arguments replace headers of the answer, None leaves one out."""
        self.read_handshake()
        headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept_value(self.key)}
        for name, value in changes.items():
            headers[name.replace("_", "-")] = value
        text = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value is not None)
        self.write(f"HTTP/1.1 101 Switching Protocols\r\n{text}\r\n".encode())

    def read_handshake(self):
        head = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        self.request_line = head[0]
        self.headers = {n.lower(): v.strip() for n, v in (line.split(":", 1) for line in head[1:] if ":" in line)}
        self.key = self.headers["sec-websocket-key"].encode()

    def send_frame(self, opcode, payload=b"", **form):
        self.send(opcode, payload, masked=False, **form)

    def send_message(self, message):
        self.send_frame(BINARY, cbor2.dumps(message))

    def read_request(self):
        """The next message of the dialer; its pings are answered, its frames must be masked."""
        parts = b""
        while True:
            fin, opcode, payload = self.read_frame()
            assert self.was_masked, "a dialer must mask its frames"
            assert not self.reserved
            if opcode == CLOSE:
                self.close_received = payload
                self.send_frame(CLOSE, payload[:2] or close_payload(1000)[:0])
                raise EOFError
            if opcode == PING:
                self.send_frame(PONG, payload)
            elif opcode == PONG:
                self.pongs = [*getattr(self, "pongs", []), payload]
            else:
                parts += payload
                if fin:
                    return cbor2.loads(parts)

    def serve(self):
        """Answers everything: 42 to calls, success to the rest; until the dialer closes."""
        while True:
            message = self.read_request()
            if message[0] == RPC:
                self.send_message([RESPONSE, message[1], 0, 42])
            elif message[0] == IDENTITY:
                self.send_message([RESPONSE, message[1], 0, [[], []]])
            elif message[0] == ADMIN:
                self.send_message([RESPONSE, message[1], 0, None])
                command = message[3]
                # After a reconnection the reference sends `setup`, which turns reactive as well.
                if command["cmd"] == "setup" or command["cmd"] == "reactive" and command["status"]:
                    self.is_reactive()

    def is_reactive(self):
        """For a test to publish something."""
