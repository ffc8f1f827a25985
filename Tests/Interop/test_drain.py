"""A stop lets what is under way finish and begins nothing new; `/readyz` says so meanwhile, and what else is wrong."""

import json
import signal
import socket

import pytest
from websockets.exceptions import ConnectionClosed

from support.http_gateway import Http, http_port
from support.mqtt import RawClient, connect_packet
from support.processes import PATIENCE, REFERENCE
from support.wire import ACK, OK, Peer, eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about the end of our broker")

UNAVAILABLE = 43


@pytest.fixture
def patient(start_broker):
    """A broker with every listener that waits long enough for what is under way."""
    return start_broker(
        options=["--http", "0", "--mqtt-listen", "0", "--prometheus", "0"], REMBUS_DRAIN_TIMEOUT=PATIENCE)


def begin_stop(broker):
    """Sends SIGTERM, and waits until the broker takes nothing new."""
    http = Http(http_port(broker))
    broker.process.send_signal(signal.SIGTERM)
    assert eventually(lambda: http.get("/readyz").status == 503)
    return http


def ends_well(broker):
    return broker.process.wait(PATIENCE) == 0


def test_a_call_under_way_is_answered_and_a_new_one_refused(patient, connect):
    provider, caller = connect("provider", to=patient), connect("caller", to=patient)
    provider.expose("slow")
    waiting = caller.send_call("slow", 1)
    request = provider.receive_call()
    http = begin_stop(patient)
    answer = http.get("/readyz")
    assert answer.json()["status"] == "not ready"
    assert [each["reason"] for each in answer.json()["reasons"]] == ["stopping"]
    assert "about to stop" in answer.error
    status, data = caller.call("slow", 2)
    assert status == UNAVAILABLE and "about to stop" in data
    refused = http.post("/rpc/slow", [3])
    assert refused.status == 503 and refused.headers["retry-after"] and refused.headers["connection"] == "close"
    assert http.get("/healthz").status == 200
    with pytest.raises(OSError):
        Peer(patient.url)
    provider.answer(request, "done")
    assert caller.response_to(waiting) == (OK, "done")
    with pytest.raises(ConnectionClosed) as goodbye:
        caller.receive()
    assert goodbye.value.rcvd.code == 1001
    assert ends_well(patient), patient.log()


def test_an_http_call_under_way_is_answered(patient, connect):
    provider = connect("provider", to=patient)
    provider.expose("slow")
    connection = Http(http_port(patient)).open()
    connection.request("POST", "/rpc/slow", "[1]", {"Content-Type": "application/json"})
    request = provider.receive_call()
    begin_stop(patient)
    provider.answer(request, "done")
    answer = connection.getresponse()
    assert answer.status == 200 and json.loads(answer.read()) == "done"
    assert ends_well(patient), patient.log()


def test_a_delivery_under_way_may_be_acknowledged(patient, connect):
    subscriber, publisher = connect("reader", to=patient, reactive=True), connect(to=patient)
    subscriber.subscribe("t")
    publisher.publish("t", 1, qos=1)
    delivery = subscriber.receive()
    begin_stop(patient)
    subscriber.send([ACK, delivery[1]])
    assert ends_well(patient), patient.log()


def test_a_publication_that_comes_during_the_stop_is_not_acknowledged(patient, connect):
    """Its publisher sends it again to the next broker, which has never seen it."""
    provider, publisher = connect("provider", to=patient), connect("publisher", to=patient)
    provider.expose("slow")
    publisher.send_call("slow")
    request = provider.receive_call()
    begin_stop(patient)
    late = publisher.send_publish("t", "late", qos=2)
    # Behind the publication, on the same connection.
    assert publisher.call("slow")[0] == UNAVAILABLE
    assert [ACK, late] not in publisher.inbox
    provider.answer(request)
    assert ends_well(patient), patient.log()
    patient._close_pipes()
    patient.start()
    again = connect("publisher", to=patient)
    reader = connect("reader", to=patient, reactive=True)
    reader.subscribe("t", since=1e18)
    again.publish("t", "late", qos=2, identifier=late)
    assert reader.receive_topic() == ("t", ["late"])
    again.publish("t", "next")
    assert reader.receive_topic() == ("t", ["next"]), "the publication was taken twice"


def test_an_mqtt_exchange_under_way_is_finished(patient):
    with RawClient(patient, connect_packet("m", version=4)) as client:
        client.send(b"\x34\x08\x00\x03t/a\x00\x02x")
        assert client.receive() == (0x50, b"\x00\x02")
        begin_stop(patient)
        # A new one is not taken: the client sends it again when it is back.
        client.send(b"\x32\x08\x00\x03t/a\x00\x03y")
        client.send(b"\x62\x02\x00\x02")
        assert client.receive() == (0x70, b"\x00\x02")
        assert client.rest() == b""
    assert ends_well(patient), patient.log()


def test_the_wait_ends_with_drain_timeout(start_broker, connect):
    broker = start_broker(REMBUS_DRAIN_TIMEOUT=0.3)
    provider, caller = connect("provider", to=broker), connect("caller", to=broker)
    provider.expose("never")
    waiting = caller.send_call("never")
    provider.receive_call()
    broker.process.send_signal(signal.SIGTERM)
    status, _ = caller.response_to(waiting)
    assert status == UNAVAILABLE
    assert ends_well(broker)
    assert broker.says("drain_timeout", "1 calls"), broker.log()


def test_a_request_that_is_complete_after_the_goodbye_is_refused(start_broker, connect):
    """It had a session that nobody ended, on a broker that was gone behind it."""
    broker = start_broker(options=["--http", "0"], REMBUS_DRAIN_TIMEOUT=2)
    other = connect(to=broker)
    head = b"POST /rpc/rid HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n["
    with socket.create_connection(("127.0.0.1", http_port(broker)), PATIENCE) as late:
        late.sendall(head)
        # The broker has the head: it answers another connection's request that came behind it.
        assert Http(http_port(broker)).get("/healthz").status == 200
        broker.process.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed):
            other.receive()
        late.sendall(b"]")
        answer = late.recv(65536)
        assert answer.startswith(b"HTTP/1.1 503"), answer
    assert ends_well(broker), broker.log()


def test_metrics_say_what_readyz_says(patient, connect):
    from support.metrics import scrape

    ready = scrape(patient)
    assert ready("rembus_ready") == 1 and ready("rembus_unready") == 0
    assert set(ready.by("rembus_unready", "reason")) == {"stopping", "journal", "state", "lake", "catalog"}
    provider, caller = connect("provider", to=patient), connect("caller", to=patient)
    provider.expose("slow")
    caller.send_call("slow")
    request = provider.receive_call()
    begin_stop(patient)
    figures = scrape(patient)
    assert figures("rembus_ready") == 0 and figures("rembus_unready", reason="stopping") == 1
    provider.answer(request)
    assert ends_well(patient), patient.log()
