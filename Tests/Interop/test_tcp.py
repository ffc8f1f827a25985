"""Length-framed CBOR over TCP and TLS: protocol.md §11, with the limits and proofs of every other connection."""

import re
import socket
import ssl
import threading

import cbor2
import pytest

from support.certificates import Authority
from support.framed_peer import FramedPeer, frame
from support.keys import CHALLENGE, CONNECTION_ID, Key, log_in, register, write_trust
from support.processes import PATIENCE, Command, run_rembus
from support.wire import (
    ACK, ATTESTATION, OK, PUBLISH, QOS1, RESPONSE, RPC, UNREGISTER,
    eventually, new_id)


def framed_port(broker) -> int:
    return int(re.search(r"t(?:cp|ls)://127\.0\.0\.1:(\d+)", broker.started_with)[1])


@pytest.fixture
def tcp_broker(start_broker):
    broker = start_broker(options=["--tcp", "0"], REMBUS_RECORD="none")
    broker.tcp_port = framed_port(broker)
    return broker


@pytest.fixture
def framed(tcp_broker):
    opened = []

    def open_peer(name=None):
        opened.append(FramedPeer(tcp_broker.tcp_port))
        if name:
            assert opened[-1].identify(name)[0] == OK
        return opened[-1]

    yield open_peer
    for peer in opened:
        peer.close()


def test_tcp_and_websocket_peers_meet(tcp_broker, framed, connect):
    peer, other = framed("framed"), connect("other", to=tcp_broker, reactive=True)
    other.subscribe("news")
    peer.subscribe("answers")
    peer.reactive()
    identifier = new_id()
    peer.send([PUBLISH | QOS1, identifier, "news", [1, "a"]])
    assert peer.receive() == [ACK, identifier]
    assert other.receive_topic() == ("news", [1, "a"])
    other.publish("answers", 2)
    assert peer.receive() == [PUBLISH, "answers", [2]]
    assert peer.call("rid") == (OK, "broker")


def test_every_type_of_message(start_broker, framed, tmp_path):
    """Each type of protocol.md §3 that a component sends, as vectors V61 and V62 frame it, and the answer."""
    write_trust(tmp_path, tenants=[{"tenant": ".", "pin": "11223344"}])
    broker = start_broker(options=["--tcp", "0"], folder=tmp_path, REMBUS_RECORD="none")
    key = Key.make("ecdsa")
    peer, other, newcomer = (FramedPeer(framed_port(broker)) for _ in range(3))
    peer.socket.sendall(bytes.fromhex("811284004801020304050607086570756d7037a0"))
    assert peer.receive()[:3] == [RESPONSE, bytes(range(1, 9)), OK]
    for one in (peer, other):
        one.reactive()
    other.expose("add")
    other.subscribe("t")
    for qos in range(3):
        peer.publish("t", qos, qos=qos)
        assert other.receive_topic() == ("t", [qos])
    called = peer.send_call("add", 1, 2)
    other.answer(other.receive_call(), 3)
    assert peer.response_to(called) == (OK, 3)
    peer.send([12, called, "pump7"])
    assert peer.response_to(called) == (OK, None)
    assert register(newcomer, "pump8", "11223344", key) == (OK, None)
    log_in(newcomer, "pump8", key)
    assert newcomer.request(UNREGISTER) == (OK, None)
    newcomer.send([15])
    assert newcomer.is_closed()
    for one in (peer, other):
        one.close()


@pytest.mark.parametrize("header", [0x81, 0x8D, 0x8F])
def test_any_header_is_taken_for_any_length(framed, header):
    peer = framed()
    identifier = new_id()
    peer.socket.sendall(frame(cbor2.dumps([RPC, identifier, "rid", None, []]), header))
    assert peer.receive() == [RESPONSE, identifier, OK, "broker"]


@pytest.mark.parametrize("size", [200, 70_000, 3_000_000])
def test_every_length_arrives(tcp_broker, framed, connect, size):
    peer, other = framed("framed"), connect("other", to=tcp_broker, reactive=True)
    other.subscribe("large")
    peer.send([PUBLISH, "large", [bytes(size)]])
    assert other.receive_topic()[1] == [bytes(size)]


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_frames_in_pieces_and_many_at_once(framed, piece):
    """Heads and bodies are cut anywhere, and a read brings many frames and the beginning of one."""
    peer = framed()
    ids = [new_id() for _ in range(20 if piece == 1 else 500)]
    data = b"".join(
        frame(cbor2.dumps([RPC, identifier, "rid", None, []]), (0x81, 0x8D, 0x8F)[index % 3])
        for index, identifier in enumerate(ids))
    for start in range(0, len(data), piece):
        peer.socket.sendall(data[start:start + piece])
    assert [peer.receive()[1] for _ in ids] == ids


@pytest.mark.parametrize("data", [
    b"\x00\x01\x00", b"GET / HTTP/1.1\r\n\r\n", b"\x8f\xff\xff\xff\xff", b"\x81\x02\xff\xff", b"\x81\x00", b"\x82\x01\x80",
    b"\x8e\x00\x00\x01\x80", b"\x8f\x03\xc0\x00\x01", b"\x8d\x00\x00", b"\x81\x03\x81\x05\x00"])
def test_what_is_no_frame_ends_the_connection_and_no_other(tcp_broker, framed, data):
    good, bad = framed("good"), framed()
    bad.socket.sendall(data)
    assert bad.is_closed()
    assert good.call("rid") == (OK, "broker")


def test_a_frame_that_never_ends_costs_nobody_else(framed):
    good, bad = framed("good"), framed()
    bad.socket.sendall(b"\x8f\x03\x00\x00\x00" + bytes(100_000))
    assert good.call("rid") == (OK, "broker")
    bad.close()
    assert good.call("rid") == (OK, "broker")


def test_authenticated_mode_holds_here_too(start_broker):
    broker = start_broker(options=["--tcp", "0", "--authenticated"], REMBUS_RECORD="none")
    key = Key.make("ecdsa")
    key.give(broker, "pump7")
    stranger = FramedPeer(framed_port(broker))
    assert stranger.receive()[:3] == [RESPONSE, CONNECTION_ID, CHALLENGE]
    stranger.send([RPC, new_id(), "rid", None, []])
    assert stranger.is_closed()
    peer = FramedPeer(framed_port(broker))
    challenge = peer.receive()[3]
    signature = key.sign(challenge, "pump7")
    assert peer.request(ATTESTATION, "pump7", signature, {}, identifier=CONNECTION_ID)[0] == OK
    assert peer.call("rid") == (OK, "broker")
    peer.close()


def test_the_command_dials_tcp(tcp_broker):
    done = run_rembus("call", "rid", url=f"tcp://127.0.0.1:{tcp_broker.tcp_port}/tool")
    assert done.returncode == 0 and "broker" in done.stdout, done.stderr


def test_a_port_in_use_is_said_with_its_option(start_broker, tcp_broker):
    done = run_rembus("broker", "--port", 0, "--tcp", tcp_broker.tcp_port)
    assert done.returncode != 0 and "--tcp" in done.stderr and str(tcp_broker.tcp_port) in done.stderr


# Our end of a connection to something else


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x8f\xff\xff\xff\xff", frame(b"\xff\xff"), frame(b""), b"",
], ids=["http", "length", "cbor", "empty", "nothing"])
def test_a_server_that_is_no_broker_is_an_error_in_time(answer):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)

        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        done = run_rembus("call", "rid", "--timeout", "5", url=f"tcp://127.0.0.1:{listener.getsockname()[1]}/tool")
        thread.join()
    assert done.returncode not in (0, -6, -11) and done.stderr.startswith("rembus: "), done


def test_answers_in_pieces_are_understood():
    """A broker behind a network that delivers single bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)

        def serve():
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection:
                # The command asks once who is there before it calls.
                while connection.recv(1):
                    request = cbor2.loads(connection.recv(connection.recv(1)[0]))
                    for byte in frame(cbor2.dumps([RESPONSE, request[1], 0, "x" * 300])):
                        connection.sendall(bytes([byte]))

        thread = threading.Thread(target=serve)
        thread.start()
        done = run_rembus("call", "rid", url=f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()
    assert done.returncode == 0 and "x" * 300 in done.stdout, done.stderr


# TLS


@pytest.fixture
def tls_broker(start_broker, tmp_path):
    authority = Authority()
    authority.issue(tmp_path / "keystore/rembus")
    broker = start_broker(
        options=["--tcp", "0", "--secure"], REMBUS_RECORD="none", REMBUS_KEYSTORE=tmp_path / "keystore")
    broker.bundle = authority.write(tmp_path / "authority.pem")
    return broker


def test_the_same_messages_over_tls(tls_broker):
    tls = ssl.create_default_context(cafile=str(tls_broker.bundle))
    peer, other = (FramedPeer(framed_port(tls_broker), tls) for _ in range(2))
    other.reactive()
    other.subscribe("t")
    for size in (0, 300, 70_000, 1_000_000):
        peer.publish("t", bytes(size), qos=1)
        assert other.receive_topic() == ("t", [bytes(size)])
    for one in (peer, other):
        one.close()


def test_a_plain_peer_at_a_tls_port_is_turned_away(tls_broker):
    plain = FramedPeer(framed_port(tls_broker))
    plain.send([RPC, new_id(), "rid", None, []])
    assert plain.is_closed()


def test_commands_meet_over_tls(tls_broker):
    url, trust = f"tls://localhost:{framed_port(tls_broker)}", {"HTTP_CA_BUNDLE": tls_broker.bundle}
    done = run_rembus("call", "rid", url=url, **trust)
    assert done.returncode == 0 and "broker" in done.stdout, done.stderr
    with Command("sub", "t", "--count", "1", "--url", url, **trust) as subscriber:
        assert eventually(lambda: run_rembus("pub", "t", "42", "--qos", "1", url=url, **trust).returncode == 0
                          and subscriber.process.poll() is not None)
        assert any("42" in line for line in subscriber.lines())
    refused = run_rembus("call", "rid", url=url)
    assert refused.returncode != 0 and "certificate" in refused.stderr
