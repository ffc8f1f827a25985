"""Mixed load for a long time: memory and file descriptors stay where they are, and nobody has anything to complain about.

SOAK_SECONDS sets how long; `make soak` runs an hour. Compared are the first half, after a warm-up, and the second.
"""

import contextlib
import os
import random
import re
import statistics
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.chaos_peers import ChaosPeer, first_occurrences, open_files, resident_bytes
from support.metrics import scrape
from support.wire import ACK, RPC, Peer, eventually, is_publish

pytestmark = pytest.mark.differs("R1, R10: the reference loses and repeats messages")

SECONDS = float(os.environ.get("SOAK_SECONDS", 25))
MEBIBYTE = 1 << 20
#: How much more the second half may need than the first: buffers grow to their usual size late, a leak grows on.
MEMORY_SLACK = 24 * MEBIBYTE
#: What DuckDB may have.
LAKE_MEMORY = 64 * MEBIBYTE
FILES_SLACK = 24  # connections that are opening or closing at the moment of the measurement


class Worker(threading.Thread):
    """Does something again and again until the end; what goes wrong is kept for the test."""

    def __init__(self, body, ending):
        super().__init__(daemon=True)
        self._body, self._ending = body, ending
        self.rounds, self.failure = 0, None
        self.start()

    def run(self):
        try:
            for _ in self._body():
                self.rounds += 1
                if self._ending.is_set():
                    return
        except Exception as failure:
            self.failure = (time.strftime("%H:%M:%S"), failure)


class Crowd:
    """Peers in Python, of every encoding, beside the components of the SDK. They pause between rounds: an hour at the
    limit of the machine would measure who starves first, not what stays behind."""

    PAUSE = 0.005

    def __init__(self, url):
        self.url = url
        self.dice = random.Random(8338)

    def visitors(self):
        """Anonymous connections that ask one thing and go, in an orderly way or not."""
        while True:
            peer = Peer(self.url, self.dice.choice(["cbor", "json", "julia"]))
            assert peer.call("rid")[0] == 0
            peer.vanish() if self.dice.random() < 0.3 else peer.close()
            time.sleep(self.PAUSE)
            yield

    def commuters(self):
        """Named components that come and go with subscriptions and methods."""
        while True:
            number = self.dice.randrange(20)
            peer = Peer(self.url)
            if peer.identify(f"commuter{number}")[0] == 0:
                peer.subscribe(f"lines/{number}", "soak/*/0")
                peer.expose(f"method/{number}")
                peer.reactive()
                time.sleep(self.dice.uniform(0, 0.05))
                peer.unexpose(f"method/{number}")
                peer.unsubscribe("soak/*/0")
            peer.close()
            yield

    def echoes(self, encoding):
        """A pair that talks: a publication and a call in each round."""
        with ExitStack() as stack:
            speaker, listener = Peer(self.url, encoding), Peer(self.url, encoding)
            stack.callback(speaker.close)
            stack.callback(listener.close)
            assert listener.identify(f"listener-{encoding}")[0] == 0
            listener.subscribe(f"talk/{encoding}")
            listener.expose(f"ask/{encoding}")
            listener.reactive()
            number = 0
            while True:
                number += 1
                speaker.publish(f"talk/{encoding}", number, "x" * self.dice.randrange(2000), qos=number % 3)
                identifier = speaker.send_call(f"ask/{encoding}", number)
                heard = answered = False
                while not (heard and answered):
                    message = listener.receive()
                    if message[0] == RPC:
                        listener.answer(message, message[4])
                        answered = True
                    elif is_publish(message):
                        heard = heard or number in message[-1]
                        if message[0] != 1:
                            listener.send([ACK, message[1]])
                assert speaker.response_to(identifier) == (0, [number])
                time.sleep(self.PAUSE)
                yield


#: Files that come and go while nobody is connected: segments of the journal, what DuckDB had no memory for, its own log.
PASSING_FILES = re.compile(r"\.seg$|/duckdb_temp_storage_\w+-\d+\.tmp$|\.ducklake\.wal$|\.parquet$")


def lasting_files(pid):
    """The names of what the process has open, but for passing files."""
    names = []
    for number in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            names.append(os.readlink(f"/proc/{pid}/fd/{number}"))
    return sorted(name for name in names if not PASSING_FILES.search(name))


class Record(threading.Thread):
    """What the broker holds, twice a minute, for whoever wants to know what a growth was: shown when the test fails, and
    kept in the file SOAK_REPORT."""

    SERIES = ("rembus_memory_bytes", "rembus_lake_memory_bytes", "rembus_lake_lag_bytes", "rembus_lake_snapshots",
              "rembus_journal_segment_bytes", "process_open_fds")

    def __init__(self, broker, ending):
        super().__init__(daemon=True)
        self._broker, self._ending = broker, ending
        self.lines = []
        self.start()

    def run(self):
        began = time.monotonic()
        while not self._ending.wait(min(30, SECONDS / 10)):
            words = [f"{time.monotonic() - began:.0f} s", f"resident {resident_bytes(self._broker.process.pid) / MEBIBYTE:.0f} MiB"]
            rollup = Path(f"/proc/{self._broker.process.pid}/smaps_rollup").read_text()
            words.append(f"anonymous {int(re.search(r'Anonymous: *([0-9]+)', rollup)[1]) / 1024:.0f} MiB")
            metrics = scrape(self._broker)
            words += [f"{name} {metrics(name):.0f}" for name in self.SERIES]
            self.lines.append(", ".join(words))
            if report := os.environ.get("SOAK_REPORT"):
                Path(report).write_text("\n".join(self.lines) + "\n")


def measure(broker, seconds):
    """(memory, open files), taken again and again, since both go up and down with the load: the median of the memory, which
    is high for moments when files of the lake are merged, and the most files. The memory is without what DuckDB has by its
    own account: it fills what it is given in half an hour or so, and must not go beyond that."""
    memory, files = [], []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        duckdb = scrape(broker)("rembus_lake_memory_bytes")
        assert duckdb <= LAKE_MEMORY, f"DuckDB has {duckdb / MEBIBYTE:.0f} MiB"
        memory.append(resident_bytes(broker.process.pid) - duckdb)
        files.append(open_files(broker.process.pid))
        time.sleep(max(0.5, min(5, seconds / 100)))
    return statistics.median(memory), max(files)


@pytest.mark.limit(int(SECONDS + 240))
def test_memory_and_files_stay_where_they_are(start_broker):
    # Little room for publications and for DuckDB, which uses all that it is given before it forgets anything. Every batch is
    # a snapshot of the tables, and the catalog, which DuckDB has in memory as far as there is room, grows with them for as
    # long as they are kept: so they are kept for a short time. With so little memory files are merged in smaller pieces.
    broker = start_broker(
        options=["--prometheus", "0"], REMBUS_STORE_BYTES=4 * MEBIBYTE, REMBUS_LAKE_MEMORY_BYTES=LAKE_MEMORY,
        REMBUS_SNAPSHOT_RETENTION=max(1, SECONDS / 20), REMBUS_MAINTENANCE_INTERVAL=max(1, min(60, SECONDS / 60)))
    idle_files = len(lasting_files(broker.process.pid))
    ending = threading.Event()
    record = Record(broker, ending)
    count = int(SECONDS / 0.01)
    with ExitStack() as stack:
        subscribers = [
            stack.enter_context(ChaosPeer("subscribe", broker.url, f"soaker{qos}", f"soak/sdk/{qos}", "last"))
            for qos in range(3)]
        everything = stack.enter_context(ChaosPeer("subscribe", broker.url, "everything", "soak/**", "now"))
        publishers = [
            stack.enter_context(ChaosPeer("publish", broker.url, f"pump{qos}", f"soak/sdk/{qos}", qos, count, 8, 16))
            for qos in range(3)]
        stack.enter_context(ChaosPeer("serve", broker.url, "doubler", "twice"))
        caller = stack.enter_context(ChaosPeer("call", broker.url, "asker", "twice", count, 8, 8))
        crowd = Crowd(broker.url)
        workers = [Worker(crowd.visitors, ending), Worker(crowd.commuters, ending)]
        workers += [Worker(lambda encoding=encoding: crowd.echoes(encoding), ending) for encoding in ("cbor", "json", "julia")]

        time.sleep(0.2 * SECONDS)
        first = measure(broker, 0.4 * SECONDS)
        second = measure(broker, 0.4 * SECONDS)

        ending.set()
        for worker in workers:
            worker.join(30)
            assert worker.failure is None and worker.rounds > 5, (
                worker.failure, worker.rounds, broker.errors.lines[-8:])
        for component in [*publishers, caller]:
            component.wait_for_end(SECONDS + 60)
        assert second[0] - first[0] < MEMORY_SLACK, "\n".join(
            [f"memory grew from {first[0] / MEBIBYTE:.0f} to {second[0] / MEBIBYTE:.0f} MiB", *record.lines])
        assert second[1] - first[1] < FILES_SLACK, f"open files grew from {first[1]} to {second[1]}"
        assert not caller.lines("error"), caller.lines("error")[:5]
        for qos, publisher in enumerate(publishers):
            assert not publisher.lines("fail"), publisher.lines("fail")[:5]
            for subscriber in (subscribers[qos], everything):
                assert eventually(lambda: len(set(subscriber.received(publisher.name))) == count), subscriber.log()
                received = subscriber.received(publisher.name)
                assert first_occurrences(received) == list(range(count))
                assert qos == 1 or len(received) == count
    assert eventually(lambda: len(lasting_files(broker.process.pid)) <= idle_files + 2), lasting_files(broker.process.pid)
    # By the level of the line: one that says that maintenance goes on in smaller pieces has the reason as its `error`.
    complaints = [
        line for line in broker.errors.lines
        if re.match(r"\S+ (error|critical) ", line) or "maintenance of the lake failed" in line]
    assert not complaints, complaints[:5]
    assert broker.stop() == 0
