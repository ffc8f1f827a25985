import json

import cbor2
import pytest

from support.processes import Broker
from support.raw_websocket import BINARY, TEXT, RawSocket

IDENTIFIER = bytes(range(1, 9))


class Client(RawSocket):
    """A raw client of a broker, with a request whose answer proves that the connection works."""

    def binary_request(self, *arguments) -> bytes:
        return cbor2.dumps([2, IDENTIFIER, "rid", None, list(arguments)])

    def text_request(self, *arguments) -> bytes:
        return json.dumps({"jsonrpc": "2.0", "id": 7, "method": "rid", "params": list(arguments)}, ensure_ascii=False).encode()

    def assert_answered(self, opcode=BINARY):
        """The next message is the answer to the request, unmasked, in a frame of the same kind."""
        kind, payload = self.read_message()
        assert not self.was_masked and not self.reserved
        assert kind == opcode
        if opcode == TEXT:
            assert json.loads(payload)["result"]["data"] == "broker"
        else:
            assert cbor2.loads(payload) == [4, IDENTIFIER, 0, "broker"]

    def assert_works(self):
        self.send(BINARY, self.binary_request())
        self.assert_answered()

    def assert_closed(self, *codes):
        """A close frame with one of the codes, then the end of the connection."""
        assert self.read_close() in codes
        assert self.at_end()


@pytest.fixture(scope="session")
def _listener():
    broker = Broker()
    yield broker
    broker.discard()


@pytest.fixture
def listener(_listener):
    """One broker for all cases; whatever a client did, it serves the next one."""
    yield _listener
    assert _listener.alive, _listener.log()
    other = Client.dial(_listener.port)
    other.upgrade()
    other.assert_works()
    other.close()


@pytest.fixture
def dial(listener):
    opened = []

    def open_client(port=listener.port):
        opened.append(Client.dial(port))
        return opened[-1]

    yield open_client
    for client in opened:
        client.close()


@pytest.fixture
def client(dial):
    """A client after a correct handshake."""
    one = dial()
    one.upgrade()
    return one
