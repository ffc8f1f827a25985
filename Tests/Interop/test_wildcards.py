"""Topics with wildcards: behaviour.md §6. Each line of its table is a case; the expected column is "here"."""

import pytest

from support.wire import Answer, ACK, PUBLISH, QOS1, QOS2, SLOT, assert_nothing_for, is_publish, new_id

differs = pytest.mark.differs
REFERENCE_SAYS_NO = differs("D38: the reference says no")

MATCHES = [
    ("{}/*/x", "{}/m/x"),
    ("{}/a/**/b", "{}/a/1/b"),
    ("{}/a/**/b", "{}/a/1/2/b"),
    ("{}/a/**/b", "{}/a//b"),
    pytest.param("{}/a/**/b", "{}/a/b", marks=REFERENCE_SAYS_NO),
    ("**/tele{}", "q/tele{}"),
    ("**/tele{}", "q/r/tele{}"),
    ("**/tele{}", "/tele{}"),
    pytest.param("**/tele{}", "tele{}", marks=REFERENCE_SAYS_NO),
    ("{}/**", "{}/a"),
    ("{}/**", "{}/a/b/c"),
    ("{}/*/*", "{}/a/b"),
    ("*/{}", "m/{}"),
    ("{}/*", "{}/ünï"),
    ("{}/a.b/*", "{}/a.b/c"),
    ("{}/+/(x)/*", "{}/+/(x)/y"),
    ("{}/k/@e/*", "{}/k/@e/y"),
]

MISSES = [
    ("*/x{}", "m/n/x{}"),
    ("*/x{}", "x{}"),
    ("*/x{}", "@m/x{}"),
    ("*/x{}", "m@k/x{}"),
    ("{}/**", "{}/a/@b/c"),
    ("{}/**", "{}/user@host"),
    ("{}/a/**/b", "{}/a/1"),
    ("{}/a/**/b", "{}/ab"),
    ("{}/*", "{}/a/b"),
    ("{}/*", "{}/"),
    ("{}/*/b", "{}//b"),
    ("{}/a.b/*", "{}/aXb/c"),
    ("{}/A/*", "{}/a/x"),
]


@pytest.mark.parametrize("pattern, topic", MATCHES)
def test_a_pattern_matches(connect, uid, pattern, topic):
    pattern, topic = pattern.format(f"w{uid}"), topic.format(f"w{uid}")
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(pattern)
    publisher.publish(topic, 7)
    assert subscriber.receive() == [PUBLISH, pattern, [topic, 7]]


@pytest.mark.parametrize("pattern, topic", MISSES)
def test_a_pattern_does_not_match(connect, uid, pattern, topic):
    pattern, topic = pattern.format(f"w{uid}"), topic.format(f"w{uid}")
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(pattern)
    publisher.publish(topic, 7)
    assert_nothing_for(publisher, subscriber)


def test_two_stars_match_any_topic_and_one_star_a_topic_of_one_segment(start_broker, connect):
    broker = start_broker()
    everything, single, publisher = (connect(n, to=broker, reactive=True) for n in ("all", "single", "pub"))
    everything.subscribe("**")
    single.subscribe("*")
    publisher.publish("plain", 1)
    publisher.publish("m/x", 2)
    publisher.publish("last", 3)
    assert [everything.receive_topic() for _ in range(3)] == [
        ("**", ["plain", 1]), ("**", ["m/x", 2]), ("**", ["last", 3])]
    assert [single.receive_topic() for _ in range(2)] == [("*", ["plain", 1]), ("*", ["last", 3])]


@differs("R31: the reference matches '*' only after somebody subscribed '**'")
def test_one_star_needs_no_other_pattern(start_broker, connect):
    broker = start_broker()
    single, publisher = connect("single", to=broker, reactive=True), connect(to=broker)
    single.subscribe("*")
    publisher.publish("plain", 1)
    assert single.receive_topic() == ("*", ["plain", 1])


def test_the_delivery_carries_the_pattern_and_the_real_topic(connect, encoding, uid):
    subscriber, publisher = connect(f"s{uid}", encoding, reactive=True), connect(encoding=encoding)
    subscriber.subscribe(f"yard{uid}/*/flow")
    publisher.publish(f"yard{uid}/pump7/flow", 12.5, "lpm")
    assert subscriber.receive() == [PUBLISH, f"yard{uid}/*/flow", [f"yard{uid}/pump7/flow", 12.5, "lpm"]]


@pytest.mark.parametrize("count", [0, 1, 22, 23, 24, 255, 256, 300])
def test_the_real_topic_precedes_any_number_of_arguments(connect, uid, count):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"many{uid}/*")
    publisher.publish(f"many{uid}/x", *range(count))
    assert subscriber.receive_topic() == (f"many{uid}/*", [f"many{uid}/x", *range(count)])


def test_the_real_topic_precedes_arguments_of_indefinite_length(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"indefinite{uid}/*")
    topic = f"indefinite{uid}/x".encode()
    publisher.send_raw(b"\x83\x01" + bytes([0x60 + len(topic)]) + topic + b"\x9f\x01\x61\x61\xff")
    assert subscriber.receive_topic() == (f"indefinite{uid}/*", [topic.decode(), 1, "a"])


@differs("protocol.md §3.1: the reference crashes its wildcard stage")
@pytest.mark.parametrize("payload, arguments", [(None, []), (5, [5]), ("x", ["x"]), ({"k": 1}, [{"k": 1}])])
def test_the_real_topic_precedes_a_payload_that_is_no_array(connect, uid, payload, arguments):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"scalar{uid}/*")
    publisher.send([PUBLISH, f"scalar{uid}/x", payload])
    assert subscriber.receive_topic() == (f"scalar{uid}/*", [f"scalar{uid}/x", *arguments])


def test_each_matching_pattern_and_the_exact_topic_give_one_delivery(connect, encoding, uid):
    subscriber, publisher = connect(f"s{uid}", encoding, reactive=True), connect(encoding=encoding)
    topic, patterns = f"m{uid}/a/b", [f"m{uid}/**", f"m{uid}/*/b"]
    subscriber.subscribe(topic, *patterns)
    publisher.publish(topic, 1)
    received = sorted(subscriber.receive_topic() for _ in range(3))
    assert received == sorted([(topic, [1]), *((pattern, [topic, 1]) for pattern in patterns)])
    assert_nothing_for(publisher, subscriber)


@differs("S6: the reference ignores it for patterns")
def test_a_pattern_delivers_only_to_a_reactive_subscriber(connect, uid):
    subscriber, publisher = connect(f"s{uid}"), connect()
    subscriber.subscribe(f"quiet{uid}/*")
    publisher.publish(f"quiet{uid}/x", "early", qos=1)
    subscriber.reactive()
    publisher.publish(f"quiet{uid}/x", "late")
    assert subscriber.receive_topic() == (f"quiet{uid}/*", [f"quiet{uid}/x", "late"])


@differs("R8: the reference sends it back")
def test_a_publisher_does_not_receive_its_own_message_through_a_pattern(connect, encoding, uid):
    peer, other = connect(f"s{uid}", encoding, reactive=True), connect(encoding=encoding)
    peer.subscribe(f"echo{uid}/*")
    peer.publish(f"echo{uid}/x", "mine")
    other.publish(f"echo{uid}/x", "theirs")
    assert peer.receive_topic() == (f"echo{uid}/*", [f"echo{uid}/x", "theirs"])
    assert peer.is_silent()


def test_an_unsubscribed_pattern_delivers_no_more(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"u{uid}/*", f"u{uid}/**")
    subscriber.unsubscribe(f"u{uid}/**")
    publisher.publish(f"u{uid}/x", 1)
    assert subscriber.receive_topic() == (f"u{uid}/*", [f"u{uid}/x", 1])
    assert_nothing_for(publisher, subscriber)


@differs("R8: the reference delivers with QoS 0")
@pytest.mark.parametrize("qos, flags", [(1, QOS1), (2, QOS2)])
def test_a_pattern_keeps_the_quality_of_service(connect, encoding, uid, qos, flags):
    subscriber, publisher = connect(f"s{uid}", encoding, reactive=True), connect(encoding=encoding)
    subscriber.subscribe(f"qos{uid}/*")
    publisher.publish(f"qos{uid}/x", 1, qos=qos)
    received = subscriber.receive_publish()
    assert received[0] == flags
    assert received[2:] == (f"qos{uid}/*", [f"qos{uid}/x", 1])
    assert_nothing_for(publisher, subscriber)


@differs("R8: the reference loses the slot")
def test_a_pattern_keeps_the_slot(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"slot{uid}/*")
    publisher.publish(f"slot{uid}/x", 1, qos=1, slot=1700000100)
    flags, identifier, _, _ = subscriber.receive_publish()
    assert flags == QOS1 | SLOT
    assert int.from_bytes(identifier[:4], "little") == 1700000100


@differs("R8: the stage of the reference precedes the check")
def test_a_qos_2_duplicate_is_not_delivered_again_through_a_pattern(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect(f"p{uid}")
    subscriber.subscribe(f"dup{uid}/*")
    identifier = new_id()
    for _ in range(2):
        publisher.send_publish(f"dup{uid}/x", 1, qos=2, identifier=identifier)
        publisher.expect_ack(identifier)
    subscriber.receive_publish()
    assert_nothing_for(publisher, subscriber)


@differs("R31: the reference delivers it, twice")
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_publication_to_a_topic_with_a_star_is_refused(connect, encoding, uid, qos):
    subscriber, publisher = connect(f"s{uid}", encoding, reactive=True), connect(encoding=encoding)
    subscriber.subscribe(f"star{uid}/*", f"star{uid}/**")
    for topic in (f"star{uid}/*", f"star{uid}/**", f"star{uid}/a*"):
        identifier = publisher.send_publish(topic, 1, qos=qos)
        if qos > 0:
            assert publisher.response_to(identifier) == Answer(
                10, f"Cannot publish to `{topic}`: wildcards are for subscribing. Name one topic.")
    assert_nothing_for(publisher, subscriber)


def test_calls_know_no_wildcards(connect, uid):
    provider, caller = connect(f"s{uid}"), connect()
    provider.expose(f"rpc{uid}/*")
    assert caller.call(f"rpc{uid}/x") == Answer(42, f"rpc{uid}/x")


def test_a_hundred_patterns_of_one_subscriber(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    for number in range(100):
        subscriber.subscribe(f"h{uid}/{number}/*")
    publisher.publish(f"h{uid}/57/x", 1)
    assert subscriber.receive_topic() == (f"h{uid}/57/*", [f"h{uid}/57/x", 1])
    assert_nothing_for(publisher, subscriber)


def test_every_delivery_is_a_publication(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"kind{uid}/**")
    publisher.send_publish(f"kind{uid}/x", 1, qos=1)
    message = subscriber.receive()
    assert is_publish(message)
    if message[0] & 0xF0:
        subscriber.send([ACK, message[1]])
