"""Who does not answer is let go: behaviour.md §16.3 and the time-outs of connections."""
import cbor2
import pytest

from support.raw_websocket import BINARY, PING, PONG, RawSocket
from support.wire import IDENTITY, OK, new_id, reconnect

pytestmark = pytest.mark.differs("R19: the reference neither pings nor limits the handshake")


def raw_component(broker, name):
    """A named component that does nothing by itself, pongs included."""
    raw = RawSocket.dial(broker.port)
    raw.upgrade()
    raw.send(BINARY, cbor2.dumps([IDENTITY, new_id(), name, {}]))
    opcode, payload = raw.read_message()
    assert opcode == BINARY and cbor2.loads(payload)[2] == OK
    return raw


def test_a_connection_without_a_handshake_is_closed(start_broker, connect):
    broker = start_broker(REMBUS_HANDSHAKE_TIMEOUT=0.2)
    raw = RawSocket.dial(broker.port)
    assert raw.at_end()
    assert connect(to=broker).call("rid")[0] == OK


def test_a_handshake_in_time_is_not_closed_later(start_broker, connect):
    broker = start_broker(REMBUS_HANDSHAKE_TIMEOUT=0.2)
    peer = connect(to=broker)
    assert RawSocket.dial(broker.port).at_end()
    assert peer.call("rid")[0] == OK


def test_a_component_that_answers_no_ping_loses_its_name(start_broker, connect, uid):
    broker = start_broker(REMBUS_WS_PING_INTERVAL=0.1)
    dead, alive = raw_component(broker, f"dead{uid}"), connect(f"alive{uid}", to=broker)
    assert dead.at_end()
    assert reconnect(connect, f"dead{uid}", to=broker).call("rid")[0] == OK
    assert alive.call("rid")[0] == OK


def test_a_component_that_answers_pings_stays(start_broker, uid):
    broker = start_broker(REMBUS_WS_PING_INTERVAL=0.1)
    raw = raw_component(broker, f"quiet{uid}")
    for _ in range(5):
        _, opcode, payload = raw.read_frame()
        assert opcode == PING
        raw.send(PONG, payload)
