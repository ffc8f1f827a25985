"""`mqtt://` and `mqtts://` in the SDK, seen through the command line: mosquitto in the place of a broker."""

import json
import re

import pytest

from support.certificates import Authority
from support.keys import shared_secret, write_secret
from support.mosquitto import Mosquitto, OldServer, eventually, needs_mosquitto
from support.processes import PATIENCE, REFERENCE, Command, run_rembus
from support.wire import Peer

pytestmark = [pytest.mark.skipif(REFERENCE, reason="about our SDK"), needs_mosquitto]


@pytest.fixture(scope="module")
def mosquitto():
    with Mosquitto() as server:
        yield server


def listening(mosquitto, *arguments, filter, url=None, **settings):
    command = Command("sub", *arguments, "--url", url or mosquitto.url, **settings)
    mosquitto.wait_for_log(f"{filter} (QoS 2)")
    return command


def messages(command):
    return [json.loads(line) for line in command.lines()]


@pytest.fixture(params=["5", "3.1.1"])
def url(request, mosquitto):
    if request.param == "5":
        yield mosquitto.url
    else:
        with OldServer(mosquitto.port) as old:
            yield old.url


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_between_two_components(mosquitto, url, qos, uid):
    with listening(mosquitto, f"c/{uid}/*", "--count", "2", filter=f"c/{uid}/+", url=f"{url}/listener{uid}") as command:
        for arguments in ([1, "two", {"three": 3.5}], []):
            done = run_rembus("pub", f"c/{uid}/x", *map(json.dumps, arguments), "--qos", qos, url=f"{url}/sender{uid}")
            assert done.returncode == 0, done.stderr
        expected = {"topic": f"c/{uid}/x", "arguments": [1, "two", {"three": 3.5}]} | ({"qos": qos} if qos else {})
        assert messages(command) == [expected, expected | {"arguments": []}]


def test_with_clients_of_mqtt(mosquitto, url, uid):
    with mosquitto.client(f"out/{uid}", qos=2) as client:
        done = run_rembus("pub", f"out/{uid}", '{"t": 1}', "--qos", "1", url=url)
        assert done.returncode == 0, done.stderr
        message = client.received.get(timeout=PATIENCE)
        assert (message.payload, message.qos) == (b'{"t":1}', 1)
        with listening(mosquitto, f"in/{uid}", "--count", "3", filter=f"in/{uid}", url=url) as command:
            client.publish(f"in/{uid}", b"[1, 2]", qos=2)
            client.publish(f"in/{uid}", b"hello", qos=1)
            client.publish(f"in/{uid}", b"")
            assert messages(command) == [
                {"topic": f"in/{uid}", "arguments": [1, 2], "qos": 2},
                {"topic": f"in/{uid}", "arguments": ["aGVsbG8="], "qos": 1},
                {"topic": f"in/{uid}", "arguments": []},
            ]


def test_overlapping_subscriptions_each_get_a_message_once(mosquitto, url, uid):
    topics = [f"o/{uid}/a", f"o/{uid}/*", f"o/{uid}/**", f"o/{uid}/b*"]
    with listening(mosquitto, *topics, "--count", "3", "--timeout", "10s", filter=f"o/{uid}/#", url=url) as command:
        # The topics are subscribed in some order; all have been when each has its answer.
        mosquitto.wait_for_log(f"o/{uid}/a (QoS 2)")
        mosquitto.wait_for_log(f"o/{uid}/+ (QoS 2)")
        with mosquitto.client() as client:
            client.publish(f"o/{uid}/a", b"1", qos=1)
            client.publish(f"o/{uid}/z", b"2", qos=1)
        assert len(messages(command)) == 3


def test_a_restart_of_the_server(uid):
    with Mosquitto() as server:
        with listening(server, f"r/{uid}", "--count", "2", filter=f"r/{uid}", url=f"{server.url}/me{uid}") as command:
            for number in (1, 2):
                with server.client() as client:
                    client.publish(f"r/{uid}", str(number), qos=1)
                assert command.output.wait_for(lambda line: f"[{number}]" in line), command.errors.text()
                if number == 1:
                    server.restart()
                    server.wait_for_log(f"r/{uid} (QoS 2)")
            assert command.wait() == 0


def test_names_and_secrets_are_user_names_and_passwords(tmp_path, uid):
    authority = Authority()
    authority.issue(tmp_path / "server")
    bundle = authority.write(tmp_path / "ca.pem")
    for name, secret in (("pump7", b"hunter22\n"), ("pump8", b"wrong\n")):
        (tmp_path / "state" / name).mkdir(parents=True)
        write_secret(tmp_path / "state" / name / ".secret", secret)
    with Mosquitto(users={"pump7": "hunter22"}, certificate=tmp_path / "server") as server:
        def publish(name):
            return run_rembus("pub", f"s/{uid}", "1", "--qos", "1", url=f"mqtts://localhost:{server.port}/{name}",
                              folder=tmp_path / "state", HTTP_CA_BUNDLE=bundle)

        done = publish("pump7")
        assert done.returncode == 0, done.stderr
        for name, words in (("pump8", "does not accept"), ("", "user name and a password")):
            done = publish(name)
            assert done.returncode != 0 and words in done.stderr and "wrong" not in done.stderr, done.stderr
        done = run_rembus("pub", f"s/{uid}", "1", url=f"mqtts://localhost:{server.port}/pump7",
                          folder=tmp_path / "state")
        assert done.returncode != 0 and "certificate" in done.stderr, done.stderr


def test_what_mqtt_does_not_have(mosquitto, uid):
    done = run_rembus("call", "add", "1", "2", url=mosquitto.url)
    assert done.returncode != 0 and "MQTT has no calls" in done.stderr
    done = run_rembus("expose", "--url", mosquitto.url, f"f{uid}", "--", "cat")
    assert done.returncode != 0 and "MQTT has no calls" in done.stderr, done.stderr
    done = run_rembus("sub", f"a/{uid}/+", url=mosquitto.url)
    assert done.returncode != 0 and "MQTT cannot carry the topic" in done.stderr, done.stderr


def test_a_component_that_insists_on_a_proof(mosquitto, tmp_path, uid):
    (tmp_path / "me").mkdir()
    write_secret(tmp_path / "me/.secret", b"hunter22\n")
    settings = {"folder": tmp_path, "REMBUS_CONNECTION_MODE": "authenticated"}
    # mosquitto without users lets everybody in, also with a password.
    done = run_rembus("pub", f"p/{uid}", "1", "--qos", "1", url=f"{mosquitto.url}/me", **settings)
    assert done.returncode == 0, done.stderr
    done = run_rembus("pub", f"p/{uid}", "1", url=f"{mosquitto.url}/you", **settings)
    assert done.returncode != 0, done.stdout


# Our own listener in the place of mosquitto


@pytest.fixture
def listener(start_broker):
    def start(**settings):
        broker = start_broker(options=["--mqtt-listen", "0"], REMBUS_RECORD="none", **settings)
        broker.mqtt = re.search(r"mqtt://127.0.0.1:\d+", broker.started_with)[0]
        return broker

    return start


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_with_components_of_a_broker(listener, uid, qos):
    broker = listener()
    peer = Peer(broker.url)
    peer.subscribe(f"l/{uid}/*")
    peer.reactive()
    done = run_rembus("pub", f"l/{uid}/x", "1", "two", "--qos", qos, url=f"{broker.mqtt}/sender")
    assert done.returncode == 0, done.stderr
    assert peer.receive_topic() == (f"l/{uid}/*", [f"l/{uid}/x", 1, "two"])
    with Command("sub", f"l/{uid}/y", f"l/{uid}/y*", "--count", "2", "--url", f"{broker.mqtt}/reader") as command:
        # Published until both are subscribed.
        def published():
            peer.publish(f"l/{uid}/y", [3], qos=qos)
            return len(command.output.lines) >= 2

        assert eventually(published)
        found = [json.loads(line) for line in command.lines()]
        assert {"topic": f"l/{uid}/y", "arguments": [[3]]} | ({"qos": qos} if qos else {}) in found


def test_secrets_at_an_authenticated_broker(listener, tmp_path, uid):
    broker = listener(REMBUS_CONNECTION_MODE="authenticated")
    shared_secret("hunter22 and more").give(broker, "pump7")
    (tmp_path / "pump7").mkdir()
    for secret, status in ((b"hunter22 and more\n", 0), (b"something else\n", 1)):
        write_secret(tmp_path / "pump7/.secret", secret)
        done = run_rembus("pub", f"s/{uid}", "1", "--qos", "1", url=f"{broker.mqtt}/pump7", folder=tmp_path)
        assert (done.returncode != 0) == (status != 0), done.stderr
        assert status == 0 or "does not accept" in done.stderr
    done = run_rembus("pub", f"s/{uid}", "1", url=broker.mqtt)
    assert done.returncode != 0 and "user name and a password" in done.stderr


def test_servers_that_are_not_there():
    done = run_rembus("pub", "a", "1", url="mqtt://127.0.0.1:9")
    assert done.returncode != 0 and "127.0.0.1:9" in done.stderr and "refused" in done.stderr
