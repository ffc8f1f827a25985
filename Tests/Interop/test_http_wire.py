"""HTTP/1.1 as bytes where it takes sockets or several listeners: full buffers, a shutdown, hosts and methods. The rest is in
RembusHTTPTests."""

import re
import time

import pytest

from support.http_gateway import Http, RawHttp, http_port
from support.http_provider import Provider
from support.mqtt import mqtt_port
from support.processes import Broker, run_rembus

HEAD = "Host: localhost\r\n"


@pytest.fixture(scope="module")
def broker_():
    with Broker(options=["--http", "0"], REMBUS_RECORD="none") as broker:
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


def get(path):
    return f"GET {path} HTTP/1.1\r\n{HEAD}\r\n"


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


def test_a_shutdown_answers_what_it_has_taken(start_broker, connect):
    # The provider never answers: the stop waits for it as long as this.
    broker = start_broker(options=["--http", "0"], REMBUS_RECORD="none", REMBUS_DRAIN_TIMEOUT=0.5)
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
