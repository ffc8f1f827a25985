"""Tenants see nothing of each other on any path: behaviour.md §2, known-defects S6."""

import pytest

from support.wire import NO_TARGET, NOT_FOUND, OK, UNAVAILABLE, LAST_RECEIVED, Answer, assert_nothing_for

differs = pytest.mark.differs


@pytest.fixture
def tenants(connect, uid):
    """A component and a publisher of each of two tenants, and one component of none."""
    return {
        "pump": connect(f"pump{uid}.acme", reactive=True),
        "acme": connect(f"boss{uid}.acme", reactive=True),
        "other": connect(f"other{uid}.corp", reactive=True),
        "corp": connect(f"boss{uid}.corp", reactive=True),
        "none": connect(f"none{uid}", reactive=True),
    }


def test_exact_topics_are_delivered_within_a_tenant_only(tenants, uid):
    for name in ("pump", "other", "none"):
        tenants[name].subscribe(f"t{uid}")
    tenants["acme"].publish(f"t{uid}", "secret")
    assert tenants["pump"].receive_topic() == (f"t{uid}", ["secret"])
    assert_nothing_for(tenants["corp"], tenants["other"])
    assert tenants["none"].is_silent()


@differs("S6: the reference delivers patterns to every tenant")
def test_patterns_are_delivered_within_a_tenant_only(tenants, uid):
    for name in ("pump", "other", "none"):
        tenants[name].subscribe(f"t{uid}/**")
    tenants["acme"].publish(f"t{uid}/x", "secret")
    assert tenants["pump"].receive_topic() == (f"t{uid}/**", [f"t{uid}/x", "secret"])
    assert_nothing_for(tenants["corp"], tenants["other"])
    assert tenants["none"].is_silent()


def test_methods_are_called_within_a_tenant_only(tenants, uid):
    tenants["pump"].expose(f"m{uid}")
    for name in ("corp", "none"):
        assert tenants[name].call(f"m{uid}")[0] in (NOT_FOUND, UNAVAILABLE)
    identifier = tenants["acme"].send_call(f"m{uid}")
    tenants["pump"].answer(tenants["pump"].receive_call(), "done")
    assert tenants["acme"].response_to(identifier) == (OK, "done")


@pytest.mark.parametrize("policy", ["first_up", "round_robin", "less_busy"])
def test_every_policy_stays_within_the_tenant(start_broker, connect, policy):
    broker = start_broker(policy=policy)
    foreign, own, caller = (connect(name, to=broker) for name in ("a.corp", "b.acme", "c.acme"))
    foreign.expose("work")
    own.expose("work")
    for _ in range(3):
        identifier = caller.send_call("work")
        own.answer(own.receive_call(), "own")
        assert caller.response_to(identifier) == (OK, "own")
    assert foreign.is_silent()


@differs("S6: direct calls of the reference cross tenants")
def test_direct_calls_stay_within_a_tenant(tenants, uid):
    for name in ("corp", "none"):
        assert tenants[name].call("x", target=f"pump{uid}.acme") == Answer(NO_TARGET, f"pump{uid}.acme")
    identifier = tenants["acme"].send_call("x", target=f"pump{uid}.acme")
    tenants["pump"].answer(tenants["pump"].receive_call(), 1)
    assert tenants["acme"].response_to(identifier) == (OK, 1)


@differs("S6: the replay of the reference crosses tenants")
def test_replay_stays_within_a_tenant(tenants, connect, uid):
    tenants["acme"].publish(f"t{uid}", "secret", qos=1)
    tenants["corp"].publish(f"t{uid}", "public", qos=1)
    late = connect(f"late{uid}.corp")
    late.subscribe(f"t{uid}", since=LAST_RECEIVED)
    late.reactive()
    assert late.receive_topic() == (f"t{uid}", ["public"])
    assert_nothing_for(tenants["corp"], late)


def test_methods_of_the_broker_serve_every_tenant(tenants, broker):
    for peer in tenants.values():
        assert peer.call("rid") == (OK, broker.name)


def test_the_tenant_of_a_name_is_everything_after_its_first_dot(connect, uid):
    subscriber, publisher, stranger = (
        connect(f"{name}{uid}.b.c", reactive=True) if name != "z" else connect(f"z{uid}.c") for name in ("a", "x", "z"))
    subscriber.subscribe(f"dots{uid}")
    stranger.publish(f"dots{uid}", "stranger", qos=1)
    publisher.publish(f"dots{uid}", "own")
    assert subscriber.receive_topic() == (f"dots{uid}", ["own"])
    assert subscriber.is_silent()
