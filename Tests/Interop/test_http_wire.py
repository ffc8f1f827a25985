"""HTTP/1.1 as bytes: keep-alive, pipelining, pieces, expectations, limits, time-outs and what is no HTTP."""

import json
import re
import socket
import threading
import time

import pytest

from support.http_gateway import Http, RawHttp, http_port
from support.http_provider import Provider
from support.mqtt import mqtt_port
from support.processes import PATIENCE, Broker, run_rembus

HEAD = "Host: localhost\r\n"


@pytest.fixture(scope="module")
def broker_():
    with Broker(options=["--http", "0"], REMBUS_RECORD="none", REMBUS_MAX_WS_FRAME=1_000_000,
                REMBUS_HANDSHAKE_TIMEOUT=1) as broker:
        yield broker
        assert broker.alive, broker.log()


@pytest.fixture
def broker(broker_):
    return broker_


@pytest.fixture
def raw(broker):
    opened = []

    def open_connection():
        opened.append(RawHttp(http_port(broker)))
        return opened[-1]

    yield open_connection
    for one in opened:
        one.close()
    # Whatever that was, others are served.
    assert Http(http_port(broker)).get("/rid").json() == "broker"


def get(path, *headers):
    return f"GET {path} HTTP/1.1\r\n{HEAD}" + "".join(f"{header}\r\n" for header in headers) + "\r\n"


def post(path, body, *headers):
    return (f"POST {path} HTTP/1.1\r\n{HEAD}Content-Length: {len(body)}\r\n"
            + "".join(f"{header}\r\n" for header in headers) + f"\r\n{body}")


def test_a_connection_serves_many_requests(raw):
    connection = raw()
    for _ in range(3):
        connection.send(get("/rid"))
        assert connection.read().json() == "broker"
    connection.send(get("/rid", "Connection: close"))
    answer = connection.read()
    assert answer.headers["connection"] == "close" and connection.is_closed()


def test_http_1_0(raw):
    connection = raw()
    connection.send("GET /rid HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert connection.read().headers["connection"] == "keep-alive"
    connection.send("GET /rid HTTP/1.0\r\n\r\n")
    assert connection.read().json() == "broker" and connection.is_closed()


def test_pipelined_requests_are_answered_in_order(broker, raw, connect):
    # The first one waits for a component, the others do not overtake it.
    peer = connect("slow-one", to=broker)
    peer.expose("slow")
    subscriber = connect("listener", to=broker, reactive=True)
    subscriber.subscribe("after")
    connection = raw()
    connection.send(get("/slow") + post("/after", "[1]") + get("/nobody") + get("/rid") * 500)
    request = peer.receive_call()
    peer.answer(request, "at last")
    assert connection.read().json() == "at last"
    assert connection.read().status == 200
    assert connection.read().status == 404
    for _ in range(500):
        assert connection.read().json() == "broker"
    assert subscriber.receive_topic() == ("after", [1])


def test_a_request_in_single_bytes(raw):
    connection = raw()
    for byte in post("/topic?qos=1", '[{"a": 1}]'):
        connection.send(byte)
    assert connection.read().status == 200


def test_a_body_in_chunks(broker, raw, connect):
    Provider(connect("echo-provider", to=broker), "echo", lambda given: [given])
    connection = raw()
    text = json.dumps([{"n": n} for n in range(1000)])
    connection.send(f"GET /echo HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n")
    for start in range(0, len(text), 777):
        piece = text[start:start + 777]
        connection.send(f"{len(piece):x}\r\n{piece}\r\n")
    connection.send("0\r\n\r\n")
    assert connection.read().json() == [json.loads(text)]


def test_a_client_that_asks_before_it_sends(raw):
    connection = raw()
    connection.send(f"POST /topic HTTP/1.1\r\n{HEAD}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    assert connection.read_head()[0] == 100
    connection.send("[1]")
    assert connection.read().status == 200
    # One that will not be wanted is told at once.
    connection.send(f"POST /topic HTTP/1.1\r\n{HEAD}Content-Length: 1000001\r\nExpect: 100-continue\r\n\r\n")
    assert connection.read().status == 413
    other = raw()
    other.send(post("/topic", "[1]", "Expect: miracles"))
    assert other.read().status == 417


# Limits


def test_a_body_that_is_too_long(raw):
    connection = raw()
    connection.send(f"POST /topic HTTP/1.1\r\n{HEAD}Content-Length: 1000001\r\n\r\n")
    answer = connection.read()
    assert answer.status == 413 and "1000000" in answer.error and answer.headers["connection"] == "close"


def test_a_body_in_chunks_that_is_too_long(raw):
    connection = raw()
    connection.send(f"POST /topic HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n")
    piece = "10000\r\n" + "1" * 65536 + "\r\n"
    try:
        for _ in range(20):
            connection.send(piece)
    except OSError:
        pass
    assert connection.read().status == 413


def test_a_body_that_grows_too_long_as_a_message(raw):
    connection = raw()
    connection.send(post("/topic", "[" + ",".join(["0.5"] * 200_000) + "]"))
    assert connection.read().status == 413
    # It was read to its end, so the connection goes on.
    connection.send(get("/rid"))
    assert connection.read().json() == "broker"


def test_the_largest_body_passes(raw):
    connection = raw()
    connection.send(post("/topic?qos=1", '["' + "x" * 999_900 + '"]'))
    assert connection.read().status == 200


def test_headers_that_are_too_long(raw):
    connection = raw()
    connection.send(get("/rid", "X: " + "x" * 40_000))
    answer = connection.read()
    assert answer.status == 431 and connection.is_closed()


@pytest.mark.parametrize("data", [
    "nonsense\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", f"POST / HTTP/1.1\r\n{HEAD}Content-Length: x\r\n\r\n",
    f"POST / HTTP/1.1\r\n{HEAD}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    f"POST / HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n", "\x00\x01\x02\r\n\r\n",
])
def test_what_is_no_http(raw, data):
    connection = raw()
    connection.send(data)
    answer = connection.read()
    assert answer.status == 400 and answer.error and connection.is_closed()


def test_nonsense_behind_a_request_that_is_being_answered(broker, raw, connect):
    peer = connect("slow-two", to=broker)
    peer.expose("slow2")
    connection = raw()
    connection.send(get("/slow2") + "nonsense\r\n\r\n")
    peer.answer(peer.receive_call(), 7)
    assert connection.read().json() == 7
    assert connection.read().status == 400
    assert connection.is_closed()


def test_who_never_finishes_its_headers_is_hung_up_on(raw):
    silent, slow = raw(), raw()
    slow.send("GET /rid HTTP/1.1\r\nX: ")
    assert silent.is_closed() and slow.is_closed()


def test_a_client_that_leaves_while_it_is_served(broker, raw, connect):
    peer = connect("slow-three", to=broker)
    peer.expose("slow3")
    connection = raw()
    connection.send(get("/slow3"))
    request = peer.receive_call()
    connection.close()
    peer.answer(request, 1)
    # Nobody takes the answer, and nobody else is served worse for it.
    other = raw()
    other.send(get("/rid"))
    assert other.read().status == 200


def test_who_does_not_take_its_answers_gets_no_more(broker, raw, connect):
    text = "x" * 200_000
    provider = Provider(connect("much-provider", to=broker), "much", lambda given: text)
    connection = raw()
    connection.send(get("/much") * 150)
    count, since = 0, time.monotonic()
    while time.monotonic() < since + 0.5:
        if len(provider.calls) != count:
            count, since = len(provider.calls), time.monotonic()
        time.sleep(0.02)
    # What fits into the sockets in between, and no more.
    assert 0 < count < 100
    for _ in range(150):
        assert connection.read().json() == text


def test_too_many_connections(start_broker):
    broker = start_broker(options=["--http", "0"], REMBUS_RECORD="none", REMBUS_MAX_CONNECTIONS_PER_ADDRESS=3)
    opened = [RawHttp(http_port(broker)) for _ in range(3)]
    for one in opened:
        one.send(get("/rid"))
        assert one.read().status == 200
    extra = RawHttp(http_port(broker))
    assert extra.is_closed()
    opened.pop().close()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with RawHttp(http_port(broker)) as again:
            try:
                again.send(get("/rid"))
                if again.read().status == 200:
                    break
            except (OSError, EOFError):
                pass
    else:
        pytest.fail("the place of a closed connection is not given to another")


def test_too_many_calls(start_broker, connect):
    broker = start_broker(options=["--http", "0"], REMBUS_RECORD="none", REMBUS_MAX_CALLS=2, REMBUS_THREADS=1)
    peer = connect("busy", to=broker)
    peer.expose("busy")
    waiting = [RawHttp(http_port(broker)) for _ in range(2)]
    requests = []
    for one in waiting:
        one.send(get("/busy"))
        requests.append(peer.receive_call())
    answer = Http(http_port(broker)).get("/busy")
    assert answer.status == 429 and "retry-after" in answer.headers
    for request in requests:
        peer.answer(request, 1)
    for one in waiting:
        assert one.read().json() == 1
        one.close()
    assert Http(http_port(broker)).get("/rid").status == 200


def test_a_shutdown_answers_what_it_has_taken(start_broker, connect):
    broker = start_broker(options=["--http", "0"], REMBUS_RECORD="none")
    with RawHttp(http_port(broker)) as idle, RawHttp(http_port(broker)) as busy:
        idle.send(get("/rid"))
        idle.read()
        peer = connect("worker", to=broker)
        peer.expose("work")
        busy.send(get("/work"))
        peer.receive_call()
        broker.process.terminate()
        answer = busy.read()
        # The provider's connection is ended like all others.
        assert answer.status == 503 and answer.headers["connection"] == "close"
        assert idle.is_closed() and busy.is_closed()
        assert broker.process.wait(20) == 0


def test_a_port_in_use_is_said(broker):
    done = run_rembus("broker", "--port", 0, "--http", http_port(broker))
    assert done.returncode != 0 and str(http_port(broker)) in done.stderr and "--http" in done.stderr


# What every listener that speaks HTTP asks of a request: RFC 9112 §3.2, §6.1, RFC 9110 §7.4, §9.1, RFC 6455 §4.2.1.


HTTP, PROMETHEUS, WEBSOCKET, MQTT = "http", "prometheus", "websocket", "mqtt"


@pytest.fixture(scope="module")
def listeners_():
    options = ["--http", "0", "--prometheus", "0", "--mqtt-listen", "0"]
    with Broker(options=options, REMBUS_RECORD="none") as broker:
        scrape = int(re.search(r"http://[^\s,]*:(\d+)/metrics", broker.started_with)[1])
        yield {HTTP: http_port(broker), PROMETHEUS: scrape, WEBSOCKET: broker.port, MQTT: mqtt_port(broker)}
        assert broker.alive and "Fatal" not in broker.log(), broker.log()


@pytest.fixture(params=[HTTP, PROMETHEUS, WEBSOCKET, MQTT])
def listener(request, listeners_):
    return request.param, listeners_[request.param]


UPGRADE = ("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n")


def status_of(listener, line, headers):
    """The status of an answer to a request that is good but for its first line and these headers."""
    kind, port = listener
    more = UPGRADE if kind in (WEBSOCKET, MQTT) else ""
    with RawHttp(port) as connection:
        connection.send(f"{line}\r\n{more}{headers}\r\n")
        return connection.read_head()[0]


def good(listener):
    return 101 if listener[0] in (WEBSOCKET, MQTT) else 200


@pytest.mark.parametrize("line, headers", [
    ("GET /healthz HTTP/1.1", "Host: localhost\r\n"), ("GET /healthz HTTP/1.1", "host: 127.0.0.1:1\r\n"),
    ("GET /healthz HTTP/1.1", "Host: [::1]:8080\r\n"), ("GET http://localhost/healthz HTTP/1.1", "Host: localhost\r\n"),
    ("GET HTTP://LOCALHOST:80/healthz HTTP/1.1", "Host: localhost\r\n"),
    ("GET http://127.0.0.1:8080/healthz HTTP/1.1", "Host: 127.0.0.1:8080\r\n")])
def test_hosts_that_are_ours(listener, line, headers):
    assert status_of(listener, line, headers) == good(listener)


@pytest.mark.parametrize("line, headers", [
    ("GET /healthz HTTP/1.1", ""), ("GET /healthz HTTP/1.1", "Host: localhost\r\nHost: localhost\r\n"),
    ("GET /healthz HTTP/1.1", "Host: localhost\r\nHOST: other\r\n"), ("GET /healthz HTTP/1.1", "Host:\r\n"),
    ("GET /healthz HTTP/1.1", "Host: local host\r\n"), ("GET /healthz HTTP/1.1", "Host: a,b\r\n"),
    ("GET /healthz HTTP/1.1", "Host: user@localhost\r\n"), ("GET /healthz HTTP/1.1", "Host: localhost:x\r\n"),
    ("GET /healthz HTTP/1.1", "Host: localhost:70000\r\n"), ("GET /healthz HTTP/1.1", "Host: localhost/x\r\n"),
    ("GET /healthz HTTP/1.1", "Host: [::1\r\n"), ("GET http://other.example/healthz HTTP/1.1", "Host: localhost\r\n"),
    ("GET http://localhost:1/healthz HTTP/1.1", "Host: localhost:2\r\n"), ("GET http:///healthz HTTP/1.1", "Host: localhost\r\n"),
    ("GET http://user@localhost/healthz HTTP/1.1", "Host: localhost\r\n"), ("GET ftp://localhost/healthz HTTP/1.1", "Host: localhost\r\n"),
    ("GET * HTTP/1.1", "Host: localhost\r\n"), ("GET /healthz HTTP/1.0", "Host: a\r\nHost: b\r\n")])
def test_hosts_that_are_none(listener, line, headers):
    assert status_of(listener, line, headers) == 400


def test_the_host_of_somebody_else(listeners_):
    # By name in both, so that nothing but the name is wrong.
    for line, host in (("GET http://other.example/healthz HTTP/1.1", "other.example"),
                       ("GET http://93.184.216.34/healthz HTTP/1.1", "93.184.216.34"), ("GET /healthz HTTP/1.1", "other.example")):
        assert status_of((HTTP, listeners_[HTTP]), line, f"Host: {host}\r\n") == 421
    # An absolute target does not hide behind a good Host.
    assert status_of((HTTP, listeners_[HTTP]), "GET http://other.example/healthz HTTP/1.0", "") == 421


@pytest.mark.parametrize("codings, status", [
    ("Transfer-Encoding: gzip, chunked\r\n", 501), ("Transfer-Encoding: x-made-up, chunked\r\n", 501),
    ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 501), ("Transfer-Encoding: gzip\r\n", 400),
    ("Transfer-Encoding: chunked, gzip\r\n", 400), ("Transfer-Encoding: chunked, chunked\r\n", 400)])
def test_transfer_codings_that_are_not_implemented(listener, codings, status):
    found = status_of(listener, "GET /healthz HTTP/1.1", f"Host: localhost\r\n{codings}")
    assert found == status or found == 501


def test_a_good_coding_passes(listeners_):
    with RawHttp(listeners_[HTTP]) as connection:
        connection.send("POST /topic HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\n[1]\r\n0\r\n\r\n")
        assert connection.read().status == 200


@pytest.mark.parametrize("method", ["FOO", "get", "GETX", "BREW", "M-SEARCH", "PROPFIND", "PURGE", "G" * 30])
def test_methods_that_nobody_knows(listener, method):
    if listener[0] == MQTT and method[0] != "G":
        pytest.skip("MQTT is told from HTTP by the first byte")
    with RawHttp(listener[1]) as connection:
        connection.send(f"{method} /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.read_head()[0] == 501


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_methods_that_have_no_use_here(listeners_, method):
    for kind in (HTTP, PROMETHEUS):
        assert status_of((kind, listeners_[kind]), f"{method} /healthz HTTP/1.1", "Host: localhost\r\n") == 405


def test_an_unknown_method_behind_a_good_request(listeners_):
    with RawHttp(listeners_[HTTP]) as connection:
        connection.send("GET /healthz HTTP/1.1\r\nHost: a.localhost:1\r\nHost: b\r\n\r\n")
        assert connection.read().status == 400
    with RawHttp(listeners_[HTTP]) as connection:
        connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nFOO / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert [connection.read().status for _ in range(2)] == [200, 501] and connection.is_closed()


# Publications that are not taken


def test_a_publication_to_a_pattern_is_refused_at_once(broker):
    for qos in (0, 1, 2):
        answer = Http(http_port(broker)).post(f"/publish/plant/%2A/x?qos={qos}", [1])
        assert answer.status == 400 and "wildcards are for subscribing" in answer.error
