"""A server runs its own methods and relays nothing: behaviour.md §16.1."""

import pytest

from support.wire import Answer, ERROR, NOT_FOUND, OK

differs = pytest.mark.differs


@pytest.fixture
def server(start_broker):
    return start_broker(server=True, name="server")


def test_publications_are_not_relayed(server, connect):
    subscriber, publisher = connect("s", to=server, reactive=True), connect("p", to=server)
    subscriber.subscribe("topic")
    publisher.publish("topic", 1, qos=1)
    assert subscriber.call("rid")[0] == OK
    assert subscriber.is_silent()


@differs("S6: the reference relays patterns")
def test_publications_are_not_relayed_through_patterns(server, connect):
    subscriber, publisher = connect("s", to=server, reactive=True), connect("p", to=server)
    subscriber.subscribe("topic/*", "**")
    publisher.publish("topic/x", 1, qos=1)
    assert subscriber.call("rid")[0] == OK
    assert subscriber.is_silent()


def test_calls_of_other_peers_methods_are_answered_with_42(server, connect):
    provider, caller = connect("p", to=server), connect("c", to=server)
    provider.expose("work")
    assert caller.call("work") == Answer(NOT_FOUND, "work")


def test_direct_calls_are_refused(server, connect):
    connect("target", to=server)
    status, text = connect("c", to=server).call("x", target="target")
    assert status == ERROR
    assert "runs in server mode" in text or "not permitted in server mode" in text


def test_methods_of_the_server_itself_are_answered(server, connect):
    assert connect(to=server).call("rid") == (OK, "server")
    assert connect(to=server).call("rid", target="server") == (OK, "server")
