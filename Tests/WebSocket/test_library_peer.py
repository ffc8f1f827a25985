"""A library that everybody uses, `websockets`, as client of the listener: with compression offered, pings and fragments."""

import os

import cbor2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

REQUEST = [2, b"\x01" * 8, "rid", None, []]
ANSWER = [4, b"\x01" * 8, 0, "broker"]


@pytest.fixture(params=["deflate", None], ids=["compression offered", "no compression"])
def peer(request, listener):
    with connect(listener.url, compression=request.param, proxy=None, max_size=None) as one:
        yield one


def test_a_request_and_its_answer(peer):
    peer.send(cbor2.dumps(REQUEST))
    assert cbor2.loads(peer.recv(timeout=20)) == ANSWER


def test_a_message_in_fragments(peer):
    data = cbor2.dumps(REQUEST)
    peer.send(iter([data[:3], b"", data[3:7], data[7:]]))
    assert cbor2.loads(peer.recv(timeout=20)) == ANSWER


def test_a_ping_is_answered(peer):
    assert peer.ping(b"hello").wait(20)


def test_large_messages_both_ways(peer):
    # One peer exposes and another calls: the answer is as large as the argument.
    payload = os.urandom(3_000_000)
    peer.send(cbor2.dumps([3, b"\x02" * 8, "large", {"cmd": "subscribe", "msg_from": 0.0}]))
    assert cbor2.loads(peer.recv(timeout=20)) == [4, b"\x02" * 8, 0, None]
    peer.send(cbor2.dumps([3, b"\x03" * 8, "__config__", {"cmd": "reactive", "status": True}]))
    assert cbor2.loads(peer.recv(timeout=20)) == [4, b"\x03" * 8, 0, None]
    host, port = peer.remote_address[:2]
    with connect(f"ws://{host}:{port}", proxy=None) as publisher:
        publisher.send(cbor2.dumps([1, "large", [payload]]))
        assert cbor2.loads(peer.recv(timeout=20)) == [1, "large", [payload]]


def test_a_close_with_a_code_and_a_reason(peer):
    peer.close(4321, "done here")
    assert (peer.protocol.close_rcvd.code, peer.protocol.close_sent.code) == (4321, 4321)


def test_a_bad_frame_ends_the_connection_with_1000(peer):
    peer.send(b"\xff")
    with pytest.raises(ConnectionClosed) as closed:
        peer.recv(timeout=20)
    assert closed.value.rcvd.code == 1000
