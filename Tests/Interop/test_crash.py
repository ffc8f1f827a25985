"""A broker that is killed, or stopped, at any moment and started again: whatever it answered is so, and what counts once does.

CRASH_ROUNDS sets how often it is killed, and as often it is stopped; `make crash` runs the full length.
"""

import json
import os
import random
import threading
import time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from support.exact_mqtt import ExactPublisher, ExactSubscriber
from support.keys import write_trust
from support.lake import rows
from support.mqtt import mqtt_port
from support.processes import Broker
from support.promises import ADMINISTRATOR, Promises
from support.wire import ACK, ACK2, Peer, eventually

pytestmark = pytest.mark.differs("R1: the reference acknowledges what it has not stored")

# In `make test` a handful.
ROUNDS = int(os.environ.get("CRASH_ROUNDS", 4))
IN_FLIGHT = 100
# Half of the kills and stops is for each QoS of Rembus, and all of them for MQTT and what else is promised.
ENDS = ["kill", "stop"]

SCHEMA = {
    "tables": [
        {
            "table": "event",
            "topic": "event",
            "columns": [{"col": "id", "type": "BIGINT", "nullable": False}, {"col": "note", "type": "TEXT"}],
            "extras": {"recv_ts": "ts"},
        },
        {
            "table": "state",
            "topic": ":key/state",
            "columns": [{"col": "key", "type": "TEXT"}, {"col": "value", "type": "BIGINT"}],
            "keys": ["key"],
        },
    ]
}


class Load(threading.Thread):
    """Publishes numbered events at QoS 1, each once, and notes which were acknowledged, until its connection ends."""

    def __init__(self, url, first, qos):
        super().__init__(daemon=True)
        self.peer = Peer(url)
        assert self.peer.identify(f"load{qos}")[0] == 0
        self.qos, self.next = qos, first
        self.acknowledged, self.started = [], threading.Event()

    def run(self):
        pending = {}
        try:
            while True:
                while len(pending) < IN_FLIGHT:
                    topic = f"k{self.next % 7}/state" if self.next % 10 == 9 else "event"
                    payload = {"value": self.next} if topic != "event" else {"id": self.next, "note": "n" * (self.next % 50)}
                    pending[self.peer.send_publish(topic, payload, qos=self.qos)] = self.next
                    self.next += 1
                self._take(pending)
        except (ConnectionClosed, OSError):
            pass  # the broker was killed under this connection

    def _take(self, pending):
        message = self.peer.receive()
        assert message[0] == ACK, message
        self.acknowledged.append(pending.pop(message[1]))
        self.started.set()
        if self.qos == 2:
            self.peer.send([ACK2, message[1]])


def end_broker(broker, end):
    if end == "kill":
        broker.kill()
    else:
        assert broker.stop() == 0, broker.log()


@pytest.mark.limit(120 + 20 * ROUNDS)
@pytest.mark.parametrize("qos", [1, 2])
def test_no_acknowledged_publication_is_lost_or_doubled_by_restarts(tmp_path, qos):
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(SCHEMA))
    dice = random.Random(qos)
    broker = Broker(folder=tmp_path / "state", options=["--schema", str(schema)], REMBUS_ARCHIVER_INTERVAL=0.05)
    acknowledged, first = [], 0
    try:
        for end in ENDS * (ROUNDS // 2):
            load = Load(broker.url, first, qos)
            load.start()
            assert load.started.wait(20), broker.log()
            time.sleep(dice.uniform(0, 0.4))
            end_broker(broker, end)
            load.join(20)
            assert not load.is_alive()
            acknowledged += load.acknowledged
            first = load.next
            broker.start()
        assert broker.stop() == 0, broker.log()
    finally:
        broker.discard()
    stored = [row[0] for row in rows(tmp_path / "state", "SELECT id FROM rl.event ORDER BY ts")]
    assert len(set(stored)) == len(stored), "rows that are there twice"
    missing = {number for number in acknowledged if number % 10 != 9} - set(stored)
    assert not missing, f"{len(missing)} of {len(acknowledged)} acknowledged publications are not in the table"
    assert stored == sorted(stored), "rows are not in the order of publishing"
    newest = {}
    for number in sorted(number for number in acknowledged if number % 10 == 9):
        newest[f"k{number % 7}"] = number
    state = dict(rows(tmp_path / "state", "SELECT key, value FROM rl.state"))
    assert all(state[key] >= number for key, number in newest.items()), (state, newest)
    messages = rows(tmp_path / "state", "SELECT count(*), count(DISTINCT recv) FROM rl.message")[0]
    assert messages[0] == messages[1] >= len(acknowledged)
    assert Path(tmp_path / "state" / "broker" / "journal").is_dir()


@pytest.mark.limit(120 + 30 * ROUNDS)
@pytest.mark.parametrize("sync", ["always", "none"])
def test_mqtt_qos_2_comes_once_over_restarts(tmp_path, sync):
    rounds = ENDS * (ROUNDS if sync == "always" else ROUNDS // 3)
    dice = random.Random(ROUNDS)
    broker = Broker(folder=tmp_path, options=["--mqtt-listen", "0"], REMBUS_JOURNAL_SYNC=sync)
    publisher, subscriber = ExactPublisher("publisher", "exact", seed=1), ExactSubscriber("subscriber", "exact/#", seed=2)
    try:
        for end in [*rounds, None]:
            clients = [subscriber, publisher]
            # Whoever comes first: what was missed, and what is live.
            if subscriber.connections:
                dice.shuffle(clients)
            for client in clients:
                client.connect(mqtt_port(broker))
            if end:
                assert publisher.started.wait(20), broker.log()
                time.sleep(dice.uniform(0, 0.3))
                end_broker(broker, end)
                for client in clients:
                    client.join()
                broker.start()
        assert publisher.stop(), broker.log()
        # Now with every answer at once.
        subscriber.vanish()
        subscriber.patience = 0
        subscriber.connect(mqtt_port(broker))
        everything = set(range(publisher.next))
        eventually(lambda: set(subscriber.received) == everything and not subscriber.held)
        assert broker.stop() == 0, broker.log()
        subscriber.join()
        publisher.join()
    finally:
        broker.discard()
    lost, doubled = everything - set(subscriber.received), len(subscriber.received) - len(set(subscriber.received))
    assert (len(lost), doubled) == (0, 0), f"of {publisher.next}: {sorted(lost)[:10]}"
    assert not subscriber.held, "identifiers that were never released"


@pytest.mark.limit(120 + 30 * ROUNDS)
def test_what_was_answered_is_so_after_restarts(tmp_path):
    write_trust(tmp_path, admins=[ADMINISTRATOR])
    dice = random.Random(ROUNDS)
    broker = Broker(folder=tmp_path, options=["--mqtt-listen", "0", "--trust-names"])
    first, answered = 0, 0
    try:
        for end in ENDS * ROUNDS:
            promises = Promises(broker, first)
            promises.start()
            assert promises.started.wait(20), broker.log()
            time.sleep(dice.uniform(0, 0.2))
            end_broker(broker, end)
            broker.start()
            promises.check()
            first = promises.next
            answered += sum(len(kept) for kept in promises.kept.values())
        assert broker.stop() == 0, broker.log()
    finally:
        broker.discard()
    assert answered > 10 * ROUNDS
