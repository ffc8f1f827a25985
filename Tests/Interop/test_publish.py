"""Exact topics: behaviour.md §5."""

import pytest

from support.wire import MINUTE, PUBLISH, assert_nothing_for, reconnect

twin = pytest.mark.twin


@twin("PublicationTests")
def test_a_subscriber_receives_the_exact_frame(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect(f"p{uid}")
    subscriber.subscribe(f"frame{uid}")
    publisher.publish(f"frame{uid}", 12.5, "lpm", None, True, -1, {"rate": 3}, b"\x00\xff", [1, [2]])
    assert subscriber.receive() == [PUBLISH, f"frame{uid}", [12.5, "lpm", None, True, -1, {"rate": 3}, b"\x00\xff", [1, [2]]]]


@twin("PublicationTests")
def test_subscribe_then_unsubscribe(connect, encoding, uid):
    subscriber, publisher = connect(f"s{uid}", encoding, reactive=True), connect(f"p{uid}", encoding)
    subscriber.subscribe(f"on{uid}")
    publisher.publish(f"on{uid}", 1)
    assert subscriber.receive_topic() == (f"on{uid}", [1])
    subscriber.unsubscribe(f"on{uid}")
    publisher.publish(f"on{uid}", 2)
    assert_nothing_for(publisher, subscriber)


@twin("PublicationTests")
def test_a_publication_without_arguments(connect, encoding, uid):
    subscriber, publisher = connect(f"s{uid}", encoding, reactive=True), connect(encoding=encoding)
    subscriber.subscribe(f"empty{uid}")
    publisher.publish(f"empty{uid}")
    assert subscriber.receive_topic() == (f"empty{uid}", [])


@twin("PublicationTests")
def test_delivery_needs_reactive(connect, encoding, uid):
    subscriber, publisher = connect(f"s{uid}", encoding), connect(encoding=encoding)
    subscriber.subscribe(f"topic{uid}")
    publisher.publish(f"topic{uid}", "lost", qos=1)
    subscriber.reactive()
    publisher.publish(f"topic{uid}", "seen")
    assert subscriber.receive_topic() == (f"topic{uid}", ["seen"])


@twin("PublicationTests")
def test_unreactive_stops_delivery_of_every_topic(connect, encoding, uid):
    subscriber, publisher = connect(f"s{uid}", encoding, reactive=True), connect(encoding=encoding)
    subscriber.subscribe(f"a{uid}", f"b{uid}")
    subscriber.reactive(False)
    publisher.publish(f"a{uid}", 1, qos=1)
    publisher.publish(f"b{uid}", 1, qos=1)
    subscriber.reactive(True)
    publisher.publish(f"b{uid}", 2)
    assert subscriber.receive_topic() == (f"b{uid}", [2])


@twin("PublicationTests")
def test_a_publisher_does_not_receive_its_own_message(connect, encoding, uid):
    peer, other = connect(f"s{uid}", encoding, reactive=True), connect(f"o{uid}", encoding)
    peer.subscribe(f"echo{uid}")
    peer.publish(f"echo{uid}", "mine")
    other.publish(f"echo{uid}", "theirs")
    assert peer.receive_topic() == (f"echo{uid}", ["theirs"])
    assert peer.is_silent()


@twin("PublicationTests")
def test_an_anonymous_publisher_does_not_receive_its_own_message(connect, uid):
    peer, other = connect(reactive=True), connect()
    peer.subscribe(f"echo{uid}")
    peer.publish(f"echo{uid}", "mine")
    other.publish(f"echo{uid}", "theirs")
    assert peer.receive_topic() == (f"echo{uid}", ["theirs"])
    assert peer.is_silent()


@twin("PublicationTests")
def test_every_subscriber_receives_one_copy(connect, uid):
    publisher = connect()
    subscribers = [connect(f"s{uid}-{n}", reactive=True) for n in range(5)]
    for subscriber in subscribers:
        subscriber.subscribe(f"fan{uid}")
    publisher.publish(f"fan{uid}", "x")
    for subscriber in subscribers:
        assert subscriber.receive_topic() == (f"fan{uid}", ["x"])
    assert_nothing_for(publisher, *subscribers)


@twin("PublicationTests")
def test_subscribing_twice_delivers_once(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"twice{uid}", f"twice{uid}")
    publisher.publish(f"twice{uid}", 1)
    assert subscriber.receive_topic() == (f"twice{uid}", [1])
    assert_nothing_for(publisher, subscriber)


def test_subscribing_again_replaces_the_window(connect, uid):
    subscriber, publisher = connect(f"s{uid}"), connect()
    subscriber.subscribe(f"window{uid}", since=MINUTE)
    subscriber.subscribe(f"window{uid}", since=0)
    publisher.publish(f"window{uid}", "old", qos=1)
    subscriber.reactive()
    assert_nothing_for(publisher, subscriber)


@twin("PublicationTests")
def test_topics_are_case_sensitive_and_matched_whole(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"Case/{uid}")
    for topic in (f"case/{uid}", f"Case/{uid}/x", f"Case/{uid}/", f"/Case/{uid}", f"Case/{uid}0"):
        publisher.publish(topic, 1)
    assert_nothing_for(publisher, subscriber)


@twin("PublicationTests")
@pytest.mark.parametrize("topic", ["a//b{}", "/lead{}", "trail{}/", "ünïcode/{}", "with space {}", "q?x={}&y", "@x/{}", ".{}"])
def test_a_topic_may_hold_any_character(connect, uid, topic):
    topic = topic.format(uid)
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(topic)
    publisher.publish(topic, 1)
    assert subscriber.receive_topic() == (topic, [1])


def test_messages_of_one_publisher_arrive_in_order(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"order{uid}")
    for number in range(1000):
        publisher.publish(f"order{uid}", number)
    assert [subscriber.receive_topic()[1][0] for _ in range(1000)] == list(range(1000))


def test_messages_of_different_qos_arrive_in_order(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"order{uid}")
    for number in range(30):
        publisher.send_publish(f"order{uid}", number, qos=number % 3)
    assert [subscriber.receive_topic()[1][0] for _ in range(30)] == list(range(30))


def test_the_publisher_may_leave_right_after_publishing(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"leave{uid}")
    for number in range(100):
        publisher.publish(f"leave{uid}", number)
    publisher.close()
    assert [subscriber.receive_topic()[1][0] for _ in range(100)] == list(range(100))


@twin("ReturningSubscriberTests")
def test_a_subscriber_that_left_without_a_word_stops_nobody(connect, uid):
    gone, subscriber, publisher = connect(f"g{uid}", reactive=True), connect(f"s{uid}", reactive=True), connect()
    gone.subscribe(f"gone{uid}")
    subscriber.subscribe(f"gone{uid}")
    gone.vanish()
    for number in range(50):
        publisher.publish(f"gone{uid}", number)
    assert [subscriber.receive_topic()[1][0] for _ in range(50)] == list(range(50))


@twin("PublicationTests")
def test_a_message_of_one_mebibyte(connect, uid):
    payload = bytes(range(256)) * 4096
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"big{uid}")
    publisher.publish(f"big{uid}", payload)
    assert subscriber.receive_topic() == (f"big{uid}", [payload])


@twin("ReturningSubscriberTests")
def test_a_subscription_of_a_named_component_returns_with_it(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"return{uid}", f"return{uid}/*")
    subscriber.close()
    subscriber = reconnect(connect, f"s{uid}")
    subscriber.reactive()
    publisher.publish(f"return{uid}", 1)
    assert subscriber.receive_topic() == (f"return{uid}", [1])
    publisher.publish(f"return{uid}/x", 2)
    assert subscriber.receive_topic() == (f"return{uid}/*", [f"return{uid}/x", 2])


@twin("ReturningSubscriberTests")
def test_reactive_is_off_again_for_a_returning_name(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"off{uid}")
    subscriber.close()
    subscriber = reconnect(connect, f"s{uid}")
    publisher.publish(f"off{uid}", "early", qos=1)
    subscriber.reactive()
    publisher.publish(f"off{uid}", "late")
    assert subscriber.receive_topic() == (f"off{uid}", ["late"])


@twin("PublicationTests")
def test_unsubscribing_an_unknown_topic_is_answered_with_0(connect, uid):
    connect().unsubscribe(f"never{uid}")


@twin("PublicationTests")
def test_reserved_flag_bit_is_relayed(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"reserved{uid}")
    publisher.send([PUBLISH | 0x80, b"\x07" * 8, f"reserved{uid}", [1]])
    message = subscriber.receive()
    assert message[0] == PUBLISH | 0x80 and message[-2:] == [f"reserved{uid}", [1]]
