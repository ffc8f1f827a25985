"""No publication comes to nothing in silence: what is refused is answered, counted and logged."""

import asyncio

import pytest
import rembus

from support.keys import write_trust
from support.metrics import scrape
from support.mqtt import V5, V311, Client, mqtt_broker
from support.processes import REFERENCE
from support.python_package import Components, Received
from support.wire import ADMIN, OK, Answer, ERROR

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our broker")

REFUSED = {
    "pattern": ("a/*", "wildcards are for subscribing"),
    "private": ("vault", "unauthorized: "),
    "deep": ("/" * 70, "more than 64 segments (`max_topic_segments`)"),
    "long": ("x" * 1025, "1 to 1024 are allowed (`max_topic_bytes`)"),
    "empty": ("", "1 to 1024 are allowed (`max_topic_bytes`)"),
}


@pytest.fixture
def guarded(start_broker, tmp_path):
    write_trust(tmp_path, private_topics=["vault"], read_only=["reader"])
    return start_broker(options=["--prometheus", "0"], folder=tmp_path, REMBUS_RECORD="none")


@pytest.mark.parametrize("qos", [1, 2])
@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_publication_is_answered_at_once(guarded, connect, encoding, case, qos):
    topic, reason = REFUSED[case]
    peer = connect(to=guarded, encoding=encoding)
    assert peer.response_to(peer.send_publish(topic, 1, qos=qos)) == Answer(ERROR, reason)
    peer.publish("fine", 1, qos=qos)


def test_qos_0_is_counted_logged_within_bounds_and_told_to_a_flush(guarded, connect):
    peer = connect(to=guarded)
    for _ in range(500):
        peer.send_publish("a/*", 1)
    for _ in range(500):
        peer.send_publish("vault", 1)
    status, report = peer.request(ADMIN, "__config__", {"cmd": "flush"})
    assert status == OK and report["refused"] == 1000 and "wildcards are for subscribing" in report["reason"]
    assert peer.request(ADMIN, "__config__", {"cmd": "flush"}) == (OK, None)
    metrics = scrape(guarded)
    assert metrics("rembus_dropped_total", reason="topic") == 500
    assert metrics("rembus_denied_total") == 500
    assert guarded.stop() == 0
    log = guarded.log()
    assert "Cannot publish to `a/*`" in log and 'may not publish on "vault"' in log
    assert log.count("refused a publication") + log.count("may not publish") < 100


@pytest.mark.parametrize("qos", [rembus.QOS1, rembus.QOS2])
@pytest.mark.parametrize("encoding", [rembus.CBOR, rembus.JSON])
def test_the_python_package_survives_a_refusal(guarded, encoding, qos, monkeypatch, tmp_path):
    """It takes any answer for an acknowledgement: `publish` returns at once, and the component works on."""
    monkeypatch.setenv("REMBUS_DIR", str(tmp_path))

    async def scenario():
        async with Components(guarded.url, encoding) as connect:
            publisher, subscriber = await connect("reader"), await connect("s")
            received = Received()
            await subscriber.subscribe(received.callback, topic="open")
            await subscriber.reactive()
            for topic, _ in REFUSED.values():
                # Far below the 22 seconds after which the package gives up on an acknowledgement.
                await asyncio.wait_for(publisher.publish(topic, 1, qos=qos), 10)
            writer = await connect("w")
            await writer.publish("open", 2, qos=qos)
            assert await received.next() == (2,)
            assert await publisher.rpc("rid") == "broker"

    asyncio.run(scenario())
    assert guarded.says("refused a publication"), guarded.log()


@pytest.mark.parametrize("version", [V311, V5])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_topics_that_mqtt_allows_and_the_broker_does_not_are_counted_and_logged(start_broker, version, qos):
    """Nobody else says so: QoS 0 has no answer, and MQTT 3.1.1 only has one of success."""
    broker = mqtt_broker(start_broker, options=["--prometheus", "0"])
    reasons = {"a/*": "wildcards are for subscribing", "$SYS/x": "reserved for the broker",
               "/" * 70: "more than 64 segments", "x" * 1025: "a topic of 1025 bytes"}
    with Client(broker, version=version) as client:
        for topic in reasons:
            client.publish(topic, b"1", qos=qos)
        client.subscribe("done")
    for reason in reasons.values():
        assert broker.says("refused a publication", reason)
    metrics = scrape(broker)
    assert metrics("rembus_dropped_total", reason="topic") == len(reasons)
    assert metrics("rembus_dropped_total", reason="door") == 0


def test_nobody_writes_lines_into_the_log(guarded, connect):
    peer = connect(to=guarded)
    peer.response_to(peer.send_publish("a/*\n2026 error rembus.broker: forged\x1b[31m\u0085\u2028", 1, qos=1))
    assert guarded.says("refused a publication", r"a/*\n2026 error rembus.broker: forged\u{1B}[31m\u{0085}\u{2028}`"), guarded.log()
    assert not any(line.startswith("2026 error") for line in guarded.errors.lines)


@pytest.mark.parametrize("name, fields", [
    ("grant", {"cid": "x", "actions": None}), ("revoke", {}), ("read_only", {"cid": "x"}), ("log_level", {"level": None}),
    ("set_secret", {"cid": "x"}), ("add_tenant", {"tenant": 1}),
])
def test_a_command_that_is_not_whole_is_refused_by_its_name(guarded, connect, name, fields):
    """To who is no administrator; in answer, log and audit."""
    status, text = connect(to=guarded).request(ADMIN, "vault", {"cmd": name, **fields})
    assert status == ERROR and text.startswith(f"`{name}` ")
    assert guarded.says(f"may not use {name}")
