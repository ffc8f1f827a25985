"""What brokers of the reference do in a mesh, as far as ours rests on it: docs/spec/protocol.md §9. Nothing here is about our broker."""

import threading

import pytest
from support.frame_tap import DOWN, UP, RawHub
from support.mesh import IMPATIENT, META, PYTHON, Mesh, unique
from support.mesh_pairs import Pair
from support.processes import Broker
from support.wire import (ADMIN, ERROR, IDENTITY, LAST_RECEIVED, LOOPBACK, NOT_FOUND, OK, PUBLISH, QOS1, QOS2, RESPONSE, RPC,
                          UNAVAILABLE, Peer, eventually)

#: What a broker of the reference offers by itself.
SERVICES = [f"python_{kind}_{action}" for kind in ("service", "subscriber") for action in ("install", "list", "uninstall")]


@pytest.fixture(scope="module")
def both():
    """A hub and a node of the reference."""
    one = Pair(PYTHON, PYTHON)
    yield one
    one.mesh.close()


@pytest.fixture(scope="module")
def hub():
    with Broker(name="hub", reference=True, **IMPATIENT) as broker:
        yield broker


@pytest.fixture
def raw_node(hub):
    """A node below the reference that a test writes; not reactive yet."""
    peers = []

    def dial(name=None, meta=META):
        peers.append(Peer(hub.url, max_queue=None))
        status, exports = peers[-1].identify(name or unique("raw"), meta)
        assert status == OK
        return peers[-1], exports

    yield dial
    for peer in peers:
        peer.close()


@pytest.fixture(scope="module")
def below():
    """The hub's end of the link of a node of the reference that a test writes, the node, and what it began with."""
    with RawHub() as raw:
        mesh = Mesh()
        started = []
        thread = threading.Thread(target=lambda: started.append(mesh.start("below", raw, kind=PYTHON)))
        thread.start()
        link = raw.accept()
        beginning = [link.receive()]
        link.send([RESPONSE, beginning[0][1], OK, [["offered"], ["wanted", "wanted/*/p"]]])
        beginning.append(link.receive())
        link.send([RESPONSE, beginning[1][1], OK, None])
        thread.join()
        yield link, started[0], beginning, mesh
        mesh.close()


def admin_frames(tap, way):
    """(topic, data) without the ids of brokers."""
    return [(message[2], {key: value for key, value in message[3].items() if key != "rmark"})
            for message in tap.frames(way, ADMIN)]


# Login


def test_a_node_begins_with_its_address_and_asks_for_deliveries(below):
    _, node, (identity, reactive), _ = below
    assert identity[0] == IDENTITY and identity[2:] == ["below-link", {"ws": node.port}]
    assert reactive[0] == ADMIN and reactive[2:] == ["__config__", {"cmd": "reactive", "status": True}]


def test_a_hub_answers_with_what_others_offer_and_want(hub, raw_node):
    first, _ = raw_node()
    method, topic = unique("m"), unique("t")
    first.expose(method)
    first.subscribe(topic, f"{topic}/*")
    methods, topics = raw_node()[1]
    assert set(SERVICES) | {method} <= set(methods) and {topic, f"{topic}/*"} <= set(topics)


def test_a_hub_makes_no_difference_between_brokers_and_components(raw_node):
    assert raw_node()[1] == raw_node(meta={})[1]


def test_the_second_of_a_name_is_refused(hub, raw_node):
    name = unique("raw")
    raw_node(name)
    assert Peer(hub.url).identify(name, META) == (ERROR, "already connected")


# Commands


@pytest.mark.parametrize("direction", ["down", "up"])
def test_commands_cross_with_the_way_that_they_took(both, direction):
    origin, _ = both.ends(direction)
    way = DOWN if direction == "down" else UP
    client = both.mesh.peer(origin)
    topic = unique("t")
    both.settle()
    client.subscribe(topic, since=LAST_RECEIVED)
    client.unsubscribe(topic)
    client.expose(topic)
    client.unexpose(topic)
    assert both.tap.wait_for(lambda _: len(admin_frames(both.tap, way)) == 4)
    commands = admin_frames(both.tap, way)
    assert [data["cmd"] for _, data in commands] == ["subscribe", "unsubscribe", "expose", "unexpose"]
    assert commands[0][1]["msg_from"] == LAST_RECEIVED
    assert all(frame[2] == topic and len(frame[3]["rmark"]) == 1 and "node-link" in frame[3]["touch"]
               for frame in both.tap.frames(way, ADMIN))


@pytest.mark.parametrize("direction", ["down", "up"])
def test_nobody_says_that_a_client_is_gone(both, direction):
    origin, destination = both.ends(direction)
    topic = unique("t")
    client = both.mesh.peer(origin)
    client.subscribe(topic)
    client.expose(topic)
    both.settle()
    client.close()
    both.mesh.settle()
    assert {(data["cmd"], name) for name, data in admin_frames(both.tap, UP) + admin_frames(both.tap, DOWN)
            if name == topic} == set()
    assert both.mesh.knows(destination, topic=topic, method=topic)


def test_one_of_two_that_unsubscribes_takes_the_route_of_both(both):
    topic = unique("t")
    first, second = both.mesh.listen(both.node, topic), both.mesh.listen(both.node, topic)
    both.settle()
    first.peer.unsubscribe(topic)
    both.settle()
    publisher = both.mesh.peer(both.hub)
    publisher.publish(topic, 1)
    assert second.hear(publisher) == []


def test_fields_and_marks_of_others_are_carried_on(raw_node):
    first, second = raw_node()[0], raw_node()[0]
    topic = unique("t")
    first.admin(topic, {"cmd": "subscribe", "msg_from": 0.0, "rmark": [77, 2**53 - 1], "touch": [], "hops": 3})
    frame = next_admin(second)
    assert frame[2] == topic and frame[3]["rmark"][:2] == [77, 2**53 - 1] and frame[3]["hops"] == 3


def next_admin(peer):
    while (frame := peer.receive())[0] != ADMIN:
        pass
    return frame


def test_patterns_of_setup_are_no_patterns(hub, raw_node):
    link, _ = raw_node()
    topic = unique("s")
    link.command("__config__", "setup", exposers=[], subscribers=[topic, f"{topic}/*"])
    publisher = Peer(hub.url)
    publisher.publish(f"{topic}/1", "lost")
    publisher.publish(topic, "found")
    assert next_publish(link) == [PUBLISH, topic, ["found"]]


def next_publish(peer):
    while (frame := peer.receive())[0] & 0x0F != PUBLISH:
        pass
    return frame


def test_routes_are_kept_under_the_name_of_the_link(hub, raw_node):
    name, topic = unique("raw"), unique("t")
    link, _ = raw_node(name)
    link.subscribe(topic)
    link.expose(topic)
    link.close()
    caller = Peer(hub.url)
    assert eventually(lambda: caller.call(topic) == (UNAVAILABLE, topic))

    def comes_back():
        # The hub may still be writing down what the link had when it ended; then the next login finds it.
        again, _ = raw_node(name)
        again.reactive()
        caller.publish(topic, 1)
        try:
            return again.receive(timeout=2) == [PUBLISH, topic, [1]]
        except TimeoutError:
            return False
        finally:
            again.close()

    assert eventually(comes_back)


# Publications


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_exact_topics_come_down_as_they_were_published(both, qos):
    topic = unique("t")
    ear = both.mesh.listen(both.node, topic)
    publisher = both.mesh.peer(both.hub)
    both.settle()
    identifier = publisher.publish(topic, "v", qos=qos)
    assert ear.hear(publisher) == [(topic, ["v"])]
    [frame] = [frame for frame in both.tap.frames(DOWN, PUBLISH) if frame[-2] == topic]
    assert frame[0] == PUBLISH | (0, QOS1, QOS2)[qos] and (qos == 0 or frame[1] == identifier)


def test_exact_topics_do_not_go_up(both):
    topic = unique("t")
    ear = both.mesh.listen(both.hub, topic)
    publisher = both.mesh.peer(both.node)
    both.settle()
    publisher.publish(topic, "v", qos=1)
    assert ear.hears_nothing() and both.tap.publications(UP, topic) == []


def test_exact_topics_go_up_when_the_hub_asks_for_them(below):
    link, node, _, mesh = below
    link.reactive()
    link.inbox.clear()
    publisher = mesh.peer(node)
    for qos in (0, 1, 2):
        publisher.publish("wanted", qos, qos=qos)
        assert link.receive_publish()[2:] == ("wanted", [qos])


@pytest.mark.parametrize("direction", ["down", "up"])
def test_patterns_cross_wrapped_and_are_delivered_twice(both, direction):
    origin, destination = both.ends(direction)
    way = DOWN if direction == "down" else UP
    root = unique("p")
    pattern = f"{root}/*/q"
    ear = both.mesh.listen(destination, pattern)
    publisher = both.mesh.peer(origin)
    both.settle()
    publisher.publish(f"{root}/1/q", "v", qos=1)
    assert both.tap.wait_for(lambda _: both.tap.publications(way, pattern))
    assert ear.peer.receive_topic() == (pattern, [pattern, f"{root}/1/q", "v"])
    assert ear.peer.receive_topic() == (pattern, [f"{root}/1/q", "v"])
    assert both.tap.frames(way, PUBLISH) == [[PUBLISH, pattern, [f"{root}/1/q", "v"]]]


def test_an_original_is_delivered_once_and_comes_back_to_who_has_the_pattern_too(hub, raw_node):
    link, _ = raw_node()
    client = Peer(hub.url)
    pattern = f"{unique('e')}/*"
    topic = pattern.replace("*", "1")
    client.subscribe(pattern)
    link.publish(topic, "once")
    assert client.receive_topic() == (pattern, [topic, "once"]) and client.is_silent()
    assert next_admin(link)[2] == pattern and link.is_silent()
    link.subscribe(pattern)
    link.publish(topic, "echoed", qos=1)
    assert next_publish(link) == [PUBLISH, pattern, [topic, "echoed"]]


def test_patterns_on_both_ends_go_round_for_ever(below):
    link, _, _, _ = below
    link.inbox.clear()
    pattern = f"{unique('r')}/*"
    link.subscribe(pattern)
    link.publish(pattern.replace("*", "1"), "v")
    for depth in range(5):
        wrapped = next_publish(link)
        assert wrapped == [PUBLISH, pattern, [pattern] * depth + [pattern.replace("*", "1"), "v"]]
        link.publish(pattern, *wrapped[2])
    link.unsubscribe(pattern)


# Calls


@pytest.mark.parametrize("direction", ["down", "up"])
def test_calls_cross_one_at_a_time(both, direction):
    origin, destination = both.ends(direction)
    way = DOWN if direction == "down" else UP
    method = unique("m")
    provider = both.mesh.provide(destination, method)
    first, second = both.mesh.peer(origin), both.mesh.peer(origin)
    both.settle()
    identifier = first.send_call(method, 1)
    request = provider.receive_call()
    waiting = second.send_call(method, 2)
    assert provider.is_silent()
    assert both.tap.frames(way, RPC) == [[RPC, identifier, method, None, [1]]]
    provider.answer(request, "one")
    assert first.response_to(identifier) == (OK, "one")
    provider.answer(provider.receive_call(), "two")
    assert second.response_to(waiting) == (OK, "two")


def test_what_a_link_answers_is_passed_on(below):
    link, node, _, mesh = below
    caller = mesh.peer(node)
    for status in (40, 41, 42, 43, 44, 10):
        identifier = caller.send_call("offered")
        while (request := link.receive())[0] != RPC:
            pass
        link.answer(request, f"text {status}", status)
        assert caller.response_to(identifier) == (status, f"text {status}")


def test_statuses_of_methods_that_cannot_be_called(both):
    caller, provider = both.mesh.peer(both.hub), both.mesh.provide(both.node, "gone", "mine")
    both.settle()
    assert caller.call("never") == (NOT_FOUND, "never")
    provider.unexpose("gone")
    both.settle()
    assert caller.call("gone") == (UNAVAILABLE, "gone")
    assert provider.call("mine") == (LOOPBACK, "mine")
    provider.close()
    assert eventually(lambda: caller.call("mine") == (UNAVAILABLE, "mine"))
