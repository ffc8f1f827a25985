"""Messages at rest, kept in memory: behaviour.md §11. What a named subscriber missed arrives when it turns reactive."""

import pytest

from support.wire import ACK, LAST_RECEIVED, MINUTE, QOS1, SLOT, assert_nothing_for, reconnect

# The reference reads what it stored up to a second earlier, with one mark for all topics and without patterns.
pytestmark = pytest.mark.differs("R9, R10, R13: replay of the reference")


def test_last_received_replays_what_was_missed_in_order(connect, encoding, uid):
    subscriber, publisher = connect(f"s{uid}", encoding, reactive=True), connect(encoding=encoding)
    subscriber.subscribe(f"t{uid}", since=LAST_RECEIVED)
    publisher.publish(f"t{uid}", 0)
    assert subscriber.receive_topic() == (f"t{uid}", [0])
    subscriber.close()
    for number in range(1, 11):
        publisher.publish(f"t{uid}", number, qos=1)
    subscriber = reconnect(connect, f"s{uid}", encoding=encoding)
    subscriber.subscribe(f"t{uid}", since=LAST_RECEIVED)
    subscriber.reactive()
    assert [subscriber.receive_topic()[1] for _ in range(10)] == [[number] for number in range(1, 11)]
    assert_nothing_for(publisher, subscriber, on=f"t{uid}")


def test_the_subscription_itself_survives_a_reconnection(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"t{uid}", since=LAST_RECEIVED)
    subscriber.close()
    publisher.publish(f"t{uid}", "missed", qos=1)
    subscriber = reconnect(connect, f"s{uid}")
    subscriber.reactive()
    assert subscriber.receive_topic() == (f"t{uid}", ["missed"])


def test_a_new_subscriber_with_last_received_gets_everything(connect, uid):
    publisher = connect()
    for number in range(5):
        publisher.publish(f"t{uid}", number, qos=1)
    subscriber = connect(f"s{uid}")
    subscriber.subscribe(f"t{uid}", since=LAST_RECEIVED)
    subscriber.reactive()
    assert [subscriber.receive_topic()[1] for _ in range(5)] == [[number] for number in range(5)]


def test_now_replays_nothing(connect, uid):
    publisher = connect()
    publisher.publish(f"t{uid}", "old", qos=1)
    subscriber = connect(f"s{uid}")
    subscriber.subscribe(f"t{uid}", since=0)
    subscriber.reactive()
    assert_nothing_for(publisher, subscriber, on=f"t{uid}")


def test_a_duration_replays_what_is_younger(connect, uid):
    publisher = connect()
    publisher.publish(f"t{uid}", "recent", qos=1)
    subscriber = connect(f"s{uid}")
    subscriber.subscribe(f"t{uid}", since=MINUTE)
    subscriber.reactive()
    assert subscriber.receive_topic() == (f"t{uid}", ["recent"])


def test_a_duration_does_not_replay_what_is_older(connect, uid):
    publisher = connect()
    publisher.publish(f"t{uid}", "old", qos=1)
    # One nanosecond: whatever was acknowledged before this line is older.
    subscriber = connect(f"s{uid}")
    subscriber.subscribe(f"t{uid}", since=1)
    subscriber.reactive()
    assert_nothing_for(publisher, subscriber, on=f"t{uid}")


def test_the_window_of_reactive_bounds_the_replay(connect, uid):
    publisher = connect()
    publisher.publish(f"t{uid}", "old", qos=1)
    subscriber = connect(f"s{uid}")
    subscriber.subscribe(f"t{uid}", since=LAST_RECEIVED)
    subscriber.reactive(msg_from=0.0)
    assert_nothing_for(publisher, subscriber, on=f"t{uid}")


def test_patterns_are_replayed_in_the_form_of_a_live_delivery(connect, encoding, uid):
    subscriber, publisher = connect(f"s{uid}", encoding), connect(encoding=encoding)
    subscriber.subscribe(f"t{uid}/**", since=LAST_RECEIVED)
    subscriber.close()
    publisher.publish(f"t{uid}/a/b", 1, qos=1)
    publisher.publish(f"t{uid}/c", 2, qos=1)
    subscriber = reconnect(connect, f"s{uid}", encoding=encoding)
    subscriber.reactive()
    assert [subscriber.receive_topic() for _ in range(2)] == [
        (f"t{uid}/**", [f"t{uid}/a/b", 1]), (f"t{uid}/**", [f"t{uid}/c", 2])]


def test_what_was_received_live_is_not_replayed(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"t{uid}", since=LAST_RECEIVED)
    publisher.publish(f"t{uid}", "live", qos=1)
    assert subscriber.receive_topic() == (f"t{uid}", ["live"])
    subscriber.close()
    subscriber = reconnect(connect, f"s{uid}")
    subscriber.subscribe(f"t{uid}", since=LAST_RECEIVED)
    subscriber.reactive()
    assert_nothing_for(publisher, subscriber, on=f"t{uid}")


def test_turning_reactive_again_does_not_replay_again(connect, uid):
    publisher = connect()
    publisher.publish(f"t{uid}", "once", qos=1)
    subscriber = connect(f"s{uid}")
    subscriber.subscribe(f"t{uid}", since=LAST_RECEIVED)
    subscriber.reactive()
    assert subscriber.receive_topic() == (f"t{uid}", ["once"])
    subscriber.reactive(False)
    subscriber.reactive(True)
    assert_nothing_for(publisher, subscriber, on=f"t{uid}")


def test_what_arrived_while_unreactive_is_replayed(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"t{uid}", since=LAST_RECEIVED)
    subscriber.reactive(False)
    publisher.publish(f"t{uid}", "meanwhile", qos=1)
    subscriber.reactive(True)
    assert subscriber.receive_topic() == (f"t{uid}", ["meanwhile"])


def test_a_topic_subscribed_later_is_replayed_from_its_own_mark(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"a{uid}", since=LAST_RECEIVED)
    publisher.publish(f"b{uid}", "earlier", qos=1)
    publisher.publish(f"a{uid}", "later", qos=1)
    assert subscriber.receive_topic() == (f"a{uid}", ["later"])
    subscriber.subscribe(f"b{uid}", since=LAST_RECEIVED)
    subscriber.reactive()
    assert subscriber.receive_topic() == (f"b{uid}", ["earlier"])


def test_a_live_message_does_not_hide_older_ones(connect, uid):
    subscriber, publisher = connect(f"s{uid}"), connect()
    subscriber.subscribe(f"t{uid}", since=LAST_RECEIVED)
    subscriber.close()
    for number in range(3):
        publisher.publish(f"t{uid}", number, qos=1)
    subscriber = reconnect(connect, f"s{uid}")
    subscriber.reactive()
    publisher.publish(f"t{uid}", 3, qos=1)
    assert [subscriber.receive_topic()[1] for _ in range(4)] == [[0], [1], [2], [3]]
    assert_nothing_for(publisher, subscriber, on=f"t{uid}")


def test_anonymous_subscribers_get_no_replay(connect, uid):
    publisher = connect()
    publisher.publish(f"t{uid}", "old", qos=1)
    subscriber = connect()
    subscriber.subscribe(f"t{uid}", since=LAST_RECEIVED)
    subscriber.reactive()
    assert_nothing_for(publisher, subscriber, on=f"t{uid}")


def test_a_component_gets_no_replay_of_its_own_messages(connect, uid):
    peer, other = connect(f"s{uid}"), connect(f"o{uid}")
    peer.subscribe(f"t{uid}", since=LAST_RECEIVED)
    peer.publish(f"t{uid}", "mine", qos=1)
    other.publish(f"t{uid}", "theirs", qos=1)
    peer.reactive()
    assert peer.receive_topic() == (f"t{uid}", ["theirs"])
    assert_nothing_for(other, peer, on=f"t{uid}")


def test_quality_of_service_and_slot_are_those_of_the_original_with_a_new_id(connect, uid):
    publisher = connect()
    sent = publisher.publish(f"t{uid}", "x", qos=1, slot=1700000100)
    subscriber = connect(f"s{uid}")
    subscriber.subscribe(f"t{uid}", since=LAST_RECEIVED)
    subscriber.reactive()
    flags, identifier, _, _ = subscriber.receive_publish()
    assert flags == QOS1 | SLOT
    assert identifier != sent
    assert int.from_bytes(identifier[:4], "little") == 1700000100


def test_qos_0_is_replayed_as_well(connect, uid):
    subscriber, publisher = connect(f"s{uid}"), connect()
    subscriber.subscribe(f"t{uid}", since=LAST_RECEIVED)
    publisher.publish(f"t{uid}", "zero")
    publisher.publish(f"t{uid}", "one", qos=1)
    subscriber.reactive()
    assert [subscriber.receive_topic()[1] for _ in range(2)] == [["zero"], ["one"]]


def test_an_unsubscribed_topic_is_not_replayed(connect, uid):
    subscriber, publisher = connect(f"s{uid}"), connect()
    subscriber.subscribe(f"t{uid}", f"t{uid}/*", since=LAST_RECEIVED)
    subscriber.unsubscribe(f"t{uid}")
    subscriber.unsubscribe(f"t{uid}/*")
    subscriber.close()
    publisher.publish(f"t{uid}", 1, qos=1)
    publisher.publish(f"t{uid}/x", 1, qos=1)
    subscriber = reconnect(connect, f"s{uid}")
    subscriber.reactive()
    assert_nothing_for(publisher, subscriber)


def test_an_unacknowledged_delivery_is_replayed_after_a_reconnection(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"t{uid}", since=LAST_RECEIVED)
    publisher.publish(f"t{uid}", "unconfirmed", qos=1)
    assert subscriber.receive()[3] == ["unconfirmed"]
    subscriber.vanish()
    subscriber = reconnect(connect, f"s{uid}")
    subscriber.reactive()
    assert subscriber.receive_topic() == (f"t{uid}", ["unconfirmed"])


def test_replay_does_not_delay_others(connect, uid):
    subscriber, publisher, bystander = connect(f"s{uid}"), connect(), connect(f"b{uid}", reactive=True)
    subscriber.subscribe(f"t{uid}", since=LAST_RECEIVED)
    for number in range(2000):
        publisher.publish(f"t{uid}", number)
    publisher.publish(f"t{uid}", "end", qos=1)
    subscriber.reactive()
    bystander.subscribe(f"live{uid}")
    publisher.publish(f"live{uid}", "now")
    assert bystander.receive_topic() == (f"live{uid}", ["now"])
    assert [subscriber.receive_topic()[1] for _ in range(2001)] == [*([n] for n in range(2000)), ["end"]]


def test_a_full_window_holds_back_and_a_new_connection_starts_fresh(start_broker, connect, uid):
    broker = start_broker(REMBUS_MAX_IN_FLIGHT=1)
    subscriber, publisher = connect(f"s{uid}", to=broker, reactive=True), connect(to=broker)
    subscriber.subscribe(f"t{uid}", since=LAST_RECEIVED)
    for number in range(3):
        publisher.publish(f"t{uid}", number, qos=1)
    # The first stays unacknowledged, so the others wait in the store.
    unacknowledged = subscriber.receive()
    assert unacknowledged[3] == [0]
    subscriber.close()
    subscriber = reconnect(connect, f"s{uid}", to=broker)
    subscriber.subscribe(f"t{uid}", since=0)
    subscriber.reactive()
    # What was on its way comes again under its id; what only waited is not wanted any more.
    assert subscriber.receive() == unacknowledged
    subscriber.send([ACK, unacknowledged[1]])
    publisher.publish(f"t{uid}", "new", qos=1)
    assert subscriber.receive_topic() == (f"t{uid}", ["new"])


def test_what_a_full_window_held_back_comes_with_the_acknowledgements(start_broker, connect, uid):
    broker = start_broker(REMBUS_MAX_IN_FLIGHT=1)
    subscriber, publisher = connect(f"s{uid}", to=broker, reactive=True), connect(to=broker)
    subscriber.subscribe(f"t{uid}")
    for number in range(20):
        publisher.publish(f"t{uid}", number, qos=number % 2 + 1)
    assert [subscriber.receive_topic()[1][0] for _ in range(20)] == list(range(20))
    publisher.publish(f"t{uid}", "live again", qos=1)
    assert subscriber.receive_topic()[1] == ["live again"]
