"""Length-framed CBOR over TCP and TLS: protocol.md §11, with the limits and proofs of every other connection."""

import cbor2
import pytest

from support.framed import FramedPeer
from support.keys import CONNECTION_ID, CHALLENGE, Key
from support.processes import run_rembus
from support.wire import ACK, ADMIN, ATTESTATION, IDENTITY, OK, PUBLISH, QOS1, RESPONSE, RPC, new_id


@pytest.fixture
def tcp_broker(start_broker):
    broker = start_broker(options=["--tcp", "0"], REMBUS_RECORD="none")
    broker.tcp_port = int(broker.output.wait_for(lambda line: line).split("tcp://127.0.0.1:")[1].split()[0])
    return broker


@pytest.fixture
def framed(tcp_broker):
    opened = []

    def open_peer(name=None):
        opened.append(FramedPeer(tcp_broker.tcp_port))
        if name:
            assert opened[-1].request(IDENTITY, new_id(), name, {})[0] == OK
        return opened[-1]

    yield open_peer
    for peer in opened:
        peer.close()


def test_tcp_and_websocket_peers_meet(tcp_broker, framed, connect):
    peer, other = framed("framed"), connect("other", to=tcp_broker, reactive=True)
    other.subscribe("news")
    assert peer.request(ADMIN, new_id(), "answers", {"cmd": "subscribe", "msg_from": 0.0}) == (OK, None)
    assert peer.request(ADMIN, new_id(), "__config__", {"cmd": "reactive", "status": True}) == (OK, None)
    identifier = new_id()
    peer.send([PUBLISH | QOS1, identifier, "news", [1, "a"]])
    assert peer.receive() == [ACK, identifier]
    assert other.receive_topic() == ("news", [1, "a"])
    other.publish("answers", 2)
    assert peer.receive() == [PUBLISH, "answers", [2]]
    assert peer.request(RPC, new_id(), "rid", None, []) == (OK, "broker")


@pytest.mark.parametrize("header", [0x81, 0x8D, 0x8F])
def test_any_header_is_taken_for_any_length(framed, header):
    peer = framed()
    identifier = new_id()
    peer.send([RPC, identifier, "rid", None, []], header)
    assert peer.receive() == [RESPONSE, identifier, OK, "broker"]


@pytest.mark.parametrize("size", [200, 70_000, 3_000_000])
def test_every_length_arrives(tcp_broker, framed, connect, size):
    peer, other = framed("framed"), connect("other", to=tcp_broker, reactive=True)
    other.subscribe("large")
    peer.send([PUBLISH, "large", [bytes(size)]])
    assert other.receive_topic()[1] == [bytes(size)]


def test_frames_in_pieces_and_many_at_once(framed):
    peer = framed()
    ids = [new_id() for _ in range(50)]
    data = b""
    for identifier in ids:
        body = cbor2.dumps([RPC, identifier, "rid", None, []])
        data += bytes([0x81, len(body)]) + body
    for start in range(0, len(data), 7):
        peer.socket.sendall(data[start:start + 7])
    assert [peer.receive()[1] for _ in ids] == ids


@pytest.mark.parametrize("data", [b"\x00\x01\x00", b"GET / HTTP/1.1\r\n\r\n", b"\x8f\xff\xff\xff\xff", b"\x81\x02\xff\xff", b"\x81\x00"])
def test_what_is_no_frame_ends_the_connection_and_no_other(tcp_broker, framed, data):
    good, bad = framed("good"), framed()
    bad.socket.sendall(data)
    assert bad.is_closed()
    assert good.request(RPC, new_id(), "rid", None, []) == (OK, "broker")


def test_authenticated_mode_holds_here_too(start_broker):
    broker = start_broker(options=["--tcp", "0", "--authenticated"], REMBUS_RECORD="none")
    port = int(broker.output.wait_for(lambda line: line).split("tcp://127.0.0.1:")[1].split()[0])
    key = Key.make("ecdsa")
    key.give(broker, "pump7")
    stranger = FramedPeer(port)
    assert stranger.receive()[:3] == [RESPONSE, CONNECTION_ID, CHALLENGE]
    stranger.send([RPC, new_id(), "rid", None, []])
    assert stranger.is_closed()
    peer = FramedPeer(port)
    challenge = peer.receive()[3]
    assert peer.request(ATTESTATION, CONNECTION_ID, "pump7", key.sign(challenge, "pump7"), {})[0] == OK
    assert peer.request(RPC, new_id(), "rid", None, []) == (OK, "broker")
    peer.close()


def test_the_command_dials_tcp(tcp_broker):
    done = run_rembus("call", "rid", url=f"tcp://127.0.0.1:{tcp_broker.tcp_port}/tool")
    assert done.returncode == 0 and "broker" in done.stdout, done.stderr


def test_a_port_in_use_is_said_with_its_option(start_broker, tcp_broker):
    done = run_rembus("broker", "--port", 0, "--tcp", tcp_broker.tcp_port)
    assert done.returncode != 0 and "--tcp" in done.stderr and str(tcp_broker.tcp_port) in done.stderr
