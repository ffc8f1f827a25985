"""Metrics: every figure against what was done, names against docs, dashboard and rules, and the port itself."""

import http.client
import json
import re
import socket
import ssl
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import cbor2
import pytest
from cryptography import x509
from websockets.exceptions import WebSocketException

from support.certificates import Authority
from support.framed_peer import FramedPeer
from support.metrics import metrics_url, scrape
from support.processes import PATIENCE, REFERENCE, Broker
from support.wire import (
    ACK, ACK2, EXCEPTION, OK, PUBLISH, QOS1, RESPONSE, RPC, eventually, new_id)

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our broker")


@pytest.fixture
def measured(start_broker):
    """Starts brokers with a port for metrics."""
    def start(*options, **settings):
        return start_broker(
            options=["--tcp", "0", "--prometheus", "0", *options], **{"REMBUS_RECORD": "none", **settings})

    return start


def promtool(*arguments, text=None):
    done = subprocess.run(["promtool", *arguments], input=text, text=True, capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def framed(broker, name):
    port = int(re.search(r"tcp://127\.0\.0\.1:(\d+)", broker.started_with)[1])
    peer = FramedPeer(port)
    assert peer.identify(name)[0] == OK
    return peer


def bytes_of(*messages):
    return sum(len(cbor2.dumps(message)) for message in messages)


# Figures

@pytest.mark.parametrize("threads", [1, 3])
def test_messages_and_bytes_are_those_that_were_sent(measured, connect, threads):
    broker = measured(REMBUS_THREADS=threads)
    sender, pattern = connect("sender", to=broker), connect("pattern", to=broker, reactive=True)
    exact = framed(broker, "exact")
    pattern.subscribe("plant/**")
    assert exact.admin("plant/1", {"cmd": "subscribe", "msg_from": 0.0}) == (OK, None)
    assert exact.admin("__config__", {"cmd": "reactive", "status": True}) == (OK, None)
    for number in range(7):
        sender.publish("plant/1", number)
    for number in range(3):
        sender.publish("plant/1", number, qos=1)
    for number in range(2):
        sender.publish("plant/1", number, qos=2)
    exact.send([PUBLISH, "elsewhere", ["nobody"]])
    for _ in range(12):
        assert pattern.receive_topic()[0] == "plant/**"
    # On an event loop of its own: the last publication may come behind the Ack2 that ends the exchange of an earlier one.
    ended = 0
    for _ in range(12 + 2):
        message = exact.receive()
        if message[0] == ACK2:
            ended += 1
        elif message[0] & QOS1:
            exact.send([ACK, message[1]])
    assert ended == 2
    assert eventually(lambda: scrape(broker)("rembus_deliveries_in_flight") == 0)
    figures = scrape(broker)

    def publications(direction, transport):
        return [figures(f"rembus_messages_{direction}_total", transport=transport, type="publish", qos=qos)
                for qos in range(3)]

    assert publications("received", "ws") == [7, 3, 2]
    assert publications("received", "tcp") == [1, 0, 0]
    assert publications("sent", "ws") == publications("sent", "tcp") == [7, 3, 2]

    def size(direction, **labels):
        return figures(f"rembus_message_{direction}_bytes_total", **labels)

    plain = [[PUBLISH, "plant/1", [number]] for number in range(7)]
    spliced = [[PUBLISH, "plant/**", ["plant/1", number]] for number in range(7)]
    acknowledged = [[PUBLISH | QOS1, bytes(8), "plant/1", [number]] for number in range(3)]
    assert size("received", transport="ws", type="publish", qos=0) == bytes_of(*plain)
    assert size("received", transport="ws", type="publish", qos=1) == bytes_of(*acknowledged)
    assert size("received", transport="tcp", type="publish") == bytes_of([PUBLISH, "elsewhere", ["nobody"]])
    assert size("sent", transport="tcp", type="publish", qos=0) == bytes_of(*plain)
    assert size("sent", transport="tcp", type="publish", qos=1) == bytes_of(*acknowledged)
    assert size("sent", transport="ws", type="publish", qos=0) == bytes_of(*spliced)

    # To the publisher five Acks, to the subscribers the Ack2 of two deliveries; from them the counterparts.
    assert figures("rembus_messages_sent_total", transport="ws", type="ack") == 5 + 2
    assert figures("rembus_messages_received_total", transport="ws", type="ack") == 2 + 5
    assert figures("rembus_messages_received_total", transport="tcp", type="ack") == 5
    assert figures("rembus_deliveries_acknowledged_total") == 10
    assert figures("rembus_deliveries_retransmitted_total") == 0
    assert figures.by("broker_pub", "topic") == {"plant/1": 12, "elsewhere": 1}
    # Those that are routed by a read; how many reads there were is up to the network.
    assert 1 <= figures("rembus_routing_seconds_count") <= 13
    assert figures("rembus_routing_seconds_bucket", le="+Inf") == figures("rembus_routing_seconds_count")
    assert 0 < figures("rembus_routing_seconds_sum") < 13 * PATIENCE


def test_json_peers_are_counted_in_their_own_bytes(measured, connect):
    broker = measured()
    sender = connect("sender", encoding="json", to=broker)
    receiver = connect("receiver", encoding="json", to=broker, reactive=True)
    receiver.subscribe("news")
    text = json.dumps({"jsonrpc": "2.0", "method": "news", "params": ["ä"]})
    sender.send_raw(text)
    received = receiver.receive_raw()
    figures = scrape(broker)
    assert figures("rembus_message_received_bytes_total", type="publish", qos=0) == len(text.encode())
    assert figures("rembus_message_sent_bytes_total", type="publish", qos=0) == len(received.encode())
    assert figures("broker_pub", topic="news") == 1


@pytest.mark.parametrize("threads", [1, 3])
def test_calls_by_outcome_and_method(measured, connect, threads):
    broker = measured(REMBUS_THREADS=threads)
    caller, provider = connect("caller", to=broker), connect("provider", to=broker)
    provider.expose("add")
    for _ in range(3):
        identifier = caller.send_call("add", 1, 2)
        provider.answer(provider.receive_call(), 3)
        assert caller.response_to(identifier) == (OK, 3)
    identifier = caller.send_call("add", "x")
    provider.answer(provider.receive_call(), "no number", status=EXCEPTION)
    assert caller.response_to(identifier)[0] == EXCEPTION
    caller.call("nothing")
    caller.call("rid")
    caller.call("add", target="nobody")
    provider.call("add")
    figures = scrape(broker)
    outcomes = {status: count for status, count in figures.by("rembus_rpc_total", "status").items() if count}
    assert outcomes == {"ok": 4, "exception": 1, "not_found": 1, "no_target": 1, "loopback": 1}
    # What a provider answered, well or not; only that is timed.
    assert figures.by("broker_rpc_count", "topic") == {"add": 4}
    assert 0 < figures("broker_rpc_sum") < 4 * PATIENCE
    assert figures("rembus_messages_received_total", type="request") == 8
    assert figures("rembus_messages_sent_total", type="request") == 4
    assert figures("rembus_messages_received_total", type="response") == 4


def test_connections_and_sessions_rise_and_fall(measured, connect):
    broker = measured()
    assert scrape(broker)("broker_websocket_connections") == 0
    peers = [connect("a", to=broker), connect("b", to=broker), connect(to=broker)]
    peers[0].subscribe("x", "y/*")
    tcp = framed(broker, "c")
    figures = scrape(broker)
    assert figures.by("rembus_connections", "transport") == {"ws": 3, "tcp": 1}
    assert figures.by("rembus_sessions", "kind") == {"named": 3, "anonymous": 1}
    assert figures("broker_websocket_connections") == 4
    assert figures("rembus_subscriptions") == 2
    for peer in [*peers, tcp]:
        peer.close()
    assert eventually(lambda: scrape(broker)("broker_websocket_connections") == 0)
    figures = scrape(broker)
    assert figures.by("rembus_connections", "transport") == {"ws": 0, "tcp": 0}
    assert figures.by("rembus_connections_accepted_total", "transport") == {"ws": 3, "tcp": 1}
    assert figures("rembus_subscriptions") == 0


def test_deliveries_that_are_not_acknowledged(measured, connect):
    broker = measured(REMBUS_ACK_TIMEOUT=0.05, REMBUS_SEND_RETRIES=2)
    sender, lazy = connect("sender", to=broker), connect(to=broker, reactive=True)
    lazy.subscribe("news")
    sender.publish("news", 1, qos=1)
    identifier = lazy.receive()[1]
    assert scrape(broker)("rembus_deliveries_in_flight") <= 1
    assert lazy.receive()[1] == identifier
    assert eventually(lambda: scrape(broker)("rembus_deliveries_unacknowledged_total") == 1)
    figures = scrape(broker)
    assert figures("rembus_deliveries_retransmitted_total") == 2
    assert figures("rembus_deliveries_in_flight") == 0
    assert figures("rembus_deliveries_acknowledged_total") == 0


def test_what_is_refused_and_dropped(measured, connect):
    broker = measured(REMBUS_MAX_CONNECTIONS_PER_ADDRESS=3)
    peer, bad = connect("peer", to=broker), connect(to=broker)
    peer.publish("not/*/a topic", 1)
    bad.send_raw(b"\x00nonsense")
    bad.expect_close()
    oversized = connect(to=broker)
    oversized.ws.socket.sendall(b"\xc3\x80\x00\x00\x00\x00")
    oversized.expect_close()
    assert eventually(lambda: scrape(broker)("rembus_connections") == 1)
    connect(to=broker), connect(to=broker)
    assert eventually(lambda: scrape(broker)("rembus_connections") == 3)
    with pytest.raises((OSError, WebSocketException)):
        connect(to=broker)
    figures = scrape(broker)
    assert figures("rembus_malformed_total") == 2
    assert figures.by("rembus_dropped_total", "reason") == {"topic": 1, "backlog": 0, "answer": 0, "door": 0}
    assert figures("rembus_connections_refused_total", reason="too_many_from_address") == 1
    assert figures("broker_pub") == 0
    assert peer.admin("__config__", {"cmd": "shutdown"})[0] != OK
    assert scrape(broker)("rembus_denied_total") == 1


# Topics

def test_the_number_of_topics_is_bounded(measured, connect):
    broker = measured(REMBUS_MAX_METRIC_TOPICS=3, REMBUS_THREADS=2)
    peers = [connect(f"peer{number}", to=broker) for number in range(4)]
    peers[0].expose("method")
    # What callers make up takes no place of a topic.
    for number in range(5):
        peers[1].call(f"made/up/{number}")
    for peer in peers:
        for number in range(6):
            peer.publish(f"topic/{number}", 1)
        peer.call("rid")
    identifier = peers[1].send_call("method")
    peers[0].answer(peers[0].receive_call(), 1)
    assert peers[1].response_to(identifier) == (OK, 1)
    figures = scrape(broker)
    published = figures.by("broker_pub", "topic")
    assert len(published) == 4 and published.pop("other") == 12
    assert set(published.values()) == {4}
    assert figures.by("broker_rpc_count", "topic") == {"other": 1}


def test_topics_that_would_break_the_text(measured, connect):
    broker = measured()
    peer = connect("peer", to=broker)
    odd, long = 'a "quoted"\\\nline} 1 ä', "x" * 300
    for topic in (odd, long):
        peer.publish(topic, 1)
    peer.call("rid")
    figures = scrape(broker)
    assert figures.by("broker_pub", "topic") == {odd: 1, "other": 1}
    promtool("check", "metrics", text=figures.text)


# The whole list

@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """A broker that has everything that metrics tell of, and what it said after some use."""
    folder = tmp_path_factory.mktemp("everything")
    authority = Authority()
    authority.issue(folder / "keystore/rembus")
    columns = [{"col": "site", "type": "TEXT"}, {"col": "v", "type": "INTEGER", "nullable": False}]
    schema = folder / "schema.json"
    schema.write_text(json.dumps({"tables": [{"table": "level", "topic": ":site/level", "columns": columns}]}))
    broker = Broker(
        options=["--tcp", "0", "--prometheus", "0", "--schema", str(schema), "--secure"], folder=folder / "state",
        REMBUS_KEYSTORE=folder / "keystore", REMBUS_ARCHIVER_INTERVAL=0.1, REMBUS_MAINTENANCE_INTERVAL=0.2,
        REMBUS_INLINING_ROWS=0)
    try:
        peer = FramedPeer(
            int(re.search(r"tls://127\.0\.0\.1:(\d+)", broker.started_with)[1]),
            ssl.create_default_context(cafile=authority.write(folder / "authority.pem")))
        assert peer.identify("user")[0] == OK
        peer.expose("twice")
        for value in (1, 2, "no number"):
            identifier = new_id()
            peer.send([PUBLISH | QOS1, identifier, "x/level", [{"v": value, "unit": "m"}]])
            assert peer.receive() == [ACK, identifier]
        caller = FramedPeer(peer.socket.getpeername()[1], ssl.create_default_context(cafile=folder / "authority.pem"))
        identifier = new_id()
        caller.send([RPC, identifier, "twice", None, [2]])
        peer.send([RESPONSE, peer.receive()[1], OK, 4])
        assert caller.receive() == [RESPONSE, identifier, OK, 4]

        def is_settled():
            figures = scrape(broker)
            return (figures("rembus_lake_files", table="level") and figures("rembus_lake_rejected_total")
                    and figures("rembus_lake_lag_bytes") == 0)

        assert eventually(is_settled), broker.log()
        yield broker, folder
        peer.close()
        caller.close()
    finally:
        broker.discard()


def test_promtool_has_nothing_to_complain_about(everything):
    promtool("check", "metrics", text=scrape(everything[0]).text)


def test_figures_of_the_storage(everything):
    figures = scrape(everything[0])
    assert figures("rembus_lake_rows_total", table="level") == 2
    assert figures("rembus_lake_rejected_total", table="level") == 1
    assert figures("rembus_lake_unknown_fields_total", table="level") == 2
    assert figures("rembus_lake_messages_total") == figures("rembus_journal_appended_total") == 3
    assert figures("rembus_lake_up") == figures("rembus_journal_up") == 1
    assert figures("rembus_lake_file_bytes", table="level") > 0
    assert figures("rembus_lake_commit_seconds_count") > 0 < figures("rembus_lake_commit_seconds_sum")
    assert figures("rembus_journal_appended_bytes_total") == figures("rembus_journal_written_bytes_total") > 0
    assert figures("rembus_journal_sync_seconds_count") > 0 < figures("rembus_journal_sync_seconds_sum")
    assert figures("rembus_journal_segments") >= 1
    assert figures("rembus_journal_lag_bytes") == 0


def test_the_end_of_the_certificate(everything):
    broker, folder = everything
    certificate = x509.load_pem_x509_certificate((folder / "keystore/rembus.crt").read_bytes())
    expected = certificate.not_valid_after_utc.timestamp()
    assert scrape(broker)("rembus_tls_certificate_expiry_timestamp_seconds") == expected


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="what Linux tells of a process")
def test_figures_of_the_process(everything):
    broker, _ = everything
    figures = scrape(broker)
    process = Path(f"/proc/{broker.process.pid}")
    assert abs(figures("process_open_fds") - len(list((process / "fd").iterdir()))) <= 2
    assert re.search(r"Max open files +(\d+)", (process / "limits").read_text())[1] == str(
        int(figures("process_max_fds")))
    assert 0 < figures("process_cpu_seconds_total") < 3600
    assert 1 << 20 < figures("process_resident_memory_bytes") < figures("process_virtual_memory_bytes")
    assert abs(figures("process_start_time_seconds") - process.stat().st_ctime) < 3600
    assert re.search(r'^rembus_build_info\{version="[0-9.]+"\} 1$', figures.text, re.MULTILINE)


def documented():
    """The rows of the tables of docs/metrics.md, by the metric's name."""
    page = (ROOT / "docs/metrics.md").read_text()
    rows = re.findall(r"^\| `([a-z_]+)` \| ([a-z]+) \| ([^|]*) \| ", page, re.MULTILINE)
    names = {name: (kind, set(re.findall(r"`([a-z]+)`", labels))) for name, kind, labels in rows}
    assert len(names) == len(rows) > 40, "a name twice, or the tables were not found"
    return names


def test_the_documentation_lists_what_there_is(everything):
    figures, page = scrape(everything[0]), documented()
    assert {name: kind for name, (kind, _) in page.items()} == figures.types
    # All of them really come, and with these labels.
    assert figures.names == set(page)
    labels = {}
    for name, pairs, _ in figures.samples:
        base = name if name in figures.types else re.sub(r"_(bucket|sum|count)$", "", name)
        labels.setdefault(base, set()).update(pairs.keys() - {"le"})
    assert labels == {name: labels for name, (_, labels) in page.items()}


# Dashboard and rules

def exported_names():
    return {name + end for name, (kind, _) in documented().items()
            for end in (("_bucket", "_sum", "_count") if kind == "histogram" else ("",))}


def names_in(expression):
    return set(re.findall(r"\b(?:rembus|broker|process)_[a-z_]+", re.sub(r'"[^"]*"', "", expression)))


def test_the_dashboard_shows_what_there_is(tmp_path):
    board = json.loads((ROOT / "deploy/grafana/rembus.json").read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    assert len(expressions) > 40
    for expression in expressions:
        assert names_in(expression), expression
        assert names_in(expression) <= exported_names(), expression
    # Grafana's variables apart, they are queries that Prometheus understands.
    rules = [{"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m").replace("$instance", ".*")}
             for number, expression in enumerate(expressions)]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", str(file))


def test_alert_rules():
    folder = ROOT / "deploy/prometheus"
    promtool("check", "rules", str(folder / "alerts.yml"))
    promtool("check", "config", str(folder / "prometheus.yml"))
    promtool("test", "rules", str(folder / "alerts.test.yml"))
    expressions = re.findall(r"^ +expr: (.*(?:\n {10}.*)*)", (folder / "alerts.yml").read_text(), re.MULTILINE)
    names = set().union(*map(names_in, expressions))
    assert len(names) > 15
    assert names <= exported_names()


def test_the_queries_of_the_documentation():
    page = (ROOT / "docs/metrics.md").read_text()
    queries = re.findall(r"\? \| `(.+)` \|$", page, re.MULTILINE)
    assert len(queries) >= 6
    for query in queries:
        assert names_in(query) <= exported_names(), query


# The port

def test_every_path_answers(measured):
    broker = measured()
    address = urlsplit(metrics_url(broker)).netloc
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    for path in ("/metrics", "/", "/anything?at=all"):
        connection.request("GET", path)
        answer = connection.getresponse()
        assert (answer.status, b"# TYPE broker_pub untyped\n" in answer.read()) == (200, True)
    connection.request("HEAD", "/metrics")
    answer = connection.getresponse()
    assert answer.status == 200 and int(answer.headers["Content-Length"]) > 1000 and answer.read() == b""
    for method in ("POST", "DELETE"):
        connection.request(method, "/metrics", body=b"x")
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
        answer.read()
    connection.request("GET", "/metrics", headers={"Connection": "close"})
    assert connection.getresponse().will_close


@pytest.mark.parametrize("request_bytes", [
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 40_000,
    b"GET /" + b"y" * 40_000,
    b"\x00\x01\x02 nonsense\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20_000,
], ids=["long header", "long path", "no HTTP", "TLS", "more and more"])
def test_bad_requests_end_their_connection_only(measured, request_bytes):
    broker = measured()
    other = http.client.HTTPConnection(urlsplit(metrics_url(broker)).netloc, timeout=PATIENCE)
    other.connect()
    address = urlsplit(metrics_url(broker))
    with socket.create_connection((address.hostname, address.port), PATIENCE) as bad:
        try:
            bad.sendall(request_bytes)
            while bad.recv(65536):
                pass
        except (ConnectionResetError, BrokenPipeError):
            pass
    other.request("GET", "/metrics")
    assert other.getresponse().status == 200


def test_the_port_has_room_when_the_broker_is_full(measured, connect):
    broker = measured(REMBUS_MAX_CONNECTIONS=1)
    peer = connect("only", to=broker)
    with pytest.raises((OSError, WebSocketException)):
        connect(to=broker)
    figures = scrape(broker)
    assert figures("rembus_connections") == 1
    assert figures("rembus_connections_refused_total", reason="too_many_connections") == 1
    peer.close()
