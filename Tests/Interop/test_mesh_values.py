"""Last values and links: what comes from another broker is kept as what is published here."""

import pytest
from support.mqtt import Client
from support.processes import REFERENCE

pytestmark = pytest.mark.skipif(REFERENCE, reason="about links of ours")

SETTINGS = {"REMBUS_LAST_VALUES": "kept/**"}


def test_a_publication_of_another_broker_becomes_the_last_value(mesh):
    hub = mesh.start("hub")
    node = mesh.start("node", hub, options=["--mqtt-listen", "0"], **SETTINGS)
    ear, publisher = mesh.listen(node, "kept/**"), mesh.peer(hub)
    mesh.settle()
    for number in range(2):
        publisher.publish("kept/a", number, qos=number)
    assert len(ear.hear(publisher)) == 2
    late = mesh.peer(node)
    late.command("kept/*", "subscribe", msg_from=0.0, last_value=True)
    assert late.receive_topic() == ("kept/*", ["kept/a", 1])
    with Client(node, "panel") as panel:
        panel.subscribe("kept/#", qos=1)
        message = panel.receive()
        assert (message.topic, message.payload, message.retain) == ("kept/a", b"1", True)
        publisher.publish("kept/a", 7, qos=1)
        message = panel.receive()
        assert (message.topic, message.payload, message.retain) == ("kept/a", b"7", False)


def test_what_is_replayed_is_not_the_last_value(mesh):
    hub = mesh.start("hub")
    node = mesh.start("node", hub, **SETTINGS)
    publisher = mesh.peer(hub)
    publisher.publish("kept/a", "old", qos=1)
    live = mesh.listen(node, "kept/a")
    mesh.settle()
    publisher.publish("kept/a", "new", qos=1)
    assert live.hear(publisher) == [("kept/a", ["new"])]
    past = mesh.peer(node, reactive=False)
    past.subscribe("kept/a", since=float("inf"))
    past.reactive()
    assert sorted(past.receive_topic()[1] for _ in range(2)) == [["new"], ["old"]]
    late = mesh.peer(node)
    late.command("kept/a", "subscribe", msg_from=0.0, last_value=True)
    assert late.receive_topic() == ("kept/a", ["new"])
