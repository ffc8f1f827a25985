"""Remote calls through the broker: behaviour.md §8, §9."""

import asyncio
import time

import pytest

from support.processes import Command
from support.python_package import Components
from support.wire import (
    RPC, Answer, EXCEPTION, LOOPBACK, NO_TARGET, NOT_FOUND, OK, RESPONSE, UNAVAILABLE, new_id, reconnect)

differs, twin = pytest.mark.differs, pytest.mark.twin


def call_through(caller, provider, topic, *arguments, answer, status=OK, **fields):
    """One call from one peer to the other: the request that the provider saw and the response that the caller saw."""
    identifier = caller.send_call(topic, *arguments, **fields)
    request = provider.receive_call()
    provider.answer(request, answer, status)
    return request, caller.response_to(identifier)


@twin("RemoteCallTests")
def test_a_call_reaches_the_provider_and_its_answer_the_caller(connect, encoding, uid):
    provider, caller = connect(f"p{uid}", encoding), connect(f"c{uid}", encoding)
    provider.expose(f"mix{uid}")
    request, response = call_through(caller, provider, f"mix{uid}", 2, 40, answer=42)
    assert request[2:] == [f"mix{uid}", None, [2, 40]]
    assert response == (OK, 42)


@twin("RemoteCallTests")
def test_a_call_without_arguments(connect, encoding, uid):
    provider, caller = connect(f"p{uid}", encoding), connect(encoding=encoding)
    provider.expose(f"none{uid}")
    request, response = call_through(caller, provider, f"none{uid}", answer=None)
    assert request[4] == []
    assert response == (OK, None)


@twin("RemoteCallTests")
@pytest.mark.parametrize("value", [
    0, -1, 2**63, -(2**64), 1.5, True, None, "ünï", b"\x00\xff", [1, [2, [3]]], {"k": {"n": 1}}, "x" * 70000])
def test_values_go_through_unchanged(connect, uid, value):
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"value{uid}")
    request, response = call_through(caller, provider, f"value{uid}", value, answer=value)
    assert request[4] == [value]
    assert response == (OK, value)


@twin("RemoteCallTests")
def test_an_exception_of_the_provider_is_answered_with_40_and_its_text(connect, encoding, uid):
    provider, caller = connect(f"p{uid}", encoding), connect(encoding=encoding)
    provider.expose(f"fail{uid}")
    _, response = call_through(caller, provider, f"fail{uid}", answer="division by zero", status=EXCEPTION)
    assert response == (EXCEPTION, "division by zero")


@twin("RemoteCallTests")
def test_a_status_unknown_to_the_broker_goes_through(connect, uid):
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"odd{uid}")
    _, response = call_through(caller, provider, f"odd{uid}", answer="odd", status=99)
    assert response == (99, "odd")


@twin("CallOutcomeTests")
def test_a_method_of_nobody_is_answered_with_42(connect, encoding, uid):
    assert connect(encoding=encoding).call(f"nobody{uid}") == Answer(NOT_FOUND, f"nobody{uid}")


@twin("CallOutcomeTests")
def test_a_method_whose_provider_is_away_is_answered_with_43(connect, encoding, uid):
    provider, caller = connect(f"p{uid}", encoding), connect(encoding=encoding)
    provider.expose(f"away{uid}")
    provider.close()
    # Until the broker has seen the close, the answer may also say that the provider was lost on the way: 43 as well.
    status, _ = caller.call(f"away{uid}")
    assert status == UNAVAILABLE


@twin("CallOutcomeTests")
def test_a_method_returns_with_its_named_provider(connect, uid):
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"back{uid}")
    provider.close()
    provider = reconnect(connect, f"p{uid}")
    _, response = call_through(caller, provider, f"back{uid}", answer=1)
    assert response == (OK, 1)


@twin("CallOutcomeTests")
def test_a_call_of_the_only_provider_to_itself_is_answered_with_44(connect, encoding, uid):
    peer = connect(f"p{uid}", encoding)
    peer.expose(f"self{uid}")
    assert peer.call(f"self{uid}") == Answer(LOOPBACK, f"self{uid}")


@twin("RemoteCallTests")
def test_a_provider_may_call_another_provider_of_its_own_method(connect, uid):
    first, second = connect(f"a{uid}"), connect(f"b{uid}")
    first.expose(f"shared{uid}")
    second.expose(f"shared{uid}")
    _, response = call_through(first, second, f"shared{uid}", answer="second")
    assert response == (OK, "second")


@twin("CallOutcomeTests")
def test_unexposing_an_unknown_method_is_answered_with_0(connect, uid):
    connect().unexpose(f"never{uid}")


@twin("RemoteCallTests")
def test_exposing_twice_calls_once(connect, uid):
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"twice{uid}", f"twice{uid}")
    _, response = call_through(caller, provider, f"twice{uid}", answer=1)
    assert response == (OK, 1)
    identifier = provider.send_call("rid")
    assert provider.receive()[:2] == [RESPONSE, identifier]


# Direct calls

@twin("DirectCallTests")
def test_a_direct_call_reaches_the_named_component_with_target_null(connect, uid):
    target, caller = connect(f"t{uid}"), connect(f"c{uid}")
    request, response = call_through(caller, target, "anything", 1, target=f"t{uid}", answer=2)
    assert request[2:] == ["anything", None, [1]]
    assert response == (OK, 2)


@twin("DirectCallTests")
def test_a_direct_call_to_an_unknown_name_is_answered_with_45(connect, uid):
    assert connect().call("x", target=f"unknown{uid}") == Answer(NO_TARGET, f"unknown{uid}")


@twin("DirectCallTests")
def test_a_direct_call_to_an_empty_name_is_answered_with_45(connect):
    status, _ = connect().call("rid", target="")
    assert status == NO_TARGET


@twin("DirectCallTests")
def test_a_direct_call_to_the_broker_is_an_ordinary_call(connect, broker, uid):
    caller = connect()
    assert caller.call("rid", target=broker.name) == (OK, broker.name)
    assert caller.call(f"nobody{uid}", target=broker.name) == Answer(NOT_FOUND, f"nobody{uid}")


@twin("DirectCallTests")
def test_a_direct_call_needs_no_exposed_method_and_its_42_comes_from_the_target(connect, uid):
    target, caller = connect(f"t{uid}"), connect()
    _, response = call_through(caller, target, "nothing", target=f"t{uid}", answer="nothing", status=NOT_FOUND)
    assert response == Answer(NOT_FOUND, "nothing")


# Policies

def served(caller, providers, topic, calls):
    """Calls one after the other; gives the numbers of the providers that were asked."""
    order = []
    for _ in range(calls):
        identifier = caller.send_call(topic)
        asked = whoever_was_asked(providers)
        order.append(asked)
        providers[asked].answer(providers[asked].receive_call(), asked)
        assert caller.response_to(identifier) == (OK, asked)
    return order


def whoever_was_asked(providers):
    while True:
        for number, provider in enumerate(providers):
            if not provider.is_silent(0.01):
                return number


@pytest.fixture
def providers_with(start_broker, connect):
    def start(policy, count=3):
        broker = start_broker(policy=policy)
        providers = [connect(f"p{number}", to=broker) for number in range(count)]
        for provider in providers:
            provider.expose("work")
        return providers, connect("caller", to=broker), broker
    return start


@twin("ProviderChoiceTests")
def test_first_up_asks_the_first_that_registered(providers_with):
    providers, caller, _ = providers_with("first_up")
    assert served(caller, providers, "work", 3) == [0, 0, 0]


@twin("ProviderChoiceTests")
def test_first_up_is_the_default(providers_with):
    providers, caller, _ = providers_with(None)
    assert served(caller, providers, "work", 2) == [0, 0]


@twin("ProviderChoiceTests")
def test_round_robin_asks_each_in_turn(providers_with):
    providers, caller, _ = providers_with("round_robin")
    order = served(caller, providers, "work", 7)
    assert sorted(order[:3]) == [0, 1, 2]
    assert order[3:6] == order[:3]
    assert order[6] == order[0]


@twin("ProviderChoiceTests")
def test_round_robin_turns_separately_for_each_method(providers_with):
    providers, caller, _ = providers_with("round_robin")
    for provider in providers:
        provider.expose("other")
    first = served(caller, providers, "work", 1)
    assert served(caller, providers, "other", 1) == first


@twin("ProviderChoiceTests")
def test_round_robin_skips_the_caller(providers_with):
    providers, _, _ = providers_with("round_robin")
    caller, others = providers[0], providers[1:]
    assert sorted(served(caller, others, "work", 4)) == [0, 0, 1, 1]


@twin("ProviderChoiceTests")
def test_less_busy_asks_the_first_while_all_are_idle(providers_with):
    providers, caller, _ = providers_with("less_busy")
    assert served(caller, providers, "work", 3) == [0, 0, 0]


# Time-outs of callers


@differs("the reference knows its own setting only")
@pytest.mark.parametrize("provider_encoding", ["cbor", "json"])
def test_a_callers_timeout_outlasts_the_setting_and_reaches_the_provider(start_broker, connect, provider_encoding):
    broker = start_broker(REMBUS_TIMEOUT=0.2, REMBUS_RECORD="none")
    provider, caller = connect("p", provider_encoding, to=broker), connect("c", to=broker)
    provider.expose("slow")
    patient, hasty = new_id(), caller.send_call("slow", 1)
    first = provider.receive_call()
    caller.send([RPC, patient, "slow", None, [2], {"timeout": 60_000}])
    second = provider.receive_call()
    if provider_encoding == "cbor":
        # Who says nothing sends, and causes, requests in the form that every peer knows.
        assert (len(first), len(second), second[5]) == (5, 6, {"timeout": 60_000})
    text = caller.response_to(hasty)
    assert text == Answer(UNAVAILABLE, "did not answer within 0.2 s (the broker's `request_timeout`)", "it may have run")
    provider.answer(second, "in time")
    assert caller.response_to(patient) == (OK, "in time")


@differs("the reference knows its own setting only")
def test_a_callers_timeout_is_bounded(start_broker, connect):
    broker = start_broker(REMBUS_TIMEOUT=0.1, REMBUS_MAX_REQUEST_TIMEOUT=0.3, REMBUS_RECORD="none")
    provider, caller = connect("p", to=broker), connect("c", to=broker)
    provider.expose("slow")
    answer = caller.request(RPC, "slow", None, [], {"timeout": 10**15})
    assert answer == Answer(UNAVAILABLE, "within 0.3 s (the broker's `max_request_timeout`)")
    answer = caller.request(RPC, "slow", None, [], {"timeout": 5})
    assert answer == Answer(UNAVAILABLE, "within 0.005 s (the time-out of the call)")
    assert provider.receive_call()[5] == {"timeout": 300} and provider.receive_call()[5] == {"timeout": 5}


@differs("the reference knows its own setting only")
def test_a_json_caller_gives_a_timeout_as_a_member(start_broker, connect):
    broker = start_broker(REMBUS_TIMEOUT=0.2, REMBUS_RECORD="none")
    provider, caller = connect("p", to=broker), connect("c", encoding="json", to=broker)
    provider.expose("slow")
    caller.ws.send('{"jsonrpc":"2.0","id":7,"method":"slow","params":[],"timeout":60000}')
    assert provider.receive_call()[5] == {"timeout": 60_000}


@differs("the reference knows its own setting only")
def test_the_commands_timeout_outlasts_the_setting(start_broker, connect):
    broker = start_broker(REMBUS_TIMEOUT=0.3, REMBUS_RECORD="none")
    provider, other = connect("p", to=broker), connect("o", to=broker)
    provider.expose("slow", "other")
    with Command("call", "slow", "--timeout", "60s", "--url", broker.url) as command:
        request = provider.receive_call()
        assert request[5] == {"timeout": 60_000}
        # One that came later and says nothing has ended; the command waits on.
        assert other.call("other") == Answer(UNAVAILABLE, "`request_timeout`")
        provider.answer(request, 7)
        assert command.lines() == ["7"] and command.wait() == 0


def test_a_provider_of_the_python_package_takes_a_request_with_a_timeout(broker, connect, uid, tmp_path, monkeypatch):
    """Also a broker of the package, when the tests run against one: an element more is ignored."""
    monkeypatch.setenv("REMBUS_DIR", str(tmp_path))

    async def scenario():
        async with Components(broker.url) as components:
            provider = await components(f"py{uid}")

            async def double(number):
                return 2 * number

            await provider.expose(double, topic=f"double{uid}")
            identifier = new_id()
            caller.send([RPC, identifier, f"double{uid}", None, [21], {"timeout": 60_000}])
            answer = await asyncio.get_running_loop().run_in_executor(None, caller.response_to, identifier)
            assert answer == (OK, 42)

    caller = connect(f"c{uid}")
    asyncio.run(scenario())


@differs("R4: the reference tells the caller nothing")
def test_a_provider_that_closes_gives_its_callers_43_at_once(connect, uid):
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"die{uid}")
    identifier = caller.send_call(f"die{uid}")
    provider.receive_call()
    provider.close()
    assert caller.response_to(identifier)[0] == UNAVAILABLE


@twin("CallOutcomeTests")
def test_a_caller_that_left_does_not_disturb_the_provider(connect, uid):
    provider, caller, other = connect(f"p{uid}"), connect(f"c{uid}"), connect()
    provider.expose(f"left{uid}")
    caller.send_call(f"left{uid}")
    request = provider.receive_call()
    caller.vanish()
    provider.answer(request, "too late")
    _, response = call_through(other, provider, f"left{uid}", answer="fine")
    assert response == (OK, "fine")


@twin("CallOutcomeTests")
def test_an_answer_nobody_asked_for_is_ignored(connect, encoding):
    peer = connect(encoding=encoding)
    peer.send([RESPONSE, new_id(), OK, "surprise"])
    assert peer.call("rid")[0] == OK


@twin("CallOutcomeTests")
def test_a_response_without_data_is_accepted(connect, uid):
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"bare{uid}")
    identifier = caller.send_call(f"bare{uid}")
    provider.send([RESPONSE, provider.receive_call()[1], OK])
    assert caller.response_to(identifier) == (OK, None)


@twin("CallOutcomeTests")
def test_a_request_as_array_of_indefinite_length(connect, broker):
    peer = connect()
    peer.send_raw(bytes.fromhex("9f0248010203040506070863726964f680ff"))  # V44
    assert peer.response_to(bytes(range(1, 9))) == (OK, broker.name)


@twin("CallOutcomeTests")
def test_a_call_after_a_long_silence_has_its_full_time(start_broker, connect, uid):
    broker = start_broker(REMBUS_TIMEOUT=0.5)
    provider, caller = connect(f"p{uid}", to=broker), connect(f"c{uid}", to=broker)
    provider.expose(f"late{uid}")
    # Longer than the time-out: a deadline counted from the last sign of life would be over before the call.
    time.sleep(0.8)
    identifier = caller.send_call(f"late{uid}")
    request = provider.receive_call()
    time.sleep(0.2)
    provider.answer(request, "in time")
    assert caller.response_to(identifier) == (OK, "in time")
