"""Private topics, grants and read-only components (behaviour.md §12, known-defects.md S1, S2, S6, S16)."""

import pytest

from support.keys import Key, log_in, register, shared_secret, write_trust
from support.wire import (Answer, ERROR, LAST_RECEIVED, NOT_FOUND, OK, UNKNOWN_COMMAND,
                          eventually)

UNAUTHORIZED = Answer(ERROR, "unauthorized")
ADMINISTRATOR = "boss"


@pytest.fixture
def ruled(start_broker, tmp_path):
    """A broker with one administrator, two components with keys and a private topic that one of them may use."""
    write_trust(
        tmp_path, admins=[ADMINISTRATOR], private_topics=["vault", "vault/*/door"],
        grants=[{"name": "friend", "topic": topic, "actions": ["publish", "subscribe", "call", "expose"]}
                for topic in ("vault", "vault/*/door")])
    # Publications in memory are enough here.
    broker = start_broker(folder=tmp_path, REMBUS_RECORD="none")
    for name in (ADMINISTRATOR, "friend", "stranger"):
        Key.make("ecdsa").give(broker, name)
    return broker


@pytest.fixture
def log_in_as(ruled, connect):
    """Opens a connection that has proven its name."""
    def open_peer(name, encoding="cbor", reactive=False):
        peer = connect(to=ruled, encoding=encoding)
        log_in(peer, name, Key.make("ecdsa"))
        if reactive:
            peer.reactive()
        return peer
    return open_peer


# What is guarded


@pytest.mark.parametrize("topic", ["vault", "vault/3/door"])
def test_who_is_authorized_publishes_and_receives(log_in_as, encoding, topic, uid):
    friend = log_in_as("friend", encoding, reactive=True)
    friend.subscribe(topic)
    other = log_in_as(ADMINISTRATOR)
    other.command(topic, "authorize", cid=ADMINISTRATOR)
    other.publish(topic, 1, qos=1)
    assert friend.receive_topic() == (topic, [1])


@pytest.mark.parametrize("topic", ["vault", "vault/3/door"])
@pytest.mark.parametrize("command", ["subscribe", "unsubscribe", "expose", "unexpose"])
def test_others_may_not_ask_for_it(log_in_as, ruled, connect, encoding, topic, command):
    for peer in (log_in_as("stranger", encoding), connect(to=ruled, encoding=encoding), log_in_as(ADMINISTRATOR, encoding)):
        assert peer.admin(topic, {"cmd": command, "msg_from": 0.0}) == UNAUTHORIZED
        peer.close()


def test_what_others_publish_is_refused_at_once_with_the_reason(log_in_as, encoding):
    friend, stranger = log_in_as("friend", reactive=True), log_in_as("stranger", encoding)
    friend.subscribe("vault")
    stranger.send_publish("vault", 0)
    for qos in (1, 2):
        identifier = stranger.send_publish("vault", qos, qos=qos)
        # A copy is no duplicate of something that was taken.
        for _ in range(2):
            assert stranger.response_to(identifier) == Answer(
                ERROR, "unauthorized: `stranger` may not publish on `vault`", "`rembus admin grant NAME TOPIC`")
            stranger.send_publish("vault", qos, qos=qos, identifier=identifier)
        stranger.response_to(identifier)
    assert friend.is_silent()
    # The rest of the connection is as before.
    stranger.publish("public", 1, qos=1)


@pytest.mark.parametrize("pattern", ["**", "*", "vault/**", "vault/*/door", "vaul*"])
def test_a_pattern_brings_nothing_private_to_others(log_in_as, pattern):
    friend, stranger = log_in_as("friend"), log_in_as("stranger", reactive=True)
    stranger.subscribe(pattern)
    stranger.subscribe("end")
    friend.publish("vault", "secret", qos=1)
    friend.publish("vault/1/door", "secret", qos=1)
    friend.publish("end", "end", qos=1)
    seen = []
    while not seen or seen[-1] != ("end", ["end"]):
        seen.append(stranger.receive_topic())
    assert all("secret" not in arguments for _, arguments in seen)


def test_a_pattern_brings_what_is_private_to_who_is_authorized(log_in_as):
    friend, boss = log_in_as("friend", reactive=True), log_in_as(ADMINISTRATOR)
    boss.command("vault/1/door", "grant", cid=ADMINISTRATOR, actions=["publish"])
    friend.subscribe("vault/**")
    boss.publish("vault/1/door", 7, qos=1)
    assert friend.receive_topic() == ("vault/**", ["vault/1/door", 7])


def test_calls_are_guarded(log_in_as, encoding):
    friend, stranger, boss = log_in_as("friend"), log_in_as("stranger", encoding), log_in_as(ADMINISTRATOR)
    friend.expose("vault")
    assert stranger.call("vault") == UNAUTHORIZED
    boss.command("vault", "authorize", cid="stranger")
    identifier = stranger.send_call("vault", 1)
    friend.answer(friend.receive_call(), 2)
    assert stranger.response_to(identifier) == (OK, 2)


def test_direct_calls_are_guarded(log_in_as):
    friend, stranger = log_in_as("friend"), log_in_as("stranger")
    assert stranger.call("vault", target="friend") == UNAUTHORIZED
    identifier = stranger.send_call("other", target="friend")
    friend.answer(friend.receive_call(), 2)
    assert stranger.response_to(identifier) == (OK, 2)


def test_a_claimed_name_has_no_rights(start_broker, connect, tmp_path):
    write_trust(tmp_path, private_topics=["vault"], grants=[{"name": "friend", "topic": "vault", "actions": ["subscribe"]}])
    broker = start_broker(folder=tmp_path)
    assert connect("friend", to=broker).admin("vault", {"cmd": "subscribe", "msg_from": 0.0}) == UNAUTHORIZED


def test_names_can_be_trusted(start_broker, connect, tmp_path):
    write_trust(tmp_path, admins=["boss"], private_topics=["vault"],
                grants=[{"name": "friend", "topic": "vault", "actions": ["subscribe"]}])
    broker = start_broker(folder=tmp_path, options=["--trust-names"])
    connect("friend", to=broker).subscribe("vault")
    connect("boss", to=broker).command("other", "private_topic")
    assert broker.says("names are trusted"), broker.log()


def test_replay_goes_by_the_rights_of_now(ruled, connect, log_in_as):
    friend, boss = log_in_as("friend"), log_in_as(ADMINISTRATOR)
    friend.publish("diary", "public", qos=1)
    friend.publish("vault", "secret", qos=1)
    boss.command("diary", "private_topic")
    stranger = log_in_as("stranger")
    stranger.subscribe("**", since=LAST_RECEIVED)
    stranger.reactive()
    assert stranger.is_silent()
    boss.command("diary", "authorize", cid="stranger")
    stranger.reactive(False)
    stranger.subscribe("diary", since=LAST_RECEIVED)
    stranger.reactive()
    received = [stranger.receive_topic() for _ in range(2)]
    assert sorted(received) == [("**", ["diary", "public"]), ("diary", ["public"])]


def test_a_right_that_is_taken_away_ends_delivery_at_once(log_in_as):
    friend, boss = log_in_as("friend", reactive=True), log_in_as(ADMINISTRATOR)
    boss.command("vault", "grant", cid=ADMINISTRATOR, actions=["publish"])
    friend.subscribe("vault")
    boss.publish("vault", 1, qos=1)
    assert friend.receive_topic() == ("vault", [1])
    boss.command("vault", "unauthorize", cid="friend")
    boss.publish("vault", 2, qos=1)
    assert friend.is_silent()
    assert friend.response_to(friend.send_publish("vault", 3, qos=1)) == UNAUTHORIZED
    assert friend.is_silent()


def test_a_provider_without_the_right_gets_no_calls(log_in_as):
    friend, boss = log_in_as("friend"), log_in_as(ADMINISTRATOR)
    friend.expose("tool")
    boss.command("tool", "authorize", cid=ADMINISTRATOR)
    assert boss.call("tool") == Answer(NOT_FOUND, "tool")


def test_exports_do_not_show_what_is_private(log_in_as, ruled, connect):
    friend = log_in_as("friend")
    friend.expose("vault", "open/tool")
    friend.subscribe("vault/3/door", "open/news")
    stranger, boss = connect(to=ruled), log_in_as(ADMINISTRATOR)
    provided, wanted = log_in(stranger, "stranger", Key.make("ecdsa"), {"ws": 9001})
    assert "open/tool" in provided and "vault" not in provided
    assert "open/news" in wanted and "vault/3/door" not in wanted
    boss.command("vault", "authorize", cid="stranger")
    stranger.close()
    assert eventually(lambda: "vault" in log_in(connect(to=ruled), "stranger", Key.make("ecdsa"), {"ws": 9001})[0])


def test_grants_may_be_for_one_action(log_in_as):
    friend, stranger, boss = log_in_as("friend", reactive=True), log_in_as("stranger"), log_in_as(ADMINISTRATOR)
    friend.subscribe("vault")
    boss.command("vault", "grant", cid="stranger", actions=["publish"])
    stranger.publish("vault", 1, qos=1)
    assert friend.receive_topic() == ("vault", [1])
    assert stranger.admin("vault", {"cmd": "subscribe", "msg_from": 0.0}) == UNAUTHORIZED
    assert stranger.call("vault") == UNAUTHORIZED


def test_a_read_only_component_changes_nothing(log_in_as):
    stranger, boss, friend = log_in_as("stranger", reactive=True), log_in_as(ADMINISTRATOR), log_in_as("friend", reactive=True)
    boss.command("__config__", "read_only", cid="stranger", status=True)
    friend.subscribe("news")
    stranger.subscribe("news")
    assert stranger.response_to(stranger.send_publish("news", 1, qos=1)) == Answer(ERROR, "unauthorized", "it is read-only")
    assert stranger.is_silent() and friend.is_silent()
    assert stranger.admin("tool", {"cmd": "expose"}) == UNAUTHORIZED
    friend.expose("tool")
    assert stranger.call("tool") == UNAUTHORIZED
    assert stranger.call("rid") == (OK, "broker")
    friend.publish("news", 2, qos=1)
    assert stranger.receive_topic() == ("news", [2])
    boss.command("__config__", "read_only", cid="stranger", status=False)
    stranger.publish("news", 3, qos=1)
    assert friend.receive_topic() == ("news", [3])


# Who may change it


@pytest.mark.parametrize("command,fields", [
    ("private_topic", {}), ("public_topic", {}), ("authorize", {"cid": "stranger"}), ("unauthorize", {"cid": "friend"}),
    ("grant", {"cid": "stranger"}), ("revoke", {"cid": "friend"}), ("private_topics_config", {}), ("broker_config", {}),
    ("trust_config", {}), ("add_admin", {"cid": "stranger"}), ("add_tenant", {"tenant": "x", "pin": "12345678"}),
    ("connections", {}), ("disconnect", {"cid": "friend"}), ("log_level", {"level": "debug"}), ("shutdown", {}),
    ("set_secret", {"cid": "stranger", "secret": "0123456789abcdef"}), ("remove_key", {"cid": "friend"}),
    ("load_config", {}), ("save_config", {}), ("enable_debug", {}), ("disable_debug", {}), ("read_only", {"cid": "friend", "status": True})])
def test_only_an_administrator_administers(log_in_as, ruled, connect, command, fields):
    for peer in (log_in_as("stranger"), connect(to=ruled), connect("plain", to=ruled)):
        assert peer.admin("vault", {"cmd": command, **fields}) == Answer(ERROR, "requires administrator rights")
    assert ruled.alive


def test_the_name_of_an_administrator_cannot_be_claimed(start_broker, connect, tmp_path):
    write_trust(tmp_path, admins=["boss"])
    broker = start_broker(folder=tmp_path)
    status, text = connect(to=broker).identify("boss")
    assert status == ERROR and "needs a key" in text


def test_an_unknown_command_is_still_unknown(log_in_as):
    assert log_in_as(ADMINISTRATOR).admin("__config__", {"cmd": "fly"})[0] == UNKNOWN_COMMAND


@pytest.mark.parametrize("data", [
    {"cmd": "grant"}, {"cmd": "grant", "cid": 7}, {"cmd": "grant", "cid": "x", "actions": ["fly"]},
    {"cmd": "grant", "cid": "x", "actions": "publish"}, {"cmd": "read_only", "cid": "x"}, {"cmd": "add_tenant", "tenant": "x"},
    *[{"cmd": command, "cid": "x", "actions": wrong} for command in ("grant", "revoke")
      for wrong in (None, [], [None], ["publish", 7], {}, True, "")],
    {"cmd": "grant", "cid": "x", "action": ["publish"]}, {"cmd": "grant", "cid": "x", "Actions": ["publish"]},
    *[{"cmd": "read_only", "cid": "x", "status": wrong} for wrong in (None, 0, 1, "true", [])],
    *[{"cmd": command, "cid": wrong} for command in ("grant", "revoke", "add_admin", "remove_admin", "remove_key", "disconnect")
      for wrong in (None, 7, "", [], {})],
    {"cmd": "add_admin", "cid": "../x"}, {"cmd": "set_secret", "cid": "x", "secret": "short"},
    {"cmd": "log_level", "level": "shout"}, {"cmd": "disconnect", "cid": "nobody"}])
def test_a_command_that_cannot_be_done_says_why(log_in_as, data):
    status, text = log_in_as(ADMINISTRATOR).admin("vault", data)
    assert status == ERROR and isinstance(text, str) and text


def test_private_topics_and_grants_survive_a_restart(ruled, connect, log_in_as):
    boss = log_in_as(ADMINISTRATOR)
    boss.command("plan", "private_topic")
    boss.command("plan", "authorize", cid="stranger")
    ruled.stop()
    ruled.start()
    stranger, friend = log_in_as("stranger"), log_in_as("friend")
    stranger.subscribe("plan")
    assert friend.admin("plan", {"cmd": "subscribe", "msg_from": 0.0}) == UNAUTHORIZED


def test_a_public_topic_is_everybodys_and_forgets_its_names(log_in_as):
    boss, stranger = log_in_as(ADMINISTRATOR), log_in_as("stranger")
    boss.command("vault", "public_topic")
    stranger.subscribe("vault")
    boss.command("vault", "private_topic")
    _, listed = boss.admin("__config__", {"cmd": "private_topics_config"})
    assert listed["vault"] == []


def test_the_rules_are_listed(log_in_as, encoding):
    boss = log_in_as(ADMINISTRATOR, encoding)
    status, listed = boss.admin("__config__", {"cmd": "private_topics_config"})
    assert status == OK and listed == {"vault": ["friend"], "vault/*/door": ["friend"]}
    status, rules = boss.admin("__config__", {"cmd": "trust_config"})
    assert status == OK and rules["admins"] == [ADMINISTRATOR] and rules["private_topics"] == ["vault", "vault/*/door"]


def test_routes_and_connections_are_listed(log_in_as, encoding):
    boss, friend = log_in_as(ADMINISTRATOR, encoding), log_in_as("friend")
    friend.expose("tool")
    friend.subscribe("news")
    status, routes = boss.admin("__config__", {"cmd": "broker_config"})
    assert status == OK and routes["exposers"]["tool"] == ["friend"] and routes["subscribers"]["news"] == ["friend"]
    status, connections = boss.admin("__config__", {"cmd": "connections"})
    by_name = {connection["name"]: connection for connection in connections}
    assert status == OK and by_name["friend"]["proven"] is True and by_name["friend"]["tenant"] == "."


def test_a_component_is_disconnected(log_in_as):
    boss, friend = log_in_as(ADMINISTRATOR), log_in_as("friend")
    boss.command("__config__", "disconnect", cid="friend")
    assert friend.expect_close()[0] == 1008


def test_tenants_and_administrators_are_added_and_removed(log_in_as, ruled, connect):
    boss = log_in_as(ADMINISTRATOR)
    boss.command("__config__", "add_tenant", tenant="acme", pin="12345678")
    assert register(connect(to=ruled), "pump.acme", "12345678", Key.make("ecdsa")) == (OK, None)
    boss.command("__config__", "remove_tenant", tenant="acme")
    status, text = register(connect(to=ruled), "pump2.acme", "12345678", Key.make("ecdsa"))
    assert (status, text) == Answer(ERROR, "acme", "no registrations")
    boss.command("__config__", "add_admin", cid="friend")
    friend = log_in_as("friend")
    friend.command("other", "private_topic")
    boss.command("__config__", "remove_admin", cid="friend")
    assert friend.admin("other", {"cmd": "public_topic"}) == Answer(ERROR, "requires administrator rights")


def test_a_secret_is_set_and_a_key_removed(log_in_as, ruled, connect):
    boss = log_in_as(ADMINISTRATOR)
    boss.command("__config__", "set_secret", cid="meter", secret="a secret of some length")
    log_in(connect(to=ruled), "meter", shared_secret())
    boss.command("__config__", "remove_key", cid="stranger")
    assert connect(to=ruled).identify("stranger")[0] == OK
    assert ruled.stop() == 0
    assert "a secret of some length" not in ruled.log()


def test_how_much_is_logged_can_be_changed(log_in_as, ruled, connect):
    boss = log_in_as(ADMINISTRATOR)
    boss.command("__config__", "enable_debug")
    connect("noticed", to=ruled)
    assert eventually(lambda: "noticed" in ruled.errors.text())
    boss.command("__config__", "disable_debug")
    connect("unnoticed", to=ruled)
    boss.call("rid")
    assert "unnoticed" not in ruled.errors.text()


def test_an_administrator_stops_the_broker(log_in_as, ruled):
    boss = log_in_as(ADMINISTRATOR)
    boss.command("__config__", "shutdown")
    assert ruled.process.wait(20) == 0


def test_rules_that_change_on_the_disk_count_without_a_restart(log_in_as, ruled, tmp_path):
    stranger = log_in_as("stranger")
    write_trust(tmp_path, admins=[ADMINISTRATOR, "stranger"], private_topics=[])
    assert eventually(lambda: stranger.admin("x", {"cmd": "private_topics_config"})[0] == OK)
