"""JSON-RPC 2.0 over HTTP: the examples of the specification (section 7), ids, errors, publications."""

import json
import re

import pytest

from support.http_gateway import Http, http_port
from support.http_provider import Provider
from support.processes import Broker
from support.wire import EXCEPTION, Peer


@pytest.fixture(scope="module")
def broker_():
    with Broker(options=["--http", "0"], REMBUS_RECORD="none") as broker:
        for topic, reply in {
            "sum": lambda given: sum(given), "get_data": lambda given: ["hello", 5],
            "echo": lambda given: [given], "fail": lambda given: (EXCEPTION, "out of order"),
        }.items():
            one = Peer(broker.url)
            one.identify(f"provider-of-{topic}")
            Provider(one, topic, reply)
        other = Peer(broker.url)
        other.identify("subtractor")
        Provider(other, "subtract", lambda given:
                 given[0]["minuend"] - given[0]["subtrahend"] if isinstance(given[0], dict) else given[0] - given[1])
        yield broker
        assert broker.alive, broker.log()


@pytest.fixture
def broker(broker_):
    return broker_


@pytest.fixture
def http(broker):
    return Http(http_port(broker))


def rpc(http, text):
    answer = http.post("/", text if isinstance(text, str) else json.dumps(text), headers={"Content-Type": "application/json"})
    assert answer.status == 200
    return answer.json() if answer.body else None


def without_messages(answer):
    """Messages are for people: the specification fixes the codes."""
    if isinstance(answer, list):
        return [without_messages(one) for one in answer]
    if answer and "error" in answer:
        assert isinstance(answer["error"].pop("message"), str)
        answer["error"].pop("data", None)
    return answer


#: Section 7 of https://www.jsonrpc.org/specification, with a method of two names where theirs is `foobar`.
EXAMPLES = [
    ('{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}', {"jsonrpc": "2.0", "result": 19, "id": 1}),
    ('{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}', {"jsonrpc": "2.0", "result": -19, "id": 2}),
    ('{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
     {"jsonrpc": "2.0", "result": 19, "id": 3}),
    ('{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
     {"jsonrpc": "2.0", "result": 19, "id": 4}),
    ('{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', None),
    ('{"jsonrpc": "2.0", "method": "foobar"}', None),
    ('{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', {"jsonrpc": "2.0", "error": {"code": -32601}, "id": "1"}),
    ('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', {"jsonrpc": "2.0", "error": {"code": -32700}, "id": None}),
    ('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', {"jsonrpc": "2.0", "error": {"code": -32600}, "id": None}),
    ('[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"',
     {"jsonrpc": "2.0", "error": {"code": -32700}, "id": None}),
    ("[]", {"jsonrpc": "2.0", "error": {"code": -32600}, "id": None}),
    ("[1]", [{"jsonrpc": "2.0", "error": {"code": -32600}, "id": None}]),
    ("[1,2,3]", [{"jsonrpc": "2.0", "error": {"code": -32600}, "id": None}] * 3),
    ("""[
        {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
    ]""", [
        {"jsonrpc": "2.0", "result": 7, "id": "1"}, {"jsonrpc": "2.0", "result": 19, "id": "2"},
        {"jsonrpc": "2.0", "error": {"code": -32600}, "id": None}, {"jsonrpc": "2.0", "error": {"code": -32601}, "id": "5"},
        {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"},
    ]),
    ('[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]}, {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]',
     None),
]


@pytest.mark.parametrize("request_, response", EXAMPLES)
def test_the_examples_of_the_specification(http, request_, response):
    assert without_messages(rpc(http, request_)) == response


@pytest.mark.parametrize("identifier", ["1", '"1"', '"ü"', "null", "0", "-7", "1.5", "9007199254740993", "18446744073709551615"])
def test_ids_come_back_as_they_were(http, identifier):
    body = http.post("/", f'{{"jsonrpc":"2.0","method":"rid","id":{identifier}}}').body.decode()
    assert body == f'{{"jsonrpc":"2.0","result":"broker","id":{identifier}}}'


@pytest.mark.parametrize("request_, code, identifier", [
    ('{"jsonrpc":"1.0","method":"rid","id":1}', -32600, 1), ('{"method":"rid","id":1}', -32600, 1),
    ('{"jsonrpc":"2.0","id":1}', -32600, 1), ('{"jsonrpc":"2.0","method":"","id":1}', -32600, 1),
    ('{"jsonrpc":"2.0","method":"rid","id":[1]}', -32600, None), ('{"jsonrpc":"2.0","method":"rid","id":true}', -32600, None),
    ('{"jsonrpc":"2.0","method":"rid","params":"x","id":1}', -32602, 1),
    ('{"jsonrpc":"2.0","method":"rid","params":null,"id":1}', -32602, 1),
    ('{"jsonrpc":"2.0","method":"nobody","id":1}', -32601, 1), ('"text"', -32600, None), ("7", -32600, None),
    ("[" * 100 + "]" * 100, -32700, None), ('{"jsonrpc":"2.0","method":"rid","id":1} x', -32700, None),
])
def test_every_error_has_its_code(http, request_, code, identifier):
    answer = rpc(http, request_)
    assert (answer["error"]["code"], answer["id"]) == (code, identifier)


def test_nothing_is_a_parse_error(http):
    answer = http.post("/", b"")
    assert answer.json()["error"] == {"code": -32700, "message": "invalid JSON: the body is empty"}


@pytest.mark.parametrize("type_, status", [
    ("application/json", 200), ("application/json; charset=utf-8", 200), ("application/x-www-form-urlencoded", 200),
    ("text/plain", 415), ("text/csv", 415),
])
def test_it_is_json(http, type_, status):
    assert http.post("/", '{"jsonrpc":"2.0","method":"rid","id":1}', headers={"Content-Type": type_}).status == status


def test_what_a_provider_throws(http):
    error = rpc(http, {"jsonrpc": "2.0", "method": "fail", "id": 1})["error"]
    assert error == {"code": -32000, "message": "out of order", "data": {"sts": 40}}


def test_a_method_without_parameters_gets_none(http):
    assert rpc(http, {"jsonrpc": "2.0", "method": "echo", "id": 1})["result"] == [[]]
    assert rpc(http, {"jsonrpc": "2.0", "method": "echo", "params": [[1]], "id": 1})["result"] == [[[1]]]
    assert rpc(http, {"jsonrpc": "2.0", "method": "echo", "params": {}, "id": 1})["result"] == [[{}]]


def test_a_method_of_one_component(http, broker, connect):
    assert rpc(http, {"jsonrpc": "2.0", "method": "subtractor/subtract", "params": [3, 1], "id": 1})["result"] == 2
    missing = rpc(http, {"jsonrpc": "2.0", "method": "nobody/subtract", "params": [3, 1], "id": 1})["error"]
    assert missing["code"] == -32601 and missing["data"] == {"sts": 42}
    # A whole name comes first.
    Provider(connect("slashes", to=broker), "subtractor/echo", lambda given: "the whole name")
    assert rpc(http, {"jsonrpc": "2.0", "method": "subtractor/echo", "id": 1})["result"] == "the whole name"


def test_a_notification_is_a_publication(http, broker, connect, uid):
    subscriber = connect(f"s{uid}", to=broker, reactive=True)
    subscriber.subscribe(f"plant{uid}/7")
    answer = http.post("/", {"jsonrpc": "2.0", "method": f"plant{uid}/7", "params": [{"t": 21.5}]})
    assert (answer.status, answer.body) == (200, b"")
    assert subscriber.receive_topic()[1] == [{"t": 21.5}]
    http.post("/", [{"jsonrpc": "2.0", "method": f"plant{uid}/7", "params": {"n": n}} for n in range(3)])
    assert [subscriber.receive_topic()[1] for _ in range(3)] == [[{"n": n}] for n in range(3)]


def test_a_long_batch_is_answered_in_order(http):
    batch = [{"jsonrpc": "2.0", "method": "sum", "params": [n, 1], "id": n} for n in range(300)]
    assert [(one["id"], one["result"]) for one in rpc(http, batch)] == [(n, n + 1) for n in range(300)]


def test_a_batch_that_is_too_long(http):
    assert rpc(http, [{"jsonrpc": "2.0", "method": "n"}] * 10_001)["error"]["code"] == -32600


# Ids


@pytest.mark.parametrize("identifier", [
    "18446744073709551616", "-9223372036854775809", "123456789012345678901234567890123456789", "1.50", "1e3", "1E+3", "-0", "0.0",
    "123456789012345678.123456789", '"\\u00e9"', "null"])
def test_an_id_comes_back_as_it_was_written(http, identifier):
    def back(text):
        answer = http.post("/", text, headers={"Content-Type": "application/json"})
        return re.findall(r'"id":([^,}\]]+)', answer.body.decode())

    shown = '"é"' if identifier.startswith('"') else identifier
    for rest in ('"method":"sum","params":[1]', '"method":"nobody"', '"method":"sum","params":7', '"method":1', '"x":{"id":4}'):
        assert back(f'{{"jsonrpc":"2.0","id": {identifier} ,{rest}}}') == [shown], rest
    assert back(f'[{{"jsonrpc":"2.0","id":1,"method":"nobody"}},{{"jsonrpc":"2.0","id":{identifier},"method":"nobody"}},7]') == [
        "1", shown, "null"]


def test_the_last_of_several_ids_counts(http):
    answer = http.post("/", '{"jsonrpc":"2.0","id":1.0,"method":"nobody","id":2.0}', headers={"Content-Type": "application/json"})
    assert b'"id":2.0' in answer.body


@pytest.mark.parametrize("body", ["", " ", "\n", "{", "nul", "1 2"])
def test_what_is_no_json_is_a_parse_error(http, body):
    assert without_messages(rpc(http, body)) == {"jsonrpc": "2.0", "error": {"code": -32700}, "id": None}
