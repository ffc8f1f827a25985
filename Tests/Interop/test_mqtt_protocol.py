"""Packets that are none, or are not allowed: each gets MQTT's own answer, and nobody else notices."""

import struct

import pytest

from support.mqtt import Client, RawClient, connect_packet, mqtt_broker, packet, text, variable
from support.processes import REFERENCE, Broker

pytestmark = pytest.mark.skipif(REFERENCE, reason="the reference has no MQTT port")

MALFORMED, VIOLATION = 0x81, 0x82


@pytest.fixture(scope="module")
def listener():
    broker = Broker(options=["--mqtt-listen", "0"], REMBUS_RECORD="none")
    with Client(broker) as witness:
        witness.subscribe("witness", qos=1)
        yield broker
        # The one that was connected all the time.
        assert broker.alive, broker.log()
        witness.publish("witness", b"well", qos=1)
        assert witness.next() == ("witness", b"well")
    assert "Fatal" not in broker.log()
    broker.discard()


def publish(topic, payload=b"x", head=0x30, identifier=b"", found=b"", version=5):
    body = text(topic) + identifier + (variable(len(found)) + found if version == 5 else b"") + payload
    return packet(head, body)


def subscribe(filter, options=1, found=b"", identifier=b"\x00\x01"):
    return packet(0x82, identifier + variable(len(found)) + found + text(filter) + bytes([options]))


# Before the CONNECT is accepted


@pytest.mark.parametrize("data", [
    b"\x00" * 10, b"JUNK", packet(0xC0), publish("a"), b"\x10\xff\xff\xff\xff\x7f", packet(0x10), packet(0x1F, b"x"),
    packet(0x10, text("MQIsdp") + b"\x04\x02\x00\x00" + text("x")), b"\x16\x03\x01\x00\x05hello",
    connect_packet(version=4, flags=0x03), packet(0x10, b"\xff\xff" + b"x" * 100_000)])
def test_what_is_no_connect_gets_no_answer(listener, data):
    with RawClient(listener) as client:
        client.send(data)
        # MQTT 5 clients may be told that their CONNECT is malformed.
        assert client.rest() in (b"",) or data[0] == 0x10


@pytest.mark.parametrize("version, answer", [(3, b"\x20\x02\x00\x01"), (6, b"\x20\x03\x00\x84\x00"), (0, b"\x20\x02\x00\x01")])
def test_versions_that_are_not_spoken(listener, version, answer):
    with RawClient(listener) as client:
        client.send(connect_packet(version=version))
        got = client.rest()
        assert got[:1] == b"\x20" and (got[3] == 0x84 or got[3] == 1), got


@pytest.mark.parametrize("hello, reason", [
    (connect_packet(flags=0x03), MALFORMED), (connect_packet(flags=0x1E, rest=b"\x00" + text("t") + text("x")), MALFORMED),
    (connect_packet(found=b"\x11\x00\x00\x00\x01\x11\x00\x00\x00\x01"), VIOLATION), (connect_packet(found=b"\x21\x00\x00"), VIOLATION),
    (connect_packet(found=b"\x15" + text("SCRAM")), 0x8C), (connect_packet("..", 5), 0x85),
    (connect_packet(flags=0x06, rest=b"\x00" + text("a/#") + text("x")), 0x90),
    (connect_packet(flags=0x06, rest=b"\x00" + text("a*") + text("x")), 0x90)])
def test_a_connect_that_cannot_be_accepted(listener, hello, reason):
    with RawClient(listener) as client:
        client.send(hello)
        head, body = client.receive()
        assert (head, body[0], body[1]) == (0x20, 0, reason)
        assert client.rest() == b""


def test_a_persistent_session_needs_a_name_in_mqtt_3(listener):
    with RawClient(listener) as client:
        client.send(connect_packet("", version=4, flags=0))
        assert client.rest() == b"\x20\x02\x00\x02"


def test_a_name_is_assigned(listener):
    with Client(listener, "") as client:
        assert client.code == 0 and client.found.AssignedClientIdentifier


# After it


@pytest.mark.parametrize("data, reason", [
    (connect_packet(), VIOLATION), (packet(0x30, b"\x00"), MALFORMED), (publish("a/#"), 0x90), (publish("a+b/+"), 0x90),
    (publish("", b"x"), VIOLATION), (publish(b"\xff\xfe"), MALFORMED), (publish("a\0b"), MALFORMED),
    (publish("a", head=0x36, identifier=b"\x00\x01"), MALFORMED), (publish("a", head=0x38), MALFORMED),
    (publish("a", head=0x32, identifier=b"\x00\x00"), VIOLATION), (publish("", found=b"\x23\x00\x01"), VIOLATION),
    (publish("a", found=b"\x23\x00\x00"), 0x94), (publish("a", found=b"\x23\xff\xff"), 0x94),
    (publish("a", found=b"\x0b\x01"), VIOLATION), (publish("a", found=b"\x99"), MALFORMED), (publish("a", found=b"\x02\x00"), MALFORMED),
    (packet(0x80, b"\x00\x01\x00" + text("a") + b"\x00"), MALFORMED), (packet(0x82, b"\x00\x01\x00"), VIOLATION),
    (subscribe("a", options=3), VIOLATION), (subscribe("a", options=0x31), VIOLATION), (subscribe("a", options=0xC0), MALFORMED),
    (subscribe("a", found=b"\x0b\x00"), VIOLATION), (subscribe("a", identifier=b"\x00\x00"), VIOLATION),
    (subscribe("$share/g/a", options=5), VIOLATION), (packet(0xA2, b"\x00\x01\x00"), VIOLATION),
    (packet(0x60, b"\x00\x01"), MALFORMED), (packet(0xF0, b"\x18\x00"), 0x8C), (packet(0xF0, b"\x19\x00"), 0x8C),
    (packet(0xD0), VIOLATION), (packet(0x20, b"\x00\x00\x00"), VIOLATION), (packet(0x00), MALFORMED), (b"\x30\x80\x80\x80\x80\x01", MALFORMED),
    (packet(0xE0, b"\x00\x05\x11\x00\x00\x00\x05"), VIOLATION)])
def test_a_violation_ends_the_connection_with_its_reason(listener, data, reason):
    with RawClient(listener, connect_packet("bad")) as client:
        client.send(data)
        head, body = client.receive()
        assert head == 0xE0
        # Where MQTT leaves open which of the two it is, either is right.
        assert body[0] == reason or {body[0], reason} == {MALFORMED, VIOLATION}, hex(body[0])
        client.send(packet(0xC0))


@pytest.mark.parametrize("data", [
    publish("a/#", version=4), packet(0x82, b"\x00\x01" + text("a") + b"\x03"), packet(0x00), packet(0xF0, b""),
    connect_packet("again", version=4)])
def test_mqtt_3_clients_are_just_hung_up_on(listener, data):
    with RawClient(listener, connect_packet("bad3", version=4)) as client:
        client.send(data)
        assert client.rest() == b""


def test_a_packet_that_is_too_large(listener):
    with RawClient(listener, connect_packet("large")) as client:
        client.send(b"\x30" + variable(100_000_000))
        assert client.receive()[1][0] == 0x95


def test_more_publications_than_may_be_unacknowledged(listener):
    with RawClient(listener) as client:
        client.send(connect_packet("greedy"))
        body = client.receive()[1]
        maximum = struct.unpack(">H", body[body.index(b"\x21") + 1:][:2])[0]
        client.send(b"".join(
            publish("g", head=0x34, identifier=struct.pack(">H", number)) for number in range(1, maximum + 2)))
        while (got := client.receive())[0] == 0x50:
            pass
        assert got[0] == 0xE0 and got[1][0] == 0x93


#: Texts that are no topic filters (MQTT 5 §4.7.1, §4.8.2).
NO_FILTERS = ["", "#/a", "a/#/b", "a#", "a/b#", "##", "a+", "+a", "a/+b/c", "a/++", "/#/", "$share/g", "$share/g/", "$share//a", "$share/+/a",
              "$share/g#/a", "$share/g/a#", "$share/g/#/a", "$share/", "$share/g/+a"]


@pytest.mark.parametrize("filter", NO_FILTERS)
@pytest.mark.parametrize("kind", ["subscribe", "unsubscribe", "second"])
@pytest.mark.parametrize("version", [4, 5])
def test_filters_that_are_none_end_the_connection(listener, filter, kind, version):
    found = b"\x00" if version == 5 else b""
    wanted = b"\x00\x07" + found + (text("a/b") + b"\x01" if kind == "second" else b"") + text(filter)
    with RawClient(listener, connect_packet("filters", version=version)) as client:
        client.send(packet(0xA2, wanted) if kind == "unsubscribe" else packet(0x82, wanted + b"\x01"))
        if version == 5:
            assert client.receive() == (0xE0, b"\x8f")
        assert client.rest() == b""


@pytest.mark.parametrize("filter", ["/", "//", "/#", "+/+", "#", "$SYS/#", "$share/g/#", "$share/g//", "a/+", "+", "a b/ü", "$share", "$shared/g"])
def test_odd_filters_that_are_filters(listener, filter):
    with RawClient(listener, connect_packet("odd")) as client:
        client.send(subscribe(filter))
        assert client.receive() == (0x90, b"\x00\x01\x00\x01")
        client.send(packet(0xA2, b"\x00\x02\x00" + text(filter)))
        assert client.receive() == (0xB0, b"\x00\x02\x00\x00")


@pytest.mark.parametrize("topic", ["a*b", "*", "$SYS/x", "x/" * 100, "y" * 2000])
@pytest.mark.parametrize("qos", [1, 2])
def test_topics_that_are_none_of_the_brokers(listener, topic, qos):
    with RawClient(listener, connect_packet("topics")) as client:
        client.send(publish(topic, head=0x30 | qos << 1, identifier=b"\x00\x05"))
        head, body = client.receive()
        assert (head, body[:3]) == (0x40 if qos == 1 else 0x50, b"\x00\x05\x90")
        client.send(packet(0xC0))
        assert client.receive() == (0xD0, b"")


def test_identifiers_that_nobody_knows(listener):
    with RawClient(listener, connect_packet("unknown")) as client:
        client.send(packet(0x62, b"\x00\x09") + packet(0x50, b"\x00\x09") + packet(0x40, b"\x00\x09") + packet(0x70, b"\x00\x09"))
        assert client.receive()[1][:3] == b"\x00\x09\x92"
        assert client.receive() in ((0x62, b"\x00\x09\x92"), (0x62, b"\x00\x09\x92\x00"))
        client.send(packet(0xA2, b"\x00\x03\x00" + text("never")))
        assert client.receive() == (0xB0, b"\x00\x03\x00\x11")


def test_packets_in_pieces_and_many_at_once(listener):
    with RawClient(listener) as client:
        for byte in connect_packet("pieces") + subscribe("p"):
            client.send(bytes([byte]))
        assert client.receive()[0] == 0x20 and client.receive()[0] == 0x90
        client.send(b"".join(publish("p", b"%d" % number) for number in range(500)))
        for number in range(500):
            assert client.receive()[1] == text("p") + b"\x00" + b"%d" % number


# MQTT 3.1


def test_mqtt_3_1_is_spoken(listener):
    hello = connect_packet("old", version=3, protocol="MQIsdp")
    with RawClient(listener, hello) as client:
        client.send(packet(0x82, b"\x00\x01" + text("old/t") + b"\x01"))
        assert client.receive() == (0x90, b"\x00\x01\x01")
        client.send(publish("old/t", b"x", version=3))
        assert client.receive() == (0x30, text("old/t") + b"x")


def test_mqtt_3_1_wants_a_name(listener):
    with RawClient(listener) as client:
        client.send(connect_packet("", version=3, protocol="MQIsdp"))
        assert client.rest() == b"\x20\x02\x00\x02"
    with RawClient(listener, connect_packet("x" * 60, version=3, protocol="MQIsdp")):
        pass


# The largest packet that a client takes (MQTT 5 §3.1.2.11.4)


def limited(listener, limit, aliases=0):
    """A client that takes packets of up to `limit` bytes, and their sizes."""
    found = b"\x27" + struct.pack(">I", limit) + (b"\x22" + struct.pack(">H", aliases) if aliases else b"")
    return RawClient(listener, connect_packet(f"limit{limit}x{aliases}", found=found))


def drain(client, until):
    """(size, payload) of each publication up to the one with the payload `until`; acknowledges what wants it."""
    got = []
    while True:
        head, body = client.receive()
        if head >> 4 == 6:
            client.send(packet(0x70, body[:2]))
            continue
        assert head >> 4 == 3, (head, body)
        length = struct.unpack(">H", body[:2])[0]
        rest = body[2 + length:]
        if head & 6:
            client.send(packet(0x40 if head & 2 else 0x50, rest[:2]))
            rest = rest[2:]
        payload = rest[1 + rest[0]:]
        if payload == until:
            return got
        got.append((1 + len(variable(len(body))) + len(body), payload))


PROPERTIES = {
    "none": {}, "of the message": {"UserProperty": ("key", "a value"), "ContentType": "application/x-none"},
    "of the subscription": {"SubscriptionIdentifier": 300}}


#: Around the sizes at which the length of a packet, or of its properties, takes one more byte.
CASES = [(limit, qos, kind, aliases) for limit in (64, 128, 129, 130, 131, 132, 16_386, 16_388) for qos in (0, 1, 2)
         for kind in PROPERTIES for aliases in (0, 5)] + [(2_097_156, 1, "none", 0)]


@pytest.mark.parametrize("limit, qos, kind, aliases", CASES)
def test_what_fits_is_delivered_and_nothing_else(listener, limit, qos, kind, aliases):
    topic, found = "fit/ü", dict(PROPERTIES[kind])
    identifier = found.pop("SubscriptionIdentifier", 0)
    with limited(listener, limit, aliases) as client, Client(listener) as publisher:
        client.send(subscribe(topic, options=2, found=b"\x0b" + variable(identifier) if identifier else b""))
        assert client.receive()[0] == 0x90
        # How long a packet without payload is, once its topic has a number, if it gets one.
        for _ in range(2):
            publisher.publish(topic, b"z" * 8, qos=qos, **found)
        publisher.publish(topic, b"end", qos=qos)
        bare = drain(client, b"end")[-1][0] - 8
        sizes = range(limit - bare - 12, limit - bare + 5)
        for size in sizes:
            publisher.publish(topic, b"z" * size, qos=qos, **found)
        publisher.publish(topic, b"end", qos=qos)
        got = drain(client, b"end")
        assert max(size for size, _ in got) <= limit
        # Exactly those that fit: the size grows with the payload, and by one more byte where its own length does.
        expected = [size for size in sizes if packet_size(bare, size) <= limit]
        assert [len(payload) for _, payload in got] == expected and len(expected) < len(sizes)


def packet_size(bare, payload):
    """A packet of `bare` bytes that has one byte of length, with a payload."""
    body = bare - 2 + payload
    return 1 + len(variable(body)) + body


def test_a_topic_gets_no_number_where_only_the_plain_packet_fits(listener):
    with limited(listener, 40, aliases=5) as client, Client(listener) as publisher:
        client.send(subscribe("t"))
        assert client.receive()[0] == 0x90
        # 2 of the head, 3 of the topic, 1 for the length of the properties: 34 bytes of payload, or 31 with a number.
        for size in (34, 33, 32, 31, 30, 34):
            publisher.publish("t", b"z" * size)
        publisher.publish("t", b"end")
        assert [size for size, _ in drain(client, b"end")] == [40, 39, 38, 40, 38, 40]


@pytest.mark.parametrize("limit", [1, 4, 5, 8, 12])
def test_a_client_that_takes_no_connack(listener, limit):
    with RawClient(listener) as client:
        client.send(connect_packet("tiny", found=b"\x27" + struct.pack(">I", limit)))
        got = client.rest()
        assert len(got) <= limit and got in (b"", b"\x20\x03\x00\x95\x00")


def test_an_answer_that_does_not_fit_ends_the_connection(listener):
    with limited(listener, 60) as client:
        filters = b"".join(text(f"f{number}") + b"\x00" for number in range(60))
        client.send(packet(0x82, b"\x00\x01\x00" + filters))
        assert client.receive() == (0xE0, b"\x95") and client.rest() == b""
    with limited(listener, 60) as client:
        client.send(packet(0x82, b"\x00\x01\x00" + b"".join(text(f"f{number}") + b"\x00" for number in range(55))))
        head, body = client.receive()
        assert head == 0x90 and len(body) + 2 == 60
