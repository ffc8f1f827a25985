"""Meshes of more than two brokers: chains, stars and cycles; everything arrives once, and nothing goes round."""

import pytest
from support.mesh import OURS, PYTHON
from support.processes import REFERENCE
from support.wire import OK, is_publish

pytestmark = [pytest.mark.skipif(REFERENCE, reason="about links of ours"), pytest.mark.limit(300)]
QOS = pytest.mark.parametrize("qos", [0, 1, 2])
TOPICS = ("plant/1/flow", "plant/*/flow", "plant/**", "**/flow")


def everybody_hears_everybody(mesh, brokers, qos=0, topics=TOPICS):
    """On every broker a subscriber of each topic, and a publisher: one delivery of each publication for each subscriber."""
    ears = [[mesh.listen(broker, topic) for topic in topics] for broker in brokers]
    publishers = [mesh.peer(broker) for broker in brokers]
    mesh.settle(*brokers)
    for number, publisher in enumerate(publishers):
        for copy in range(2):
            # The second has the same contents: what is published twice arrives twice.
            publisher.publish("plant/1/flow", number, qos=qos)
        for broker, listeners in zip(brokers, ears):
            for topic, ear in zip(topics, listeners):
                expected = (topic, [number] if "*" not in topic else ["plant/1/flow", number])
                assert ear.hear(publisher, 0.05) == [expected] * 2, (
                    f"published at {brokers[number].name}, subscribed to {topic} at {broker.name}")
    # Whatever goes round shows up here.
    assert all(ear.hears_nothing(0.05) for listeners in ears for ear in listeners)


def everybody_calls_everybody(mesh, brokers):
    providers = {broker.name: mesh.provide(broker, f"of_{broker.name}") for broker in brokers}
    mesh.settle(*brokers)
    for broker in brokers:
        caller = mesh.peer(broker)
        for name, provider in providers.items():
            identifier = caller.send_call(f"of_{name}", broker.name)
            request = provider.receive_call()
            assert request[4] == [broker.name]
            provider.answer(request, name)
            assert caller.response_to(identifier) == (OK, name)
            assert provider.is_silent(0.05)


def chain(mesh, kinds):
    brokers = [mesh.start("b0", kind=kinds[0])]
    for number, kind in enumerate(kinds[1:], 1):
        brokers.append(mesh.start(f"b{number}", brokers[-1], kind=kind))
    return brokers


def star(mesh, kinds):
    hub = mesh.start("b0", kind=kinds[0])
    return [hub, *(mesh.start(f"b{number}", hub, kind=kind) for number, kind in enumerate(kinds[1:], 1))]


def triangle(mesh, _):
    top = mesh.start("top")
    left = mesh.start("left", top)
    return [top, left, mesh.start("right", top, left)]


def diamond(mesh, _):
    top = mesh.start("top")
    left, right = mesh.start("left", top), mesh.start("right", top)
    return [top, left, right, mesh.start("bottom", left, right)]


def mutual(mesh, _):
    """Two brokers that dial each other."""
    first = mesh.start("first")
    second = mesh.start("second", first)
    first.stop()
    first.peers = [f"{second.url}/first"]
    first.start()
    return [first, second]


def ring(mesh, _):
    """Five in a ring, so that the two ways differ in length."""
    brokers = [mesh.start("b0")]
    for number in range(1, 4):
        brokers.append(mesh.start(f"b{number}", brokers[-1]))
    brokers.append(mesh.start("b4", brokers[-1], brokers[0]))
    return brokers


CYCLES = pytest.mark.parametrize("shape", [mutual, triangle, diamond, ring], ids=lambda shape: shape.__name__)
TREES = pytest.mark.parametrize("shape", [chain, star], ids=lambda shape: shape.__name__)


@TREES
@QOS
def test_trees_of_ours(mesh, shape, qos):
    everybody_hears_everybody(mesh, shape(mesh, [OURS] * (3 if shape is chain else 5)), qos)


@CYCLES
@QOS
def test_cycles_of_ours(mesh, shape, qos):
    everybody_hears_everybody(mesh, shape(mesh, None), qos)


@TREES
def test_calls_in_trees_of_ours(mesh, shape):
    everybody_calls_everybody(mesh, shape(mesh, [OURS] * 4))


@CYCLES
def test_calls_in_cycles_of_ours(mesh, shape):
    everybody_calls_everybody(mesh, shape(mesh, None))


@pytest.mark.parametrize("kinds", [(PYTHON, OURS, PYTHON), (OURS, PYTHON, OURS), (OURS, PYTHON), (PYTHON, OURS)], ids="-".join)
@pytest.mark.parametrize("topic", TOPICS)
def test_mixed_chains(mesh, kinds, topic):
    """One subscriber of one topic on every broker. Beyond a link between two of the reference it would not be once; there is none here."""
    everybody_hears_everybody(mesh, chain(mesh, kinds), topics=[topic])


@pytest.mark.parametrize("kinds", [(OURS, PYTHON, PYTHON), (PYTHON, OURS, OURS), (OURS, PYTHON, OURS)], ids="-".join)
def test_mixed_stars(mesh, kinds):
    everybody_hears_everybody(mesh, star(mesh, kinds))


@pytest.mark.parametrize("kinds", [(PYTHON, OURS, PYTHON), (OURS, PYTHON, OURS)], ids="-".join)
def test_calls_in_mixed_chains(mesh, kinds):
    everybody_calls_everybody(mesh, chain(mesh, kinds))


@CYCLES
def test_frames_on_the_links_of_a_cycle_are_bounded(mesh, shape):
    """Each publication crosses each link at most once in each direction."""
    brokers = shape(mesh, None)
    for broker in brokers:
        mesh.listen(broker, "plant/**", "plant/1")
    publisher = mesh.peer(brokers[0])
    mesh.settle()
    watch = mesh.watcher(brokers[-1])
    watch.peer.subscribe("plant/**", "plant/1")
    mesh.settle()
    for number in range(10):
        publisher.publish("plant/1", number)
    seen = []
    while not watch.peer.is_silent(0.5):
        seen += [message[-1] for message in watch.peer.inbox if is_publish(message)]
        watch.peer.inbox.clear()
    assert sorted(seen) == [[number] for number in range(10)]


def test_a_cycle_heals_around_a_broken_link(mesh):
    top = mesh.start("top")
    left = mesh.start("left", top)
    tap = mesh.tap(top)
    right = mesh.start("right", tap, left)
    ear, publisher = mesh.listen(right, "t", "t/*"), mesh.peer(top)
    mesh.settle()
    for times in range(2):
        tap.cut(refuse=True)
        mesh.settle()
        publisher.publish("t", 1)
        publisher.publish("t/1", 2)
        assert ear.hear(publisher) == [("t", [1]), ("t/*", ["t/1", 2])]
        tap.clear()
        tap.heal()
        tap.wait_for_link()
        mesh.settle()
        publisher.publish("t", 3)
        assert ear.hear(publisher) == [("t", [3])]


def test_a_broker_in_the_middle_that_ends(mesh):
    top = mesh.start("top")
    middle = mesh.start("middle", top)
    bottom = mesh.start("bottom", middle)
    ear, publisher = mesh.listen(bottom, "t", "t/*"), mesh.peer(top)
    mesh.settle()
    middle.kill()
    mesh.forget_watchers(middle)
    middle.start()
    mesh.settle()
    publisher.publish("t", 1)
    publisher.publish("t/1", 2)
    assert ear.hear(publisher) == [("t", [1]), ("t/*", ["t/1", 2])]


@pytest.mark.parametrize("kinds", [(PYTHON, OURS, PYTHON), (OURS, OURS, OURS), (OURS, OURS, PYTHON)], ids="-".join)
@pytest.mark.parametrize("topic", ["plant/1/flow", "plant/*/flow"])
def test_the_ends_of_a_chain_want_the_same(mesh, kinds, topic):
    """Nobody in the middle does: it has to tell each end what the other one wants."""
    first, _, last = chain(mesh, kinds)
    ears = mesh.listen(first, topic), mesh.listen(last, topic)
    mesh.settle()
    for publisher in (mesh.peer(first), mesh.peer(last)):
        publisher.publish("plant/1/flow", 1)
        assert [len(ear.hear(publisher)) for ear in ears] == [1, 1]


@pytest.mark.parametrize("topic", ["plant/1/flow", "plant/*/flow"])
def test_a_triangle_with_a_hub_of_the_reference(mesh, topic):
    """It has no protection of its own: both of ours keep what it sends them apart."""
    top = mesh.start("top", kind=PYTHON)
    left = mesh.start("left", top)
    right = mesh.start("right", top, left)
    everybody_hears_everybody(mesh, [top, left, right], topics=[topic])
