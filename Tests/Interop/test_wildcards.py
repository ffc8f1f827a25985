"""Topics with wildcards: behaviour.md §6. What the reference satisfies of it; Swift tests have all of it for our broker."""

import pytest

from support.wire import Answer, ACK, PUBLISH, assert_nothing_for, is_publish

pytestmark = pytest.mark.twin("WildcardTests, WildcardDeliveryTests")

MATCHES = [
    ("{}/*/x", "{}/m/x"),
    ("{}/a/**/b", "{}/a/1/b"),
    ("{}/a/**/b", "{}/a/1/2/b"),
    ("{}/a/**/b", "{}/a//b"),
    ("**/tele{}", "q/tele{}"),
    ("**/tele{}", "q/r/tele{}"),
    ("**/tele{}", "/tele{}"),
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


def test_each_matching_pattern_and_the_exact_topic_give_one_delivery(connect, encoding, uid):
    subscriber, publisher = connect(f"s{uid}", encoding, reactive=True), connect(encoding=encoding)
    topic, patterns = f"m{uid}/a/b", [f"m{uid}/**", f"m{uid}/*/b"]
    subscriber.subscribe(topic, *patterns)
    publisher.publish(topic, 1)
    received = sorted(subscriber.receive_topic() for _ in range(3))
    assert received == sorted([(topic, [1]), *((pattern, [topic, 1]) for pattern in patterns)])
    assert_nothing_for(publisher, subscriber)


def test_an_unsubscribed_pattern_delivers_no_more(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"u{uid}/*", f"u{uid}/**")
    subscriber.unsubscribe(f"u{uid}/**")
    publisher.publish(f"u{uid}/x", 1)
    assert subscriber.receive_topic() == (f"u{uid}/*", [f"u{uid}/x", 1])
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
