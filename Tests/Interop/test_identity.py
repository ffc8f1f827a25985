"""Who a connection is: protocol.md §7.2, §7.6, behaviour.md §2."""

import json

import cbor2
import pytest

from support.wire import Answer, ERROR, IDENTITY, NOT_FOUND, OK, RPC, Peer, eventually, new_id

differs = pytest.mark.differs


def test_a_named_component_is_answered_with_status_0_and_exports(connect, encoding, uid):
    status, exports = connect(encoding=encoding).identify(f"named{uid}")
    assert status == OK
    assert len(exports) == 2 and all(isinstance(topics, list) for topics in exports)


def test_the_exact_frame_of_the_specification_is_accepted(connect):
    peer = connect()
    peer.send_raw(bytes.fromhex("84004801020304050607086570756d7037a0"))  # V1
    status, _ = peer.response_to(bytes(range(1, 9)))
    assert status == OK


def test_an_anonymous_connection_may_do_everything(connect, encoding, uid):
    provider, caller = connect(encoding=encoding), connect(encoding=encoding)
    provider.expose(f"anonymous{uid}")
    identifier = caller.send_call(f"anonymous{uid}", 1)
    provider.answer(provider.receive_call(), 2)
    assert caller.response_to(identifier) == (OK, 2)


def test_an_empty_name_is_refused(connect, encoding):
    assert connect(encoding=encoding).identify("") == Answer(ERROR, "empty")


def test_an_identity_of_three_elements_is_accepted(connect, encoding, uid):
    peer = connect(encoding=encoding)
    identifier = new_id()
    peer.send([IDENTITY, identifier, f"old{uid}"])
    status, _ = peer.response_to(identifier)
    assert status == OK


@differs("D3: the reference takes the URL as the name")
@pytest.mark.parametrize("form", ["ws://localhost:8338/{}", "ws://localhost:8338/{}/", "tcp://10.0.0.1:8337/{}"])
def test_a_name_given_as_url_is_its_path(connect, uid, form):
    provider, caller = connect(form.format(f"byurl{uid}")), connect()
    identifier = caller.send_call("whoami", target=f"byurl{uid}")
    provider.answer(provider.receive_call(), "me")
    assert caller.response_to(identifier) == (OK, "me")


def test_a_name_in_use_is_refused_and_the_connection_stays_open_and_anonymous(connect, encoding, uid):
    first, second = connect(f"taken{uid}", encoding), connect(encoding=encoding)
    assert second.identify(f"taken{uid}") == Answer(ERROR, "already connected")
    status, _ = second.call("rid")
    assert status == OK
    status, _ = first.call("rid")
    assert status == OK


def test_a_name_is_free_again_after_its_connection_closed(connect, uid):
    connect(f"again{uid}").close()
    observer = connect()
    # The broker sees the close in its own time: what is required is that the name comes free.
    assert eventually(lambda: observer.identify(f"again{uid}")[0] == OK)


@differs("S7: the reference renames the connection")
def test_a_second_identity_is_refused_and_the_first_name_stays(connect, encoding, uid):
    peer, caller = connect(f"first{uid}", encoding), connect()
    status, _ = peer.identify(f"second{uid}")
    assert status == ERROR
    identifier = caller.send_call("x", target=f"first{uid}")
    peer.answer(peer.receive_call(), 1)
    assert caller.response_to(identifier) == (OK, 1)


def test_a_refused_name_may_be_followed_by_another(connect, uid):
    connect(f"busy{uid}")
    peer = connect()
    assert peer.identify(f"busy{uid}") == Answer(ERROR, "already connected")
    status, _ = peer.identify(f"other{uid}")
    assert status == OK


@differs("S5, S8: the reference accepts any name")
@pytest.mark.parametrize("name", [
    "repl", "__repl__", "broker", "/absolute", "a\x00b", "line\nbreak", "tab\tname", "../up", "a/../b", "a/..",
    "x" * 256, "é" * 128,
])
def test_a_reserved_or_unsafe_name_is_refused(connect, name):
    peer = connect()
    status, _ = peer.identify(name)
    assert status == ERROR
    assert peer.call("rid")[0] == OK


@pytest.mark.parametrize("name", ["a/b/c{}", "user@host{}", "dots.in.name{}", "ünïcode{}", "with space{}", "x" * 250 + "{}"])
def test_a_name_may_hold_any_other_text(connect, uid, name):
    name = name.format(uid)
    peer, caller = connect(name), connect()
    # A direct call needs a caller of the same tenant.
    if "." in name:
        caller.identify("caller" + name[name.index("."):])
    identifier = caller.send_call("x", target=name)
    peer.answer(peer.receive_call(), 1)
    assert caller.response_to(identifier) == (OK, 1)


def test_overwriting_closes_the_older_connection_with_code_4000(start_broker, connect):
    broker = start_broker(overwrite=True)
    older = connect("owner", to=broker)
    newer = connect("owner", to=broker)
    assert older.expect_close() == (4000, "overwritten")
    assert newer.call("rid")[0] == OK


def test_overwriting_passes_subscriptions_and_exposed_topics_to_the_newer_connection(start_broker, connect):
    broker = start_broker(overwrite=True)
    older = connect("owner", to=broker, reactive=True)
    older.subscribe("kept")
    older.expose("service")
    newer = connect("owner", to=broker, reactive=True)
    assert older.expect_close() == (4000, "overwritten")
    other = connect(to=broker)
    other.publish("kept", 1)
    assert newer.receive_topic() == ("kept", [1])
    identifier = other.send_call("service")
    newer.answer(newer.receive_call(), "here")
    assert other.response_to(identifier) == (OK, "here")


def test_exports_name_what_others_expose_and_subscribe(connect, uid):
    peer = connect(f"exporter{uid}")
    peer.expose(f"export/service{uid}")
    peer.subscribe(f"export/topic{uid}")
    _, (services, topics) = connect().identify(f"importer{uid}", {"ws": 9001})
    assert f"export/service{uid}" in services
    assert f"export/topic{uid}" in topics


@differs("the reference tells every component, of which some act on it as a broker does")
def test_a_plain_component_gets_no_exports(connect, uid):
    peer = connect(f"exporter{uid}")
    peer.expose(f"export/service{uid}")
    peer.subscribe(f"export/topic{uid}")
    assert connect().identify(f"plain{uid}") == (OK, [[], []])


def test_exports_leave_out_the_built_in_methods(connect, uid):
    _, (services, _) = connect().identify(f"importer{uid}", {"ws": 9001})
    assert not {"rid", "version", "uptime"} & set(services)


@differs("S6: the reference shows topics of all tenants")
def test_exports_show_nothing_of_another_tenant(connect, uid):
    peer = connect(f"exporter{uid}.acme")
    peer.expose(f"export/service{uid}")
    peer.subscribe(f"export/topic{uid}")
    _, (services, topics) = connect().identify(f"importer{uid}.corp", {"ws": 9001})
    assert f"export/service{uid}" not in services
    assert f"export/topic{uid}" not in topics
    _, (services, topics) = connect().identify(f"importer{uid}.acme", {"ws": 9001})
    assert f"export/service{uid}" in services
    assert f"export/topic{uid}" in topics


@differs("R18: the reference keeps them")
def test_nothing_of_an_anonymous_component_is_exported_after_it_left(connect, uid):
    ghost, observer = connect(), connect()
    ghost.expose(f"ghost{uid}")
    ghost.close()
    assert eventually(lambda: observer.call(f"ghost{uid}")[0] == NOT_FOUND)


@differs("D20: the reference floods to every named peer")
def test_subscriptions_are_not_flooded_to_plain_components(connect, uid):
    plain, other = connect(f"plain{uid}", reactive=True), connect(f"busy{uid}")
    other.subscribe(f"flood{uid}")
    other.expose(f"flood{uid}")
    other.publish("unrelated", 1)
    identifier = plain.send_call("rid")
    assert plain.receive()[:2] == [4, identifier]
    assert plain.is_silent()


def test_meta_is_accepted_and_ignored_for_unknown_protocols(connect, uid):
    peer = connect(f"node{uid}", meta={"ws": 9001, "quic": 1})
    assert peer.call("rid")[0] == OK


def test_responses_come_in_the_encoding_of_the_last_received_message(broker, connect):
    peer = connect()
    for _ in range(2):
        peer.send_raw(cbor2.dumps([RPC, b"\x01" * 8, "rid", None, []]))
        assert isinstance(peer.receive_raw(), bytes)
        peer.send_raw(json.dumps({"jsonrpc": "2.0", "id": 7, "method": "rid", "params": []}))
        assert isinstance(peer.receive_raw(), str)


def test_any_path_of_the_url_is_accepted(broker):
    peer = Peer(broker.url + "/some/path?query=1", reference=broker.reference)
    assert peer.call("rid")[0] == OK
    peer.close()


def test_admin_requests_may_precede_the_identity(connect, uid):
    peer = connect()
    peer.subscribe(f"early{uid}")
    assert peer.identify(f"late{uid}")[0] == OK
