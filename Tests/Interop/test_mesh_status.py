"""What an administrator sees of the links of a broker: `rembus admin nodes`, metrics."""

import json

import pytest
from support.mesh import PYTHON
from support.metrics import scrape
from support.processes import REFERENCE, run_rembus
from support.wire import OK, eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about links of ours")


def watched(mesh, folder, name, *above):
    """A broker whose administrator `chief` needs no key."""
    assert run_rembus("admin", "administrator", "add", "chief", "--broker", name, folder=folder).returncode == 0
    return mesh.start(name, *above, folder=folder, options=["--trust-names"])


def nodes(broker):
    shown = run_rembus("admin", "nodes", "--json", "--url", f"{broker.url}/chief")
    assert shown.returncode == 0, shown.stderr
    return json.loads(shown.stdout)["links"]


def test_links_with_what_has_crossed_them(mesh, tmp_path):
    hub = watched(mesh, tmp_path, "hub")
    node = mesh.start("node", hub)
    other = mesh.start("other", hub, kind=PYTHON)
    ear = mesh.listen(node, "t")
    mesh.settle(hub, node)
    publisher = mesh.peer(hub)
    for number in range(3):
        publisher.publish("t", number, qos=1)
    assert len(ear.hear(publisher)) == 3
    mesh.peer(other)
    first, second = [link for link in nodes(hub) if link["name"].endswith("-link")]
    assert [first["name"], second["name"]] == ["node-link", "other-link"]
    assert [first["implementation"], second["implementation"]] == ["rembus-swift", "other"]
    assert all(link["state"] == "connected" and link["url"] is None and link["problem"] is None for link in (first, second))
    assert first["sent"] >= 3 and first["heard"] >= 1 and first["in_flight"] == 0 and first["seconds"] >= 0
    text = run_rembus("admin", "nodes", "--url", f"{hub.url}/chief").stdout.splitlines()
    assert text[0].startswith("broker hub") and text[1].split()[:4] == ["NAME", "WHERE", "STATE", "BROKER"]
    assert any(line.startswith("node-link ") and "rembus-swift" in line for line in text[2:])


def test_a_link_that_is_down_says_why_until_it_is_back(mesh, tmp_path):
    hub = mesh.start("hub")
    node = watched(mesh, tmp_path, "node", hub)
    assert eventually(lambda: [link["state"] for link in nodes(node)] == ["connected"])
    (link,) = nodes(node)
    assert link["url"] == f"{hub.url}/node-link" and link["name"] == "node-link"
    hub.kill()
    assert eventually(lambda: "refused" in ((nodes(node)[0]["problem"]) or ""))
    (link,) = nodes(node)
    assert link["state"] == "down" and link["implementation"] is None and link["address"] is None
    shown = run_rembus("admin", "nodes", "--url", f"{node.url}/chief").stdout
    assert f"{hub.url}/node-link: " in shown
    hub.start()
    assert eventually(lambda: [link["state"] for link in nodes(node)] == ["connected"])
    assert nodes(node)[0]["problem"] is None


def test_metrics_of_links(mesh):
    hub = mesh.start("hub", options=["--prometheus", "0"])
    node = mesh.start("node", hub, options=["--prometheus", "0"])
    ear, publisher = mesh.listen(node, "t"), mesh.peer(hub)
    mesh.settle()
    for number in range(5):
        publisher.publish("t", number)
    assert len(ear.hear(publisher)) == 5
    # The tests' own watchers are links too.
    assert scrape(hub)("rembus_links", state="connected") >= 1
    before = scrape(node)("rembus_links", state="connected")
    assert scrape(node)("rembus_links", state="down") == 0
    assert scrape(hub)("rembus_link_sent_total") >= 5
    assert scrape(node)("rembus_link_received_total") >= 5
    assert scrape(node)("rembus_link_dropped_total") == 0
    hub.kill()
    assert eventually(lambda: scrape(node)("rembus_links", state="down") == 1)
    assert scrape(node)("rembus_links", state="connected") == before - 1


def test_a_link_that_rests_is_named(mesh, tmp_path):
    top = mesh.start("top", kind=PYTHON)
    left = watched(mesh, tmp_path / "left", "left", top)
    right = watched(mesh, tmp_path / "right", "right", top, left)

    def states():
        return sorted(link["state"] for broker in (left, right) for link in nodes(broker))

    assert eventually(lambda: states() == ["connected"] * 3 + ["resting"])
    publisher, ears = mesh.peer(left), [mesh.listen(broker, "t") for broker in (top, right)]
    mesh.settle(left, right)
    assert eventually(lambda: mesh.knows(left, topic="t"))
    publisher.publish("t", 1)
    assert all(ear.hear(publisher) == [("t", [1])] for ear in ears)
    assert publisher.call("rid")[0] == OK
