"""Calls over the links of a mesh: behaviour.md §13."""

import pytest
from support.mesh import OURS, PYTHON, unique
from support.mesh_pairs import directions, pair  # noqa: F401
from support.processes import REFERENCE
from support.wire import (EXCEPTION, LOOPBACK, NO_TARGET, NOT_FOUND, OK, TARGET_DOWN, UNAVAILABLE, eventually)

pytestmark = pytest.mark.skipif(REFERENCE, reason="about links of ours")


@directions
def test_a_call(pair, direction):  # noqa: F811
    here, there = pair.ends(direction)
    method = unique("m")
    provider, caller = pair.mesh.provide(there, method), pair.mesh.peer(here)
    pair.settle()
    identifier = caller.send_call(method, {"a": [1, None]}, b"bytes")
    request = provider.receive_call()
    assert request[2:5] == [method, None, [{"a": [1, None]}, b"bytes"]]
    provider.answer(request, {"b": 2.5})
    assert caller.response_to(identifier) == (OK, {"b": 2.5})


@directions
def test_an_exception_of_the_method(pair, direction):  # noqa: F811
    here, there = pair.ends(direction)
    method = unique("m")
    provider, caller = pair.mesh.provide(there, method), pair.mesh.peer(here)
    pair.settle()
    identifier = caller.send_call(method)
    provider.answer(provider.receive_call(), "out of paper", EXCEPTION)
    assert caller.response_to(identifier) == (EXCEPTION, "out of paper")


@directions
def test_a_method_that_nobody_has(pair, direction):  # noqa: F811
    here, _ = pair.ends(direction)
    assert pair.mesh.peer(here).call(unique("never"))[0] == NOT_FOUND


@directions
def test_a_method_that_is_taken_back(pair, direction):  # noqa: F811
    here, there = pair.ends(direction)
    method = unique("m")
    provider, caller = pair.mesh.provide(there, method), pair.mesh.peer(here)
    pair.settle()
    provider.unexpose(method)
    pair.settle()
    assert caller.call(method)[0] in (NOT_FOUND, UNAVAILABLE)


@directions
def test_a_provider_that_is_gone(pair, direction):  # noqa: F811
    # A broker of the reference says nothing about it: the call crosses and comes back.
    here, there = pair.ends(direction)
    method = unique("m")
    provider, caller = pair.mesh.provide(there, method), pair.mesh.peer(here)
    pair.settle()
    provider.vanish()
    assert eventually(lambda: caller.call(method)[0] in (NOT_FOUND, UNAVAILABLE))


@directions
def test_the_only_provider_is_the_caller(pair, direction):  # noqa: F811
    _, there = pair.ends(direction)
    method = unique("m")
    provider = pair.mesh.provide(there, method)
    pair.settle()
    assert provider.call(method)[0] == LOOPBACK


@directions
def test_many_at_once(pair, direction):  # noqa: F811
    here, there = pair.ends(direction)
    method = unique("m")
    provider, caller = pair.mesh.provide(there, method), pair.mesh.peer(here)
    pair.settle()
    waiting = [(number, caller.send_call(method, number)) for number in range(20)]
    for _ in waiting:
        request = provider.receive_call()
        provider.answer(request, request[4][0] * 2)
    assert [caller.response_to(identifier) for _, identifier in waiting] == [(OK, 2 * number) for number, _ in waiting]


@directions
def test_a_slow_method_holds_up_no_other_between_ours(pair, direction):  # noqa: F811
    if pair.kinds != (OURS, OURS):
        pytest.skip("the reference has one call at a time on a link (mesh fact 15)")
    here, there = pair.ends(direction)
    slow, quick = unique("slow"), unique("quick")
    providers = pair.mesh.provide(there, slow), pair.mesh.provide(there, quick)
    caller = pair.mesh.peer(here)
    pair.settle()
    waiting = caller.send_call(slow)
    request = providers[0].receive_call()
    answered = caller.send_call(quick)
    providers[1].answer(providers[1].receive_call(), "quick")
    assert caller.response_to(answered) == (OK, "quick")
    providers[0].answer(request, "slow")
    assert caller.response_to(waiting) == (OK, "slow")


@directions
def test_direct_calls_stay_within_one_broker(pair, direction):  # noqa: F811
    here, there = pair.ends(direction)
    name = unique("name")
    provider = pair.mesh.peer(there, name, reactive=False)
    provider.expose(name)
    caller = pair.mesh.peer(here)
    pair.settle()
    assert caller.call(name, target=name)[0] in (NO_TARGET, TARGET_DOWN)


@directions
def test_built_in_methods_are_those_of_the_own_broker(pair, direction):  # noqa: F811
    here, _ = pair.ends(direction)
    assert pair.mesh.peer(here).call("rid") == (OK, here.name)


@pytest.mark.parametrize("kinds", [(OURS, OURS, OURS), (PYTHON, OURS, PYTHON), (OURS, PYTHON, OURS)], ids="-".join)
def test_over_three_brokers(mesh, kinds):
    top = mesh.start("top", kind=kinds[0])
    middle = mesh.start("middle", top, kind=kinds[1])
    bottom = mesh.start("bottom", middle, kind=kinds[2])
    upper, lower = mesh.provide(top, "upper"), mesh.provide(bottom, "lower")
    mesh.settle()
    for provider, caller, method in ((upper, mesh.peer(bottom), "upper"), (lower, mesh.peer(top), "lower")):
        identifier = caller.send_call(method, 7)
        request = provider.receive_call()
        assert request[2:5] == [method, None, [7]]
        provider.answer(request, 49)
        assert caller.response_to(identifier) == (OK, 49)


@pytest.mark.parametrize("policy", ["first_up", "round_robin", "less_busy"])
def test_a_far_provider_serves_when_the_near_one_is_gone(mesh, policy):
    hub = mesh.start("hub", policy=policy)
    node = mesh.start("node", hub, policy=policy)
    near, far = mesh.provide(node, "work"), mesh.provide(hub, "work")
    caller = mesh.peer(node)
    mesh.settle()
    near.vanish()

    def served_by_far():
        identifier = caller.send_call("work")
        if far.is_silent(0.1):
            caller.response_to(identifier)
            return False
        far.answer(far.receive_call(), "far")
        return caller.response_to(identifier) == (OK, "far")

    assert eventually(served_by_far)


def test_a_call_ends_at_the_time_out_of_the_callers_broker(mesh):
    # The reference answers nothing when a forwarded call takes too long: the broker of the caller has to.
    hub = mesh.start("hub", kind=PYTHON, REMBUS_TIMEOUT=1)
    node = mesh.start("node", hub, REMBUS_TIMEOUT=2)
    provider = mesh.provide(hub, "stuck")
    caller = mesh.peer(node)
    mesh.settle()
    identifier = caller.send_call("stuck")
    provider.receive_call()
    assert caller.response_to(identifier)[0] == UNAVAILABLE
