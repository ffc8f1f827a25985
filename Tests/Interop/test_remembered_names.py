"""What a broker remembers of components that are away is bounded, in all and for each address, and nobody honest pays for
those who come under very many names: docs/security.md, "Names and memory"."""

import os
import signal
import struct
import subprocess
from pathlib import Path

import cbor2
import pytest

from support.keys import Key, log_in
from support.metrics import scrape
from support.mqtt import Client, mqtt_broker
from support.processes import PATIENCE, REFERENCE, clean_environment, rembus_binary
from support.wire import ADMIN, ERROR, LAST_RECEIVED, OK, Peer, eventually, new_id

pytestmark = pytest.mark.skipif(REFERENCE, reason="the reference remembers without a limit")

LONG = "x" * 800


def come(broker, name):
    """A component under a name whose last connection may just be ending."""
    peer = Peer(broker.url)
    assert eventually(lambda: peer.identify(name)[0] == OK)
    return peer


def leave(broker, name, *topics):
    """A component that subscribes and goes; gives the statuses of its subscriptions."""
    peer = come(broker, name)
    sent = [(peer.send([ADMIN, mark := new_id(), topic, {"cmd": "subscribe", "msg_from": LAST_RECEIVED}]), mark)
            for topic in topics]
    statuses = [peer.response_to(mark)[0] for _, mark in sent]
    peer.close()
    return statuses


def remembers(broker, name, topic):
    """Whether a name still has its subscription: what is published reaches it without a new one."""
    publisher, peer = Peer(broker.url), come(broker, name)
    try:
        fence = f"fence/{name}"
        peer.subscribe(fence, since=LAST_RECEIVED)
        publisher.publish(topic, "still here", qos=1)
        publisher.publish(fence, qos=1)
        peer.reactive()
        topics = []
        while fence not in topics:
            topics.append(peer.receive_topic()[0])
        return topic in topics
    finally:
        publisher.close()
        peer.close()


def metric_broker(start_broker, **settings):
    return start_broker(options=["--prometheus", "0"], **settings)


def names_held(broker, proof="claimed"):
    return scrape(broker)("rembus_remembered_names", proof=proof)


def forgotten(broker):
    return scrape(broker).by("rembus_forgotten_names_total", "reason")


# Number of names


def test_names_of_one_address_are_limited_and_those_that_never_came_back_go_first(start_broker):
    broker = metric_broker(start_broker, REMBUS_MAX_REMEMBERED_NAMES_PER_ADDRESS=20)
    leave(broker, "pump7", "pump/7")
    leave(broker, "pump7")
    for number in range(100):
        assert leave(broker, f"stranger{number}", f"s/{number}") == [OK]
    assert eventually(lambda: 0 < names_held(broker) <= 20)
    assert eventually(lambda: forgotten(broker)["room"] >= 80)
    assert remembers(broker, "pump7", "pump/7")
    # The last ones are served as everybody is: they are remembered, at the cost of the first ones.
    assert remembers(broker, "stranger99", "s/99")
    assert not remembers(broker, "stranger0", "s/0")


def test_what_is_forgotten_is_forgotten_on_the_disk_too(start_broker):
    broker = metric_broker(start_broker, REMBUS_MAX_REMEMBERED_NAMES_PER_ADDRESS=10)
    for number in range(50):
        leave(broker, f"stranger{number}", f"s/{number}")
    assert eventually(lambda: names_held(broker) <= 10)
    assert broker.stop() == 0
    broker.start()
    assert eventually(lambda: 0 < names_held(broker) <= 10)
    assert remembers(broker, "stranger49", "s/49")


def test_a_limit_that_was_lowered_counts_from_the_start(start_broker):
    broker = metric_broker(start_broker)
    leave(broker, "pump7", "pump/7")
    leave(broker, "pump7")
    for number in range(30):
        leave(broker, f"stranger{number}", f"s/{number}")
    assert broker.stop() == 0
    broker.settings["REMBUS_MAX_REMEMBERED_NAMES"] = 5
    broker.start()
    assert eventually(lambda: names_held(broker) == 5)
    assert remembers(broker, "pump7", "pump/7")


def test_a_proven_name_keeps_its_place(start_broker):
    broker = metric_broker(
        start_broker, REMBUS_MAX_REMEMBERED_NAMES_PER_ADDRESS=5, REMBUS_MAX_REMEMBERED_NAMES=8, REMBUS_NAME_EXPIRY=1)
    key = Key.make("ecdsa")
    key.give(broker, "pump7")

    def come_proven(action):
        peer = Peer(broker.url)
        log_in(peer, "pump7", key)
        action(peer)
        peer.close()

    come_proven(lambda peer: peer.subscribe("pump/7", since=LAST_RECEIVED))
    for number in range(40):
        leave(broker, f"stranger{number}", f"s/{number}")
    assert eventually(lambda: names_held(broker) == 0 and forgotten(broker)["expired"] > 0)
    assert names_held(broker, "proven") == 1
    assert broker.stop() == 0
    broker.start()
    assert eventually(lambda: names_held(broker, "proven") == 1)
    publisher = Peer(broker.url)
    publisher.publish("pump/7", "kept", qos=1)
    publisher.close()
    got = []

    def read(peer):
        peer.reactive()
        got.append(peer.receive_topic())

    come_proven(read)
    assert got == [("pump/7", ["kept"])]


# Bytes


def test_bytes_of_one_address_are_limited(start_broker):
    broker = metric_broker(start_broker, REMBUS_MAX_REMEMBERED_BYTES_PER_ADDRESS=1 << 20)
    for number in range(40):
        leave(broker, f"stranger{number}", *[f"s/{number}/{topic}/{LONG}" for topic in range(50)])
    held = scrape(broker)
    assert 0 < held("rembus_remembered_bytes", proof="claimed") <= 1 << 20
    assert held("rembus_remembered_names", proof="claimed") < 40
    # Also on the disk, where an entry that is out of date stays until the file is written anew.
    assert broker.stop() == 0
    assert os.path.getsize(f"{broker.folder}/broker/components") < 6 << 20


def test_subscriptions_beyond_the_bytes_of_an_address_are_refused_with_a_reason(start_broker, connect):
    broker = metric_broker(start_broker, REMBUS_MAX_REMEMBERED_BYTES_PER_ADDRESS=1 << 20)
    for peer in (connect(to=broker), connect("named", to=broker)):
        answers = [peer.admin(f"s/{number}/{LONG}", {"cmd": "subscribe", "msg_from": 0.0}) for number in range(500)]
        refused = [text for status, text in answers if status == ERROR]
        assert refused and all("`max_remembered_bytes_per_address`" in text for text in refused)
        assert peer.admin(f"s/0/{LONG}", {"cmd": "unsubscribe"})[0] == OK
        assert peer.admin(f"s/0/{LONG}", {"cmd": "expose"})[0] == OK
        assert peer.admin(f"s/1/{LONG}", {"cmd": "expose"})[0] == ERROR
        peer.close()
        assert eventually(lambda: scrape(broker)("rembus_remembered_bytes") < 1 << 19)
    assert eventually(lambda: scrape(broker)("rembus_registrations_refused_total") > 0)
    # It is given back with the connection; what the named one left makes room for whoever is here.
    other = connect("other", to=broker)
    other.subscribe(*[f"t/{number}/{LONG}" for number in range(200)])


def test_many_topics_at_once_are_counted_as_one_by_one(start_broker, connect):
    broker = start_broker(REMBUS_MAX_REMEMBERED_BYTES_PER_ADDRESS=1 << 20)
    peer = connect("setup", to=broker)
    topics = [f"s/{number}/{LONG}" for number in range(1000)]
    status, text = peer.admin("__config__", {"cmd": "setup", "exposers": [], "subscribers": topics})
    assert status == ERROR and "max_remembered_bytes" in text


# Time


def test_a_name_that_does_not_come_back_is_forgotten_after_a_while(start_broker):
    broker = metric_broker(start_broker, REMBUS_NAME_EXPIRY=1)
    leave(broker, "brief", "a")
    assert eventually(lambda: names_held(broker) == 1 or forgotten(broker)["expired"] == 1)
    assert eventually(lambda: forgotten(broker)["expired"] == 1 and names_held(broker) == 0)
    assert not remembers(broker, "brief", "a")


def test_exposed_methods_of_a_forgotten_name_are_gone(start_broker, connect):
    broker = metric_broker(start_broker, REMBUS_NAME_EXPIRY=1)
    provider = connect("provider", to=broker)
    provider.expose("add")
    provider.close()
    caller = connect(to=broker)
    assert eventually(lambda: caller.call("add")[0] == 42)


# MQTT


def kept(broker, name, **others):
    return Client(broker, name, clean=False, SessionExpiryInterval=1000, **others)


def test_mqtt_sessions_are_remembered_names(start_broker):
    broker = mqtt_broker(
        start_broker, options=["--prometheus", "0"], REMBUS_MAX_REMEMBERED_NAMES_PER_ADDRESS=10, REMBUS_RECORD="all")
    for _ in range(2):
        client = kept(broker, "meter")
        client.subscribe("m/#", qos=1)
        client.close()
    for number in range(40):
        client = kept(broker, f"stranger{number}")
        if number % 2:
            client.subscribe(f"s/{number}/#", qos=1)
        client.close()
    assert eventually(lambda: 0 < names_held(broker) <= 10)
    with kept(broker, "stranger0") as gone, kept(broker, "stranger39") as last, kept(broker, "meter") as meter:
        assert not gone.flags.session_present
        assert last.flags.session_present
        assert meter.flags.session_present
    assert broker.stop() == 0
    broker.start()
    assert eventually(lambda: 0 < names_held(broker) <= 10)
    with kept(broker, "meter") as meter, Client(broker) as publisher:
        assert meter.flags.session_present
        publisher.publish("m/1", b"there", qos=1)
        assert meter.next() == ("m/1", b"there")


def test_mqtt_filters_and_wills_beyond_the_bytes_of_an_address_are_refused(start_broker):
    broker = mqtt_broker(start_broker, REMBUS_MAX_REMEMBERED_BYTES_PER_ADDRESS=1 << 20)
    with Client(broker, "many") as client:
        reasons = [client.subscribe(f"s/{number}/{LONG}", qos=1)[0] for number in range(400)]
        assert set(reasons) == {1, 0x97}
    will = {"topic": "w", "payload": b"x" * 60_000}
    clients = [Client(broker, f"w{number}", will=will) for number in range(30)]
    assert {client.code for client in clients} == {0, 0x97}
    for client in clients:
        client.close()


# Start-up


def crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


def write_fleet(path, names, subscriptions):
    """The file of an ordinary fleet, as an earlier version wrote it."""
    table = crc32c_table()
    with open(path, "wb") as file:
        file.write(b"RBCOMP1\n")
        for name in range(names):
            topics = [[f"plant/{name}/sensor/{topic}/a", LAST_RECEIVED, [1], []] for topic in range(subscriptions)]
            entry = cbor2.dumps({"n": f"component-{name}", "h": "127.0.0.1", "e": ["add"], "s": topics})
            checksum = 0xFFFFFFFF
            for byte in entry:
                checksum = table[(checksum ^ byte) & 255] ^ checksum >> 8
            file.write(struct.pack("<II", len(entry), checksum ^ 0xFFFFFFFF) + entry)


def stop_while_reading(folder):
    """SIGTERM while the broker reads what an earlier run left ends it at once, and as asked for."""
    process = subprocess.Popen(
        [rembus_binary(), "broker", "--port", "0"], env=clean_environment(folder),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def has_opened():
        files = Path(f"/proc/{process.pid}/fd")
        return any(os.path.realpath(file).endswith("/components") for file in files.iterdir())

    assert eventually(has_opened)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0


def test_a_fleet_of_20000_names_is_there_at_once(start_broker, tmp_path):
    """With work for each name that grows with the file, this start takes minutes: the broker is not waited for so long."""
    os.chmod(tmp_path, 0o700)
    (tmp_path / "broker").mkdir(mode=0o700)
    write_fleet(tmp_path / "broker" / "components", names=20_000, subscriptions=8)
    stop_while_reading(tmp_path)
    broker = start_broker(folder=tmp_path, options=["--prometheus", "0"])
    assert eventually(lambda: names_held(broker) == 20_000)
    assert remembers(broker, "component-19999", "plant/19999/sensor/7/a")
    assert broker.stop() == 0
