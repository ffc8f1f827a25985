"""Exact frames of our broker on the links of a mesh: publications and calls."""

import pytest
from support.mesh import unique
from support.mesh_frames import above, component, far, hub_link, node_link  # noqa: F401
from support.mesh_links import below
from support.processes import REFERENCE
from support.wire import ACK, ACK2, NOT_FOUND, OK, PUBLISH, QOS1, QOS2, UNAVAILABLE, eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about links of ours")


# Publications


@pytest.mark.parametrize("qos, flags", [(1, QOS1), (2, QOS2)])
def test_acknowledged_publications_go_out(far, component, qos, flags):
    link, _ = far
    topic = unique("t")
    link.command(topic, "subscribe", msg_from=0.0, rmark=[9], touch=[])
    component().publish(topic, "v", qos=qos)
    kind, identifier, *rest = link.receive_publish()
    assert [kind, *rest] == [PUBLISH | flags, topic, ["v"]]
    link.peer.send([ACK, identifier])
    if qos == 2:
        assert link.receive(lambda message: message == [ACK2, identifier])
    assert link.publications(2.5) == []


def test_what_is_not_acknowledged_is_sent_again(far, component):
    link, _ = far
    topic = unique("t")
    link.command(topic, "subscribe", msg_from=0.0, rmark=[9], touch=[])
    component().publish(topic, "v", qos=1)
    first = link.receive_publish()
    assert first == link.receive_publish()
    link.peer.send([ACK, first[1]])


@pytest.mark.parametrize("qos, flags", [(0, 0), (1, QOS1), (2, QOS2)])
def test_publications_of_a_link_are_acknowledged_and_delivered_once(far, component, qos, flags):
    link, _ = far
    client, topic = component(), unique("t")
    client.subscribe(topic)
    link.waits_for(topic, "subscribe")
    identifier = link.peer.send_publish(topic, "v", qos=qos)
    if qos:
        assert link.receive(lambda message: message == [ACK, identifier])
        link.peer.send_publish(topic, "v", qos=qos, identifier=identifier)
    assert client.receive_publish()[::2] == (flags, topic)
    if qos == 2:
        assert client.is_silent()


def test_a_wrapped_publication_is_unwrapped(far, component):
    link, _ = far
    root = unique("e")
    first, second = component(), component()
    first.subscribe(f"{root}/*")
    second.subscribe(f"{root}/**")
    link.waits_for(f"{root}/**", "subscribe")
    link.peer.publish(f"{root}/*", f"{root}/1", "v", 2)
    link.peer.publish(f"{root}/**", f"{root}/1", "v", 2)
    assert first.receive_topic() == (f"{root}/*", [f"{root}/1", "v", 2])
    assert second.receive_topic() == (f"{root}/**", [f"{root}/1", "v", 2])
    assert first.is_silent() and second.is_silent()


def test_one_publication_in_several_forms_is_delivered_once(far, component):
    """The reference sends a frame for every pattern of the link and one for the topic."""
    link, _ = far
    root = unique("e")
    client = component()
    client.subscribe(f"{root}/*", f"{root}/**", f"{root}/1")
    link.waits_for(f"{root}/1", "subscribe")
    for number in range(3):
        link.peer.publish(f"{root}/*", f"{root}/1", "v")
        link.peer.publish(f"{root}/**", f"{root}/1", "v")
        link.peer.publish(f"{root}/1", "v")
    expected = [(f"{root}/*", [f"{root}/1", "v"]), (f"{root}/**", [f"{root}/1", "v"]), (f"{root}/1", ["v"])] * 3
    assert sorted(client.receive_topic() for _ in range(9)) == sorted(expected)
    assert client.is_silent()


@pytest.mark.parametrize("qos", [0, 1])
def test_an_echo_is_dropped(far, component, qos):
    link, _ = far
    root = unique("e")
    client = component()
    client.subscribe(f"{root}/*", f"{root}/**")
    link.waits_for(f"{root}/**", "subscribe")
    link.command(f"{root}/*", "subscribe", msg_from=0.0, rmark=[9], touch=[])
    for number in range(2):
        client.publish(f"{root}/1", "v", qos=qos)
        frame = link.receive_publish()
        assert frame[-2:] == [f"{root}/1", ["v"]]
        if qos:
            link.peer.send([ACK, frame[1]])
        for pattern in (f"{root}/*", f"{root}/**"):
            link.peer.publish(pattern, f"{root}/1", "v")
    # One that is no echo comes through.
    link.peer.publish(f"{root}/*", f"{root}/2", "end")
    assert client.receive_topic()[1] == [f"{root}/2", "end"] and client.receive_topic()[1] == [f"{root}/2", "end"]
    assert client.is_silent() and link.publications() == []


@pytest.mark.parametrize("depth", [2, 3, 10])
def test_what_goes_round_ends_here(far, component, depth):
    link, _ = far
    root = unique("e")
    client = component()
    client.subscribe(f"{root}/*")
    link.waits_for(f"{root}/*", "subscribe")
    link.command(f"{root}/*", "subscribe", msg_from=0.0, rmark=[9], touch=[])
    link.command(f"{root}/**", "subscribe", msg_from=0.0, rmark=[9], touch=[])
    link.peer.publish(f"{root}/*", *[f"{root}/**", f"{root}/*"] * depth, f"{root}/1", "v")
    assert link.publications() == []


@pytest.mark.parametrize("arguments", [[], [5], [None, "v"], ["", "v"], ["elsewhere/1", "v"], [["x"], 1]])
def test_a_wrapped_publication_that_is_none_is_dropped(far, component, arguments):
    link, _ = far
    root = unique("e")
    client = component()
    client.subscribe(f"{root}/*")
    link.waits_for(f"{root}/*", "subscribe")
    link.peer.publish(f"{root}/*", *arguments)
    link.peer.publish(f"{root}/1", "end")
    assert client.receive_topic() == (f"{root}/*", [f"{root}/1", "end"])
    assert link.publications() == []


def test_nothing_goes_back_where_it_came_from(far, component):
    link, _ = far
    root = unique("b")
    client = component()
    client.subscribe(root, f"{root}/*")
    link.waits_for(f"{root}/*", "subscribe")
    link.command(root, "subscribe", msg_from=0.0, rmark=[9], touch=[])
    link.command(f"{root}/*", "subscribe", msg_from=0.0, rmark=[9], touch=[])
    link.peer.publish(root, 1)
    link.peer.publish(f"{root}/1", 2)
    assert client.receive_topic()[1] == [1] and client.receive_topic()[1] == [f"{root}/1", 2]
    assert link.publications() == []


# Calls


def test_calls_of_a_link(far, component):
    link, _ = far
    provider, method = component(), unique("m")
    provider.expose(method)
    link.waits_for(method, "expose")
    identifier = link.peer.send_call(method, 1)
    provider.answer(provider.receive_call(), "done")
    assert link.response_to(identifier) == (OK, "done")
    assert link.call(unique("never"))[0] == NOT_FOUND


@pytest.mark.parametrize("status", [40, 41, 42, 43, 44, 10])
def test_statuses_of_the_far_end_are_passed_on(far, component, status):
    link, _ = far
    method = unique("m")
    link.command(method, "expose", rmark=[9], touch=[])
    client = component()
    identifier = client.send_call(method)
    link.peer.answer(link.receive_call(), "because", status)
    assert client.response_to(identifier) == (status, "because")


def test_a_call_ends_when_the_link_does(far, component):
    link, _ = far
    method = unique("m")
    link.command(method, "expose", rmark=[9], touch=[])
    client = component()
    identifier = client.send_call(method)
    link.receive_call()
    link.peer.vanish()
    assert client.response_to(identifier)[0] in (UNAVAILABLE, 46)


def test_a_closed_link_offers_nothing(far, component):
    link, _ = far
    method = unique("m")
    link.command(method, "expose", rmark=[9], touch=[])
    client = component()
    link.peer.vanish()
    assert eventually(lambda: client.call(method)[0] in (UNAVAILABLE, NOT_FOUND))


def test_two_links_that_want_the_same_are_both_told(broker):
    first, second = below(broker), below(broker)
    topic = unique("t")
    for link, mark in ((first, 7), (second, 8)):
        link.command(topic, "subscribe", msg_from=0.0, rmark=[mark], touch=[])
        link.command(topic, "expose", rmark=[mark], touch=[])
    for link in (first, second):
        assert link.waits_for(topic, "subscribe") and link.waits_for(topic, "expose")
        assert link.has(topic, "unsubscribe") == link.has(topic, "unexpose") == 0
    first.peer.publish(topic, 1)
    assert second.receive_publish() == [PUBLISH, topic, [1]]
    second.peer.publish(topic, 2)
    assert first.receive_publish() == [PUBLISH, topic, [2]]
    first.close()
    second.close()
