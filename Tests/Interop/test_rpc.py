"""Remote calls through the broker: behaviour.md §8, §9."""

import asyncio
import time

import pytest

from support.processes import Command
from support.python_package import Components
from support.wire import (
    RPC, Answer, EXCEPTION, LOOPBACK, NO_TARGET, NOT_FOUND, OK, RESPONSE, TARGET_DOWN, UNAVAILABLE, eventually, new_id, reconnect)

differs = pytest.mark.differs


def call_through(caller, provider, topic, *arguments, answer, status=OK, **fields):
    """One call from one peer to the other: the request that the provider saw and the response that the caller saw."""
    identifier = caller.send_call(topic, *arguments, **fields)
    request = provider.receive_call()
    provider.answer(request, answer, status)
    return request, caller.response_to(identifier)


def test_a_call_reaches_the_provider_and_its_answer_the_caller(connect, encoding, uid):
    provider, caller = connect(f"p{uid}", encoding), connect(f"c{uid}", encoding)
    provider.expose(f"mix{uid}")
    request, response = call_through(caller, provider, f"mix{uid}", 2, 40, answer=42)
    assert request[2:] == [f"mix{uid}", None, [2, 40]]
    assert response == (OK, 42)


def test_a_call_without_arguments(connect, encoding, uid):
    provider, caller = connect(f"p{uid}", encoding), connect(encoding=encoding)
    provider.expose(f"none{uid}")
    request, response = call_through(caller, provider, f"none{uid}", answer=None)
    assert request[4] == []
    assert response == (OK, None)


@pytest.mark.parametrize("value", [
    0, -1, 2**63, -(2**64), 1.5, True, None, "ünï", b"\x00\xff", [1, [2, [3]]], {"k": {"n": 1}}, "x" * 70000])
def test_values_go_through_unchanged(connect, uid, value):
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"value{uid}")
    request, response = call_through(caller, provider, f"value{uid}", value, answer=value)
    assert request[4] == [value]
    assert response == (OK, value)


def test_an_exception_of_the_provider_is_answered_with_40_and_its_text(connect, encoding, uid):
    provider, caller = connect(f"p{uid}", encoding), connect(encoding=encoding)
    provider.expose(f"fail{uid}")
    _, response = call_through(caller, provider, f"fail{uid}", answer="division by zero", status=EXCEPTION)
    assert response == (EXCEPTION, "division by zero")


def test_a_status_unknown_to_the_broker_goes_through(connect, uid):
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"odd{uid}")
    _, response = call_through(caller, provider, f"odd{uid}", answer="odd", status=99)
    assert response == (99, "odd")


def test_a_method_of_nobody_is_answered_with_42(connect, encoding, uid):
    assert connect(encoding=encoding).call(f"nobody{uid}") == Answer(NOT_FOUND, f"nobody{uid}")


@differs("behaviour.md §8: the reference answers 43 until restart")
def test_a_method_that_nobody_exposes_any_more_is_answered_with_42(connect, uid):
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"gone{uid}")
    provider.unexpose(f"gone{uid}")
    assert caller.call(f"gone{uid}") == Answer(NOT_FOUND, f"gone{uid}")


def test_a_method_whose_provider_is_away_is_answered_with_43(connect, encoding, uid):
    provider, caller = connect(f"p{uid}", encoding), connect(encoding=encoding)
    provider.expose(f"away{uid}")
    provider.close()
    # Until the broker has seen the close, the answer may also say that the provider was lost on the way: 43 as well.
    status, _ = caller.call(f"away{uid}")
    assert status == UNAVAILABLE


def test_a_method_returns_with_its_named_provider(connect, uid):
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"back{uid}")
    provider.close()
    provider = reconnect(connect, f"p{uid}")
    _, response = call_through(caller, provider, f"back{uid}", answer=1)
    assert response == (OK, 1)


@differs("R12: the reference brings it back")
def test_an_unexposed_method_does_not_return_with_its_provider(connect, uid):
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"dropped{uid}")
    provider.unexpose(f"dropped{uid}")
    provider.close()
    reconnect(connect, f"p{uid}")
    assert caller.call(f"dropped{uid}")[0] == NOT_FOUND


@differs("R18: the reference keeps ghosts")
def test_a_method_of_an_anonymous_provider_goes_with_it(connect, uid):
    provider, caller = connect(), connect()
    provider.expose(f"ghost{uid}")
    provider.close()
    assert eventually(lambda: caller.call(f"ghost{uid}") == Answer(NOT_FOUND, f"ghost{uid}"))


def test_a_call_of_the_only_provider_to_itself_is_answered_with_44(connect, encoding, uid):
    peer = connect(f"p{uid}", encoding)
    peer.expose(f"self{uid}")
    assert peer.call(f"self{uid}") == Answer(LOOPBACK, f"self{uid}")


def test_a_provider_may_call_another_provider_of_its_own_method(connect, uid):
    first, second = connect(f"a{uid}"), connect(f"b{uid}")
    first.expose(f"shared{uid}")
    second.expose(f"shared{uid}")
    _, response = call_through(first, second, f"shared{uid}", answer="second")
    assert response == (OK, "second")


def test_unexposing_an_unknown_method_is_answered_with_0(connect, uid):
    connect().unexpose(f"never{uid}")


def test_exposing_twice_calls_once(connect, uid):
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"twice{uid}", f"twice{uid}")
    _, response = call_through(caller, provider, f"twice{uid}", answer=1)
    assert response == (OK, 1)
    identifier = provider.send_call("rid")
    assert provider.receive()[:2] == [RESPONSE, identifier]


# Direct calls

def test_a_direct_call_reaches_the_named_component_with_target_null(connect, uid):
    target, caller = connect(f"t{uid}"), connect(f"c{uid}")
    request, response = call_through(caller, target, "anything", 1, target=f"t{uid}", answer=2)
    assert request[2:] == ["anything", None, [1]]
    assert response == (OK, 2)


def test_a_direct_call_to_an_unknown_name_is_answered_with_45(connect, uid):
    assert connect().call("x", target=f"unknown{uid}") == Answer(NO_TARGET, f"unknown{uid}")


@differs("R32: the reference forgets offline names and answers 45")
def test_a_direct_call_to_a_known_name_that_is_away_is_answered_with_46(connect, uid):
    caller = connect()
    target = connect(f"t{uid}")
    target.subscribe(f"known{uid}")
    target.close()
    assert eventually(lambda: caller.call("x", target=f"t{uid}") == Answer(TARGET_DOWN, f"t{uid}"))


def test_a_direct_call_to_an_empty_name_is_answered_with_45(connect):
    status, _ = connect().call("rid", target="")
    assert status == NO_TARGET


def test_a_direct_call_to_the_broker_is_an_ordinary_call(connect, broker, uid):
    caller = connect()
    assert caller.call("rid", target=broker.name) == (OK, broker.name)
    assert caller.call(f"nobody{uid}", target=broker.name) == Answer(NOT_FOUND, f"nobody{uid}")


def test_a_direct_call_needs_no_exposed_method_and_its_42_comes_from_the_target(connect, uid):
    target, caller = connect(f"t{uid}"), connect()
    _, response = call_through(caller, target, "nothing", target=f"t{uid}", answer="nothing", status=NOT_FOUND)
    assert response == Answer(NOT_FOUND, "nothing")


@differs("protocol.md §10: only Julia splits the method")
def test_a_json_method_with_a_slash_is_a_direct_call_when_nobody_exposes_it(connect, uid):
    target, provider, caller = connect(f"t{uid}"), connect(f"p{uid}"), connect(encoding="julia")
    request, response = call_through(caller, target, f"t{uid}/add", 1, 2, answer=3)
    assert request[2:] == ["add", None, [1, 2]]
    assert response == (OK, 3)
    provider.expose(f"t{uid}/add")
    request, response = call_through(caller, provider, f"t{uid}/add", 1, 2, answer=4)
    assert request[2] == f"t{uid}/add"
    assert response == (OK, 4)


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


def test_first_up_asks_the_first_that_registered(providers_with):
    providers, caller, _ = providers_with("first_up")
    assert served(caller, providers, "work", 3) == [0, 0, 0]


def test_first_up_is_the_default(providers_with):
    providers, caller, _ = providers_with(None)
    assert served(caller, providers, "work", 2) == [0, 0]


@differs("observed: the reference puts a returning name last, against behaviour.md §8")
def test_first_up_asks_the_next_while_the_first_is_away_and_the_first_again_when_it_is_back(providers_with, connect):
    providers, caller, broker = providers_with("first_up")
    providers[0].close()
    served_by = []
    # A call may still meet the leaving provider; it is then answered with 43 at once.
    while not served_by:
        identifier = caller.send_call("work")
        if not providers[1].is_silent(0.3):
            providers[1].answer(providers[1].receive_call(), 1)
            served_by.append(caller.response_to(identifier))
    assert served_by == [(OK, 1)]
    providers[0] = reconnect(connect, "p0", to=broker)
    assert served(caller, providers, "work", 2) == [0, 0]


def test_round_robin_asks_each_in_turn(providers_with):
    providers, caller, _ = providers_with("round_robin")
    order = served(caller, providers, "work", 7)
    assert sorted(order[:3]) == [0, 1, 2]
    assert order[3:6] == order[:3]
    assert order[6] == order[0]


def test_round_robin_turns_separately_for_each_method(providers_with):
    providers, caller, _ = providers_with("round_robin")
    for provider in providers:
        provider.expose("other")
    first = served(caller, providers, "work", 1)
    assert served(caller, providers, "other", 1) == first


def test_round_robin_skips_the_caller(providers_with):
    providers, _, _ = providers_with("round_robin")
    caller, others = providers[0], providers[1:]
    assert sorted(served(caller, others, "work", 4)) == [0, 0, 1, 1]


def test_less_busy_asks_the_first_while_all_are_idle(providers_with):
    providers, caller, _ = providers_with("less_busy")
    assert served(caller, providers, "work", 3) == [0, 0, 0]


@differs("R4: the reference forwards one request at a time")
def test_less_busy_asks_whoever_has_the_fewest_open_requests(providers_with):
    providers, caller, _ = providers_with("less_busy")
    calls = []
    asked = []
    for _ in range(6):
        calls.append(caller.send_call("work"))
        asked.append(whoever_has_a_new_request(providers))
    assert asked == [0, 1, 2, 0, 1, 2]
    for request in list(providers[1].inbox):
        providers[1].answer(request, "done")
    assert caller.response_to(calls[1]) == caller.response_to(calls[4]) == (OK, "done")
    providers[1].inbox.clear()
    caller.send_call("work")
    assert whoever_has_a_new_request(providers) == 1


def whoever_has_a_new_request(providers):
    while True:
        for number, provider in enumerate(providers):
            before = len(provider.inbox)
            provider.is_silent(0.01)
            if len(provider.inbox) > before:
                return number


# Many calls at once

@differs("R4: the reference forwards one request at a time")
def test_one_provider_answers_calls_out_of_order(connect, encoding, uid):
    provider, caller = connect(f"p{uid}", encoding), connect(encoding=encoding)
    provider.expose(f"order{uid}")
    calls = [caller.send_call(f"order{uid}", number) for number in range(20)]
    requests = [provider.receive_call() for _ in calls]
    assert [request[4] for request in requests] == [[number] for number in range(20)]
    for request in reversed(requests):
        provider.answer(request, request[4][0] * 10)
    for number, identifier in enumerate(calls):
        assert caller.response_to(identifier) == (OK, number * 10)


@differs("R7: the reference confuses them")
def test_two_callers_may_use_the_same_message_id(connect, encoding, uid):
    provider = connect(f"p{uid}", encoding)
    callers = [connect(f"{letter}{uid}", encoding) for letter in "ab"]
    provider.expose(f"same{uid}")
    identifier = new_id()
    for number, caller in enumerate(callers):
        caller.send_call(f"same{uid}", number, identifier=identifier)
    requests = [provider.receive_call(), provider.receive_call()]
    assert requests[0][1] != requests[1][1]
    for request in reversed(requests):
        provider.answer(request, f"for {request[4][0]}")
    for number, caller in enumerate(callers):
        assert caller.receive() == [RESPONSE, identifier, OK, f"for {number}"]


@differs("R4, R7")
def test_caller_and_provider_may_use_the_same_id_in_both_directions(connect, uid):
    left, right = connect(f"l{uid}"), connect(f"r{uid}")
    left.expose(f"left{uid}")
    right.expose(f"right{uid}")
    identifier = new_id()
    left.send_call(f"right{uid}", 1, identifier=identifier)
    right.send_call(f"left{uid}", 2, identifier=identifier)
    at_right, at_left = right.receive_call(), left.receive_call()
    right.answer(at_right, "from right")
    left.answer(at_left, "from left")
    assert left.response_to(identifier) == (OK, "from right")
    assert right.response_to(identifier) == (OK, "from left")


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


@differs("protocol.md §4: the reference crashes its dispatch loop")
@pytest.mark.parametrize("length", [1, 4, 16, 32])
def test_ids_of_other_lengths_are_echoed_verbatim(connect, uid, length):
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"echo{uid}")
    identifier = bytes(range(length))
    assert caller.call("rid", identifier=identifier)[0] == OK
    _, response = call_through(caller, provider, f"echo{uid}", identifier=identifier, answer=1)
    assert response == (OK, 1)


@differs("R4: the reference tells the caller nothing")
def test_a_provider_that_dies_gives_its_callers_43_at_once(connect, encoding, uid):
    provider, caller = connect(f"p{uid}", encoding), connect(encoding=encoding)
    provider.expose(f"die{uid}")
    calls = [caller.send_call(f"die{uid}", number) for number in range(3)]
    for _ in calls:
        provider.receive_call()
    provider.vanish()
    for identifier in calls:
        assert caller.response_to(identifier)[0] == UNAVAILABLE


@differs("R4: the reference tells the caller nothing")
def test_a_provider_that_closes_gives_its_callers_43_at_once(connect, uid):
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"die{uid}")
    identifier = caller.send_call(f"die{uid}")
    provider.receive_call()
    provider.close()
    assert caller.response_to(identifier)[0] == UNAVAILABLE


@differs("R4: the reference tells the caller nothing")
def test_a_provider_that_does_not_answer_in_time_gives_43(start_broker, connect):
    broker = start_broker(REMBUS_TIMEOUT=0.3)
    provider, caller = connect("p", to=broker), connect("c", to=broker)
    provider.expose("late")
    identifier = caller.send_call("late")
    request = provider.receive_call()
    assert caller.response_to(identifier)[0] == UNAVAILABLE
    # The late answer belongs to nobody and harms nobody.
    provider.answer(request, "late")
    assert provider.call("rid")[0] == OK
    assert caller.call("rid")[0] == OK
    assert not caller.inbox


def test_a_caller_that_left_does_not_disturb_the_provider(connect, uid):
    provider, caller, other = connect(f"p{uid}"), connect(f"c{uid}"), connect()
    provider.expose(f"left{uid}")
    caller.send_call(f"left{uid}")
    request = provider.receive_call()
    caller.vanish()
    provider.answer(request, "too late")
    _, response = call_through(other, provider, f"left{uid}", answer="fine")
    assert response == (OK, "fine")


def test_an_answer_nobody_asked_for_is_ignored(connect, encoding):
    peer = connect(encoding=encoding)
    peer.send([RESPONSE, new_id(), OK, "surprise"])
    assert peer.call("rid")[0] == OK


@differs("R7: the reference looks for the id alone")
def test_a_peer_cannot_answer_a_call_that_another_was_asked(connect, uid):
    provider, intruder, caller = connect(f"p{uid}"), connect(f"i{uid}"), connect()
    provider.expose(f"guard{uid}")
    identifier = caller.send_call(f"guard{uid}")
    request = provider.receive_call()
    for forged in (request[1], identifier):
        intruder.send([RESPONSE, forged, OK, "forged"])
    assert intruder.call("rid")[0] == OK
    provider.answer(request, "genuine")
    assert caller.response_to(identifier) == (OK, "genuine")


def test_a_response_without_data_is_accepted(connect, uid):
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"bare{uid}")
    identifier = caller.send_call(f"bare{uid}")
    provider.send([RESPONSE, provider.receive_call()[1], OK])
    assert caller.response_to(identifier) == (OK, None)


def test_a_request_as_array_of_indefinite_length(connect, broker):
    peer = connect()
    peer.send_raw(bytes.fromhex("9f0248010203040506070863726964f680ff"))  # V44
    assert peer.response_to(bytes(range(1, 9))) == (OK, broker.name)


@differs("protocol.md §10: the reference closes the connection")
def test_named_arguments_in_json_are_one_map_argument(connect, uid):
    provider, caller = connect(f"p{uid}"), connect(encoding="julia")
    provider.expose(f"named{uid}")
    caller.send_raw(
        f'{{"jsonrpc":"2.0","id":"99","method":"named{uid}","params":{{"left":1,"right":2}}}}')
    request = provider.receive_call()
    assert request[4] == [{"left": 1, "right": 2}]
    provider.answer(request, 3)
    assert caller.response_to((99).to_bytes(8, "little")) == (OK, 3)


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
