"""Exchanges at QoS 2 that a stop, or a kill, of the broker interrupts: each goes on where it was, under the same identifier."""

import struct

import pytest

from support.mqtt import RawClient, connect_packet, mqtt_broker, packet, text
from support.processes import REFERENCE
from support.wire import Peer

pytestmark = pytest.mark.skipif(REFERENCE, reason="the reference has no MQTT port")

PUBACK, PUBREC, PUBREL, PUBCOMP = 0x40, 0x50, 0x62, 0x70
FIRST, AGAIN = 0x34, 0x3C


@pytest.fixture(params=["stopped", "killed"])
def restart(request):
    def again(broker, *clients):
        if request.param == "stopped":
            assert broker.stop() == 0, broker.log()
        else:
            broker.kill()
        for client in clients:
            client.close()
        broker.start()

    return again


def broker_with_a_short_stop(start_broker, recorded):
    """A stop waits for open exchanges, and those of these tests stay open."""
    return mqtt_broker(start_broker, REMBUS_RECORD=recorded, REMBUS_DRAIN_TIMEOUT=0.3)


@pytest.fixture
def broker(start_broker):
    return broker_with_a_short_stop(start_broker, "all")


def number(packet_id):
    return struct.pack(">H", packet_id)


def connect(broker, name, is_known=False, flags=0x00):
    client = RawClient(broker)
    client.send(connect_packet(name, version=4, flags=flags))
    assert client.receive() == (0x20, bytes([is_known, 0]))
    return client


def subscriber(broker, topic="t", name="subscriber"):
    client = connect(broker, name)
    client.send(packet(0x82, number(1) + text(topic) + b"\x02"))
    assert client.receive() == (0x90, b"\x00\x01\x02")
    return client


def publication(head, packet_id, payload, topic="t"):
    return packet(head, text(topic) + number(packet_id) + payload)


def publish(broker, *payloads, head=FIRST, topic="t"):
    with connect(broker, "", flags=0x02) as client:
        for payload in payloads:
            client.send(publication(head, 9, payload, topic))
            assert client.receive() == (PUBREC, number(9))
            client.send(packet(PUBREL, number(9)))
            assert client.receive() == (PUBCOMP, number(9))


def receive_publish(client, head=FIRST):
    """(identifier, payload). A PUBREL before it is one whose PUBCOMP was not written down when the broker was killed."""
    found, body = client.receive()
    while found == PUBREL:
        client.send(packet(PUBCOMP, body))
        found, body = client.receive()
    assert found == head, hex(found)
    end = 2 + int.from_bytes(body[:2], "big")
    return int.from_bytes(body[end:end + 2], "big"), body[end + 2:]


def complete(client, packet_id):
    client.send(packet(PUBREC, number(packet_id)))
    assert client.receive() == (PUBREL, number(packet_id))
    client.send(packet(PUBCOMP, number(packet_id)))


def assert_nothing_more(broker, client, topic="t"):
    publish(broker, b"fence", topic=topic)
    packet_id, payload = receive_publish(client)
    assert payload == b"fence"
    complete(client, packet_id)


# To the client


def test_a_pubrel_without_its_pubcomp_comes_again(broker, restart):
    client = subscriber(broker)
    publish(broker, b"1")
    packet_id, _ = receive_publish(client)
    client.send(packet(PUBREC, number(packet_id)))
    assert client.receive() == (PUBREL, number(packet_id))
    restart(broker, client)
    with connect(broker, "subscriber", is_known=True) as client:
        assert client.receive() == (PUBREL, number(packet_id))
        client.send(packet(PUBCOMP, number(packet_id)))
        assert_nothing_more(broker, client)


def test_a_publish_without_its_pubrec_comes_again_under_its_identifier(broker, restart):
    client = subscriber(broker)
    publish(broker, b"1", b"2", b"3")
    first = [receive_publish(client) for _ in range(3)]
    complete(client, first[1][0])
    restart(broker, client)
    with connect(broker, "subscriber", is_known=True) as client:
        again = [receive_publish(client, AGAIN) for _ in range(2)]
        assert again == [first[0], first[2]]
        for packet_id, _ in again:
            complete(client, packet_id)
        assert_nothing_more(broker, client)


def test_an_open_identifier_is_given_to_nothing_else(broker, restart):
    client = subscriber(broker)
    publish(broker, *[b"old"] * 20)
    held = {receive_publish(client)[0] for _ in range(20)}
    restart(broker, client)
    with connect(broker, "subscriber", is_known=True) as client:
        publish(broker, *[b"new"] * 20)
        found = [client.receive() for _ in range(40)]
        seen = {(body[3:5], body[5:]) for head, body in found}
        assert {int.from_bytes(packet_id, "big") for packet_id, payload in seen if payload == b"old"} == held
        assert len({packet_id for packet_id, _ in seen}) == 40


def test_a_second_restart_changes_nothing(broker, restart):
    client = subscriber(broker)
    publish(broker, b"1", b"2")
    first, second = receive_publish(client), receive_publish(client)
    client.send(packet(PUBREC, number(second[0])))
    assert client.receive() == (PUBREL, number(second[0]))
    for _ in range(2):
        restart(broker, client)
        client = connect(broker, "subscriber", is_known=True)
        assert {client.receive(), client.receive()} == {
            (PUBREL, number(second[0])), (AGAIN, text("t") + number(first[0]) + b"1")}
    client.close()


def test_a_retained_message_comes_again_under_its_identifier(broker, restart):
    publish(broker, b"kept", head=FIRST | 1)
    client = subscriber(broker)
    first = receive_publish(client, FIRST | 1)
    restart(broker, client)
    with connect(broker, "subscriber", is_known=True) as client:
        assert receive_publish(client, AGAIN | 1) == first
        complete(client, first[0])
        assert_nothing_more(broker, client)


def test_the_identifier_of_a_message_that_is_gone_is_released(start_broker, restart):
    broker = broker_with_a_short_stop(start_broker, "none")
    client = subscriber(broker)
    publish(broker, b"1")
    packet_id, _ = receive_publish(client)
    restart(broker, client)
    with connect(broker, "subscriber", is_known=True) as client:
        assert client.receive() == (PUBREL, number(packet_id))
        client.send(packet(PUBCOMP, number(packet_id)))
        assert_nothing_more(broker, client)


def test_a_new_session_has_nothing_of_the_old_one(broker, restart):
    client = subscriber(broker)
    publish(broker, b"1")
    receive_publish(client)
    client.close()
    connect(broker, "subscriber", flags=0x02).close()
    client = subscriber(broker)
    restart(broker, client)
    with connect(broker, "subscriber", is_known=True) as client:
        assert_nothing_more(broker, client)


# From the client


def test_a_copy_of_a_publication_counts_once(broker, restart):
    listening = subscriber(broker)
    client = connect(broker, "publisher")
    client.send(publication(FIRST, 5, b"1"))
    assert client.receive() == (PUBREC, number(5))
    packet_id, _ = receive_publish(listening)
    complete(listening, packet_id)
    restart(broker, client, listening)
    with connect(broker, "publisher", True) as client, connect(broker, "subscriber", True) as listening:
        client.send(publication(AGAIN, 5, b"1"))
        assert client.receive() == (PUBREC, number(5))
        client.send(packet(PUBREL, number(5)))
        assert client.receive() == (PUBCOMP, number(5))
        assert_nothing_more(broker, listening)


def test_an_identifier_that_was_released_may_be_used_for_the_same_content(broker, restart):
    listening = subscriber(broker)
    client = connect(broker, "publisher")
    for _ in range(2):
        client.send(publication(FIRST, 5, b"same"))
        assert client.receive() == (PUBREC, number(5))
        client.send(packet(PUBREL, number(5)))
        assert client.receive() == (PUBCOMP, number(5))
        complete(listening, receive_publish(listening)[0])
    restart(broker, client, listening)
    with connect(broker, "publisher", True) as client:
        # Sent while the broker was away, and so a copy that the broker has never seen.
        client.send(publication(AGAIN, 5, b"same"))
        assert client.receive() == (PUBREC, number(5))
        client.send(packet(PUBREL, number(5)))
        assert client.receive() == (PUBCOMP, number(5))
    with connect(broker, "subscriber", True) as listening:
        packet_id, payload = receive_publish(listening)
        assert payload == b"same"
        complete(listening, packet_id)
        assert_nothing_more(broker, listening)


def test_a_pubrel_that_comes_again_is_answered(broker, restart):
    client = connect(broker, "publisher")
    client.send(publication(FIRST, 5, b"1"))
    assert client.receive() == (PUBREC, number(5))
    client.send(packet(PUBREL, number(5)))
    assert client.receive() == (PUBCOMP, number(5))
    restart(broker, client)
    with connect(broker, "publisher", is_known=True) as client:
        client.send(packet(PUBREL, number(5)))
        assert client.receive() == (PUBCOMP, number(5))


# The order of answers


@pytest.mark.parametrize("recorded", ["none", "all"])
def test_acknowledgements_come_in_the_order_of_the_publications(start_broker, recorded):
    # What a retained message waits for is another file than what the others wait for.
    broker = broker_with_a_short_stop(start_broker, recorded)
    client = connect(broker, "", flags=0x02)
    for _ in range(20):
        client.send(b"".join(
            publication(head, packet_id, b"x", topic=f"r{packet_id}")
            for packet_id, head in enumerate([0x33, 0x32, 0x33, 0x32, 0x34, 0x35, 0x34, 0x32], start=1)))
        answers = [client.receive() for _ in range(8)]
        assert answers == [(PUBREC if packet_id in (5, 6, 7) else PUBACK, number(packet_id)) for packet_id in range(1, 9)]
        for packet_id in (5, 6, 7):
            client.send(packet(PUBREL, number(packet_id)))
            assert client.receive() == (PUBCOMP, number(packet_id))


@pytest.mark.parametrize("topic", ["a\0b", "\0", "a/+", "#", "x/#/y"])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_topic_that_mqtt_does_not_have_stops_nobody(broker, topic, qos):
    # A client that kept to the standard would end its connection for it, come back, and get it again.
    listening = subscriber(broker, topic="#")
    publisher = Peer(broker.url)
    publisher.publish(topic, 1, qos=qos)
    publisher.publish("good", 2, qos=qos)
    answer = listening.receive()
    assert answer[1].startswith(text("good")), answer
    publisher.close()
