"""Server-sent events over sockets: slow readers and ends. What comes in which form is in RembusHTTPTests."""

import json

import pytest

from support.http_gateway import Events, Http, RawHttp, http_port
from support.processes import PATIENCE


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
