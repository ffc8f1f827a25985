"""`rembus broker --mqtt`: one Rembus broker and one mosquitto, with peers on both sides (behaviour.md §10, known defect R30)."""

import json
import subprocess

import polars as pl
import pytest
import rembus

from support.certificates import Authority
from support.keys import Key, log_in_first, write_trust
from support.mosquitto import Mosquitto, OldServer, eventually, needs_mosquitto
from support.ports import free_port
from support.processes import PATIENCE, REFERENCE, run_rembus
from support.python_package import Components, Received, asynchronous
from support.wire import ACK, PUBLISH, QOS1, Peer

pytestmark = [pytest.mark.skipif(REFERENCE, reason="about our bridge"), needs_mosquitto]


@pytest.fixture(scope="module")
def mosquitto():
    with Mosquitto() as server:
        yield server


@pytest.fixture
def start_bridged(start_broker):
    def start(url, connected=True, **settings):
        broker = start_broker(options=["--mqtt", url], **{"REMBUS_RECORD": "none", **settings})
        if connected:
            wait_for_bridge(broker)
        return broker

    return start


@pytest.fixture
def bridged(mosquitto, start_bridged):
    return start_bridged(mosquitto.url)


def wait_for_bridge(broker, version="MQTT 5", times=1):
    def is_up():
        return sum("bridged with" in line and version in line for line in list(broker.errors.lines)) >= times

    assert eventually(is_up), broker.log()


def subscriber(broker, *topics):
    peer = Peer(broker.url)
    peer.subscribe(*topics)
    peer.reactive()
    return peer


# From MQTT


def test_json_becomes_arguments(mosquitto, bridged, uid):
    peer = subscriber(bridged, f"in/{uid}")
    with mosquitto.client() as client:
        for payload, arguments in [
            (b'{"temperature": 21.6}', [{"temperature": 21.6}]), (b'[1, "a"]', [1, "a"]), (b"12", [12]), (b"", []),
            (b"null", [None]), (b'"text"', ["text"]),
        ]:
            client.publish(f"in/{uid}", payload)
            assert peer.receive_topic() == (f"in/{uid}", arguments)


def test_what_is_not_json_arrives_as_bytes(mosquitto, bridged, uid):
    peer = subscriber(bridged, f"raw/{uid}")
    with mosquitto.client() as client:
        for payload in [b"hello", b"\x00\xff\xfe", b"{broken", b"x" * 100_000]:
            client.publish(f"raw/{uid}", payload)
            assert peer.receive_topic() == (f"raw/{uid}", [payload])
        client.publish(f"raw/{uid}", b"12", ContentType="application/octet-stream")
        assert peer.receive_topic() == (f"raw/{uid}", [b"12"])


def test_the_tools_of_mosquitto(mosquitto, bridged, uid):
    peer = subscriber(bridged, f"tool/{uid}/*")
    subprocess.run(["mosquitto_pub", "-p", str(mosquitto.port), "-t", f"tool/{uid}/a", "-m", "[7]", "-q", "1"],
                   check=True, timeout=PATIENCE)
    assert peer.receive_topic() == (f"tool/{uid}/*", [f"tool/{uid}/a", 7])
    listening = subprocess.Popen(
        ["mosquitto_sub", "-p", str(mosquitto.port), "-t", f"tool/{uid}/b", "-C", "1", "-v"],
        stdout=subprocess.PIPE, text=True)
    mosquitto.wait_for_log(f"tool/{uid}/b (QoS 0)")
    peer.publish(f"tool/{uid}/b", 1, 2, qos=1)
    output, _ = listening.communicate(timeout=PATIENCE)
    assert f"tool/{uid}/b [1,2]" in output


def test_a_qos_1_message_is_acknowledged_and_stays_qos_1(mosquitto, bridged, uid):
    peer = subscriber(bridged, f"sure/{uid}")
    with mosquitto.client() as client:
        client.publish(f"sure/{uid}", b"1", qos=1)
        client.publish(f"sure/{uid}", b"2", qos=2)
        for number in (1, 2):
            flags, _, _, arguments = peer.receive_publish()
            assert (flags, arguments) == (QOS1, [number])


def test_topics_that_the_broker_does_not_take_hold_up_nothing(mosquitto, bridged, uid):
    """More than mosquitto sends without an acknowledgement: what is refused has to be acknowledged too."""
    peer = subscriber(bridged, f"in/{uid}")
    with mosquitto.client() as client:
        for _ in range(50):
            client.publish(f"deep/{uid}" + "/" * 70, b"1", qos=1)
        client.publish(f"in/{uid}", b"2", qos=1)
        assert peer.receive_topic() == (f"in/{uid}", [2])
    assert bridged.says("refused a publication", "more than 64 segments"), bridged.log()


def test_retained_messages_come_when_the_bridge_comes(mosquitto, start_bridged, uid):
    with mosquitto.client() as client:
        client.publish(f"kept/{uid}", b"[42]", qos=1, retain=True)
        broker = start_bridged(mosquitto.url, REMBUS_RECORD="journal")
        peer = Peer(broker.url)
        peer.identify(f"late{uid}")
        peer.subscribe(f"kept/{uid}", since=3600e9)
        peer.reactive(msg_from=3600e9)
        assert peer.receive_topic() == (f"kept/{uid}", [42])
        client.publish(f"kept/{uid}", b"", retain=True)


@asynchronous
async def test_the_python_package_on_the_other_side(mosquitto, bridged, uid):
    async with Components(bridged.url) as connect:
        component = await connect(f"py{uid}")
        received = Received()

        async def handler(*arguments):
            received.callback(*arguments)

        await component.subscribe(handler, topic=f"py/{uid}")
        await component.reactive()
        with mosquitto.client(f"from/{uid}") as client:
            client.publish(f"py/{uid}", b'{"a": [1, 2]}', qos=1)
            assert await received.next() == ({"a": [1, 2]},)
            await component.publish(f"from/{uid}", "x", 1.5, qos=rembus.QOS1)
            assert client.next() == (f"from/{uid}", b'["x",1.5]')


# To MQTT


def test_arguments_become_payloads(mosquitto, bridged, uid):
    peer = Peer(bridged.url)
    with mosquitto.client(f"out/{uid}/#") as client:
        for arguments, payload, content_type in [
            ([], b"", None), ([{"a": 1}], b'{"a":1}', "application/json"), ([1, "b"], b'[1,"b"]', "application/json"),
            ([b"\x00raw"], b"\x00raw", "application/octet-stream"), (["text"], b'"text"', "application/json"),
            ([1, b"abc"], b'[1,"YWJj"]', "application/json"),
        ]:
            peer.publish(f"out/{uid}/x", *arguments)
            message = client.received.get(timeout=PATIENCE)
            assert (message.payload, getattr(message.properties, "ContentType", None)) == (payload, content_type)
            assert not message.retain


@asynchronous
async def test_dataframes_become_rows(mosquitto, bridged, uid):
    async with Components(bridged.url) as connect:
        component = await connect()
        with mosquitto.client(f"frame/{uid}") as client:
            await component.publish(f"frame/{uid}", pl.DataFrame({"n": [1, 2], "t": ["a", None]}))
            _, payload = client.next()
            assert json.loads(payload) == [{"n": 1, "t": "a"}, {"n": 2, "t": None}]


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_the_qos_of_a_publication_is_kept(mosquitto, bridged, uid, qos):
    peer = Peer(bridged.url)
    with mosquitto.client(f"q/{uid}", qos=2) as client:
        peer.publish(f"q/{uid}", qos, qos=qos)
        message = client.received.get(timeout=PATIENCE)
        assert (message.qos, message.payload) == (qos, str(qos).encode())


def test_the_qos_is_that_of_a_server_with_less(start_bridged, uid):
    with Mosquitto(options=["max_qos 1"]) as server, server.client(f"q/{uid}") as client:
        broker = start_bridged(server.url)
        peer = Peer(broker.url)
        peer.publish(f"q/{uid}", 1, qos=2)
        message = client.received.get(timeout=PATIENCE)
        assert (message.qos, message.payload) == (1, b"1")


def test_topics_that_mqtt_cannot_carry_are_dropped(mosquitto, bridged, uid):
    peer = Peer(bridged.url)
    with mosquitto.client(f"good/{uid}") as client:
        for topic in (f"bad/{uid}/#", f"bad/+/{uid}", f"bad\0{uid}"):
            peer.publish(topic, 1, qos=1)
        peer.publish(f"good/{uid}", 1, qos=1)
        assert client.next() == (f"good/{uid}", b"1")
    assert bridged.errors.wait_for(lambda line: "topics that MQTT cannot carry" in line), bridged.log()


def test_order_is_kept(mosquitto, bridged, uid):
    peer = subscriber(bridged, f"order/{uid}/in")
    count = 500
    # At QoS 0, because mosquitto lets messages of QoS 0 overtake others.
    with mosquitto.client(f"order/{uid}/out", qos=0) as client:
        for number in range(count):
            peer.send_publish(f"order/{uid}/out", number, qos=number % 2)
        assert [int(client.next()[1]) for _ in range(count)] == list(range(count))
        for number in range(count):
            client._client.publish(f"order/{uid}/in", str(number), 1)
        inbound = []
        while len(inbound) < count:
            message = peer.receive()
            if message[0] & 0x0F == PUBLISH:
                inbound.append(message[-1][0])
                peer.send([ACK, message[1]])
        assert inbound == list(range(count))


# Loops


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_nothing_goes_in_circles(start_bridged, start_broker, uid, version):
    with Mosquitto() as server, OldServer(server.port) as old:
        broker = start_bridged(old.url if version == "3.1.1" else server.url, connected=False)
        wait_for_bridge(broker, f"MQTT {version}")
        peer, other = subscriber(broker, "**"), Peer(broker.url)
        with server.client("#", version=4 if version == "3.1.1" else 5) as client:
            other.publish(f"loop/{uid}/a", 1, qos=1)
            assert client.next() == (f"loop/{uid}/a", b"1")
            client.publish(f"loop/{uid}/b", b"2", qos=1)
            assert client.next() == (f"loop/{uid}/b", b"2")
            # Each once, on both sides: the next of one side is sent when the one before it has crossed.
            assert [peer.receive_topic()[1] for _ in range(2)] == [[f"loop/{uid}/a", 1], [f"loop/{uid}/b", 2]]
            other.publish(f"loop/{uid}/end", 3, qos=1)
            assert client.next() == (f"loop/{uid}/end", b"3")
            assert peer.receive_topic()[1] == [f"loop/{uid}/end", 3]
            assert peer.is_silent() and client.received.empty()
            # The same message of somebody else is no echo.
            client.publish(f"loop/{uid}/a", b"1", qos=1)
            assert peer.receive_topic()[1] == [f"loop/{uid}/a", 1]


# Connections


def test_the_mqtt_broker_may_come_later_and_go(start_bridged, uid):
    port = free_port()
    broker = start_bridged(f"mqtt://127.0.0.1:{port}", connected=False)
    peer = subscriber(broker, f"back/{uid}/in")
    assert broker.errors.wait_for(lambda line: "no connection to the MQTT broker" in line), broker.log()
    with Mosquitto() as server:
        server.stop()
        server.port = port
        # What is published meanwhile does not stand in the way of what comes later.
        for number in range(3):
            peer.publish(f"back/{uid}/out", number, qos=1 if number else 0)
        server._configuration.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nretain_available true\n")
        server.start()
        wait_for_bridge(broker)
        for times in (2, 3):
            with server.client(f"back/{uid}/now") as client:
                peer.publish(f"back/{uid}/now", times, qos=1)
                assert client.next() == (f"back/{uid}/now", str(times).encode())
                client.publish(f"back/{uid}/in", b"1", qos=1)
                assert peer.receive_topic() == (f"back/{uid}/in", [1])
            server.restart()
            wait_for_bridge(broker, times=times)
    # Once per change, however many attempts there were.
    problems = [line for line in broker.errors.lines if "no connection to the MQTT broker" in line]
    assert len(problems) <= 7, problems


def test_what_waits_is_bounded_and_the_rest_counted(start_bridged, uid):
    port = free_port()
    broker = start_bridged(f"mqtt://127.0.0.1:{port}", connected=False, REMBUS_MAX_BRIDGE_QUEUE=5)
    peer = Peer(broker.url)
    for number in range(20):
        peer.send_publish(f"full/{uid}", number)
    peer.publish(f"full/{uid}/fence", qos=1)
    assert broker.errors.wait_for(lambda line: "the queue is full" in line), broker.log()


def test_an_mqtt_broker_that_stands_still_gets_the_rest_from_the_log(start_bridged, uid):
    count, size = 70, 200_000
    with Mosquitto() as server, server.client(f"still/{uid}") as client:
        broker = start_bridged(server.url, REMBUS_RECORD="journal")
        peer = Peer(broker.url)
        server.pause()
        # More than sockets, the connection's backlog and mosquitto hold.
        for number in range(count):
            peer.publish(f"still/{uid}", number.to_bytes(2, "big") + bytes(size), qos=1)
        server.resume()
        numbers = [int.from_bytes(client.next()[1][:2], "big") for _ in range(count)]
        assert numbers == list(range(count))


@pytest.mark.parametrize("qos", [1, 2])
def test_nothing_acknowledged_is_lost_while_the_mqtt_broker_restarts(start_bridged, uid, qos):
    with Mosquitto(durable=True) as server:
        # mosquitto keeps for this one what comes before it is back itself.
        server.client(f"kept/{uid}", qos=2, name="durable", durable=True).close()
        broker = start_bridged(server.url)
        peer = Peer(broker.url)
        server.stop()
        for number in range(50):
            peer.publish(f"kept/{uid}", number, qos=qos)
        server.start()
        with server.client(name="durable", durable=True) as client:
            assert [int(client.next()[1]) for _ in range(50)] == list(range(50))


def test_tls_and_passwords(start_bridged, tmp_path, uid):
    authority = Authority()
    authority.issue(tmp_path / "server")
    bundle = authority.write(tmp_path / "ca.pem")
    with Mosquitto(users={"bridge": "s3cret/:@"}, certificate=tmp_path / "server") as server:
        url = f"mqtts://bridge:s3cret%2F%3A%40@127.0.0.1:{server.port}"
        broker = start_bridged(url, HTTP_CA_BUNDLE=bundle)
        peer = subscriber(broker, f"tls/{uid}")
        with server.client(user="bridge", password="s3cret/:@", authority=bundle) as client:
            client.publish(f"tls/{uid}", b"[1]", qos=1)
            assert peer.receive_topic() == (f"tls/{uid}", [1])
        assert broker.stop() == 0
        assert "s3cret" not in broker.log()
        refused = start_bridged(f"mqtts://bridge:wrong@127.0.0.1:{server.port}", connected=False, HTTP_CA_BUNDLE=bundle)
        found = refused.errors.wait_for(lambda line: "no connection to the MQTT broker" in line and line)
        assert "refused" in found and "wrong" not in found
        stranger = start_bridged(f"mqtts://127.0.0.1:{server.port}", connected=False)
        found = stranger.errors.wait_for(lambda line: "no connection to the MQTT broker" in line and line)
        assert "certificate" in found.lower(), found


def test_a_bridge_with_a_name_gets_what_came_while_its_broker_was_away(mosquitto, start_bridged, uid, tmp_path):
    url = f"{mosquitto.url}/hub{uid}"
    broker = start_bridged(url)
    mosquitto.wait_for_log(f"Received SUBSCRIBE from hub{uid}")
    broker.stop()
    with mosquitto.client() as client:
        client.publish(f"away/{uid}", b"[9]", qos=1)
    broker.settings["REMBUS_RECORD"] = "journal"
    broker.start()
    peer = Peer(broker.url)
    peer.identify(f"late{uid}")
    peer.subscribe(f"away/{uid}", since=3600e9)
    peer.reactive(msg_from=3600e9)
    assert peer.receive_topic() == (f"away/{uid}", [9])


def test_authenticated_brokers_bridge_public_topics_only(mosquitto, start_bridged, uid, tmp_path):
    key = Key.make("ecdsa")
    write_trust(tmp_path, private_topics=[f"secret/{uid}"], grants=[{"name": "watcher", "topic": f"secret/{uid}"}])
    broker = start_bridged(mosquitto.url, folder=tmp_path, REMBUS_CONNECTION_MODE="authenticated")
    key.give(broker, "watcher")
    peer = Peer(broker.url)
    log_in_first(peer, "watcher", key)
    peer.subscribe(f"secret/{uid}", f"public/{uid}")
    peer.reactive()
    with mosquitto.client(f"+/{uid}") as client:
        client.publish(f"secret/{uid}", b"1", qos=1)
        client.publish(f"public/{uid}", b"2", qos=1)
        assert peer.receive_topic() == (f"public/{uid}", [2])
        assert client.next() == (f"secret/{uid}", b"1") and client.next() == (f"public/{uid}", b"2")
        peer.publish(f"secret/{uid}", 3)
        peer.publish(f"public/{uid}", 4, qos=1)
        assert client.next() == (f"public/{uid}", b"4")


def test_a_url_that_cannot_be_used():
    done = run_rembus("broker", "--port", "0", "--mqtt", "mqtt://user:pw@:1")
    assert done.returncode != 0 and "--mqtt" in done.stderr and "pw" not in done.stderr


def test_filters(mosquitto, start_bridged, uid):
    broker = start_bridged(mosquitto.url, REMBUS_MQTT_TOPIC_FILTER=f"one/{uid},two/{uid}/+")
    peer = subscriber(broker, "**")
    with mosquitto.client() as client:
        for topic in (f"three/{uid}", f"one/{uid}", f"two/{uid}/x/y", f"two/{uid}/x"):
            client.publish(topic, b"1", qos=1)
        assert [peer.receive_topic()[1][0] for _ in range(2)] == [f"one/{uid}", f"two/{uid}/x"]
