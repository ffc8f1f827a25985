"""A client of the broker's HTTP gateway, with nothing between the test and the bytes but the standard library."""

import base64
import http.client
import json
import re
import socket
from dataclasses import dataclass

from support.processes import PATIENCE


def http_port(broker) -> int:
    """The port of a broker that was started with `--http 0`."""
    return int(re.search(r"https?://[^,\s]*:(\d+)", broker.started_with)[1])


def basic(name, secret=None) -> dict:
    text = name if secret is None else f"{name}:{secret}"
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The sentence of a failure, which every failure has."""
        assert self.headers["content-type"] == "application/json", self
        return self.json()["error"]


class Http:
    """`http("POST", "/topic", [1, 2])`: a body that is not bytes or text is sent as JSON."""

    def __init__(self, port, timeout=PATIENCE, tls=None, **headers):
        self.port, self.timeout, self.tls, self.headers = port, timeout, tls, headers

    def open(self):
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=self.timeout, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)

    def __call__(self, method, path, body=None, headers=None, on=None, **encoded):
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        connection = on or self.open()
        try:
            connection.request(method, path, body=body, headers={**self.headers, **(headers or {})}, **encoded)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            if on is None:
                connection.close()

    def get(self, path, body=None, **rest):
        return self("GET", path, body, **rest)

    def post(self, path, body=None, **rest):
        return self("POST", path, body, **rest)


class RawHttp:
    """One connection, byte by byte."""

    def __init__(self, port, source=None):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.data = b""

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def read_head(self):
        while b"\r\n\r\n" not in self.data:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError(f"the broker closed the connection behind {self.data!r}")
            self.data += more
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
        return int(lines[0].split()[1]), headers

    def read(self) -> Answer:
        status, headers = self.read_head()
        length = int(headers.get("content-length", 0))
        while len(self.data) < length:
            self.data += self.socket.recv(65536)
        body, self.data = self.data[:length], self.data[length:]
        return Answer(status, headers, body)

    def is_closed(self) -> bool:
        try:
            while self.socket.recv(65536):
                pass
            return True
        except ConnectionResetError:
            return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Events:
    """A stream of server-sent events: `next()` gives (event, data, id) of the next one."""

    def __init__(self, http, path, headers=None):
        self.connection = http.open()
        self.connection.request("GET", path, headers={**http.headers, **(headers or {})})
        self.response = self.connection.getresponse()
        self.last_id = None
        if self.response.status == 200:
            assert self.response.getheader("content-type") == "text/event-stream"
            assert self.response.readline().startswith(b":")

    def next(self):
        fields = {}
        while True:
            line = self.response.readline().decode()
            if not line:
                raise EOFError("the stream ended")
            line = line.rstrip("\n")
            if not line:
                if fields:
                    self.last_id = fields.get("id", self.last_id)
                    return fields.get("event"), json.loads(fields["data"]), fields.get("id")
                continue
            if not line.startswith(":"):
                name, value = line.split(": ", 1)
                assert name not in fields, line
                fields[name] = value

    def is_over(self):
        return self.response.read() == b"" or True

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
