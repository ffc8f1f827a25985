"""Links that are cut, slow, or end for good, and what is withdrawn then: behaviour.md §13, mesh facts 7, 17, 18."""

import pytest
from support.chaos_proxy import DOWN as TO_NODE
from support.chaos_proxy import UP as TO_HUB
from support.chaos_proxy import ChaosProxy
from support.frame_tap import DOWN, UP
from support.mesh import OURS, PYTHON, unique
from support.processes import REFERENCE
from support.wire import NOT_FOUND, OK, UNAVAILABLE, eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about links of ours")
HUBS = pytest.mark.parametrize("hub_kind", [OURS, PYTHON], ids=lambda kind: f"below-{kind}")
#: What finds out soon that nobody is there any more.
LIVELY = {"REMBUS_WS_PING_INTERVAL": 0.5}


@pytest.fixture
def cuttable(mesh):
    def start(hub_kind=OURS, **settings):
        hub = mesh.start("hub", kind=hub_kind)
        tap = mesh.tap(hub)
        node = mesh.start("node", tap, **settings)
        mesh.settle()
        return hub, tap, node
    return start


@HUBS
def test_a_cut_link_is_dialed_again(mesh, cuttable, hub_kind):
    hub, tap, node = cuttable(hub_kind)
    up, down = mesh.listen(hub, "up", "up/*"), mesh.listen(node, "down", "down/*")
    upper, lower = mesh.provide(hub, "upper"), mesh.provide(node, "lower")
    at_hub, at_node = mesh.peer(hub), mesh.peer(node)
    for _ in range(3):
        tap.cut()
        tap.clear()
        tap.wait_for_link()
        mesh.settle()
        at_hub.publish("down", 1)
        at_hub.publish("down/a", 2)
        at_node.publish("up", 3)
        at_node.publish("up/a", 4)
        assert sorted(down.hear(at_hub)) == [("down", [1]), ("down/*", ["down/a", 2])]
        assert sorted(up.hear(at_node)) == [("up", [3]), ("up/*", ["up/a", 4])]
        for caller, method, provider in ((at_node, "upper", upper), (at_hub, "lower", lower)):
            identifier = caller.send_call(method)
            provider.answer(provider.receive_call(), method)
            assert caller.response_to(identifier) == (OK, method)


@HUBS
def test_what_changed_during_the_cut_is_known_behind_it(mesh, cuttable, hub_kind):
    hub, tap, node = cuttable(hub_kind)
    stays, goes = mesh.listen(node, "stays"), mesh.listen(node, "goes", "goes/*")
    provider = mesh.provide(node, "gone_method")
    publisher = mesh.peer(hub)
    mesh.settle()
    tap.cut(refuse=True)
    goes.peer.unsubscribe("goes")
    goes.peer.unsubscribe("goes/*")
    provider.unexpose("gone_method")
    new = mesh.listen(node, "new", "new/*")
    late = mesh.listen(hub, "late")
    tap.clear()
    tap.heal()
    tap.wait_for_link()
    mesh.settle()
    tap.clear()
    for topic in ("stays", "goes", "goes/1", "new", "new/1"):
        publisher.publish(topic, topic)
    assert sorted(new.hear(publisher)) == [("new", ["new"]), ("new/*", ["new/1", "new/1"])]
    assert stays.hear(publisher) == [("stays", ["stays"])] and goes.hear(publisher) == []
    assert not [topic for topic, _ in tap.publications(DOWN) if topic.startswith("goes")]
    assert publisher.call("gone_method")[0] in (NOT_FOUND, UNAVAILABLE)
    publisher = mesh.peer(node)
    publisher.publish("late", 1)
    assert late.hear(publisher) == [("late", [1])]


def test_a_hub_of_ours_forgets_what_lay_behind_a_link_that_is_gone(mesh, cuttable):
    hub, tap, node = cuttable()
    mesh.listen(node, "t", "t/*")
    mesh.provide(node, "m")
    mesh.settle()
    caller = mesh.peer(hub)
    assert mesh.knows(hub, topic="t", method="m")
    tap.cut(refuse=True)
    assert eventually(lambda: not mesh.knows(hub, topic="t") and not mesh.knows(hub, topic="t/*") and not mesh.knows(hub, method="m"))
    assert caller.call("m")[0] in (NOT_FOUND, UNAVAILABLE)


def test_a_node_of_ours_forgets_what_lay_behind_a_link_that_is_gone(mesh, cuttable):
    hub, tap, node = cuttable()
    mesh.listen(hub, "t", "t/*")
    mesh.provide(hub, "m")
    mesh.settle()
    assert mesh.knows(node, topic="t", method="m")
    tap.cut(refuse=True)
    assert eventually(lambda: not mesh.knows(node, topic="t") and not mesh.knows(node, topic="t/*") and not mesh.knows(node, method="m"))


def test_the_withdrawal_goes_on_to_the_others(mesh, cuttable):
    hub, tap, node = cuttable()
    other = mesh.start("other", hub)
    mesh.listen(node, "t", "t/*")
    mesh.provide(node, "m")
    mesh.settle()
    assert mesh.knows(other, topic="t", method="m")
    tap.cut(refuse=True)
    assert eventually(lambda: not mesh.knows(other, topic="t") and not mesh.knows(other, topic="t/*") and not mesh.knows(other, method="m"))


def test_a_wish_that_others_share_survives_the_link(mesh, cuttable):
    hub, tap, node = cuttable()
    other = mesh.start("other", hub)
    mesh.listen(node, "t")
    mesh.listen(hub, "t")
    mesh.settle()
    tap.cut(refuse=True)
    marker = mesh.peer(hub)
    marker.subscribe("marker")
    assert eventually(lambda: mesh.knows(other, topic="marker"))
    assert mesh.knows(other, topic="t")


@HUBS
def test_the_hub_is_not_there_yet(mesh, hub_kind):
    hub = mesh.start("hub", kind=hub_kind)
    tap = mesh.tap(hub)
    tap.cut(refuse=True)
    node = mesh.start("node", tap)
    ear = mesh.listen(node, "t", "t/*")
    own = mesh.peer(node)
    own.publish("t", "works alone")
    assert ear.hear(own) == [("t", ["works alone"])]
    tap.heal()
    mesh.settle()
    publisher = mesh.peer(hub)
    publisher.publish("t", 1)
    publisher.publish("t/1", 2)
    assert sorted(ear.hear(publisher)) == [("t", [1]), ("t/*", ["t/1", 2])]


def test_a_hub_of_ours_that_starts_again(mesh):
    hub = mesh.start("hub")
    node = mesh.start("node", hub)
    ear = mesh.listen(node, "t", "t/*")
    mesh.settle()
    hub.kill()
    mesh.forget_watchers(hub)
    hub.start()
    mesh.settle()
    publisher = mesh.peer(hub)
    publisher.publish("t", 1)
    publisher.publish("t/1", 2)
    assert sorted(ear.hear(publisher)) == [("t", [1]), ("t/*", ["t/1", 2])]


def test_a_node_of_the_reference_that_starts_again(mesh):
    hub = mesh.start("hub")
    node = mesh.start("node", hub, kind=PYTHON)
    mesh.listen(node, "old", "old/*")
    mesh.settle()
    node.kill()
    mesh.forget_watchers(node)
    node.start()
    ear = mesh.listen(node, "t", "t/*")
    mesh.settle()
    publisher = mesh.peer(hub)
    publisher.publish("t", 1)
    publisher.publish("t/1", 2)
    assert sorted(ear.hear(publisher)) == [("t", [1]), ("t/*", ["t/1", 2])]


@pytest.mark.parametrize("qos", [1, 2])
@pytest.mark.parametrize("way", ["down", "up"])
def test_acknowledged_publications_survive_a_cut_between_ours(mesh, cuttable, qos, way):
    """What was on the way when the link broke comes once more, and with QoS 2 exactly once."""
    hub, tap, node = cuttable()
    origin, destination = (hub, node) if way == "down" else (node, hub)
    ear, publisher = mesh.listen(destination, "t"), mesh.peer(origin)
    mesh.settle()
    tap.hold(DOWN if way == "down" else UP)
    for number in range(5):
        publisher.publish("t", number, qos=qos)
    tap.cut()
    tap.release()
    numbers = []
    while len(set(numbers)) < 5:
        numbers += ear.peer.receive_topic()[1]
    assert sorted(set(numbers)) == list(range(5))
    if qos == 2:
        assert ear.hears_nothing() and len(numbers) == 5


@pytest.mark.parametrize("conditions", [{"latency": 0.05, "jitter": 0.05}, {"slice": 3}, {"bandwidth": 60_000}], ids=str)
def test_a_bad_network_changes_nothing(mesh, conditions):
    hub = mesh.start("hub")
    proxy = mesh.keep(ChaosProxy(hub.port))
    proxy.set(**conditions)
    node = mesh.start("node", proxy)
    up, down = mesh.listen(hub, "up", "up/*"), mesh.listen(node, "down", "down/*")
    at_hub, at_node = mesh.peer(hub), mesh.peer(node)
    mesh.settle()
    for number in range(20):
        at_hub.publish("down", number, qos=number % 3)
        at_node.publish("up/x", number, qos=number % 3)
    assert sorted(arguments for _, arguments in down.hear(at_hub, 0.5)) == [[number] for number in range(20)]
    assert sorted(arguments for _, arguments in up.hear(at_node, 0.5)) == [["up/x", number] for number in range(20)]


@pytest.mark.parametrize("way", [TO_NODE, TO_HUB])
def test_a_link_on_which_nothing_moves_is_given_up(mesh, way):
    hub = mesh.start("hub", **LIVELY)
    proxy = mesh.keep(ChaosProxy(hub.port))
    node = mesh.start("node", proxy, **LIVELY)
    mesh.listen(node, "t")
    mesh.settle()
    proxy.stall(way)
    accepted = proxy.accepted
    assert eventually(lambda: proxy.accepted > accepted)
    proxy.cut()
    proxy.calm()
    mesh.settle()
    assert mesh.knows(hub, topic="t")


def test_a_node_that_stops_says_goodbye_quickly(mesh, cuttable):
    hub, _, node = cuttable()
    mesh.listen(node, "t")
    mesh.settle()
    assert node.stop() == 0
    assert eventually(lambda: not mesh.knows(hub, topic="t"))


def test_two_links_under_one_name(mesh):
    """Names must be unique in a mesh: the second does not cut off the first, and the log says what is wrong."""
    hub = mesh.start("hub")
    first = mesh.start("first", hub, link_name="same")
    ear = mesh.listen(first, "t")
    mesh.settle(hub, first)
    second = mesh.start("second", hub, link_name="same")
    assert second.says("same") and second.alive
    publisher = mesh.peer(hub)
    publisher.publish("t", 1)
    assert ear.hear(publisher) == [("t", [1])]
    first.stop()
    ear = mesh.listen(second, "t")
    mesh.settle(hub, second)
    publisher.publish("t", 2)
    assert ear.hear(publisher) == [("t", [2])]


@pytest.mark.parametrize("other", ["hub", "node"])
def test_a_name_in_two_places(mesh, other):
    """A component of the same name on two brokers: each is told and called by its own broker."""
    hub = mesh.start("hub")
    node = mesh.start("node", hub)
    name = unique("twice")
    there, here = mesh.listen(hub, "t", name=name), mesh.listen(node, "t", name=name)
    mesh.settle()
    publisher = mesh.peer(hub if other == "hub" else node)
    publisher.publish("t", 1)
    assert there.hear(publisher) == [("t", [1])] and here.hear(publisher) == [("t", [1])]


def test_a_node_may_have_the_same_name_on_both_sides(mesh):
    """As in the reference, where the name of a node's broker is that of its link unless another is given."""
    hub = mesh.start("hub")
    node = mesh.start("node", hub, link_name="node")
    ear = mesh.listen(node, "t")
    mesh.settle()
    publisher = mesh.peer(hub)
    publisher.publish("t", 1)
    assert ear.hear(publisher) == [("t", [1])]
