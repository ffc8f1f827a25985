"""What a peer may use at most, each limit set low: known-defects.md S20, docs/security.md."""

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect as open_websocket

from support.wire import Answer, ERROR, OK, UNAVAILABLE, Peer, eventually


def test_connections_in_all(start_broker, connect):
    broker = start_broker(REMBUS_RECORD="none", REMBUS_MAX_CONNECTIONS=3)
    peers = [connect(f"peer{number}", to=broker) for number in range(3)]
    assert not _gets_in(broker)
    assert peers[0].call("rid")[0] == OK
    peers[2].close()
    assert eventually(lambda: _gets_in(broker))


def _gets_in(broker):
    try:
        peer = Peer(broker.url)
        answer = peer.call("rid")
        peer.close()
        return answer[0] == OK
    except Exception:
        return False


def test_connections_of_one_address(start_broker, connect):
    broker = start_broker(REMBUS_RECORD="none", REMBUS_MAX_CONNECTIONS_PER_ADDRESS=2)
    peers = [connect(to=broker) for _ in range(2)]
    assert not _gets_in(broker)
    assert all(peer.call("rid")[0] == OK for peer in peers)


def test_handshakes_per_second(start_broker):
    broker = start_broker(REMBUS_RECORD="none", REMBUS_HANDSHAKES_PER_SECOND=2)
    outcomes = [_gets_in(broker) for _ in range(20)]
    assert True in outcomes and False in outcomes


def test_segments_of_a_topic(start_broker, connect):
    broker = start_broker(REMBUS_RECORD="none", REMBUS_MAX_TOPIC_SEGMENTS=4)
    subscriber, publisher = connect("s", to=broker, reactive=True), connect("p", to=broker)
    assert subscriber.admin("a/b/c/d/e", {"cmd": "subscribe", "msg_from": 0.0})[0] == ERROR
    assert subscriber.admin("a/b/c/d/e", {"cmd": "expose"})[0] == ERROR
    subscriber.subscribe("**")
    refused = publisher.response_to(publisher.send_publish("a/b/c/d/e", 1, qos=1))
    assert refused == Answer(ERROR, "Cannot publish to `a/b/c/d/e`: it has more than 4 segments (`max_topic_segments`)")
    publisher.publish("a/b/c/d", 2, qos=1)
    assert subscriber.receive_topic() == ("**", ["a/b/c/d", 2])


def test_length_of_a_name(start_broker, connect):
    broker = start_broker(REMBUS_RECORD="none", REMBUS_MAX_NAME_BYTES=8)
    assert connect(to=broker).identify("123456789")[0] == ERROR
    assert connect(to=broker).identify("12345678")[0] == OK


def test_calls_of_one_connection(start_broker, connect):
    broker = start_broker(REMBUS_RECORD="none", REMBUS_MAX_CALLS=3)
    provider, caller = connect("provider", to=broker), connect("caller", to=broker)
    provider.expose("slow")
    waiting = [caller.send_call("slow", number) for number in range(3)]
    status, text = caller.call("slow", 3)
    assert status == ERROR and "Too many calls: 3 of this connection" in text
    for identifier in waiting:
        provider.answer(provider.receive_call(), 7)
        assert caller.response_to(identifier) == (OK, 7)
    identifier = caller.send_call("slow", 4)
    provider.answer(provider.receive_call(), 8)
    assert caller.response_to(identifier) == (OK, 8)


def test_calls_that_fail_count_no_longer(start_broker, connect):
    broker = start_broker(REMBUS_RECORD="none", REMBUS_MAX_CALLS=2)
    caller = connect("caller", to=broker)
    for _ in range(3):
        provider = connect("provider", to=broker)
        provider.expose("slow")
        waiting = [caller.send_call("slow") for _ in range(2)]
        provider.receive_call()
        provider.close()
        assert [caller.response_to(identifier)[0] for identifier in waiting] == [UNAVAILABLE] * 2
        assert eventually(lambda: caller.call("slow", target="provider")[0] != OK)


def test_a_subscriber_that_takes_too_little_is_disconnected_when_that_is_wanted(start_broker, connect):
    broker = start_broker(REMBUS_RECORD="none", REMBUS_SLOW_CONSUMER="disconnect", REMBUS_MAX_BACKLOG_BYTES=65536)
    slow, publisher = connect("slow", to=broker, reactive=True), connect("publisher", to=broker)
    quick = connect("quick", to=broker, reactive=True)
    slow.subscribe("flood")
    quick.subscribe("quiet")
    payload = bytes(100_000)
    for _ in range(400):
        publisher.send_publish("flood", payload)
    publisher.publish("quiet", 1, qos=1)
    assert quick.receive_topic() == ("quiet", [1])
    assert eventually(lambda: "does not take" in broker.errors.text())


def test_web_pages_may_connect_from_where_they_are_allowed(start_broker):
    broker = start_broker(REMBUS_RECORD="none", REMBUS_ALLOWED_ORIGINS="https://panel.example")
    open_websocket(broker.url, origin="https://panel.example").close()
    open_websocket(broker.url, origin=broker.url.replace("ws", "http")).close()
    for origin in ("https://evil.example", "null", "http://panel.example"):
        with pytest.raises(InvalidStatus) as refused:
            open_websocket(broker.url, origin=origin)
        assert refused.value.response.status_code == 403
