"""`rembus sub --from` loses nothing that the broker has stored, however slow its reader is."""

import json
import os
import select
import signal
import subprocess
import tempfile

import pytest

from support.ports import free_port
from support.processes import PATIENCE, REFERENCE, clean_environment, rembus_binary
from support.wire import eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our command")

#: More than what pipes, sockets and the broker's backlog hold together, and than what a queue of the client may hold.
COUNT = 120_000
PAD = "x" * 100


class Replay:
    """`rembus sub --from last` whose output is a pipe that the test reads when it wants to."""

    def __init__(self, broker, name, topic, *options, url=None):
        self._folder = tempfile.TemporaryDirectory(prefix="rembus-test-")
        self.process = subprocess.Popen(
            [rembus_binary(), "sub", topic, "--name", name, "--from", "last", "--url", url or broker.url, *map(str, options)],
            env=clean_environment(self._folder.name), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def numbers(self, data):
        return [json.loads(line)["arguments"][0] for line in data.splitlines()]

    def read_lines(self, count):
        return b"".join(self.process.stdout.readline() for _ in range(count))

    def end(self, number=signal.SIGTERM):
        """Ends it and gives everything that is still printed, with its status and its messages."""
        if number:
            self.process.send_signal(number)
        rest = self.process.stdout.read()
        errors = self.process.stderr.read().decode()
        return rest, self.process.wait(PATIENCE), errors

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
        self._folder.cleanup()


@pytest.fixture
def stored(broker, connect, uid):
    """Publishes numbers to a topic that a component is subscribed to and away from."""
    def store(count=COUNT, qos=0, pad=PAD):
        reader = connect(f"ledger{uid}")
        reader.subscribe(f"log{uid}", since=float("inf"))
        reader.close()
        publisher = connect()
        for number in range(count):
            publisher.send_publish(f"log{uid}", number, pad, qos=qos)
        if qos:
            for _ in range(count):
                publisher.receive()
        publisher.call("rid")
        return f"ledger{uid}", f"log{uid}"

    return store


@pytest.mark.limit(300)
def test_a_slow_reader_gets_everything(broker, stored):
    name, topic = stored()
    with Replay(broker, name, topic, "--count", COUNT) as replay:
        # The broker has sent what it can, and the command has taken what it can, before anything is read.
        data = replay.read_lines(1)
        assert eventually(lambda: _is_waiting(replay.process.pid))
        rest, status, errors = replay.end(number=None)
    assert (status, errors) == (0, "")
    assert data + rest == b"".join(
        b'{"topic":"%s","arguments":[%d,"%s"]}\n' % (topic.encode(), number, PAD.encode()) for number in range(COUNT))


@pytest.mark.limit(300)
@pytest.mark.parametrize("scheme", ["tcp", "zmq"])
def test_so_it_is_over_other_transports(start_broker, connect, scheme):
    port, count, pad = free_port(), 60_000, "x" * 500
    broker = start_broker(options=[f"--{scheme}", str(port)])
    reader = connect("ledger", to=broker)
    reader.subscribe("log", since=float("inf"))
    reader.close()
    publisher = connect(to=broker)
    for number in range(count):
        publisher.send_publish("log", number, pad)
    publisher.call("rid")
    with Replay(broker, "ledger", "log", "--count", count, url=f"{scheme}://127.0.0.1:{port}") as replay:
        data = replay.read_lines(1)
        assert eventually(lambda: _is_waiting(replay.process.pid))
        rest, status, errors = replay.end(number=None)
    assert (status, errors) == (0, "")
    assert replay.numbers(data + rest) == list(range(count))


def _is_waiting(pid):
    """Whether the process is stuck in a write to its full pipe."""
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/wchan") as file:
                if "pipe" in file.read():
                    return True
        except FileNotFoundError:
            pass
    return False


@pytest.mark.limit(300)
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_what_was_sent_is_printed_before_the_end(broker, stored, qos):
    """In parts, each ended by a signal in the middle of the stream: together every message in order, and once unless the
    broker had to send it again for want of an acknowledgement in time, as it may at QoS 1."""
    count = 30_000 if qos == 0 else 6_000
    name, topic = stored(count, qos)
    numbers = []
    while len(set(numbers)) < count:
        with Replay(broker, name, topic) as replay:
            data = replay.read_lines(min(1000, count - len(set(numbers))))
            rest, status, errors = replay.end()
            assert (status, errors) == (0, "")
            numbers += replay.numbers(data + rest)
    assert (list(dict.fromkeys(numbers)) if qos == 1 else numbers) == list(range(count))


def test_what_is_left_by_count_is_said(broker, stored):
    name, topic = stored(5000)
    with Replay(broker, name, topic, "--count", 10) as replay:
        data, status, errors = replay.end(number=None)
    assert replay.numbers(data) == list(range(10))
    assert status == 3
    left = int(errors.split()[1])
    with Replay(broker, name, topic, "--timeout", "1s") as replay:
        data, status, errors = replay.end(number=None)
    assert (status, errors) == (0, "")
    assert replay.numbers(data) == list(range(10 + left, 5000))


def test_acknowledged_messages_that_count_leaves_come_again(broker, stored):
    name, topic = stored(500, qos=1)
    numbers = []
    for _ in range(5):
        with Replay(broker, name, topic, "--count", 100) as replay:
            data, status, errors = replay.end(number=None)
            assert (status, errors) == (0, "")
            numbers += replay.numbers(data)
    assert numbers == list(range(500))


def test_count_that_takes_all_leaves_nothing(broker, stored):
    name, topic = stored(50)
    with Replay(broker, name, topic, "--count", 50) as replay:
        data, status, errors = replay.end(number=None)
    assert (replay.numbers(data), status, errors) == (list(range(50)), 0, "")


def test_a_reader_that_goes_away_is_said(broker, stored):
    name, topic = stored(20_000)
    with Replay(broker, name, topic) as replay:
        replay.read_lines(3)
        replay.process.stdout.close()
        errors = replay.process.stderr.read().decode()
        assert replay.process.wait(PATIENCE) == 3
        assert "were not printed" in errors
        replay.process.stdout = open(os.devnull)


@pytest.mark.limit(300)
def test_a_live_subscriber_with_a_slow_reader_gets_everything_too(broker, connect, uid):
    with tempfile.TemporaryDirectory(prefix="rembus-test-") as folder:
        process = subprocess.Popen(
            [rembus_binary(), "sub", f"log{uid}", "--url", broker.url, "--count", str(COUNT + 1)],
            env=clean_environment(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        publisher = connect()
        while True:
            publisher.publish(f"log{uid}", "probe")
            publisher.call("rid")
            if select.select([process.stdout], [], [], 0.05)[0]:
                break
        for number in range(COUNT):
            publisher.send_publish(f"log{uid}", number, PAD)
        publisher.call("rid")
        numbers = []
        for line in process.stdout:
            number = json.loads(line)["arguments"][0]
            if number != "probe":
                numbers.append(number)
            if number == COUNT - 1:
                break
        process.kill()
        process.wait()
        process.stdout.close()
    assert numbers == list(range(len(numbers))) and len(numbers) >= COUNT - 100
