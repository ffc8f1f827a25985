"""The last value of a topic: over HTTP, for subscriptions of components, and as MQTT's retained messages."""

import io
import json
import subprocess

import pyarrow
import pyarrow.ipc
import pytest

from support.http_gateway import Http, http_port
from support.mqtt import Client
from support.processes import PATIENCE, REFERENCE, clean_environment, rembus_binary, run_rembus
from support.wire import Peer

pytestmark = pytest.mark.skipif(REFERENCE, reason="the reference keeps no last values")

ARROW = "application/vnd.apache.arrow.stream"
SETTINGS = {"REMBUS_LAST_VALUES": "kept/**,one"}


@pytest.fixture
def broker(start_broker):
    return start_broker(options=["--http", "0", "--mqtt-listen", "0"], **SETTINGS)


@pytest.fixture
def http(broker):
    return Http(http_port(broker))


def publish(broker, topic, *arguments, qos=1):
    peer = Peer(broker.url)
    peer.publish(topic, *arguments, qos=qos)
    peer.close()


def test_http_answers_with_the_last_value_and_its_receive_time(broker, http):
    assert http.get("/last/kept/a/b").status == 404
    assert "kept/a/b" in http.get("/last/kept/a/b").error
    for number in range(3):
        publish(broker, "kept/a/b", {"t": number}, "x")
    answer = http.get("/last/kept/a/b")
    assert answer.status == 200 and answer.headers["content-type"] == "application/json"
    value = answer.json()
    assert (value["topic"], value["args"]) == ("kept/a/b", [{"t": 2}, "x"])
    assert value["recv_ts"].endswith("Z") and len(value["recv_ts"]) == len("2026-01-01T00:00:00.000000Z")
    assert http.get("/last/kept%2Fa%2Fb").json() == value
    # Of other topics nothing is kept, and a query parameter is none of this path's.
    publish(broker, "other", 1)
    assert http.get("/last/other").status == 404
    assert http.get("/last/one?from=3").status == 400
    assert http.post("/last/one", 1).status == 405


def test_a_dataframe_is_arrow_or_csv_when_that_is_asked_for(http):
    assert http.post("/one?qos=1", "a,b\n1,2\n", headers={"Content-Type": "text/csv"}).status == 200
    arrow = http.get("/last/one", headers={"Accept": ARROW})
    assert arrow.headers["content-type"] == ARROW
    assert pyarrow.ipc.open_stream(io.BytesIO(arrow.body)).read_all().to_pylist() == [{"a": 1, "b": 2}]
    assert http.get("/last/one", headers={"Accept": "text/csv"}).body == b"a,b\n1,2\n"
    assert http.get("/last/one").json()["args"] == [[{"a": 1, "b": 2}]]
    assert http.post("/one?qos=1", 7).status == 200
    assert http.get("/last/one", headers={"Accept": ARROW}).status == 406


def test_retained_messages_are_last_values_and_the_other_way_round(broker, http):
    with Client(broker, "meter") as meter:
        meter.publish("any/a", b'{"t": 1}', qos=1, retain=True)
        meter.publish("any/a", b'{"t": 2}', qos=1)
        assert http.get("/last/any/a").json()["args"] == [{"t": 1}]
        meter.publish("any/a", b"", qos=1, retain=True)
        assert http.get("/last/any/a").status == 404
    publish(broker, "kept/x", 5)
    with Client(broker, "panel") as panel:
        panel.subscribe("kept/#", qos=1)
        message = panel.receive()
        assert (message.topic, message.payload, message.retain) == ("kept/x", b"5", True)
        publish(broker, "kept/x", 6)
        message = panel.receive()
        assert (message.topic, message.payload, message.retain) == ("kept/x", b"6", False)


def test_a_subscription_begins_with_the_last_values(broker):
    publish(broker, "kept/a", 1, qos=2)
    publish(broker, "kept/b", 2, qos=0)
    publish(broker, "kept/a", 3, qos=0)
    for name in (None, "reader"):
        peer = Peer(broker.url)
        if name:
            assert peer.identify(name)[0] == 0
        peer.reactive()
        peer.command("kept/*", "subscribe", msg_from=0.0, last_value=True)
        assert [peer.receive()[1:] for _ in range(2)] == [["kept/*", ["kept/b", 2]], ["kept/*", ["kept/a", 3]]]
        publish(broker, "kept/a", 3, qos=0)
        assert peer.receive()[1:] == ["kept/*", ["kept/a", 3]]
        peer.close()


def test_what_is_private_is_for_nobody_else(start_broker, tmp_path):
    broker = start_broker(folder=tmp_path, options=["--http", "0"], **SETTINGS)
    publish(broker, "kept/open", 1)
    publish(broker, "kept/secret", 2)
    assert Http(http_port(broker)).get("/last/kept/secret").status == 200
    assert broker.stop() == 0
    assert run_rembus("admin", "private", "kept/secret", folder=tmp_path).returncode == 0
    broker = start_broker(folder=tmp_path, options=["--http", "0"], **SETTINGS)
    http = Http(http_port(broker))
    assert http.get("/last/kept/open").status == 200
    assert http.get("/last/kept/secret").status == 403
    assert "kept/secret" in http.get("/last/kept/secret").error
    stranger = Peer(broker.url)
    stranger.reactive()
    stranger.command("kept/*", "subscribe", msg_from=0.0, last_value=True)
    assert stranger.receive_topic() == ("kept/*", ["kept/open", 1])
    publish(broker, "kept/open", 3)
    assert stranger.receive_topic() == ("kept/*", ["kept/open", 3])
    stranger.close()


def test_they_outlive_the_broker(start_broker, tmp_path):
    options = ["--http", "0", "--mqtt-listen", "0"]
    broker = start_broker(folder=tmp_path, options=options, **SETTINGS)
    publish(broker, "kept/a", "before")
    with Client(broker, "meter") as meter:
        meter.publish("any", b'"retained"', qos=1, retain=True)
    before = Http(http_port(broker)).get("/last/kept/a").json()
    assert broker.stop() == 0
    # Neither the setting nor the MQTT port is needed to have what there is.
    broker = start_broker(folder=tmp_path, options=["--http", "0"])
    http = Http(http_port(broker))
    assert http.get("/last/kept/a").json() == before
    assert http.get("/last/any").json()["args"] == ["retained"]


def test_what_does_not_fit_leaves_no_older_value(start_broker):
    broker = start_broker(options=["--http", "0"], REMBUS_MAX_RETAINED_BYTES=4000, **SETTINGS)
    http = Http(http_port(broker))
    publish(broker, "one", "x" * 100)
    assert http.get("/last/one").json()["args"] == ["x" * 100]
    publish(broker, "one", "y" * 5000)
    assert http.get("/last/one").status == 404
    assert broker.says("the last value of one was not kept")


def test_the_command_prints_the_last_values_first(broker):
    publish(broker, "kept/a", 41)
    process = subprocess.Popen(
        [rembus_binary(), "sub", "kept/*", "--from", "value", "--count", "2", "--json", "--url", broker.url],
        env=clean_environment("/tmp"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert json.loads(process.stdout.readline())["arguments"] == [41]
    publish(broker, "kept/b", 42)
    assert json.loads(process.stdout.readline())["arguments"] == [42]
    assert process.wait(PATIENCE) == 0
