"""Server-sent events: publications for browsers and curl, replay, slow readers, ends."""

import json

import pytest

from support.http_gateway import Events, Http, RawHttp, basic, http_port
from support.processes import PATIENCE, Broker
from support.wire import eventually


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


def test_events_are_topic_arguments_and_position(broker, http, connect, uid):
    with Events(http, f"/events/plant{uid}/**") as events:
        http.post(f"/publish/plant{uid}/7/telemetry", [{"temperature": 21.6}, "x"])
        connect(f"p{uid}", to=broker).publish(f"plant{uid}/8", b"\xff", qos=2)
        event, data, position = events.next()
        assert (event, data) == (f"plant{uid}/7/telemetry", [{"temperature": 21.6}, "x"]) and position
        assert events.next()[:2] == (f"plant{uid}/8", ["/w=="])


@pytest.mark.parametrize("pattern", ["{0}", "{0}/a", "{0}%2Fa", "*{0}/a", "**/{0}/a/"])
def test_patterns_and_topics(http, uid, pattern):
    topic = pattern.format(f"t{uid}").replace("%2F", "/").replace("**/", "deep/er/").replace("*", "x")
    with Events(http, "/events/" + pattern.format(f"t{uid}")) as events:
        http.post("/publish/" + topic, 1)
        assert events.next()[:2] == (topic, [1])


def test_messages_for_onmessage(http, uid):
    with Events(http, f"/events/m{uid}?as=message") as events:
        http.post(f"/m{uid}", [1, 2])
        assert events.next()[:2] == (None, {"topic": f"m{uid}", "args": [1, 2]})


def test_a_topic_cannot_make_fields(http, uid):
    with Events(http, f"/events/*{uid}?from=0") as events:
        http.post(f"/a%0Adata:%20forged%0A%0A{uid}", ["line\nbreak"])
        assert events.next()[:2] == (f"a data: forged  {uid}", ["line\nbreak"])


def test_a_reader_goes_on_where_it_was(http, uid):
    with Events(http, f"/events/again{uid}/*") as events:
        for number in range(3):
            http.post(f"/publish/again{uid}/x", number)
        seen = [events.next()[1][0] for _ in range(2)]
        last = events.last_id
    assert seen == [0, 1]
    http.post(f"/publish/again{uid}/x", 3)
    with Events(http, f"/events/again{uid}/*", {"Last-Event-ID": last}) as events:
        # An event that had no id of its own may come again, none may be missing.
        got = []
        while not got or got[-1] != 3:
            got.append(events.next()[1][0])
        assert got[-2:] == [2, 3] and got == sorted(got)
        http.post(f"/publish/again{uid}/x", 4)
        assert events.next()[1] == [4]


def test_a_stream_can_begin_in_the_past(http, uid):
    for number in range(5):
        http.post(f"/past{uid}", number)
    with Events(http, f"/events/past{uid}?from=60") as events:
        assert [events.next()[1][0] for _ in range(5)] == list(range(5))
    with Events(http, f"/events/past{uid}") as events:
        http.post(f"/past{uid}", ["new"])
        assert events.next()[1] == ["new"]


@pytest.mark.parametrize("path, status", [("/events/x?from=-1", 400), ("/events/x?from=y", 400), ("/events/x?as=y", 400),
                                          ("/events/" + "x" * 1025, 400), ("/events/", 404)])
def test_what_cannot_be_streamed(http, path, status):
    assert http.get(path).status == status


def test_what_the_client_must_accept(http):
    assert http.get("/events/x", headers={"Accept": "application/json"}).status == 406
    with Events(http, "/events/x", {"Accept": "text/event-stream"}) as events:
        assert events.response.status == 200


def test_a_position_that_is_none_begins_now(http, uid):
    http.post(f"/odd{uid}", ["old"])
    with Events(http, f"/events/odd{uid}", {"Last-Event-ID": "nonsense!"}) as events:
        http.post(f"/odd{uid}", ["new"])
        assert events.next()[1] == ["new"]


def test_who_publishes_hears_itself_as_everybody(http, uid):
    headers = basic(f"dashboard{uid}")
    with Events(http, f"/events/own{uid}", headers) as events:
        http.post(f"/own{uid}", 1, headers=headers)
        assert events.next()[1] == [1]


def test_a_stream_that_nobody_reads_holds_nobody_up(start_broker):
    broker = start_broker(options=["--http", "0"], REMBUS_RECORD="none", REMBUS_MAX_BACKLOG_BYTES=1 << 18)
    http = Http(http_port(broker))
    with RawHttp(http_port(broker)) as slow, Events(http, "/events/flood") as fast:
        slow.send("GET /events/flood HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert slow.read_head()[0] == 200
        connection = http.open()
        text = "x" * 100_000
        for number in range(60):
            assert http.post("/flood", [number, text], on=connection).status == 200
            assert fast.next()[1][0] == number
        # It finds all of it when it reads again: what it did not take waits in the store.
        numbers = []
        while len(numbers) < 60:
            more = slow.socket.recv(1 << 20)
            assert more
            slow.data += more
            while (end := slow.data.find(b"\n\n")) >= 0:
                event, slow.data = slow.data[:end], slow.data[end + 2:]
                for line in event.split(b"\n"):
                    if line.startswith(b"data: "):
                        numbers.append(json.loads(line[6:])[0])
        assert numbers == list(range(60))


def test_a_stream_ends_with_its_client_and_with_the_broker(start_broker):
    # A broker that waits for a stream would wait longer than this test does.
    broker = start_broker(options=["--http", "0"], REMBUS_RECORD="none", REMBUS_DRAIN_TIMEOUT=3600)
    http = Http(http_port(broker))
    gone = Events(http, "/events/x")
    gone.response.close()
    gone.close()
    http.post("/x", 1)
    assert http.get("/readyz").status == 200
    with Events(http, "/events/y") as left:
        broker.process.terminate()
        with pytest.raises(EOFError):
            left.next()
        assert broker.process.wait(PATIENCE) == 0
