"""Methods and commands of the broker itself: behaviour.md §8, §12, protocol.md §8."""

import re
from decimal import Decimal
from fractions import Fraction

import pytest

from support.wire import ADMIN, ERROR, OK, PUBLISH, RESPONSE, UNKNOWN_COMMAND, assert_nothing_for, new_id, reconnect

differs = pytest.mark.differs


def test_rid_gives_the_name_of_the_broker(connect, encoding, broker):
    assert connect(encoding=encoding).call("rid") == (OK, broker.name)


def test_rid_gives_the_name_of_the_option(start_broker, connect):
    assert connect(to=start_broker(name="plant")).call("rid") == (OK, "plant")


def test_version_is_text(connect, encoding):
    peer = connect(encoding=encoding)
    status, text = peer.call("version")
    assert status == OK
    assert peer.reference or re.fullmatch(r"swift_\d+\.\d+\.\d+.*", text)


@differs("D27: the reference writes a fraction")
def test_uptime_counts_whole_seconds(connect, encoding):
    status, text = connect(encoding=encoding).call("uptime")
    assert status == OK
    assert re.fullmatch(r"up for \d+ seconds", text)


@pytest.mark.parametrize("method", ["rid", "version", "uptime"])
def test_built_in_methods_ignore_arguments(connect, method):
    status, text = connect().call(method, 1, "two", {"three": 3})
    assert status == OK and isinstance(text, str)


def test_a_built_in_method_cannot_be_taken_over(connect, broker, uid):
    impostor, caller = connect(f"i{uid}"), connect()
    impostor.admin("rid", {"cmd": "expose"})
    assert caller.call("rid") == (OK, broker.name)


def test_source_cannot_be_uploaded(connect):
    peer = connect()
    if peer.reference:
        pytest.skip("S4: the reference offers it")
    for method in ("python_service_install", "python_subscriber_install", "julia_service_install"):
        status, text = peer.call(method, {"name": "x", "content": "def x(): pass"})
        assert status == 42 and f"`{method}`" in text


# setup

def test_setup_exposes_subscribes_and_turns_reactive(connect, encoding, uid):
    peer, other = connect(f"s{uid}", encoding), connect(encoding=encoding)
    peer.command("__config__", "setup", exposers=[f"mix{uid}"], subscribers=[f"tick{uid}"])
    other.publish(f"tick{uid}", 1)
    assert peer.receive_topic() == (f"tick{uid}", [1])
    identifier = other.send_call(f"mix{uid}")
    peer.answer(peer.receive_call(), "mixed")
    assert other.response_to(identifier) == (OK, "mixed")


@differs("the reference does not activate patterns that come with setup")
def test_setup_subscribes_patterns(connect, uid):
    peer, other = connect(f"s{uid}"), connect()
    peer.command("__config__", "setup", exposers=[], subscribers=[f"tick{uid}/*"])
    other.publish(f"tick{uid}/x", 2)
    assert peer.receive_topic() == (f"tick{uid}/*", [f"tick{uid}/x", 2])


def test_setup_with_empty_lists_turns_reactive(connect, uid):
    peer, other = connect(f"s{uid}"), connect()
    peer.subscribe(f"tick{uid}")
    peer.command("__config__", "setup", exposers=[], subscribers=[])
    other.publish(f"tick{uid}", 1)
    assert peer.receive_topic() == (f"tick{uid}", [1])


@differs("R11: the reference forgets the window")
def test_setup_keeps_the_window_of_a_subscription(connect, uid):
    peer, other = connect(f"s{uid}", reactive=True), connect()
    peer.subscribe(f"kept{uid}", since=float("inf"))
    peer.close()
    other.publish(f"kept{uid}", "missed", qos=1)
    peer = reconnect(connect, f"s{uid}")
    peer.command("__config__", "setup", exposers=[], subscribers=[f"kept{uid}"])
    assert peer.receive_topic() == (f"kept{uid}", ["missed"])


# Malformed and unknown commands

def test_an_unknown_command_is_answered_with_47(connect, encoding):
    assert connect(encoding=encoding).admin("x", {"cmd": "frobnicate"})[0] == UNKNOWN_COMMAND


@pytest.mark.parametrize("data", [
    pytest.param(None, marks=differs("the reference answers nothing")),
    pytest.param(7, marks=differs("the reference answers nothing")),
    "subscribe", [], {}, {"msg_from": 0.0}, {"command": "subscribe"},
])
def test_data_without_a_command_is_answered_with_10(connect, data):
    status, _ = connect().admin("x", data)
    assert status == ERROR


@differs("R3: the reference answers nothing")
@pytest.mark.parametrize("topic, data", [
    ("__config__", {"cmd": "reactive"}),
    ("__config__", {"cmd": "reactive", "status": None}),
    ("__config__", {"cmd": "reactive", "status": "yes"}),
    ("x", {"cmd": "authorize"}),
    ("x", {"cmd": "unauthorize"}),
    ("x", {"cmd": "subscribe", "msg_from": None}),
    ("x", {"cmd": "subscribe", "msg_from": "now"}),
    ("x", {"cmd": "subscribe", "msg_from": []}),
    ("__config__", {"cmd": "setup", "exposers": 7, "subscribers": {}}),
    ("__config__", {"cmd": "setup", "exposers": [1], "subscribers": [None]}),
    ("x", {"cmd": 7}),
    ("x", {"cmd": None}),
])
def test_a_malformed_command_is_answered_with_10_and_the_connection_goes_on(connect, topic, data):
    peer = connect()
    assert peer.admin(topic, data)[0] == ERROR
    assert peer.call("rid")[0] == OK


@differs("R3: the reference stops its dispatcher")
def test_unexpected_handshake_messages_are_answered_with_10(connect, uid):
    peer = connect(f"n{uid}")
    for message in (
        [11, new_id(), f"n{uid}", b"signature", {}],
        [10, new_id(), f"x/../{uid}", "01020304", b"-----BEGIN", 1],
        [10, new_id(), "/absolute", "01020304", b"-----BEGIN", 1],
        [9, new_id()],
    ):
        peer.send(message)
        assert peer.response_to(message[1])[0] == ERROR
    assert peer.call("rid")[0] == OK


@pytest.mark.parametrize("command", ["private_topic", "public_topic"])
def test_an_admin_command_of_a_plain_component_is_answered_with_10(connect, encoding, command, uid):
    assert connect(f"plain{uid}", encoding).admin(f"t{uid}", {"cmd": command})[0] == ERROR
    assert connect(encoding=encoding).admin(f"t{uid}", {"cmd": command})[0] == ERROR


@pytest.mark.parametrize("command", ["authorize", "unauthorize"])
def test_an_authorization_by_a_plain_component_is_answered_with_10(connect, command, uid):
    assert connect(f"plain{uid}").admin(f"t{uid}", {"cmd": command, "cid": "x"})[0] == ERROR


def test_subscribe_needs_no_window(connect, encoding, uid):
    peer, other = connect(f"s{uid}", encoding, reactive=True), connect(encoding=encoding)
    peer.command(f"bare{uid}", "subscribe")
    other.publish(f"bare{uid}", 1)
    assert peer.receive_topic() == (f"bare{uid}", [1])


def test_the_window_may_be_an_integer(connect, uid):
    peer, other = connect(f"s{uid}", reactive=True), connect()
    peer.command(f"int{uid}", "subscribe", msg_from=900000000)
    other.publish(f"int{uid}", 1)
    assert peer.receive_topic() == (f"int{uid}", [1])


@pytest.mark.parametrize("window", [
    True, False, 3600e9, 900_000_000, 2**70, -1, "3.6e12", " 900000000 ", "inf", Decimal("3.6e12"), Fraction(7, 2)], ids=repr)
def test_a_window_is_what_python_makes_a_float_of(connect, uid, window):
    peer, other = connect(f"s{uid}", reactive=True), connect()
    peer.command(f"window{uid}", "subscribe", msg_from=window)
    other.publish(f"window{uid}", 1)
    assert peer.receive_topic() == (f"window{uid}", [1])


@pytest.mark.parametrize("window, replayed", [(True, False), (False, False), (0, False), ("inf", True), (Decimal("3.6e12"), True)], ids=repr)
@differs("R10: the reference replays from its database only")
def test_a_window_in_any_form_bounds_the_replay(connect, uid, window, replayed):
    peer, other = connect(f"s{uid}", reactive=False), connect()
    other.publish(f"window{uid}", "old", qos=1)
    peer.command(f"window{uid}", "subscribe", msg_from=window)
    peer.reactive()
    other.publish(f"window{uid}", "new", qos=1)
    first = peer.receive_topic()
    assert first == (f"window{uid}", ["old" if replayed else "new"])


@pytest.mark.parametrize("status", [True, 1, 1.0, 2])
def test_a_number_that_is_not_zero_switches_delivery_on(connect, uid, status):
    peer, other = connect(f"s{uid}"), connect()
    peer.subscribe(f"on{uid}")
    peer.command("__config__", "reactive", status=status)
    other.publish(f"on{uid}", 1)
    assert peer.receive_topic() == (f"on{uid}", [1])


def test_marks_of_the_mesh_are_accepted(connect, uid):
    peer, other = connect(f"s{uid}", reactive=True), connect()
    peer.command(f"mesh{uid}", "subscribe", msg_from=0.0, rmark=[2**127 + 12345, 7], touch=["hub2"])
    other.publish(f"mesh{uid}", 1)
    assert peer.receive_topic() == (f"mesh{uid}", [1])


@differs("D20: the reference floods to every named peer")
def test_subscriptions_are_flooded_to_brokers(connect, uid):
    node, plain = connect(f"node{uid}", meta={"ws": 9001}), connect(f"plain{uid}")
    identifier = new_id()
    plain.send([ADMIN, identifier, f"flood{uid}", {"cmd": "subscribe", "msg_from": 0.0}])
    assert plain.response_to(identifier) == (OK, None)
    kind, _, topic, data = node.receive()
    assert (kind, topic, data) == (ADMIN, "__config__", {"cmd": "reactive", "status": True})
    kind, flooded, topic, data = node.receive()
    assert (kind, topic) == (ADMIN, f"flood{uid}")
    assert data["cmd"] == "subscribe"
    assert f"node{uid}" in data["touch"]
    assert all(isinstance(mark, int) and mark < 2**53 for mark in data["rmark"])
    node.send([RESPONSE, flooded, OK, None])
    assert node.call("rid")[0] == OK


def test_limits_on_a_topic_are_refused_not_fatal(connect):
    peer = connect()
    if peer.reference:
        pytest.skip("S20: the reference has no limits")
    status, _ = peer.admin("x" * 5000, {"cmd": "subscribe", "msg_from": 0.0})
    assert status == ERROR
    assert peer.call("rid")[0] == OK


def test_a_publication_between_commands_keeps_its_place(connect, uid):
    peer, other = connect(f"s{uid}", reactive=True), connect()
    other.publish(f"place{uid}", "before", qos=1)
    peer.subscribe(f"place{uid}")
    other.publish(f"place{uid}", "after")
    assert peer.receive() == [PUBLISH, f"place{uid}", ["after"]]
    assert_nothing_for(other, peer)
