"""The HTTP gateway (behaviour.md §17): calls, publications, status codes; components of other transports at the other end."""

import base64
import json
import re
import threading

import pytest

from support.http_gateway import Http, http_port
from support.http_provider import Provider
from support.processes import Broker
from support.python_package import Components, Received, asynchronous
from support.wire import EXCEPTION


@pytest.fixture(scope="module")
def broker_():
    with Broker(options=["--http", "0"], REMBUS_RECORD="none", REMBUS_TIMEOUT=1) as broker:
        yield broker
        assert broker.alive, broker.log()


@pytest.fixture
def broker(broker_):
    return broker_


@pytest.fixture
def http(broker):
    return Http(http_port(broker))


# Calls


def test_a_call_reaches_a_python_component(broker, http, uid):
    @asynchronous
    async def run():
        async with Components(broker.url) as connect:
            peer = await connect(f"adder{uid}")

            async def add(x, y):
                return x + y

            await peer.expose(add, topic=f"add{uid}")
            import asyncio
            answer = await asyncio.to_thread(http.get, f"/add{uid}", [1, 2])
            assert (answer.status, answer.json()) == (200, 3)
            assert answer.headers["content-type"] == "application/json"
    run()


@pytest.mark.parametrize("body, arguments", [
    (None, []), (b"", []), (b" \n", []), ("[]", []), ("[1,2]", [1, 2]), ('{"a":1}', [{"a": 1}]), ('"text"', ["text"]),
    ("7", [7]), ("null", [None]), ("[[1],null,true,-1.5e3]", [[1], None, True, -1500.0]),
    ('["\\u00e9\\ud83d\\ude00\\n", "ü"]', ["é😀\n", "ü"]), (json.dumps(list(range(300))), list(range(300))),
    (json.dumps([list(range(30)), {str(n): n for n in range(40)}]), [list(range(30)), {str(n): n for n in range(40)}]),
    ("[18446744073709551615, -9223372036854775808]", [18446744073709551615, -9223372036854775808]),
])
def test_arguments_are_an_array_one_value_or_nothing(broker, http, connect, uid, body, arguments):
    provider = Provider(connect(f"provider{uid}", to=broker), f"echo{uid}", lambda given: [given])
    assert http.get(f"/echo{uid}", body).json() == [arguments]
    assert http.post(f"/rpc/echo{uid}", body).json() == [arguments]
    assert provider.calls == [arguments, arguments]


def test_arguments_in_the_query(broker, http, connect, uid):
    Provider(connect(f"provider{uid}", to=broker), f"q{uid}", lambda given: [given])
    assert http.get(f"/q{uid}?args=%5B1,%22a%20b%22%5D").json() == [[1, "a b"]]
    assert http.get(f"/q{uid}?args=5").json() == [[5]]
    assert http.get(f"/q{uid}?args=5", [1]).status == 400
    assert http.get(f"/q{uid}?args=%5B").status == 400


@pytest.mark.parametrize("method, path, name, words", [
    ("GET", "/add?arg=1", "arg", 'did you mean "args"? GET /{topic} takes args, target, timeout'),
    ("POST", "/topic?qoss=1", "qoss", 'did you mean "qos"? POST /{topic} takes qos, args'),
    ("POST", "/rpc/add?qos=1", "qos", "POST /rpc/{topic} takes args, target, timeout"),
    ("POST", "/publish/a/b?target=x", "target", "POST /publish/{topic} takes qos, args"),
    ("GET", "/events/x?form=3", "form", 'did you mean "from"? GET /events/{pattern} takes from, as'),
    ("POST", "/subscribe/a/b?topik=x", "topik", "takes from"), ("POST", "/expose/a/b?from=1", "from", "takes none"),
    ("GET", "/healthz?verbose", "verbose", "GET /healthz takes none"), ("POST", "/?id=1", "id", "POST / takes none"),
    ("GET", "/?", None, None), ("HEAD", "/healthz?x=1", None, None),
])
def test_a_query_that_an_endpoint_does_not_have_is_named(http, method, path, name, words):
    answer = http(method, path)
    if name is None:
        assert answer.status == (200 if method == "GET" else 400)
        return
    assert answer.status == 400 and f'there is no query parameter "{name}"' in answer.error and words in answer.error, answer
    assert "did you mean" in answer.error or ";" in answer.error


def test_no_endpoint_passes_over_an_unknown_query(http):
    document = http.get("/openapi.json").json()
    for path, item in document["paths"].items():
        for method in ("get", "post"):
            if method in item:
                answer = http(method.upper(), re.sub(r"\{\w+\}", "x", path) + "?unheard-of=1")
                assert answer.status == 400 and "unheard-of" in answer.error, (method, path, answer)
                for known in item[method].get("parameters", []):
                    assert known["name"] in answer.error, (path, known)


def test_a_query_that_is_given_twice_is_refused(http, uid):
    answer = http.post(f"/t{uid}?qos=0&qos=1", [1])
    assert answer.status == 400 and "qos is given twice" in answer.error


@pytest.mark.parametrize("topic", ["plant/7/start", "a b", "ü/😀", "rpc", "admin/x", "50%", "a+b", "x?y#z"])
def test_any_topic_can_be_called(broker, http, connect, uid, topic):
    from urllib.parse import quote
    name = f"{topic}{uid}"
    Provider(connect(f"provider{uid}", to=broker), name, lambda given: "here")
    assert http.get("/" + quote(name, safe="")).json() == "here"
    assert http.post("/rpc/" + quote(name)).json() == "here"
    assert http.get("/rpc/" + quote(name, safe="")).json() == "here"


def test_words_of_the_gateway_are_topics_below_rpc_and_publish(broker, http, connect):
    Provider(connect("provider-of-words", to=broker), "metrics", lambda given: "mine")
    assert http.get("/metrics").headers["content-type"].startswith("text/plain")
    assert http.post("/rpc/metrics").json() == "mine"


def test_a_call_to_one_component(broker, http, connect, uid):
    for number in (1, 2):
        Provider(connect(f"p{uid}-{number}", to=broker), f"who{uid}", lambda given, number=number: number)
    for number in (2, 1):
        assert http.get(f"/who{uid}?target=p{uid}-{number}").json() == number
    gone = http.get(f"/who{uid}?target=nobody{uid}")
    assert gone.status == 503 and gone.json()["sts"] == 45


def test_what_a_provider_throws_and_what_is_not_there(broker, http, connect, uid):
    provider = connect(f"provider{uid}", to=broker)
    Provider(provider, f"bad{uid}", lambda given: (EXCEPTION, "no such pump"))
    answer = http.get(f"/bad{uid}")
    assert (answer.status, answer.json()) == (502, {"error": "no such pump", "sts": 40})
    answer = http.get(f"/nobody{uid}")
    assert answer.status == 404 and answer.json()["sts"] == 42 and f"nobody{uid}" in answer.error
    provider.close()


def test_a_provider_that_does_not_answer_is_a_time_out(broker, http, connect, uid):
    Provider(connect(f"provider{uid}", to=broker), f"slow{uid}", lambda given: None)
    answer = http.get(f"/slow{uid}")
    assert answer.status == 504 and answer.json()["sts"] == 43


def test_a_caller_says_how_long_it_waits(broker, http, connect, uid):
    Provider(connect(f"provider{uid}", to=broker), f"slow{uid}", lambda given: None)
    answer = http.get(f"/slow{uid}?timeout=0.05")
    assert answer.status == 504 and "within 0.05 s (the time-out of the call)" in answer.error
    rpc = {"jsonrpc": "2.0", "id": 1, "method": f"slow{uid}", "timeout": 40}
    assert "within 0.04 s (the time-out of the call)" in http.post("/", rpc).json()["error"]["message"]
    for wrong in ("0", "-1", "soon", "inf", "nan"):
        answer = http.get(f"/slow{uid}?timeout={wrong}")
        assert answer.status == 400 and "timeout must be" in answer.error
    for wrong in (0, -1, "40", True, None, [40]):
        error = http.post("/", {**rpc, "timeout": wrong}).json()["error"]
        assert error["code"] == -32600 and "timeout must be" in error["message"]
    assert "within 0.041 s" in http.post("/", {**rpc, "timeout": 40.5}).json()["error"]["message"]


def test_a_provider_that_leaves_is_unavailable(broker, http, connect, uid):
    peer = connect(f"provider{uid}", to=broker)
    peer.expose(f"leaving{uid}")
    answers = []
    caller = threading.Thread(target=lambda: answers.append(http.get(f"/leaving{uid}")))
    caller.start()
    peer.receive_call()
    peer.close()
    caller.join()
    assert answers[0].status == 503 and answers[0].json()["sts"] == 43
    assert "retry-after" in answers[0].headers
    assert http.get(f"/leaving{uid}").status == 503


def test_calls_of_many_connections_do_not_meet(broker, http, connect, uid):
    Provider(connect(f"provider{uid}", to=broker), f"same{uid}", lambda given: given[0])
    answers = {}

    def caller(number):
        connection = http.open()
        answers[number] = [http.get(f"/same{uid}", [f"{number}-{n}"], on=connection).json() for n in range(50)]
        connection.close()

    threads = [threading.Thread(target=caller, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: [f"{number}-{n}" for n in range(50)] for number in range(8)}


# Publications


@pytest.mark.parametrize("path", ["/{0}%2F7%2Ftelemetry", "/publish/{0}/7/telemetry", "/publish/{0}%2F7%2Ftelemetry"])
@pytest.mark.parametrize("qos", ["", "?qos=0", "?qos=1", "?qos=2"])
def test_a_publication_reaches_subscribers(broker, http, connect, uid, path, qos):
    subscriber = connect(f"s{uid}", to=broker, reactive=True)
    subscriber.subscribe(f"plant{uid}/*/telemetry")
    answer = http.post(path.format(f"plant{uid}") + qos, [{"temperature": 21.6}])
    assert (answer.status, answer.body) == (200, b"")
    assert subscriber.receive_topic()[1] == [f"plant{uid}/7/telemetry", {"temperature": 21.6}]


def test_a_publication_reaches_the_python_package(broker, http, uid):
    @asynchronous
    async def run():
        import asyncio
        async with Components(broker.url) as connect:
            subscriber, received = await connect(f"s{uid}"), Received()
            await subscriber.subscribe(received.callback, topic=f"news{uid}")
            await subscriber.reactive()
            await asyncio.to_thread(http.post, f"/news{uid}", ["a", 1])
            assert await received.next() == ("a", 1)
    run()


@pytest.mark.parametrize("path", ["/a%2F*", "/publish/**", "/" + "x" * 1025, "/publish/" + "a/" * 64 + "b"])
def test_topics_that_cannot_be_published_to(http, path):
    assert http.post(path, [1]).status == 400


def test_what_is_no_quality_of_service(http):
    assert http.post("/x?qos=3", [1]).status == 400


# The form of answers


def test_bytes_are_base64_or_raw(broker, http, connect, uid):
    Provider(connect(f"provider{uid}", to=broker), f"bytes{uid}", lambda given: b"\x00\xff")
    assert http.get(f"/bytes{uid}").json() == base64.b64encode(b"\x00\xff").decode()
    raw = http.get(f"/bytes{uid}", headers={"Accept": "application/octet-stream"})
    assert raw.body == b"\x00\xff" and raw.headers["content-type"] == "application/octet-stream"
    preferred = http.get(f"/bytes{uid}", headers={"Accept": "application/json;q=0.5, application/octet-stream"})
    assert preferred.body == b"\x00\xff"


@pytest.mark.parametrize("accept, status", [
    ("*/*", 200), ("application/*", 200), ("application/json; charset=utf-8", 200), ("text/html, */*;q=0.1", 200),
    ("text/html", 406), ("application/json;q=0", 406), ("text/csv", 406), ("", 406),
])
def test_what_the_client_accepts(http, accept, status):
    answer = http.get("/rid", headers={"Accept": accept})
    assert answer.status == status
    if status == 406:
        assert "Accept" in answer.error


@pytest.mark.parametrize("type_, status", [
    ("application/json", 200), ("application/json; charset=utf-8", 200), ("application/x-www-form-urlencoded", 200),
    ("application/ld+json", 200), ("application/xml", 415), ("image/png", 415), ("text/plain", 415),
])
def test_what_the_body_may_be(http, type_, status):
    assert http.post("/types", "[1]", headers={"Content-Type": type_}).status == status
    assert http.get("/rid", "[1]", headers={"Content-Type": type_}).status == status


def test_head_is_get_without_the_body(http):
    for path in ("/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/rid"):
        got, head = http.get(path), http("HEAD", path)
        assert head.status == got.status == 200 and head.body == b""
        if path != "/metrics":
            assert head.headers["content-length"] == got.headers["content-length"]


def test_the_gateway_says_how_it_is(broker, http):
    assert http.get("/healthz").json() == {"status": "ok"}
    assert http.get("/readyz").json() == {"status": "ready"}
    index = http.get("/").json()
    assert index["broker"] == "broker" and "rpc" in index["reserved"]
    assert http.get("/metrics").headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


# Paths and methods


@pytest.mark.parametrize("method, path, allowed", [
    ("DELETE", "/topic", "GET, HEAD, POST, OPTIONS"), ("PUT", "/publish/a/b", "POST, OPTIONS"),
    ("GET", "/admin/shutdown", "POST, OPTIONS"), ("GET", "/admin/enable_debug", "POST, OPTIONS"),
    ("POST", "/healthz", "GET, HEAD, OPTIONS"), ("HEAD", "/events/x", "GET, OPTIONS"),
    ("PATCH", "/", "POST, GET, HEAD, OPTIONS"),
])
def test_a_wrong_method_is_told_which_are_right(http, method, path, allowed):
    answer = http(method, path)
    assert answer.status == 405 and answer.headers["allow"] == allowed


def test_options_says_what_is_allowed(http):
    answer = http("OPTIONS", "/topic")
    assert answer.status == 204 and answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("method, path, word", [
    ("GET", "/plant/7", "/rpc/plant/7"), ("POST", "/plant/7", "/publish/plant/7"), ("GET", "/admin", "/rpc/admin"),
    ("GET", "/admin/nonsense", "broker_config"), ("GET", "//", "%2F"), ("POST", "/subscribe/only", "/subscribe/{topic}/{cid}"),
    ("GET", "/rpc/", "/rpc/{topic}"),
])
def test_a_path_that_is_none_is_told_a_better_one(http, method, path, word):
    answer = http(method, path)
    assert answer.status == 404 and word in answer.error


@pytest.mark.parametrize("path", ["/%", "/%zz", "/%ff", "/a?args=%f"])
def test_a_path_that_cannot_be_decoded(http, path):
    assert http.get(path).status == 400


@pytest.mark.parametrize("body", [
    "[1,", "{", "nonsense", "[1] 2", '["\x01"]', '"\\ud800"', b'["\xff"]', "[" * 100 + "]" * 100, "1e999", "01", "[1,]",
])
def test_arguments_that_are_no_json(broker, http, connect, body):
    answer = http.post("/x", body)
    assert answer.status == 400 and "JSON" in answer.error
    assert http.get("/rid", body).status == 400
    assert http.get("/rid").json() == "broker"
