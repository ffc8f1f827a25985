"""Behind a proxy: whom a connection and a request is from (docs/proxies.md)."""

import json
import socket
import ssl
import struct
from collections import deque
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect as open_websocket

from support.certificates import Authority
from support.framed_peer import FramedPeer
from support.http_gateway import Http, RawHttp, basic, http_port
from support.keys import greeting, log_in_first, shared_secret, write_trust
from support.mqtt import mqtt_port
from support.processes import PATIENCE, REFERENCE, Broker, run_rembus
from support.wire import OK, Peer, eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our broker")

SECRET = "correct horse battery staple"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def line(client="203.0.113.9", port=4711):
    return f"PROXY TCP4 {client} 127.0.0.1 {port} 8338\r\n".encode()


def binary(client="203.0.113.9", port=4711, extra=b""):
    body = socket.inet_aton(client) + socket.inet_aton("127.0.0.1") + struct.pack(">HH", port, 8338) + extra
    return SIGNATURE + b"\x21\x11" + struct.pack(">H", len(body)) + body


def start(folder, *options, **settings):
    settings.setdefault("REMBUS_TRUSTED_PROXIES", "127.0.0.1 10.0.0.0/8")
    options = ["--tcp", "0", "--http", "0", "--mqtt-listen", "0", *options]
    return Broker(folder=folder, options=options, REMBUS_RECORD="none", **settings)


@pytest.fixture(scope="module")
def trusting(tmp_path_factory):
    """A broker that believes what 127.0.0.1 says."""
    folder = tmp_path_factory.mktemp("trusting")
    write_trust(folder, admins=["boss"])
    with start(folder) as broker:
        shared_secret(SECRET).give(broker, "boss")
        yield broker
        assert broker.alive, broker.log()


@pytest.fixture(scope="module")
def doubting(tmp_path_factory):
    """One that believes nobody, as without the setting."""
    folder = tmp_path_factory.mktemp("doubting")
    write_trust(folder, admins=["boss"])
    with start(folder, REMBUS_TRUSTED_PROXIES="") as broker:
        shared_secret(SECRET).give(broker, "boss")
        yield broker


def addresses(broker):
    """Of all connections, as an administrator sees them."""
    listed = Http(http_port(broker)).get("/admin/connections", headers=basic("boss", SECRET)).json()
    return {each["address"] for each in listed}


def audited(broker, name):
    """The address that the audit log has for the last login of a name."""
    lines = []

    def found():
        file = Path(broker.folder, "broker/audit.log")
        text = file.read_text() if file.exists() else ""
        lines[:] = [entry for entry in map(json.loads, text.splitlines()) if entry.get("name") == name]
        return lines

    assert eventually(found), broker.log()
    return lines[-1]["address"]


class ProxiedFramedPeer(FramedPeer):
    """Over TCP, with a header of the PROXY protocol in front."""

    def __init__(self, port, header, tls=None, pieces=1):
        self.encoding, self.reference = "cbor", False
        self.inbox = deque()
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        size = -(-len(header) // pieces)
        for offset in range(0, len(header), size):
            self.socket.sendall(header[offset:offset + size])
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")


def tcp_port(broker):
    return int(broker.started_with.split("tcp://127.0.0.1:")[1].split(",")[0].split(" ")[0])


# The PROXY protocol


@pytest.mark.parametrize("header", [line(), binary(), binary(extra=b"\x04\0\0")])
@pytest.mark.parametrize("pieces", [1, 7])
def test_a_proxy_header_names_the_client_over_tcp(trusting, header, pieces, uid):
    peer = ProxiedFramedPeer(tcp_port(trusting), header, pieces=pieces)
    assert peer.identify(f"pump{uid}")[0] == OK
    assert audited(trusting, f"pump{uid}") == "203.0.113.9:4711"
    assert "203.0.113.9:4711" in addresses(trusting)
    peer.close()


@pytest.mark.parametrize("header", [line("203.0.113.10"), binary("203.0.113.10")])
def test_a_proxy_header_names_the_client_of_a_websocket(trusting, header, uid):
    plain = socket.create_connection(("127.0.0.1", trusting.port), PATIENCE)
    plain.sendall(header)
    with open_websocket(trusting.url, sock=plain, proxy=None, compression=None):
        assert eventually(lambda: "203.0.113.10:4711" in addresses(trusting))


@pytest.mark.parametrize("header", [line("203.0.113.11"), binary("203.0.113.11")])
def test_a_proxy_header_names_the_client_of_http(trusting, header, uid):
    with RawHttp(http_port(trusting)) as http:
        http.send(header)
        http.send("GET /rid HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
                  + basic("boss", SECRET)["Authorization"] + "\r\n\r\n")
        assert http.read().json() == "broker"
    assert "203.0.113.11:4711" in addresses(trusting)


@pytest.mark.parametrize("header", [line("203.0.113.12"), binary("203.0.113.12")])
def test_a_proxy_header_names_the_client_of_mqtt(trusting, header, uid):
    with socket.create_connection(("127.0.0.1", mqtt_port(trusting)), PATIENCE) as peer:
        name = f"m{uid}".encode()
        body = b"\x00\x04MQTT\x04\x02\x00\x3c" + struct.pack(">H", len(name)) + name
        peer.sendall(header + bytes([0x10, len(body)]) + body)
        assert peer.recv(4) == b"\x20\x02\x00\x00"
        assert audited(trusting, name.decode()) == "203.0.113.12:4711"


def test_a_proxy_header_stands_in_front_of_tls(tmp_path, uid):
    authority = Authority()
    authority.issue(tmp_path / "keystore/rembus")
    context = ssl.create_default_context(cafile=authority.write(tmp_path / "ca.pem"))
    options = ["--tcp", "0", "--http", "0", "--secure"]
    with Broker(folder=tmp_path, options=options, REMBUS_RECORD="none", REMBUS_TRUSTED_PROXIES="127.0.0.1") as broker:
        port = int(broker.started_with.split("tls://127.0.0.1:")[1].split(",")[0].split(" ")[0])
        peer = ProxiedFramedPeer(port, binary(), tls=context)
        assert peer.identify("pump7")[0] == OK
        assert audited(broker, "pump7") == "203.0.113.9:4711"
        plain = socket.create_connection(("127.0.0.1", broker.port), PATIENCE)
        plain.sendall(line("203.0.113.13"))
        with open_websocket(f"wss://127.0.0.1:{broker.port}", sock=plain, ssl=context, proxy=None) as socket_:
            socket_.ping().wait(PATIENCE)


def test_checks_of_the_proxy_itself_count_as_its_own(trusting, uid):
    for header in (b"PROXY UNKNOWN\r\n", SIGNATURE + b"\x20\x00\x00\x00", b""):
        peer = ProxiedFramedPeer(tcp_port(trusting), header or b"", pieces=1) if header else FramedPeer(tcp_port(trusting))
        assert peer.identify(f"check{uid}{len(header)}")[0] == OK
        assert audited(trusting, f"check{uid}{len(header)}").startswith("127.0.0.1:")
        peer.close()


@pytest.mark.parametrize("header", [
    b"PROXY TCP4 203.0.113.9\r\n", b"PROXY " + b"x" * 200, SIGNATURE + b"\x31\x11\x00\x0c" + b"\0" * 12,
    SIGNATURE + b"\x21\x11\xff\xff"])
def test_a_malformed_header_ends_the_connection(trusting, header):
    for port in (trusting.port, tcp_port(trusting), http_port(trusting), mqtt_port(trusting)):
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as peer:
            peer.sendall(header)
            assert peer.recv(100) == b""
    assert trusting.says("PROXY protocol is malformed", "127.0.0.1")
    assert trusting.errors.text().count("PROXY protocol is malformed") <= 12


@pytest.mark.parametrize("header", [line(), binary()])
def test_nobody_else_may_send_a_header(doubting, header):
    for port in (tcp_port(doubting), mqtt_port(doubting)):
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as peer:
            peer.sendall(header)
            peer.shutdown(socket.SHUT_WR)
            peer.recv(100)
    with RawHttp(http_port(doubting)) as http:
        http.send(header + b"GET /rid HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert http.read_head()[0] == 400
    assert not any("203.0.113." in address for address in addresses(doubting))


def test_in_authenticated_mode_the_broker_still_speaks_first(tmp_path):
    """A client that waits for the challenge and sends no header is not left waiting."""
    with start(tmp_path, "--authenticated") as broker:
        key = shared_secret(SECRET)
        for name in ("pump7", "pump8"):
            key.give(broker, name)
        direct = FramedPeer(tcp_port(broker))
        log_in_first(direct, "pump7", key)
        assert audited(broker, "pump7").startswith("127.0.0.1:")
        direct.close()
        proxied = ProxiedFramedPeer(tcp_port(broker), line())
        log_in_first(proxied, "pump8", key)
        assert audited(broker, "pump8") == "203.0.113.9:4711"
        proxied.close()


# Headers of HTTP


def test_a_websocket_is_from_whom_the_proxy_says(trusting):
    headers = {"X-Forwarded-For": "1.2.3.4, 203.0.113.20, 10.1.1.1"}
    with open_websocket(trusting.url, additional_headers=headers, proxy=None):
        assert eventually(lambda: "203.0.113.20:0" in addresses(trusting))
    with open_websocket(trusting.url, additional_headers={"Forwarded": 'for="[2001:db8::1]:99"'}, proxy=None):
        assert eventually(lambda: "2001:db8::1:99" in addresses(trusting))


def test_a_websocket_of_mqtt_too(trusting, uid):
    headers = {"X-Forwarded-For": "203.0.113.21"}
    url = f"ws://127.0.0.1:{mqtt_port(trusting)}"
    with open_websocket(url, additional_headers=headers, subprotocols=["mqtt"], proxy=None) as peer:
        name = f"w{uid}".encode()
        body = b"\x00\x04MQTT\x04\x02\x00\x3c" + struct.pack(">H", len(name)) + name
        peer.send(bytes([0x10, len(body)]) + body)
        assert peer.recv(PATIENCE) == b"\x20\x02\x00\x00"
        assert audited(trusting, name.decode()) == "203.0.113.21:0"


def test_an_unproven_header_is_passed_over(doubting, uid):
    headers = {"X-Forwarded-For": "203.0.113.22", "Forwarded": "for=203.0.113.22"}
    with open_websocket(doubting.url, additional_headers=headers, proxy=None):
        assert Http(http_port(doubting), **headers).get("/rid", headers=basic("ghost", "wrong")).status == 401
        assert audited(doubting, "ghost").startswith("127.0.0.1:")
        assert not any("203.0.113.22" in address for address in addresses(doubting))


def test_failed_logins_count_for_the_client_and_not_for_the_proxy(trusting):
    """One who guesses passwords through a proxy locks out himself alone."""
    http = Http(http_port(trusting))

    def attempt(client, secret):
        return http.get("/rid", headers={**basic("boss", secret), "X-Forwarded-For": client}).status

    assert [attempt("203.0.113.30", f"guess {number}") for number in range(70)] == [401] * 70
    # The guesser is blocked: the right secret does not help him. Others behind the same proxy are not.
    fresh = {**basic("boss", SECRET), "X-Forwarded-For": "203.0.113.31"}
    assert http.get("/rid", headers=fresh).status == 200
    assert attempt("203.0.113.30", SECRET) == 401


def test_connections_per_address_count_for_the_client(tmp_path):
    with start(tmp_path, REMBUS_MAX_CONNECTIONS_PER_ADDRESS="2") as broker:
        def open_from(client):
            return open_websocket(broker.url, additional_headers={"X-Forwarded-For": client}, proxy=None)

        open_peers = [open_from("203.0.113.40"), open_from("203.0.113.40"), open_from("203.0.113.41")]
        # The proxy has more than two connections, and no client has.
        with pytest.raises(Exception):
            with open_from("203.0.113.40") as third:
                third.recv(PATIENCE)
        header = line("203.0.113.41")
        tcp = [ProxiedFramedPeer(tcp_port(broker), header) for _ in range(2)]
        assert tcp[0].identify("first")[0] == OK
        with pytest.raises((EOFError, ConnectionError)):
            tcp[1].identify("second")
        open_peers[0].close()
        assert eventually(lambda: _opens(open_from, "203.0.113.40"))


def _opens(open_from, client):
    try:
        with open_from(client) as peer:
            peer.ping().wait(PATIENCE)
            return True
    except Exception:
        return False


def test_contradicting_headers_count_for_the_proxy_and_are_said(trusting, uid):
    headers = {"X-Forwarded-For": "203.0.113.50", "Forwarded": "for=1.2.3.4", **basic(f"x{uid}", "wrong")}
    assert Http(http_port(trusting)).get("/rid", headers=headers).status == 401
    assert audited(trusting, f"x{uid}").startswith("127.0.0.1:")
    assert trusting.says("name different clients")


# A prefix


def test_a_prefix_stands_in_front_of_every_path(tmp_path):
    with Broker(folder=tmp_path, options=["--http", "0", "--http-prefix", "/rembus/v1"], REMBUS_RECORD="none") as broker:
        http = Http(http_port(broker))
        assert http.get("/rembus/v1/rid").json() == "broker"
        assert http.get("/rembus/v1/healthz").status == 200
        assert http.post("/rembus/v1", {"jsonrpc": "2.0", "id": 1, "method": "rid"}).json()["result"] == "broker"
        for outside in ("/rid", "/rembus/rid", "/rembus/v10/rid", "/"):
            assert http.get(outside).status == 404, outside
        assert http.get("/rembus/v1/openapi.json").json()["servers"] == [{"url": "/rembus/v1"}]


@pytest.mark.parametrize("prefix", ["rembus", "/rembus/", "/", "/a//b", "/a b", "/../x"])
def test_a_prefix_that_is_none(prefix, tmp_path):
    refused = run_rembus("broker", "--http", "0", "--http-prefix", prefix, "--print-config", folder=tmp_path)
    assert refused.returncode == 64 and "/rembus" in refused.stderr


# Addresses to listen on


def test_a_host_with_and_without_brackets(tmp_path):
    for host in ("[::1]", "::1"):
        with Broker(folder=tmp_path, options=["--host", host, "--http", "0"], REMBUS_RECORD="none") as broker:
            assert "ws://[::1]:" in broker.started_with and "http://[::1]:" in broker.started_with
            assert "this machine only" in broker.started_with
            with open_websocket(f"ws://[::1]:{broker.port}", proxy=None) as peer:
                peer.ping().wait(PATIENCE)
