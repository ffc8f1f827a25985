"""MQTT clients on the broker's own port: mosquitto's tools, paho, gmqtt and aiomqtt, among each other and with components."""

import asyncio
import json
import shutil
import subprocess

import aiomqtt
import gmqtt
import pytest
from paho.mqtt.subscribeoptions import SubscribeOptions

from support.lake import rows
from support.mqtt import V5, V311, Client, assert_nothing_for, mqtt_broker, mqtt_port
from support.processes import PATIENCE, REFERENCE, OutputReader
from support.wire import PUBLISH, QOS1, eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="the reference has no MQTT port")
needs_mosquitto = pytest.mark.skipif(shutil.which("mosquitto_sub") is None, reason="needs mosquitto's clients")


@pytest.fixture(scope="module")
def _started():
    from support.processes import Broker
    broker = Broker(options=["--mqtt-listen", "0"], REMBUS_RECORD="none")
    yield broker
    broker.discard()


@pytest.fixture
def listener(_started):
    assert _started.alive, _started.log()
    return _started


@pytest.fixture(params=[V311, V5], ids=["3.1.1", "5.0"])
def version(request):
    return request.param


# Libraries and tools


@needs_mosquitto
@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
def test_the_tools_of_mosquitto(listener, version, uid):
    port = str(mqtt_port(listener))
    subscriber = subprocess.Popen(
        ["stdbuf", "-oL", "mosquitto_sub", "-d", "-V", version, "-p", port, "-q", "2", "-t", f"plant{uid}/#", "-v", "-C", "3"],
        stdout=subprocess.PIPE, text=True)
    output = OutputReader(subscriber.stdout)
    assert output.wait_for(lambda line: "SUBACK" in line)
    for qos in "012":
        subprocess.run(
            ["mosquitto_pub", "-V", version, "-p", port, "-q", qos, "-t", f"plant{uid}/7", "-m", f'{{"qos": {qos}.0}}'],
            check=True, timeout=PATIENCE)
    assert subscriber.wait(PATIENCE) == 0
    output.join()
    subscriber.stdout.close()
    assert [line for line in output.lines if line.startswith("plant")] == [
        f'plant{uid}/7 {{"qos": {qos}.0}}' for qos in range(3)]


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_every_qos_both_ways(listener, version, qos, uid):
    with Client(listener, version=version) as subscriber, Client(listener, version=version) as publisher:
        assert subscriber.subscribe(f"a{uid}/+", qos=qos) == [qos]
        payloads = [b"", b"x", bytes(range(256)), b'{ "keeps":  1.50 }', b"[1,2]", b"x" * 200_000]
        for payload in payloads:
            publisher.publish(f"a{uid}/b", payload, qos=qos)
        for payload in payloads:
            message = subscriber.receive()
            assert (message.topic, message.payload, message.qos, message.retain) == (f"a{uid}/b", payload, qos, False)


def test_aiomqtt(listener, uid):
    async def exchange():
        async with aiomqtt.Client("127.0.0.1", mqtt_port(listener)) as client:
            await client.subscribe(f"aio{uid}/#", qos=1)
            await client.publish(f"aio{uid}/x", "hello", qos=1)
            async for message in client.messages:
                return str(message.topic), message.payload
    assert asyncio.run(exchange()) == (f"aio{uid}/x", b"hello")


def test_gmqtt(listener, uid):
    async def exchange():
        got = asyncio.get_running_loop().create_future()
        client = gmqtt.Client(f"gmqtt{uid}", receive_maximum=10, session_expiry_interval=0)
        subscribed = asyncio.Event()
        client.on_subscribe = lambda *_: subscribed.set()

        def on_message(_client, topic, payload, qos, found):
            got.set_result((topic, payload, qos, found["user_property"]))
            return 0
        client.on_message = on_message
        await client.connect("127.0.0.1", mqtt_port(listener))
        client.subscribe(f"g{uid}/+", qos=2)
        await subscribed.wait()
        client.publish(f"g{uid}/x", b"hello", qos=1, user_property=("unit", "K"))
        answer = await asyncio.wait_for(got, PATIENCE)
        await client.disconnect()
        return answer
    assert asyncio.run(exchange()) == (f"g{uid}/x", b"hello", 1, [("unit", "K")])


# Components, tables


@pytest.mark.parametrize("payload, arguments", [
    (b'{"temperature": 21.6}', [{"temperature": 21.6}]), (b'[1, "two", null]', [1, "two", None]), (b"21.6", [21.6]),
    (b"\x00\xff", [b"\x00\xff"]), (b"plain text", [b"plain text"]), (b"{broken", [b"{broken"]), (b"", [])])
def test_components_get_json_as_arguments_and_other_payloads_as_bytes(listener, connect, payload, arguments, uid):
    component = connect(f"component{uid}", to=listener, reactive=True)
    component.subscribe(f"t{uid}/x", f"t{uid}/*")
    with Client(listener) as client:
        client.publish(f"t{uid}/x", payload, retain=True, UserProperty=("a", "b"), MessageExpiryInterval=100)
        frames = sorted((component.receive() for _ in range(2)), key=len)
        # Exactly what a component would have sent: nothing of MQTT is in it.
        assert sorted(frame[1] for frame in frames) == [f"t{uid}/*", f"t{uid}/x"]
        for frame in frames:
            splice = [f"t{uid}/x"] if frame[1].endswith("*") else []
            assert frame == [PUBLISH, frame[1], splice + arguments]


@pytest.mark.parametrize("encoding", ["json", "julia"])
def test_components_that_speak_json(listener, connect, encoding, uid):
    component = connect(f"j{uid}", to=listener, encoding=encoding, reactive=True)
    component.subscribe(f"t{uid}")
    with Client(listener) as client:
        client.publish(f"t{uid}", b'{"a":[1,2]}', qos=1, ContentType="application/json")
    assert component.receive_topic() == (f"t{uid}", [{"a": [1, 2]}])


@pytest.mark.parametrize("arguments, payload, kind", [
    ([{"a": 1}], b'{"a":1}', "application/json"), ([1, "x"], b'[1,"x"]', "application/json"),
    ([b"raw\x00"], b"raw\x00", None), ([], b"", None), (["text"], b'"text"', "application/json")])
def test_clients_get_arguments_as_json_and_bytes_as_they_are(listener, connect, version, arguments, payload, kind, uid):
    component = connect(to=listener)
    with Client(listener, version=version) as client:
        client.subscribe(f"r{uid}/#")
        component.publish(f"r{uid}/x", *arguments, qos=1)
        message = client.receive()
        assert (message.topic, message.payload, message.qos) == (f"r{uid}/x", payload, 1)
        if version == V5:
            assert getattr(message.properties, "ContentType", None) == kind


def test_the_content_type_says_what_a_payload_is(listener, connect, uid):
    component = connect(f"ct{uid}", to=listener, reactive=True)
    component.subscribe(f"t{uid}")
    with Client(listener) as client:
        client.publish(f"t{uid}", b"[1,2]", ContentType="text/plain")
    assert component.receive_topic() == (f"t{uid}", [b"[1,2]"])


def test_tables_are_filled(start_broker, tmp_path):
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"tables": [{
        "table": "telemetry", "topic": "plant/:plant/telemetry",
        "columns": [{"col": "plant", "type": "TEXT"}, {"col": "temperature", "type": "DOUBLE"}]}]}))
    broker = mqtt_broker(start_broker, folder=tmp_path / "state", options=["--schema", str(schema)], REMBUS_RECORD="all")
    with Client(broker) as client:
        client.publish("plant/7/telemetry", b'{"temperature":21.6}', qos=2)
        client.publish("plant/8/telemetry", b'{ "temperature" : 3 }', qos=1, UserProperty=("a", "b"))
    assert broker.stop() == 0
    assert sorted(rows(broker.folder, "SELECT plant, temperature FROM rl.telemetry")) == [("7", 21.6), ("8", 3.0)]


# Matching


@pytest.mark.parametrize("filter, yes, no", [
    ("+", ["a", "a@b"], ["a/b", "$a", "/"]), ("#", ["a", "a/b", "/"], ["$a/b"]), ("+/+", ["/", "a/", "/b"], ["a", "$a/b"]),
    ("a/#", ["a", "a/", "a/b/c"], ["ab", "b/a"]), ("a/+/c", ["a//c", "a/b/c"], ["a/c", "a/b/c/d"]), ("$a/+", ["$a/b"], ["$a"]),
    ("/+", ["/a"], ["a", "a/b"]), ("a/b", ["a/b"], ["a/b/"]), ("+/b/#", ["a/b", "/b/c"], ["$a/b", "a/c"])])
def test_filters_match_as_mqtt_says(start_broker, filter, yes, no):
    broker = mqtt_broker(start_broker)
    with Client(broker) as subscriber, Client(broker) as publisher:
        subscriber.subscribe(filter)
        for topic in no + yes:
            publisher.publish(topic, topic.encode())
        for topic in yes:
            assert subscriber.next() == (topic, topic.encode())
        subscriber.unsubscribe(filter)
        assert_nothing_for(publisher, subscriber)


def test_a_component_cannot_use_the_mark_of_mqtt_subscriptions(listener, connect):
    peer = connect(to=listener)
    assert peer.admin("$mqtt/#", {"cmd": "subscribe", "msg_from": 0.0})[0] != 0


# Options of subscriptions


def test_no_local_identifiers_and_retain_as_published(listener, uid):
    with Client(listener) as client, Client(listener) as other:
        client.subscribe(f"o{uid}/a", options=SubscribeOptions(qos=1, noLocal=True), SubscriptionIdentifier=7)
        client.subscribe(f"o{uid}/#", options=SubscribeOptions(qos=0, retainAsPublished=True), SubscriptionIdentifier=300)
        client.publish(f"o{uid}/a", b"own", qos=1)
        message = client.receive()
        assert (message.qos, message.properties.SubscriptionIdentifier) == (0, [300])
        other.publish(f"o{uid}/a", b"other", qos=2, retain=True)
        both = sorted((client.receive() for _ in range(2)), key=lambda message: message.qos)
        assert [(each.qos, each.retain, each.properties.SubscriptionIdentifier) for each in both] == [
            (0, True, [300]), (1, False, [7])]
        other.publish(f"o{uid}/a", b"", retain=True)


def test_a_shared_subscription_gives_each_message_to_one(listener, version, uid):
    members = [Client(listener, version=version) for _ in range(3)]
    with Client(listener) as publisher, Client(listener) as watcher:
        for member in members:
            assert member.subscribe(f"$share/group{uid}/job/{uid}/+", qos=1) == [1]
        watcher.subscribe(f"job/{uid}/#")
        sent = [f"{number}".encode() for number in range(60)]
        for payload in sent:
            publisher.publish(f"job/{uid}/x", payload, qos=1)
        assert [watcher.next()[1] for _ in sent] == sent
        assert eventually(lambda: sum(member.messages.qsize() for member in members) >= len(sent))
        got = [[member.next()[1] for _ in range(member.messages.qsize())] for member in members]
        assert sorted(sum(got, [])) == sorted(sent)
        assert sum(1 for each in got if each) >= 2
        # One that leaves leaves its share to the others.
        members[0].close()
        for payload in sent:
            publisher.publish(f"job/{uid}/x", payload, qos=1)
        assert eventually(lambda: sum(member.messages.qsize() for member in members[1:]) >= len(sent))
    for member in members[1:]:
        member.close()


def test_what_a_member_has_not_acknowledged_goes_to_another(listener, uid):
    lazy = Client(listener, manual=True, ReceiveMaximum=2)
    lazy.subscribe(f"$share/g{uid}/task{uid}", qos=1)
    with Client(listener) as publisher, Client(listener) as other:
        for number in range(5):
            publisher.publish(f"task{uid}", str(number).encode(), qos=1)
        assert lazy.next()[1] == b"0"
        other.subscribe(f"$share/g{uid}/task{uid}", qos=1)
        lazy.vanish()
        assert sorted(other.next()[1] for _ in range(5)) == [b"0", b"1", b"2", b"3", b"4"]


# Properties and aliases


def test_the_properties_of_a_message_arrive(listener, uid):
    with Client(listener) as subscriber, Client(listener) as publisher:
        subscriber.subscribe(f"p{uid}")
        given = dict(ContentType="text/plain", ResponseTopic="answers", CorrelationData=b"\x00\x01", PayloadFormatIndicator=1,
                     UserProperty=[("a", "1"), ("a", "2"), ("b", "")], MessageExpiryInterval=1000)
        publisher.publish(f"p{uid}", b"[ 1 ]", qos=1, **given)
        message = subscriber.receive()
        assert message.payload == b"[ 1 ]"
        for name, value in given.items():
            assert getattr(message.properties, name) == value, name


def test_topic_aliases_both_ways(listener, uid):
    with Client(listener, TopicAliasMaximum=5) as subscriber, Client(listener) as publisher:
        assert publisher.found.TopicAliasMaximum > 0
        subscriber.subscribe(f"alias/{uid}")
        publisher.publish(f"alias/{uid}", b"1", TopicAlias=1)
        publisher.publish("", b"2", qos=1, TopicAlias=1)
        first, second = subscriber.receive(), subscriber.receive()
        assert (first.payload, second.payload) == (b"1", b"2")
        assert (first.topic, second.topic) == (f"alias/{uid}", "")
        assert first.properties.TopicAlias == second.properties.TopicAlias


def test_a_publication_at_qos_1_is_no_component_protocol_of_its_own(listener, connect, uid):
    """A QoS 1 publication of a client is one for components too."""
    component = connect(f"q{uid}", to=listener, reactive=True)
    component.subscribe(f"q{uid}")
    with Client(listener) as client:
        client.publish(f"q{uid}", b"1", qos=1)
    assert component.receive_publish()[0] & QOS1
