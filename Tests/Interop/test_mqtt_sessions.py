"""What the MQTT port keeps: sessions, retained messages and wills, also when the broker restarts."""

import re
import struct
from collections import Counter
from pathlib import Path

import pytest
from paho.mqtt.subscribeoptions import SubscribeOptions

from support.mqtt import V5, V311, Client, RawClient, assert_nothing_for, connect_packet, mqtt_broker, packet, text
from support.processes import REFERENCE
from support.wire import eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="the reference has no MQTT port")


@pytest.fixture
def listener(start_broker):
    return mqtt_broker(start_broker)


def kept(listener, name, version=V5, clean=False, **others):
    """A client with a session that outlives its connection."""
    if version == V5:
        others.setdefault("SessionExpiryInterval", 1000)
    return Client(listener, name, version=version, clean=clean, **others)


# Sessions


@pytest.mark.parametrize("version", [V311, V5])
def test_a_persistent_session_gets_what_it_missed(listener, version):
    first = kept(listener, "keeper", version)
    assert not first.flags.session_present
    first.subscribe("news/#", qos=2)
    first.close()
    with Client(listener) as publisher:
        publisher.publish("news/0", b"0", qos=0)
        publisher.publish("news/1", b"1", qos=1)
        publisher.publish("news/2", b"2", qos=2)
        with kept(listener, "keeper", version) as again:
            assert again.flags.session_present
            got = [again.receive() for _ in range(2)]
            assert [(message.topic, message.qos) for message in got] == [("news/1", 1), ("news/2", 2)]
            assert_nothing_for(publisher, again)


def test_a_clean_start_forgets(listener):
    kept(listener, "fresh").subscribe("a")
    with kept(listener, "fresh", clean=True) as client, Client(listener) as publisher:
        assert not client.flags.session_present
        publisher.publish("a", b"old", qos=1)
        assert_nothing_for(publisher, client)


def test_a_session_expires(listener):
    with Client(listener) as publisher:
        brief = kept(listener, "brief", SessionExpiryInterval=1)
        brief.subscribe("a")
        brief.close()

        def is_gone():
            with kept(listener, "brief", SessionExpiryInterval=1) as client:
                return not client.flags.session_present
        import time
        time.sleep(1.1)
        assert is_gone()
        ended = kept(listener, "ended")
        ended.client.disconnect(properties=None)
        ended.client.loop_stop()
        assert publisher.code == 0


def test_what_was_not_acknowledged_comes_again_with_its_identifier(listener):
    with Client(listener) as publisher:
        hello = connect_packet("slow", found=b"\x11\x00\x00\x03\xe8")
        with RawClient(listener, hello) as slow:
            slow.send(packet(0x82, b"\x00\x01\x00" + text("d") + b"\x02"))
            assert slow.receive()[0] == 0x90
            publisher.publish("d", b"once", qos=1)
            publisher.publish("d", b"exactly", qos=2)
            first, second = slow.receive(), slow.receive()
            assert (first[0], second[0]) == (0x32, 0x34)
            # The message of QoS 2 is taken, its exchange not finished.
            slow.send(packet(0x50, second[1][3:5]))
            assert slow.receive() == (0x62, second[1][3:5])
        with RawClient(listener) as slow:
            slow.send(connect_packet("slow", flags=0, found=b"\x11\x00\x00\x03\xe8"))
            head, body = slow.receive()
            assert (head, body[:2]) == (0x20, b"\x01\x00")
            packets = sorted([slow.receive(), slow.receive()])
            assert packets[0] == (0x3A, first[1])
            assert packets[1] == (0x62, second[1][3:5])
            slow.send(packet(0x70, second[1][3:5]) + packet(0x40, first[1][3:5]))
            publisher.publish("d", b"next")
            assert slow.receive()[1].endswith(b"next")


def test_a_copy_of_a_qos_2_message_is_not_passed_on(listener):
    with Client(listener) as subscriber:
        subscriber.subscribe("x")
        message = text("x") + b"\x00\x07\x00" + b"once"
        found = b"\x11\x00\x00\x03\xe8"
        with RawClient(listener, connect_packet("twice", found=found)) as publisher:
            publisher.send(packet(0x34, message))
            assert publisher.receive() == (0x50, b"\x00\x07")
            publisher.send(packet(0x3C, message))
            assert publisher.receive() == (0x50, b"\x00\x07")
        with RawClient(listener, connect_packet("twice", flags=0, found=found)) as publisher:
            publisher.send(packet(0x3C, message))
            assert publisher.receive() == (0x50, b"\x00\x07")
            publisher.send(packet(0x62, b"\x00\x07"))
            assert publisher.receive() == (0x70, b"\x00\x07")
            # The same content under the same identifier is a new message now.
            publisher.send(packet(0x34, message))
            assert publisher.receive() == (0x50, b"\x00\x07")
        assert [subscriber.next() for _ in range(2)] == [("x", b"once")] * 2
        with Client(listener) as other:
            assert_nothing_for(other, subscriber)


def test_a_new_connection_takes_the_name_over(listener):
    with Client(listener, "twin") as older, Client(listener, "twin"):
        assert older.end() == 0x8E


def test_components_and_clients_of_one_name_keep_apart(listener, connect):
    component = connect("both", to=listener, reactive=True)
    with Client(listener, "both", version=V311) as refused:
        assert refused.code != 0
    component.subscribe("t")
    component.close()
    assert eventually(lambda: _connects(listener, "both"))
    with Client(listener, "both") as client, Client(listener) as publisher:
        client.subscribe("t/#")
        publisher.publish("t", b"1")
        assert client.next() == ("t", b"1")
        assert_nothing_for(publisher, client)
    again = connect(to=listener)
    assert eventually(lambda: again.identify("both")[0] == 0)
    again.reactive()
    connect(to=listener).publish("t", 2)
    assert again.receive_topic() == ("t", [2])


def _connects(listener, name):
    with Client(listener, name) as client:
        return client.code == 0


# Flow control


def test_no_more_than_the_receive_maximum_is_unacknowledged(listener):
    with Client(listener) as publisher:
        hello = connect_packet("narrow", found=b"\x21\x00\x02")
        with RawClient(listener, hello) as narrow:
            narrow.send(packet(0x82, b"\x00\x01\x00" + text("n") + b"\x02"))
            assert narrow.receive()[0] == 0x90
            for number in range(6):
                publisher.publish("n", b"%d" % number, qos=1 + number % 2)
            seen, open_identifiers, unanswered = [], set(), []
            narrow.send(packet(0xC0))
            while len(seen) < 6 or open_identifiers:
                head, body = narrow.receive()
                if head & 0xF0 == 0x30:
                    seen.append(body[-1:])
                    unanswered.append((head, body[3:5]))
                    open_identifiers.add(body[3:5])
                    assert len(open_identifiers) <= 2
                elif head == 0x62:
                    narrow.send(packet(0x70, body))
                    open_identifiers.remove(body)
                elif head == 0xD0:
                    # One answer for each round, so that what it lets through has come before the next.
                    if unanswered:
                        answered, identifier = unanswered.pop(0)
                        narrow.send(packet(0x40 if answered == 0x32 else 0x50, identifier))
                        if answered == 0x32:
                            open_identifiers.remove(identifier)
                    narrow.send(packet(0xC0))
            assert seen == [b"%d" % number for number in range(6)]


def test_a_message_above_the_clients_maximum_is_left_out(listener):
    with Client(listener, MaximumPacketSize=100) as small, Client(listener) as publisher:
        small.subscribe("m")
        publisher.publish("m", b"x" * 200, qos=1)
        publisher.publish("m", b"fits", qos=1)
        assert small.next() == ("m", b"fits")


# Retained messages


def test_retained_messages(listener):
    with Client(listener) as publisher, Client(listener) as subscriber:
        publisher.publish("r/1", b'{"a" : 1}', qos=1, retain=True, UserProperty=("k", "v"))
        publisher.publish("r/2", b"2", qos=2, retain=True)
        publisher.publish("r/2", b"new", qos=0, retain=True)
        publisher.publish("$r/3", b"hidden", qos=1, retain=True)
        subscriber.subscribe("+/+", "r/#", qos=1)
        got = sorted((subscriber.receive() for _ in range(4)), key=lambda message: message.topic)
        assert [(message.topic, message.payload, message.retain, message.qos) for message in got] == [
            ("r/1", b'{"a" : 1}', True, 1)] * 2 + [("r/2", b"new", True, 0)] * 2
        assert got[0].properties.UserProperty == [("k", "v")]
        publisher.publish("r/1", b"", qos=1, retain=True)
        assert [subscriber.receive().retain for _ in range(2)] == [False, False]
        with Client(listener) as late:
            late.subscribe("r/+", qos=0)
            assert late.next() == ("r/2", b"new")
            assert_nothing_for(publisher, late)


@pytest.mark.parametrize("handling, counts", [(0, (1, 1)), (1, (1, 0)), (2, (0, 0))])
def test_retain_handling(listener, handling, counts):
    with Client(listener) as publisher, Client(listener) as subscriber:
        publisher.publish("h", b"kept", qos=1, retain=True)
        for count in counts:
            subscriber.subscribe("h", options=SubscribeOptions(qos=1, retainHandling=handling))
            for _ in range(count):
                assert subscriber.next() == ("h", b"kept")
            assert_nothing_for(publisher, subscriber)


def retain_many(broker, count):
    """Publishes `a/b/c/d/e/f/g/h/i/<number>`, a few hundred at a time, as the broker takes them."""
    with RawClient(broker, connect_packet("source")) as source:
        for start in range(0, count, 500):
            numbers = range(start, min(start + 500, count))
            source.send(b"".join(
                packet(0x33, text(f"a/b/c/d/e/f/g/h/i/{number}") + struct.pack(">H", number + 1) + b"\x00kept")
                for number in numbers))
            for _ in numbers:
                assert source.receive()[0] == 0x40


def filters_of_all():
    """512 filters, each of which all of these topics match."""
    for mask in range(512):
        yield "/".join("+" if mask >> level & 1 else "abcdefghi"[level] for level in range(9)) + "/+"


def resident_bytes(broker):
    return int(re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{broker.process.pid}/status").read_text())[1]) << 10


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_what_is_retained_waits_once_however_many_filters_match_it(listener):
    """A client that takes nothing costs its filters, and not a list of all that each of them matches."""
    retain_many(listener, 3000)
    before = resident_bytes(listener)
    body = b"\x00\x01\x00" + b"".join(text(each) + b"\x01" for each in filters_of_all())
    with RawClient(listener, connect_packet("greedy", found=b"\x21\x00\x01")) as greedy:
        greedy.send(packet(0x82, body))
        assert [greedy.receive()[0] for _ in range(2)] == [0x90, 0x33]
        with Client(listener) as other:
            other.publish("x", b"", qos=1)
        assert resident_bytes(listener) - before < 64 << 20


def test_what_is_retained_comes_for_each_filter_as_the_client_takes_it(listener):
    retain_many(listener, 40)
    filters = list(filters_of_all())[:20]
    with RawClient(listener, connect_packet("steady", found=b"\x21\x00\x03")) as steady:
        steady.send(packet(0x82, b"\x00\x01\x00" + b"".join(text(each) + b"\x01" for each in filters)))
        assert steady.receive()[0] == 0x90
        # Given up while it waits.
        steady.send(packet(0xA2, b"\x00\x02\x00" + text(filters[-1])))
        counts = Counter()
        while counts.total() < 40 * (len(filters) - 1):
            head, body = steady.receive()
            if head == 0xB0:
                continue
            size = int.from_bytes(body[:2], "big")
            counts[body[2:2 + size]] += 1
            steady.send(packet(0x40, body[2 + size:4 + size]))
        assert set(counts.values()) == {len(filters) - 1}
        steady.send(packet(0xC0))
        assert steady.receive()[0] == 0xD0


def test_retained_messages_and_sessions_survive_a_restart(start_broker, tmp_path):
    broker = mqtt_broker(start_broker, folder=tmp_path, REMBUS_RECORD="all")
    client = kept(broker, "survivor")
    client.subscribe("s/#", options=SubscribeOptions(qos=1, noLocal=True), SubscriptionIdentifier=9)
    client.close()
    with Client(broker) as publisher:
        publisher.publish("s/kept", b"[1]", qos=1, retain=True, UserProperty=("k", "v"))
        publisher.publish("s/gone", b"x", qos=1, retain=True)
        publisher.publish("s/gone", b"", qos=1, retain=True)
        publisher.publish("s/missed", b"{ }", qos=1)
    assert broker.stop() == 0
    broker = mqtt_broker(start_broker, folder=tmp_path, REMBUS_RECORD="all")
    with kept(broker, "survivor") as again, Client(broker) as late:
        assert again.flags.session_present
        got = [again.receive() for _ in range(4)]
        assert [message.payload for message in got] == [b"[1]", b"x", b"", b"{ }"]
        assert all(message.properties.SubscriptionIdentifier == [9] for message in got)
        late.subscribe("s/+")
        message = late.receive()
        assert (message.topic, message.payload, message.retain) == ("s/kept", b"[1]", True)
        assert message.properties.UserProperty == [("k", "v")]


def test_no_more_is_retained_than_allowed(start_broker):
    broker = mqtt_broker(start_broker, REMBUS_MAX_RETAINED_BYTES=1000)
    with Client(broker) as publisher, Client(broker) as subscriber:
        publisher.publish("big", b"x" * 2000, qos=1, retain=True)
        publisher.publish("small", b"x", qos=1, retain=True)
        subscriber.subscribe("+")
        assert subscriber.next() == ("small", b"x")


# Wills


def test_a_will_is_published_when_its_client_vanishes(listener):
    with Client(listener) as watcher:
        watcher.subscribe("wills/+")
        for version in (V311, V5):
            mortal = Client(listener, version=version, will={"topic": "wills/a", "payload": b"gone", "qos": 1, "retain": True})
            mortal.vanish()
            assert watcher.next() == ("wills/a", b"gone")
        with Client(listener) as late:
            late.subscribe("wills/a")
            assert late.receive().retain
        polite = Client(listener, will={"topic": "wills/b", "payload": b"gone"})
        polite.close()
        assert_nothing_for(watcher, watcher)


def test_what_came_before_the_end_counts_however_long_it_takes(listener):
    """Nothing of a burst is lost when its sender hangs up at once, and its DISCONNECT is behind it."""
    count = 30_000
    burst = b"".join(packet(0x30, text("burst") + b"\x00" + b"%d" % number) for number in range(count))
    with Client(listener) as watcher:
        watcher.subscribe("burst", "burst/end", qos=0)
        hello = connect_packet("hasty", flags=0x06, rest=b"\x00" + text("burst/end") + text("gone"))
        with RawClient(listener, hello) as hasty:
            hasty.send(burst + packet(0xE0))
        assert [watcher.next()[1] for _ in range(count)] == [b"%d" % number for number in range(count)]
        with RawClient(listener, hello) as hasty:
            hasty.send(burst)
        assert [watcher.next()[1] for _ in range(count)] == [b"%d" % number for number in range(count)]
        assert watcher.next() == ("burst/end", b"gone")


def test_a_delayed_will_waits_and_is_void_when_the_client_is_back(listener):
    from support.mqtt import properties
    will = {"topic": "late", "payload": b"gone", "properties": properties("WILLMESSAGE", WillDelayInterval=1)}
    with Client(listener) as watcher:
        watcher.subscribe("late")
        kept(listener, "back", will=will).vanish()
        back = kept(listener, "back")
        assert back.flags.session_present
        kept(listener, "lost", will={**will, "payload": b"lost"}).vanish()
        # The other one's would have been due before.
        assert watcher.next() == ("late", b"lost")
        back.close()


def test_a_client_that_says_nothing_is_dead(listener):
    with Client(listener) as watcher:
        watcher.subscribe("w")
        hello = connect_packet("mute", flags=0x06, keepalive=1, rest=b"\x00" + text("w") + text("dead"))
        with RawClient(listener, hello) as mute:
            assert watcher.next() == ("w", b"dead")
            assert mute.rest() == b"\xe0\x01\x8d"
