"""Peers of different encodings in one conversation: protocol.md §10. The broker translates."""

import itertools
import json
import math
import re

import cbor2
import pytest

from support.wire import (
    ADMIN, EXCEPTION, IDENTITY, NOT_FOUND, OK, PUBLISH, QOS1, QOS2, QOS_FLAGS, RPC, assert_nothing_for, base64_text, new_id)

pytestmark = pytest.mark.differs("R22: the JSON side of the reference is incomplete")

ENCODINGS = ["cbor", "json", "julia"]
PAIRS = pytest.mark.parametrize("left, right", itertools.product(ENCODINGS, ENCODINGS))

#: Values that both encodings can write.
COMMON = [0, -1, 2**53, -(2**63), 2**64 - 1, 1.5, -0.25, True, False, None, "", "ünï \" \\ \n \u2028 😀", [], [1, [2, []]], {},
          {"k": {"n": [None, 1.5]}}]


@PAIRS
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_publications(connect, uid, left, right, qos):
    subscriber, publisher = connect(f"s{uid}", right, reactive=True), connect(f"p{uid}", left)
    subscriber.subscribe(f"t{uid}")
    publisher.publish(f"t{uid}", *COMMON, qos=qos)
    flags, _, topic, arguments = subscriber.receive_publish()
    assert (flags, topic) == (QOS_FLAGS[qos], f"t{uid}")
    assert arguments == COMMON
    assert [type(a) for a in arguments] == [type(a) for a in COMMON]


@PAIRS
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_publications_through_patterns(connect, uid, left, right, qos):
    subscriber, publisher = connect(f"s{uid}", right, reactive=True), connect(f"p{uid}", left)
    subscriber.subscribe(f"t{uid}/*")
    publisher.publish(f"t{uid}/x", {"rate": 3}, qos=qos)
    flags, _, topic, arguments = subscriber.receive_publish()
    assert (flags, topic, arguments) == (QOS_FLAGS[qos], f"t{uid}/*", [f"t{uid}/x", {"rate": 3}])


@PAIRS
def test_calls_and_their_answers(connect, uid, left, right):
    provider, caller = connect(f"p{uid}", right), connect(f"c{uid}", left)
    provider.expose(f"m{uid}")
    identifier = caller.send_call(f"m{uid}", *COMMON)
    request = provider.receive_call()
    assert request[4] == COMMON
    provider.answer(request, {"sum": 42})
    assert caller.response_to(identifier) == (OK, {"sum": 42})


@PAIRS
def test_exceptions(connect, uid, left, right):
    provider, caller = connect(f"p{uid}", right), connect(f"c{uid}", left)
    provider.expose(f"m{uid}")
    identifier = caller.send_call(f"m{uid}")
    provider.answer(provider.receive_call(), "no such pump", EXCEPTION)
    assert caller.response_to(identifier) == (EXCEPTION, "no such pump")


@pytest.mark.parametrize("right", ["json", "julia"])
def test_bytes_reach_json_peers_as_base64_text(connect, uid, right):
    subscriber, publisher = connect(f"s{uid}", right, reactive=True), connect()
    subscriber.subscribe(f"t{uid}", f"t{uid}/*")
    for data in (b"", b"\x00", b"\x00\xff\xfe\x10" * 100):
        publisher.publish(f"t{uid}", data, {"nested": [data]})
        assert subscriber.receive_topic() == (f"t{uid}", [base64_text(data), {"nested": [base64_text(data)]}])
    publisher.publish(f"t{uid}/x", b"\xff")
    assert subscriber.receive_topic() == (f"t{uid}/*", [f"t{uid}/x", base64_text(b"\xff")])


@pytest.mark.parametrize("right", ["json", "julia"])
def test_bytes_in_calls_reach_json_providers_as_base64_text(connect, uid, right):
    provider, caller = connect(f"p{uid}", right), connect()
    provider.expose(f"m{uid}")
    identifier = caller.send_call(f"m{uid}", b"\x01\x02")
    request = provider.receive_call()
    assert request[4] == [base64_text(b"\x01\x02")]
    provider.answer(request, "fine")
    assert caller.response_to(identifier) == (OK, "fine")


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_numbers_that_json_lacks_do_not_end_a_json_connection(connect, uid, value):
    subscriber, publisher = connect(f"s{uid}", "json", reactive=True), connect()
    subscriber.subscribe(f"t{uid}")
    publisher.publish(f"t{uid}", value)
    subscriber.receive_topic()
    assert subscriber.call("rid")[0] == OK


def test_map_keys_that_json_lacks_do_not_end_a_json_connection(connect, uid):
    subscriber, publisher = connect(f"s{uid}", "json", reactive=True), connect()
    subscriber.subscribe(f"t{uid}")
    publisher.publish(f"t{uid}", {1: "one", b"\x01": 2})
    publisher.publish(f"t{uid}", cbor2.CBORTag(27, ["Type", b"\x00"]))
    publisher.publish(f"t{uid}", 2**200)
    publisher.publish(f"t{uid}", "end")
    received = [subscriber.receive_topic()[1] for _ in range(4)]
    assert received[-1] == ["end"]


# The text itself

def exchange(peer, **message):
    peer.send_raw(json.dumps({"jsonrpc": "2.0", **message}))
    raw = peer.receive_raw()
    assert isinstance(raw, str)
    return json.loads(raw)


@pytest.mark.parametrize("identifier", [1, 2**53 - 1, 578437695752307201, 2**64 - 1])
def test_an_id_written_as_number_is_echoed_as_number(connect, identifier):
    assert exchange(connect(encoding="json"), id=identifier, method="rid", params=[])["id"] == identifier


@pytest.mark.parametrize("identifier", ["1", "578437695752307201", "18446744073709551615"])
def test_an_id_written_as_text_is_echoed_as_text(connect, identifier):
    assert exchange(connect(encoding="julia"), id=identifier, method="rid", params=[])["id"] == identifier


@pytest.mark.parametrize("identifier", [
    "-1", "-0", "0", "1.5", "1.50", "1e3", "-2.5E-3", "18446744073709551616", "-9223372036854775809", "12345678901234567890123456789012"])
def test_a_number_of_any_other_kind_comes_back_as_it_was_written(connect, uid, identifier):
    peer, provider = connect(encoding="json"), connect(f"p{uid}")
    provider.expose(f"m{uid}")
    for call in ('"method":"rid","params":[]', f'"method":"nobody{uid}"', f'"method":"t{uid}","params":{{"type":16,"data":[1]}}',
                 f'"method":"t{uid}","params":{{"type":3,"data":{{"cmd":"subscribe"}}}}'):
        peer.send_raw(f'{{"jsonrpc":"2.0","id": {identifier} ,{call}}}')
        raw = peer.receive_raw()
        assert re.search(r'"id":([^,}]+)', raw)[1] == identifier, raw
    # Through a provider, whose own id is another one.
    peer.send_raw(f'{{"jsonrpc":"2.0","method":"m{uid}","params":[],"id":{identifier}}}')
    request = provider.receive_call()
    provider.answer(request, {"id": 1})
    raw = peer.receive_raw()
    assert re.search(r'"id":([^,}]+)', raw)[1] == identifier and json.loads(raw)["result"]["data"] == {"id": 1}


def test_an_id_that_is_other_text_is_echoed(connect):
    assert exchange(connect(encoding="json"), id="req-7", method="rid", params=[])["id"] == "req-7"


def test_both_discriminators_are_sent(connect, broker):
    answer = exchange(connect(encoding="json"), id=7, method="rid", params=[])
    assert answer["jsonrpc"] == "2.0"
    assert answer["result"] == {"type": 4, "__type__": 4, "sts": 0, "data": broker.name}


def test_an_error_has_its_status_and_the_topic(connect, uid):
    answer = exchange(connect(encoding="json"), id=7, method=f"nobody{uid}", params=[])
    assert "result" not in answer
    error = answer["error"]
    assert (error["type"], error["__type__"], error["sts"]) == (4, 4, NOT_FOUND)
    assert f"nobody{uid}" in error["data"]


@pytest.mark.parametrize("key", ["type", "__type__"])
def test_the_exact_texts_of_the_specification_are_understood(connect, uid, key):
    peer = connect(encoding="json")
    number = 578437695752307201
    answer = exchange(peer, id=number, method="__identity__", params={key: 0, "cid": f"pump{key}{uid}", "meta": {}})
    assert (answer["id"], answer["result"]["sts"]) == (number, 0)
    answer = exchange(peer, id=number, method="tick", params={key: 16, "data": [1]})
    assert (answer["id"], answer["result"][key]) == (number, 5)
    answer = exchange(peer, id=number, method="tick", params={key: 3, "data": {"cmd": "subscribe", "msg_from": 0.0}})
    assert (answer["id"], answer["result"]["sts"]) == (number, 0)


def test_a_request_without_params_has_no_arguments(connect, broker):
    assert exchange(connect(encoding="json"), id=1, method="rid")["result"]["data"] == broker.name


def test_a_publication_in_json_is_a_notification(connect, uid):
    subscriber, publisher = connect(f"s{uid}", "json", reactive=True), connect()
    subscriber.subscribe(f"t{uid}")
    publisher.publish(f"t{uid}", 1, "a")
    message = json.loads(subscriber.receive_raw())
    assert "id" not in message
    assert (message["method"], message["params"]) == (f"t{uid}", [1, "a"])


def test_a_qos_publication_in_json_carries_flags_and_a_safe_id(connect, uid):
    subscriber, publisher = connect(f"s{uid}", "json", reactive=True), connect()
    subscriber.subscribe(f"t{uid}")
    publisher.publish(f"t{uid}", 1, qos=2)
    message = json.loads(subscriber.receive_raw())
    assert message["params"] == {"type": QOS2, "__type__": QOS2, "data": [1]}
    assert 0 < message["id"] < 2**53


def test_a_call_in_json_has_a_safe_id(connect, uid):
    provider, caller = connect(f"p{uid}", "json"), connect()
    provider.expose(f"m{uid}")
    identifier = caller.send_call(f"m{uid}", 1)
    message = json.loads(provider.receive_raw())
    assert (message["method"], message["params"]) == (f"m{uid}", [1])
    assert 0 < message["id"] < 2**53
    provider.send_raw(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {"__type__": 4, "sts": 0, "data": 2}}))
    assert caller.response_to(identifier) == (OK, 2)


def test_infinity_as_null_means_everything_not_yet_received(connect, uid):
    subscriber, publisher = connect(f"s{uid}", "json"), connect()
    publisher.publish(f"t{uid}", "old", qos=1)
    subscriber.command(f"t{uid}", "subscribe", msg_from=None)
    subscriber.reactive()
    assert subscriber.receive_topic() == (f"t{uid}", ["old"])


def test_a_peer_may_change_its_encoding(connect, uid):
    peer, publisher = connect(reactive=True), connect()
    peer.subscribe(f"t{uid}")
    publisher.publish(f"t{uid}", "binary")
    assert cbor2.loads(peer.receive_raw()) == [PUBLISH, f"t{uid}", ["binary"]]
    exchange(peer, id=1, method="rid", params=[])
    publisher.publish(f"t{uid}", "text")
    assert json.loads(peer.receive_raw())["params"] == ["text"]
    peer.send_raw(cbor2.dumps([RPC, new_id(), "rid", None, []]))
    assert isinstance(peer.receive_raw(), bytes)


def test_a_topic_with_characters_that_json_escapes(connect, uid):
    topic = f'q"\\\n\t/ü{uid}'
    subscriber, publisher = connect(f"s{uid}", "json", reactive=True), connect()
    subscriber.subscribe(topic)
    publisher.publish(topic, 1)
    assert subscriber.receive_topic() == (topic, [1])
    assert_nothing_for(publisher, subscriber)


def test_quality_of_service_1_between_dialects(connect, uid):
    subscriber, publisher = connect(f"s{uid}", "julia", reactive=True), connect(encoding="json")
    subscriber.subscribe(f"t{uid}")
    publisher.publish(f"t{uid}", 1, qos=1)
    assert subscriber.receive_publish()[0] == QOS1


# Binary forms


#: Tag 55799 says "this is CBOR" (RFC 8949 §3.4.6), in each of its lengths, and twice.
SELF_DESCRIBED = [bytes.fromhex(tag) for tag in ("d9d9f7", "da0000d9f7", "db000000000000d9f7", "d9d9f7d9d9f7")]


@pytest.mark.parametrize("tag", SELF_DESCRIBED, ids=bytes.hex)
def test_a_message_may_say_that_it_is_cbor(connect, uid, tag):
    peer, other = connect(), connect(reactive=True)
    other.subscribe(f"t{uid}")
    identifier = new_id()
    for message in ([IDENTITY, identifier, f"self{uid}", {}], [RPC, identifier, "rid", None, []],
                    [ADMIN, identifier, f"x{uid}", {"cmd": "subscribe", "msg_from": 0.0}]):
        peer.send_raw(tag + cbor2.dumps(message))
        assert peer.response_to(identifier)[0] == OK
    peer.send_raw(tag + cbor2.dumps([PUBLISH, f"t{uid}", [1, "a"]]))
    # What others get is the usual form.
    assert other.receive_raw() == cbor2.dumps([PUBLISH, f"t{uid}", [1, "a"]])


def test_another_tag_in_front_is_no_message(connect):
    peer = connect()
    peer.send_raw(b"\xd8\x2a" + cbor2.dumps([RPC, new_id(), "rid", None, []]))
    assert peer.expect_close()[0] == 1000
