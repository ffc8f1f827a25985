"""A broker that is killed at any moment: what it acknowledged is in the lake, once; nothing is there twice.

CRASH_ROUNDS sets how often it is killed; `make crash` runs the full length.
"""

import json
import os
import random
import threading
import time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from support.lake import rows
from support.processes import Broker
from support.wire import ACK, ACK2, Peer

pytestmark = pytest.mark.differs("R1: the reference acknowledges what it has not stored")

ROUNDS = int(os.environ.get("CRASH_ROUNDS", 12))
IN_FLIGHT = 100

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


@pytest.mark.limit(60 + 10 * ROUNDS)
@pytest.mark.parametrize("qos", [1, 2])
def test_no_acknowledged_publication_is_lost_or_doubled_by_kills(tmp_path, qos):
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(SCHEMA))
    dice = random.Random(qos)
    broker = Broker(folder=tmp_path / "state", options=["--schema", str(schema)], REMBUS_ARCHIVER_INTERVAL=0.05)
    acknowledged, first = [], 0
    try:
        for _ in range(ROUNDS // 2):
            load = Load(broker.url, first, qos)
            load.start()
            assert load.started.wait(20), broker.log()
            time.sleep(dice.uniform(0, 0.4))
            broker.kill()
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
