"""Exact frames of our broker on the links of a mesh: logins and commands (protocol.md §9)."""

import pytest
from support.mesh import unique
from support.mesh_frames import above, component, far, hub_link, node_link  # noqa: F401
from support.mesh_links import Link, below
from support.processes import REFERENCE
from support.wire import ERROR, LOOPBACK, NOT_FOUND, OK, PUBLISH, RESPONSE, RPC, UNAVAILABLE, Peer, new_id

pytestmark = pytest.mark.skipif(REFERENCE, reason="about links of ours")


# Login of a node


def test_it_says_who_it_is_and_that_it_is_a_broker(above, hub_link):
    assert above.identity[2] == above.link_name
    assert above.identity[3]
    assert hub_link.waits_for("__config__", "reactive")["status"] is True


def test_it_announces_what_was_wanted_before_the_link(above, connect):
    client = connect(to=above.broker)
    client.subscribe("exact", "a/*/pattern", "b/**")
    client.expose("offered")
    link = above.dialed()
    for topic in ("exact", "a/*/pattern", "b/**"):
        announced = link.waits_for(topic, "subscribe")
        assert isinstance(announced["msg_from"], float)
        assert all(isinstance(mark, int) and 0 < mark < 2**53 for mark in announced["rmark"]) and announced["rmark"]
    assert link.waits_for("offered", "expose")


def test_exports_become_routes(above, hub_link, connect):
    client = connect(to=above.broker)
    identifier = client.send_call("hm", 1)
    request = hub_link.receive_call()
    assert request[:5] == [RPC, identifier, "hm", None, [1]] or request[2:5] == ["hm", None, [1]]
    hub_link.peer.answer(request, "done")
    assert client.response_to(identifier) == (OK, "done")
    client.publish("want", 1)
    client.publish("want/7/p", 2)
    client.publish("want/7/q", 3)
    assert hub_link.publications() == [[PUBLISH, "want", [1]], [PUBLISH, "want/7/p", [2]]]


@pytest.mark.parametrize("exports", [None, [], [[], []], [["m"], ["t"], "more"]])
def test_it_takes_any_answer(above, connect, exports):
    link = above.dialed(answer=False)
    link.peer.send([RESPONSE, above.identity[1], OK, exports])
    connect(to=above.broker).subscribe("t1")
    assert link.waits_for("t1", "subscribe")


@pytest.mark.parametrize("status", [ERROR])
def test_it_tries_again_when_it_is_refused(above, status):
    link = above.dialed(answer=False)
    link.peer.send([RESPONSE, above.identity[1], status, "already connected"])
    link.close()
    assert above.dialed().waits_for("__config__", "reactive")


def test_it_dials_again_and_says_what_has_changed(above, connect):
    client = connect(to=above.broker)
    client.subscribe("stays", "goes", "goes/*")
    client.expose("stays_m", "goes_m")
    link = above.dialed()
    for topic in ("stays", "goes", "goes/*"):
        link.waits_for(topic, "subscribe")
    link.waits_for("goes_m", "expose")
    link.waits_for("stays_m", "expose")
    link.peer.vanish()
    client.unsubscribe("goes")
    client.unsubscribe("goes/*")
    client.unexpose("goes_m")
    client.subscribe("new")
    again = above.dialed()
    assert again.waits_for("stays", "subscribe") and again.waits_for("new", "subscribe")
    # The reference has kept what it was told under the name of the link (mesh fact 18).
    assert again.waits_for("goes", "unsubscribe") and again.waits_for("goes_m", "unexpose")
    assert again.waits_for("goes/*", "unsubscribe") and again.waits_for("stays_m", "expose")


# Login of nodes below


def test_only_brokers_are_told_what_others_want(broker, connect, uid):
    client = connect()
    client.subscribe(f"w{uid}", f"w{uid}/*")
    client.expose(f"o{uid}")
    node, component = below(broker), Peer(broker.url)
    status, exports = component.identify(f"plain{uid}")
    assert status == OK and not any(exports or [])
    assert f"w{uid}" in node.exports[1] and f"o{uid}" in node.exports[0]
    # A pattern in exports is dead text to the reference: it has to come by itself (mesh fact 3).
    assert node.waits_for(f"w{uid}/*", "subscribe")
    client.subscribe(f"later{uid}")
    assert node.waits_for(f"later{uid}", "subscribe")
    assert component.is_silent()
    component.close()
    node.close()


def test_built_in_methods_are_not_offered(node_link):
    assert not {"rid", "version", "uptime"} & set(node_link.exports[0])


def test_setup_brings_topics_patterns_and_methods(broker, node_link, connect, uid):
    node_link.command("__config__", "setup", exposers=[f"m{uid}"], subscribers=[f"t{uid}", f"p{uid}/*"])
    client = connect()
    client.publish(f"t{uid}", 1)
    client.publish(f"p{uid}/x", 2)
    assert node_link.publications() == [[PUBLISH, f"t{uid}", [1]], [PUBLISH, f"p{uid}/x", [2]]]
    identifier = client.send_call(f"m{uid}")
    node_link.peer.answer(node_link.receive_call(), 3)
    assert client.response_to(identifier) == (OK, 3)


def test_setup_is_told_to_the_others(broker, node_link):
    other = below(broker)
    topic = unique("t")
    node_link.command("__config__", "setup", exposers=[f"{topic}m"], subscribers=[topic, f"{topic}/*"])
    assert other.waits_for(topic, "subscribe") and other.waits_for(f"{topic}/*", "subscribe")
    assert other.waits_for(f"{topic}m", "expose")
    other.close()


def test_a_link_to_a_broker_gets_publications_without_asking(broker, connect):
    # A node of the reference with several upstreams never says that it is reactive.
    peer = Peer(broker.url)
    peer.identify(unique("raw"), {"ws": 9})
    topic = unique("t")
    peer.subscribe(topic)
    connect().publish(topic, 1)
    link = Link(peer)
    assert link.receive_publish() == [PUBLISH, topic, [1]]
    link.close()


# Commands


def test_each_command_crosses_once(far, component):
    link, _ = far
    client, topic = component(), unique("t")
    client.subscribe(topic)
    assert link.waits_for(topic, "subscribe")
    client.unsubscribe(topic)
    assert link.waits_for(topic, "unsubscribe")
    client.expose(topic)
    assert link.waits_for(topic, "expose")
    client.unexpose(topic)
    assert link.waits_for(topic, "unexpose")
    assert [link.has(topic, command) for command in ("subscribe", "unsubscribe", "expose", "unexpose")] == [1, 1, 1, 1]


def test_the_last_of_several_withdraws(far, component):
    link, _ = far
    first, second, topic = component(), component(), unique("t")
    for client in (first, second):
        client.subscribe(topic, f"{topic}/*")
        client.expose(topic)
    link.waits_for(f"{topic}/*", "subscribe")
    link.waits_for(topic, "expose")
    first.unsubscribe(topic)
    first.unsubscribe(f"{topic}/*")
    first.unexpose(topic)
    marker = unique("t")
    first.subscribe(marker)
    link.waits_for(marker, "subscribe")
    assert [link.has(*what) for what in ((topic, "unsubscribe"), (f"{topic}/*", "unsubscribe"), (topic, "unexpose"))] == [0, 0, 0]
    second.unsubscribe(topic)
    second.unsubscribe(f"{topic}/*")
    second.unexpose(topic)
    assert link.waits_for(topic, "unsubscribe") and link.waits_for(f"{topic}/*", "unsubscribe") and link.waits_for(topic, "unexpose")


def test_a_component_without_a_name_that_goes_withdraws(far, component):
    link, _ = far
    topic = unique("t")
    client = component()
    client.subscribe(topic, f"{topic}/*")
    client.expose(topic)
    link.waits_for(topic, "expose")
    client.vanish()
    assert link.waits_for(topic, "unsubscribe") and link.waits_for(f"{topic}/*", "unsubscribe") and link.waits_for(topic, "unexpose")


def test_what_has_been_here_already_is_ignored(far, component):
    link, _ = far
    client, topic, marker = component(), unique("t"), unique("t")
    client.subscribe(marker)
    own = link.waits_for(marker, "subscribe")["rmark"]
    link.command(topic, "subscribe", msg_from=0.0, rmark=[2**80, own[-1], 5], touch=[])
    client.publish(topic, 1)
    assert link.publications() == []


def test_others_are_told_with_the_mark_of_this_broker_alone(broker, node_link):
    """It stands for everybody behind it: which of them wants something changes, and what was said once cannot be changed."""
    other, topic = below(broker), unique("t")
    node_link.command(topic, "subscribe", msg_from=0.0, rmark=[2**127 - 1], touch=["a"])
    (mark,) = other.waits_for(topic, "subscribe")["rmark"]
    assert 0 < mark < 2**53
    other.close()


def test_what_a_link_wants_is_not_told_to_it(far, component):
    link, _ = far
    topic, marker = unique("t"), unique("t")
    link.command(topic, "subscribe", msg_from=0.0, rmark=[9], touch=[])
    link.command(topic, "expose", rmark=[9], touch=[])
    component().subscribe(marker)
    link.waits_for(marker, "subscribe")
    assert link.has(topic, "subscribe") == link.has(topic, "expose") == 0


def test_a_method_of_the_link_is_not_called_by_the_link(far):
    link, _ = far
    method = unique("m")
    link.command(method, "expose", rmark=[9], touch=[])
    assert link.call(method)[0] in (LOOPBACK, NOT_FOUND, UNAVAILABLE)


@pytest.mark.parametrize("data", [
    {}, {"cmd": 7}, {"cmd": "subscribe", "rmark": "x"}, {"cmd": "subscribe", "rmark": ["x"]},
    {"cmd": "subscribe", "rmark": list(range(5000))}, {"cmd": "subscribe", "touch": 5, "msg_from": 0.0}, {"cmd": "setup"},
    {"cmd": "setup", "subscribers": [5], "exposers": None}, {"cmd": "subscribe", "msg_from": "x"},
    {"cmd": "subscribe", "rmark": [-1, 2**200]},
])
def test_malformed_commands_leave_link_or_broker_in_order(far, component, data):
    link, broker = far
    link.peer.send([3, new_id(), unique("t"), data])
    client, topic = component(), unique("t")
    client.subscribe(topic)
    publisher = component()
    publisher.publish(topic, 1)
    assert client.receive_topic() == (topic, [1]) and broker.alive
