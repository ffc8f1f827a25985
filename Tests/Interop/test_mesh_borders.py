"""What must not cross a link: other tenants' topics, and private topics for who may not (behaviour.md §12 and §13, mesh fact 13)."""

import pytest
from support.keys import write_trust
from support.mesh import META, PYTHON, Mesh, unique
from support.mesh_links import Above, below
from support.processes import REFERENCE, Broker
from support.wire import LAST_RECEIVED, NOT_FOUND, OK, PUBLISH, UNAVAILABLE, Peer

pytestmark = pytest.mark.skipif(REFERENCE, reason="about links of ours")


class TestTenants:
    @pytest.fixture(scope="class")
    def two(self):
        """A hub with two nodes, one for components without a tenant, one for those of acme."""
        mesh = Mesh()
        try:
            hub = mesh.start("hub")
            taps = mesh.tap(hub), mesh.tap(hub)
            root = mesh.start("root", taps[0])
            acme = mesh.start("acme", taps[1], link_name="node.acme")
            mesh.settle(hub, root)
            mesh.settle(hub, acme, tenant="acme")
            yield mesh, hub, root, acme, taps
        finally:
            mesh.close()

    def test_publications(self, two):
        mesh, hub, root, acme, _ = two
        topic = unique("t")
        names = {tenant: unique("ear") + (f".{tenant}" if tenant else "") for tenant in ("", "acme", "corp")}
        ears = {(broker, tenant): mesh.listen(broker, topic, f"{topic}/*", name=f"{broker.name}{name}")
                for broker in (hub, root, acme) for tenant, name in names.items()}
        mesh.settle(hub, root)
        mesh.settle(hub, acme, tenant="acme")
        for tenant, name in names.items():
            publisher = mesh.peer(hub, f"pub{name}")
            publisher.publish(topic, tenant, qos=1)
            publisher.publish(f"{topic}/1", tenant)
            expected = [(topic, [tenant]), (f"{topic}/*", [f"{topic}/1", tenant])]
            reached = {(hub, tenant)} | ({(root, "")} if tenant == "" else {(acme, "acme")} if tenant == "acme" else set())
            for key in reached:
                assert ears[key].hear(publisher) == expected, (key[0].name, tenant)
            for key in set(ears) - reached:
                assert ears[key].hears_nothing(0.05), (key[0].name, key[1], "heard", tenant)

    @pytest.mark.parametrize("tenant", ["", ".corp", ".acme"])
    def test_publications_of_the_node_of_a_tenant(self, two, tenant):
        mesh, hub, _, acme, taps = two
        topic = unique("t")
        ear = mesh.listen(hub, topic, f"{topic}/*", name=unique("ear") + ".acme")
        mesh.settle(hub, acme, tenant="acme")
        publisher = mesh.peer(acme, unique("pub") + tenant)
        publisher.publish(topic, 1, qos=1)
        publisher.publish(f"{topic}/1", 1)
        if tenant == ".acme":
            assert ear.hear(publisher) == [(topic, [1]), (f"{topic}/*", [f"{topic}/1", 1])]
        else:
            assert ear.hears_nothing() and taps[1].publications("up", topic) == []

    def test_commands_and_exports(self, two):
        mesh, hub, root, acme, taps = two
        for tap in taps:
            tap.clear()
        topics = {tenant: unique("t") for tenant in ("", ".acme", ".corp")}
        for tenant, topic in topics.items():
            client = mesh.peer(hub, unique("c") + tenant)
            client.subscribe(topic, f"{topic}/*")
            client.expose(topic)
        mesh.settle(hub, root)
        mesh.settle(hub, acme, tenant="acme")
        for tap, tenant in zip(taps, ("", ".acme")):
            crossed = {message[2] for message in tap.frames("down") if message[0] == 3}
            assert topics[tenant] in crossed
            assert not crossed & {topic for other, name in topics.items() if other != tenant for topic in (name, f"{name}/*")}
        node = Peer(hub.url)
        _, exports = node.identify(unique("raw") + ".corp", META)
        assert topics[".corp"] in exports[0] and topics[".corp"] in exports[1]
        assert not {topics[""], topics[".acme"]} & (set(exports[0]) | set(exports[1]))
        node.close()

    def test_calls(self, two):
        mesh, hub, root, acme, _ = two
        method = unique("m")
        provider = mesh.peer(acme, unique("p") + ".acme")
        provider.expose(method)
        mesh.settle(hub, acme, tenant="acme")
        caller = mesh.peer(hub, unique("c") + ".acme")
        identifier = caller.send_call(method)
        provider.answer(provider.receive_call(), "done")
        assert caller.response_to(identifier) == (OK, "done")
        for broker, tenant in ((hub, ""), (root, ""), (hub, ".corp"), (acme, "")):
            assert mesh.peer(broker, unique("c") + tenant).call(method)[0] in (NOT_FOUND, UNAVAILABLE)


def test_two_links_of_one_node_for_two_tenants():
    mesh = Mesh()
    try:
        hub = mesh.start("hub")
        node = Broker(name="node", peers=[f"{hub.url}/one.acme", f"{hub.url}/two.corp"])
        mesh.brokers.append(node)
        for tenant in ("acme", "corp"):
            mesh.settle(tenant=tenant)
        ears = {tenant: mesh.listen(node, "t", "t/*", name=f"ear.{tenant}") for tenant in ("acme", "corp")}
        for tenant in ears:
            mesh.settle(tenant=tenant)
        for tenant in ears:
            publisher = mesh.peer(hub, f"pub.{tenant}")
            publisher.publish("t", tenant)
            publisher.publish("t/1", tenant)
            assert ears[tenant].hear(publisher) == [("t", [tenant]), ("t/*", ["t/1", tenant])]
        assert all(ear.hears_nothing() for ear in ears.values())
    finally:
        mesh.close()


def test_patterns_of_the_reference_that_cross_tenants_stop_at_ours():
    """The reference sends what matches a pattern to every tenant's links; ours takes a link for what its name says."""
    mesh = Mesh()
    try:
        hub = mesh.start("hub", kind=PYTHON)
        node = mesh.start("node", hub, link_name="node.acme")
        mesh.settle(tenant="acme")
        ear = mesh.listen(node, "t/*", name="ear.acme")
        stranger = mesh.listen(node, "t/*", name="ear.corp")
        mesh.settle(tenant="acme")
        publisher = mesh.peer(hub, "pub.acme")
        publisher.publish("t/1", "acme")
        assert ear.hear(publisher) == [("t/*", ["t/1", "acme"])] and stranger.hears_nothing()
    finally:
        mesh.close()


# Private topics


RULES = {"admins": ["boss"], "private_topics": ["vault", "vault/*/door"],
         "grants": [{"name": name, "topic": topic, "actions": ["publish", "subscribe", "call", "expose"]}
                    for name in ("friend", "friendly") for topic in ("vault", "vault/*/door")]}


@pytest.fixture(scope="module")
def ruled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ruled")
    write_trust(folder, **RULES)
    with Broker(folder=folder, options=["--trust-names"]) as broker:
        friend = Peer(broker.url)
        friend.identify("friend")
        friend.subscribe("vault", "vault/*/door")
        friend.expose("vault")
        friend.reactive()
        yield broker, friend
        friend.close()


def test_a_link_without_rights_is_told_nothing(ruled):
    broker, friend = ruled
    link = below(broker, unique("stranger"))
    marker = unique("t")
    friend.subscribe(marker)
    link.waits_for(marker, "subscribe")
    named = {topic for topic, _ in link.commands} | set(link.exports[0]) | set(link.exports[1])
    assert not {topic for topic in named if topic.startswith("vault")}
    link.close()


def test_a_link_with_rights_is_told_and_used(ruled):
    broker, friend = ruled
    link = below(broker, "friendly")
    assert "vault" in link.exports[0] and "vault" in link.exports[1]
    assert link.waits_for("vault/*/door", "subscribe")
    link.command("vault", "subscribe", msg_from=0.0, rmark=[9], touch=[])
    friend.publish("vault", 1)
    assert link.receive_publish() == [PUBLISH, "vault", [1]]
    link.peer.publish("vault/1/door", 2)
    assert friend.receive_topic() == ("vault/*/door", ["vault/1/door", 2])
    identifier = link.peer.send_call("vault", 3)
    friend.answer(friend.receive_call(), 4)
    assert link.response_to(identifier) == (OK, 4)
    link.close()


@pytest.mark.parametrize("pattern", ["**", "vault/**", "*", "vault/*/door"])
def test_a_link_without_rights_gets_nothing_private(ruled, pattern):
    broker, friend = ruled
    link = below(broker, unique("stranger"))
    marker = unique("t")
    # The answer may be a refusal.
    link.peer.admin(pattern, {"cmd": "subscribe", "msg_from": 0.0, "rmark": [9], "touch": []})
    link.peer.admin("vault", {"cmd": "subscribe", "msg_from": 0.0, "rmark": [9], "touch": []})
    link.command(marker, "subscribe", msg_from=0.0, rmark=[9], touch=[])
    friend.publish("vault", "secret", qos=1)
    friend.publish("vault/1/door", "secret", qos=1)
    friend.publish(marker, "end")
    seen = [link.receive_publish()]
    while seen[-1][-2:] != [marker, ["end"]]:
        seen.append(link.receive_publish())
    assert "secret" not in str(seen)
    link.close()


def test_what_a_link_without_rights_sends_is_refused(ruled):
    broker, friend = ruled
    link = below(broker, unique("stranger"))
    friend.inbox.clear()
    link.peer.publish("vault", "forged")
    link.peer.publish("vault/*/door", "vault/1/door", "forged")
    link.peer.publish("vault/1/door", "forged")
    assert link.call("vault")[0] != OK
    friend.publish("vault/9/door", "own")
    assert friend.is_silent()
    link.close()


def test_a_node_does_not_tell_the_hub_what_is_private(tmp_path, connect):
    write_trust(tmp_path, name="ours", **RULES)
    with Above(folder=tmp_path, options=["--trust-names"]) as above:
        link = above.dialed(topics=["vault", "public"], methods=["vault"])
        friend = connect("friend", to=above.broker, reactive=True)
        friend.subscribe("vault", "vault/*/door", "public")
        friend.expose("vault")
        friend.subscribe("marker")
        link.waits_for("marker", "subscribe")
        assert not [topic for topic, _ in link.commands if topic.startswith("vault")]
        friend.publish("vault", "secret")
        friend.publish("vault/1/door", "secret")
        friend.publish("public", "seen")
        assert link.publications() == [[PUBLISH, "public", ["seen"]]]


# LastReceived and what was before


def history(peer, count=3):
    for number in range(count):
        peer.publish("t", number, qos=1)


def test_history_of_the_hub_reaches_who_asks_for_it_only(mesh):
    hub = mesh.start("hub")
    node = mesh.start("node", hub)
    mesh.settle()
    publisher = mesh.peer(hub)
    other = mesh.listen(node, "t")
    mesh.settle()
    history(publisher)
    assert other.hear(publisher) == [("t", [number]) for number in range(3)]
    asks = mesh.peer(node, reactive=False)
    asks.subscribe("t", since=LAST_RECEIVED)
    asks.reactive()
    mesh.settle()
    # What has crossed is in the store of the node.
    assert [asks.receive_topic() for _ in range(3)] == [("t", [number]) for number in range(3)]
    assert asks.is_silent(0.5) and other.hears_nothing()


def test_history_that_never_crossed(mesh):
    hub = mesh.start("hub")
    node = mesh.start("node", hub)
    mesh.settle()
    publisher = mesh.peer(hub)
    history(publisher)
    now = mesh.listen(node, "t")
    mesh.settle()
    asks = mesh.peer(node, reactive=False)
    asks.subscribe("t", since=LAST_RECEIVED)
    asks.reactive()
    assert [asks.receive_topic() for _ in range(3)] == [("t", [number]) for number in range(3)]
    assert asks.is_silent(0.5) and now.hear(publisher) == []


@pytest.mark.parametrize("hub_kind", ["ours", PYTHON])
def test_a_link_that_comes_back_replays_nothing_to_who_has_it(mesh, hub_kind):
    hub = mesh.start("hub", kind=hub_kind)
    tap = mesh.tap(hub)
    node = mesh.start("node", tap)
    last = mesh.peer(node)
    last.subscribe("t", since=LAST_RECEIVED)
    now = mesh.listen(node, "t")
    publisher = mesh.peer(hub)
    mesh.settle()
    history(publisher)
    assert [last.receive_topic()[1] for _ in range(3)] == [[0], [1], [2]]
    assert len(now.hear(publisher)) == 3
    tap.cut()
    tap.clear()
    tap.wait_for_link()
    mesh.settle()
    publisher.publish("t", "after")
    assert now.hear(publisher) == [("t", ["after"])]
    assert last.receive_topic() == ("t", ["after"]) and last.is_silent()


def test_a_window_is_not_carried_to_everybody_behind_the_link():
    """`msg_from` of a command lands on the whole link at the reference: its replay would go to all (mesh fact 17)."""
    with Above() as above:
        client = Peer(above.broker.url)
        client.identify("asks")
        client.subscribe("t", since=LAST_RECEIVED)
        client.reactive()
        link = above.dialed()
        assert link.waits_for("t", "subscribe")["msg_from"] == 0.0
        client.close()
