"""What a broker answers with OK, collected while it may be killed at any moment, and looked at after it was started again."""

import itertools
import threading

from websockets.exceptions import ConnectionClosed

from support.mqtt import RawClient, connect_packet, packet, text
from support.wire import LAST_RECEIVED, OK, Peer

ADMINISTRATOR = "boss"
PERSISTENT = 0x00


class Promises(threading.Thread):
    """Has things changed one after the other until the broker ends; `kept` has what was answered.

    What was asked for and not answered may or may not have happened, and is told apart by its number.
    """

    def __init__(self, broker, first):
        super().__init__(daemon=True)
        self.numbers = itertools.count(first)
        self.next = first
        self.broker = broker
        self.kept = {kind: [] for kind in ("subscribed", "unsubscribed", "exposed", "unexposed", "retained", "session",
                                           "private")}
        self.failure = None
        self.started = threading.Event()
        self.peer = Peer(broker.url)
        assert self.peer.identify(f"promise{first}")[0] == OK
        self.boss = Peer(broker.url)
        assert self.boss.identify(ADMINISTRATOR)[0] == OK
        self.publisher = RawClient(broker, connect_packet(f"retainer{first}", version=4))
        self.name = f"promise{first}"

    def run(self):
        try:
            for number in self.numbers:
                self.next = number + 1
                self._change(number)
                self.started.set()
        except (ConnectionClosed, OSError, EOFError):
            pass  # the broker has ended
        except Exception as error:
            self.failure = error

    def _note(self, kind, what):
        self.kept[kind].append(what)

    def _change(self, number):
        topic = f"promise/{number}"
        self.peer.subscribe(topic, since=LAST_RECEIVED)
        self._note("subscribed", topic)
        self.peer.expose(f"method/{number}")
        self._note("exposed", f"method/{number}")
        if number % 3 == 0:
            self.kept["subscribed"].remove(topic)
            self.peer.unsubscribe(topic)
            self._note("unsubscribed", topic)
            self.kept["exposed"].remove(f"method/{number}")
            self.peer.unexpose(f"method/{number}")
            self._note("unexposed", f"method/{number}")
        self.publisher.send(packet(0x33, text(f"retained/{number}") + b"\x00\x07" + str(number).encode()))
        assert self.publisher.receive()[0] == 0x40
        self._note("retained", number)
        with RawClient(self.broker) as client:
            client.send(connect_packet(f"session{number}", version=4, flags=PERSISTENT))
            assert client.receive() == (0x20, b"\x00\x00")
            client.send(packet(0x82, b"\x00\x01" + text(f"queue/{number}") + b"\x01"))
            assert client.receive() == (0x90, b"\x00\x01\x01")
            self._note("session", number)
        self.boss.command(f"private/{number}", "private_topic")
        self._note("private", f"private/{number}")

    def check(self):
        """After a restart: everything is as it was answered."""
        self.join(20)
        assert not self.is_alive()
        if self.failure:
            raise self.failure
        self._check_components()
        self._check_mqtt()
        boss = Peer(self.broker.url)
        assert boss.identify(ADMINISTRATOR)[0] == OK
        status, rules = boss.admin("__config__", {"cmd": "trust_config"})
        assert status == OK
        missing = set(self.kept["private"]) - set(rules["private_topics"])
        assert not missing, f"private topics that are public again: {missing}"
        boss.close()

    def _check_components(self):
        caller = Peer(self.broker.url)
        for status, kind in ((43, "exposed"), (42, "unexposed")):
            for method in self.kept[kind]:
                assert caller.call(method)[0] == status, f"{method} was {kind}"
        expected = []
        for kind in ("subscribed", "unsubscribed"):
            for topic in self.kept[kind]:
                caller.publish(topic, topic, qos=1)
                if kind == "subscribed":
                    expected.append(topic)
        peer = Peer(self.broker.url)
        assert peer.identify(self.name)[0] == OK
        peer.reactive()
        received = set()
        while received < set(expected):
            received.add(peer.receive_topic()[0])
        assert not received & set(self.kept["unsubscribed"])
        peer.close()
        caller.close()

    def _check_mqtt(self):
        with RawClient(self.broker, connect_packet("looker", version=4)) as looker:
            wanted = set(self.kept["retained"])
            looker.send(packet(0x82, b"\x00\x01" + text("retained/#") + b"\x00"))
            assert looker.receive()[0] == 0x90
            while wanted:
                head, body = looker.receive()
                assert head & 0xF1 == 0x31, head
                wanted.discard(int(body[2 + int.from_bytes(body[:2], "big"):]))
        for number in self.kept["session"]:
            with RawClient(self.broker) as client, RawClient(self.broker, connect_packet("p", version=4)) as publisher:
                client.send(connect_packet(f"session{number}", version=4, flags=PERSISTENT))
                assert client.receive() == (0x20, b"\x01\x00"), f"the session {number} is gone"
                publisher.send(packet(0x32, text(f"queue/{number}") + b"\x00\x01x"))
                head, body = client.receive()
                assert head & 0xF0 == 0x30 and body[2:].startswith(f"queue/{number}".encode())
