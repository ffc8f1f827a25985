"""Publications cross a link between two brokers, once each, in both directions: behaviour.md §13."""

import pytest
from support.frame_tap import DOWN, UP
from support.mesh import OURS, PYTHON, unique
from support.mesh_pairs import directions, pair  # noqa: F401
from support.processes import REFERENCE
from support.wire import QOS1, QOS2, SLOT, is_publish

pytestmark = pytest.mark.skipif(REFERENCE, reason="about links of ours")
QOS = pytest.mark.parametrize("qos", [0, 1, 2])
FLAGS = (0, QOS1, QOS2)


@pytest.fixture
def ends(pair, direction):  # noqa: F811
    """A publisher on one side, what is needed to make a listener on the other, and the way the frames take."""
    origin, destination = pair.ends(direction)
    publisher = pair.mesh.peer(origin)
    return publisher, lambda *topics: pair.mesh.listen(destination, *topics), DOWN if direction == "down" else UP


@directions
@QOS
def test_an_exact_topic(pair, ends, qos):  # noqa: F811
    publisher, listen, way = ends
    topic = unique("t")
    ear = listen(topic)
    pair.settle()
    publisher.publish(topic, 21.6, {"ok": True}, qos=qos)
    [(flags, _, *rest)] = ear.hear_frames(publisher)
    assert [flags, *rest] == [FLAGS[qos], topic, [21.6, {"ok": True}]]
    [crossed] = [frame for frame in pair.tap.frames(way) if is_publish(frame) and frame[-2] == topic]
    assert crossed[0] & 0xF0 == FLAGS[qos]


@directions
@QOS
def test_a_slot_crosses(pair, ends, qos):  # noqa: F811
    publisher, listen, _ = ends
    topic = unique("t")
    ear = listen(topic)
    pair.settle()
    publisher.publish(topic, 1, slot=1700000100, qos=qos)
    [(flags, identifier, *_)] = ear.hear_frames(publisher)
    assert flags == FLAGS[qos] | SLOT
    assert int.from_bytes(identifier[:4], "little") == 1700000100


@directions
@QOS
@pytest.mark.parametrize("pattern, matching, others", [
    ("P/*/flow", "P/7/flow", "P/7/8/flow"), ("P/**", "P/a/b/c", "Q/a"), ("P/**/flow", "P/7/8/flow", "P/7/8/flows"),
])
def test_a_pattern(pair, ends, qos, pattern, matching, others):  # noqa: F811
    publisher, listen, way = ends
    prefix = unique("p")
    pattern, matching, others = (text.replace("P", prefix) for text in (pattern, matching, others))
    ear = listen(pattern)
    pair.settle()
    publisher.publish(others, "no", qos=qos)
    publisher.publish(matching, 1, "two", qos=qos)
    assert ear.hear(publisher) == [(pattern, [matching, 1, "two"])]
    assert len([frame for frame in pair.tap.frames(way) if is_publish(frame) and prefix in frame[-2]]) == 1


@directions
def test_several_matching_patterns_and_the_topic_itself(pair, ends):  # noqa: F811
    # The reference sends one frame for each pattern and one for the topic; ours sends one for all.
    publisher, listen, way = ends
    root = unique("p")
    ear = listen(f"{root}/*/x", f"{root}/**", f"{root}/1/x")
    pair.settle()
    publisher.publish(f"{root}/1/x", "v")
    heard = ear.hear(publisher)
    assert sorted(heard) == sorted([
        (f"{root}/*/x", [f"{root}/1/x", "v"]), (f"{root}/**", [f"{root}/1/x", "v"]), (f"{root}/1/x", ["v"])])
    sender = pair.ends("down" if way == DOWN else "up")[0]
    assert len([frame for frame in pair.tap.frames(way) if is_publish(frame) and root in frame[-2]]) == (
        3 if sender.reference else 1)


@directions
def test_two_subscribers_of_different_patterns(pair, ends):  # noqa: F811
    publisher, listen, way = ends
    root = unique("p")
    first, second, exact = listen(f"{root}/*"), listen(f"{root}/**"), listen(f"{root}/1")
    pair.settle()
    publisher.publish(f"{root}/1", "v")
    assert first.hear(publisher) == [(f"{root}/*", [f"{root}/1", "v"])]
    assert second.hear(publisher) == [(f"{root}/**", [f"{root}/1", "v"])]
    assert exact.hear(publisher) == [(f"{root}/1", ["v"])]


@directions
def test_nobody_interested_means_nothing_sent(pair, ends):  # noqa: F811
    publisher, listen, way = ends
    topic = unique("t")
    ear = listen()
    pair.settle()
    publisher.publish(topic, 1)
    publisher.publish(f"{topic}/a", 1, qos=1)
    assert ear.hear(publisher) == []
    assert pair.tap.publications(way, topic) == [] and pair.tap.publications(way, f"{topic}/a") == []


@directions
@QOS
def test_subscribers_on_both_sides_of_a_topic(pair, ends, direction, qos):  # noqa: F811
    publisher, listen, way = ends
    topic = unique("t")
    here, there = pair.mesh.listen(pair.ends(direction)[0], topic), listen(topic)
    pair.settle()
    publisher.publish(topic, 1, qos=qos)
    # The reference first: it sends again what nobody acknowledges, sooner than the other is through.
    for ear in sorted((here, there), key=lambda ear: not ear.peer.reference):
        assert ear.hear(publisher) == [(topic, [1])]
    assert len(pair.tap.publications(UP, topic) + pair.tap.publications(DOWN, topic)) == 1


@directions
def test_the_same_contents_twice_are_two_publications(pair, ends):  # noqa: F811
    # What drops echoes must not drop what somebody has published twice.
    publisher, listen, _ = ends
    root = unique("p")
    exact, wild = listen(f"{root}/1"), listen(f"{root}/*")
    pair.settle()
    for _ in range(3):
        publisher.publish(f"{root}/1", "same")
    assert wild.hear(publisher) == [(f"{root}/*", [f"{root}/1", "same"])] * 3
    assert exact.hear(publisher) == [(f"{root}/1", ["same"])] * 3


@directions
def test_many_in_order(pair, ends):  # noqa: F811
    publisher, listen, _ = ends
    topic = unique("t")
    ear = listen(topic)
    pair.settle()
    for number in range(200):
        publisher.publish(topic, number)
    assert [arguments for _, arguments in ear.hear(publisher)] == [[number] for number in range(200)]


@directions
@pytest.mark.parametrize("size", [0, 1, 70_000, 1_000_000])
def test_sizes(pair, ends, size):  # noqa: F811
    publisher, listen, _ = ends
    topic = unique("t")
    ear = listen(topic)
    pair.settle()
    publisher.publish(topic, b"x" * size, qos=1)
    assert ear.hear(publisher) == [(topic, [b"x" * size])]


def test_upward_publications_of_a_reference_node(pair):  # noqa: F811
    """It never marks its link upward as reactive (mesh fact 16), but does what the hub asks: ours asks."""
    if pair.kinds != (OURS, PYTHON):
        pytest.skip("about a hub of ours above a node of the reference")
    topic = unique("t")
    ear = pair.mesh.listen(pair.hub, topic)
    publisher = pair.mesh.peer(pair.node)
    pair.settle()
    publisher.publish(topic, "up", qos=1)
    assert ear.hear(publisher) == [(topic, ["up"])]
