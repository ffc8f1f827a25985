"""The HTTP gateway (behaviour.md §17) between curl and components of the Python package; metrics. The rest is in RembusHTTPTests."""

import asyncio

import pytest

from support.http_gateway import Http, http_port
from support.http_provider import Provider
from support.processes import Broker
from support.python_package import Components, Received, asynchronous


@pytest.fixture(scope="module")
def broker_():
    with Broker(options=["--http", "0"], REMBUS_RECORD="none") as broker:
        yield broker
        assert broker.alive, broker.log()


@pytest.fixture
def broker(broker_):
    return broker_


@pytest.fixture
def http(broker):
    return Http(http_port(broker))


def test_a_call_reaches_a_python_component(broker, http, uid):
    @asynchronous
    async def run():
        async with Components(broker.url) as connect:
            peer = await connect(f"adder{uid}")

            async def add(x, y):
                return x + y

            await peer.expose(add, topic=f"add{uid}")
            answer = await asyncio.to_thread(http.get, f"/add{uid}", [1, 2])
            assert (answer.status, answer.json()) == (200, 3)
            assert answer.headers["content-type"] == "application/json"
    run()


def test_words_of_the_gateway_are_topics_below_rpc_and_publish(broker, http, connect):
    Provider(connect("provider-of-words", to=broker), "metrics", lambda given: "mine")
    assert http.get("/metrics").headers["content-type"].startswith("text/plain")
    assert http.post("/rpc/metrics").json() == "mine"


def test_metrics_are_text_of_prometheus(http):
    got, head = http.get("/metrics"), http("HEAD", "/metrics")
    assert head.status == got.status == 200 and head.body == b"" and b"rembus_" in got.body
    assert head.headers["content-type"] == got.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_a_publication_reaches_the_python_package(broker, http, uid):
    @asynchronous
    async def run():
        async with Components(broker.url) as connect:
            subscriber, received = await connect(f"s{uid}"), Received()
            await subscriber.subscribe(received.callback, topic=f"news{uid}")
            await subscriber.reactive()
            await asyncio.to_thread(http.post, f"/news{uid}", ["a", 1])
            assert await received.next() == ("a", 1)
    run()
