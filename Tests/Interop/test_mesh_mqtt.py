"""A bridge to MQTT and links to other brokers at the same time: nothing goes round, nothing comes twice."""

import queue

import pytest
from support.mesh import unique
from support.mosquitto import Mosquitto, eventually, needs_mosquitto
from support.processes import REFERENCE

pytestmark = [pytest.mark.skipif(REFERENCE, reason="about links of ours"), needs_mosquitto]


@pytest.fixture
def mosquitto():
    with Mosquitto() as server:
        yield server


def bridged(mesh, mosquitto, name, *above):
    broker = mesh.start(name, *above, options=["--mqtt", mosquitto.url])
    assert eventually(lambda: any("bridged with" in line for line in list(broker.errors.lines))), broker.log()
    return broker


def messages(client, silence=0.4):
    """All that has come to an MQTT client, once it comes no more; what comes without an end is cut off."""
    found = []
    while len(found) < 50:
        try:
            message = client.received.get(timeout=silence)
        except queue.Empty:
            break
        found.append((message.topic, message.payload))
    return found


@pytest.mark.parametrize("bridge_at", ["hub", "node"])
def test_one_bridge(mesh, mosquitto, bridge_at):
    if bridge_at == "hub":
        hub = bridged(mesh, mosquitto, "hub")
        node = mesh.start("node", hub)
    else:
        hub = mesh.start("hub")
        node = bridged(mesh, mosquitto, "node", hub)
    at, far = (hub, node) if bridge_at == "hub" else (node, hub)
    topic = f"{unique('m')}/1"
    near_ear, far_ear = mesh.listen(at, topic, f"{topic[:-1]}*"), mesh.listen(far, topic, f"{topic[:-1]}*")
    mesh.settle()
    publisher = mesh.peer(at)
    both = [(topic, [5]), (f"{topic[:-1]}*", [topic, 5])]
    with mosquitto.client(topic) as client:
        client.publish(topic, b"5", qos=1)
        assert near_ear.peer.receive_topic() in both and near_ear.peer.receive_topic() in both
        assert far_ear.peer.receive_topic() in both and far_ear.peer.receive_topic() in both
        assert messages(client) == [(topic, b"5")]
        publisher.publish(topic, 6)
        assert len(near_ear.hear(publisher)) == 2 and len(far_ear.hear(publisher)) == 2
        assert messages(client) == [(topic, b"6")]
        far_publisher = mesh.peer(far)
        far_publisher.publish(topic, 7, qos=1)
        assert len(far_ear.hear(far_publisher)) == 2 and len(near_ear.hear(far_publisher)) == 2
        assert messages(client) == [(topic, b"7")]


def test_two_bridges_to_one_server_and_a_link_do_not_go_round(mesh, mosquitto):
    """Two ways lead from each broker to the other. What arrives by both may be there twice, but it ends."""
    hub = bridged(mesh, mosquitto, "hub")
    node = bridged(mesh, mosquitto, "node", hub)
    topic = f"{unique('m')}/1"
    ears = [mesh.listen(broker, topic) for broker in (hub, node)]
    mesh.settle()
    publisher = mesh.peer(hub)
    with mosquitto.client(topic) as client:
        publisher.publish(topic, 1, qos=1)
        assert 1 <= len(messages(client, 1)) <= 2
        for ear in ears:
            assert 1 <= len(ear.hear(publisher, 1)) <= 3
        assert messages(client) == [] and all(ear.hears_nothing() for ear in ears)
