"""MQTT 3.1.1 clients that keep packet identifiers and exchanges of QoS 2 as the standard allows, over any number of brokers.

They live longer than their connections: what is open when one ends goes on with the next.
"""

import random
import socket
import struct
import threading

from support.mqtt import connect_packet, packet, text
from support.processes import PATIENCE

CONNACK, PUBLISH, PUBREC, PUBREL, PUBCOMP, SUBACK = 0x20, 0x30, 0x50, 0x62, 0x70, 0x90
PERSISTENT = 0x00


def numbered(kind, packet_id):
    return packet(kind, struct.pack(">H", packet_id))


class Connection:
    """One connection: whole packets, until it ends."""

    def __init__(self, port, name):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.send(connect_packet(name, version=4, flags=PERSISTENT))
        head, body = self.receive()
        assert head == CONNACK and body[1] == 0, (head, body)
        self.session_present = body[0] == 1

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        while True:
            if found := self._whole():
                return found
            part = self.socket.recv(65536)
            if not part:
                raise EOFError("the broker closed the connection")
            self.buffer += part

    def _whole(self):
        length, shift, at = 0, 0, 1
        while at < len(self.buffer):
            byte = self.buffer[at]
            length |= (byte & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if byte < 0x80:
                if len(self.buffer) < at + length:
                    return None
                head, body = self.buffer[0], self.buffer[at:at + length]
                self.buffer = self.buffer[at + length:]
                return head, body
        return None

    def close(self):
        self.socket.close()


class ExactClient:
    """Runs `step` for each packet in a thread of its own, until the connection ends."""

    def __init__(self, name, seed=0):
        self.name, self.dice = name, random.Random(seed)
        self.connections, self.failure, self.thread, self.connection = 0, None, None, None

    def connect(self, port):
        self.connection = Connection(port, self.name)
        assert self.connection.session_present == (self.connections > 0), "the session is not the one of before"
        self.connections += 1
        self.begin()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            while True:
                self.step(*self.connection.receive())
        except (EOFError, OSError):
            pass  # the broker has ended
        except Exception as error:  # a wrong packet is the test's business, not the thread's
            self.failure = error

    def vanish(self):
        """Ends the connection without a DISCONNECT."""
        self.connection.socket.shutdown(socket.SHUT_RDWR)
        self.join()

    def join(self):
        """After the broker has ended."""
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        self.connection.close()
        if self.failure:
            raise self.failure


class ExactSubscriber(ExactClient):
    """Counts a message when it comes under an identifier that it does not hold, and holds the identifier until PUBREL.

    Some answers are kept back, so that the broker ends in every state of an exchange.
    """

    def __init__(self, name, topic, seed=0):
        super().__init__(name, seed)
        self.topic, self.held, self.received, self.kept_back = topic, {}, [], []
        self.patience = 0.05

    def begin(self):
        self.kept_back = []
        if self.connections == 1:
            self.connection.send(packet(0x82, struct.pack(">H", 1) + text(self.topic) + b"\x02"))
            head, body = self.connection.receive()
            assert head == SUBACK and body[2] == 2, body

    def step(self, head, body):
        if head & 0xF0 == PUBLISH:
            assert head & 0x06 == 0x04, f"not QoS 2: {head:#x}"
            topic_length = struct.unpack(">H", body[:2])[0]
            packet_id = struct.unpack(">H", body[2 + topic_length:4 + topic_length])[0]
            number = int(body[4 + topic_length:])
            if packet_id not in self.held:
                self.held[packet_id] = number
                self.received.append(number)
            elif self.held[packet_id] != number:
                raise AssertionError(f"identifier {packet_id} stands for {self.held[packet_id]} and {number}")
            self._answer(numbered(PUBREC, packet_id))
        elif head == PUBREL:
            packet_id = struct.unpack(">H", body)[0]
            self.held.pop(packet_id, None)
            self._answer(numbered(PUBCOMP, packet_id))
        else:
            raise AssertionError(f"unexpected packet {head:#x}")

    def _answer(self, data):
        """Now, a little later, or, when nothing comes any more, never on this connection."""
        self.kept_back.append(data)
        if self.dice.random() < self.patience:
            return
        self.connection.send(b"".join(self.kept_back))
        self.kept_back = []


class ExactPublisher(ExactClient):
    """Publishes numbers, at most `window` at a time, and ends each exchange, on whatever connection. Identifiers are used
    again as soon as they may be."""

    def __init__(self, name, topic, window=50, seed=0):
        super().__init__(name, seed)
        self.topic, self.window, self.next, self.completed = topic, window, 0, 0
        self.open, self.free, self.is_stopped = {}, list(range(1, window + 1)), False
        self.idle, self.started = threading.Event(), threading.Event()

    def begin(self):
        self.started.clear()
        for packet_id, (number, is_received) in list(self.open.items()):
            self.connection.send(
                numbered(PUBREL, packet_id) if is_received else self._publish(packet_id, number, is_copy=True))
        self._fill()

    def _publish(self, packet_id, number, is_copy=False):
        head = 0x34 | (0x08 if is_copy else 0)
        return packet(head, text(self.topic) + struct.pack(">H", packet_id) + str(number).encode())

    def _fill(self):
        data = []
        while self.free and not self.is_stopped:
            packet_id = self.free.pop(0)
            self.open[packet_id] = (self.next, False)
            data.append(self._publish(packet_id, self.next))
            self.next += 1
        if data:
            self.connection.send(b"".join(data))

    def step(self, head, body):
        packet_id = struct.unpack(">H", body)[0]
        if head == PUBREC:
            number, _ = self.open[packet_id]
            self.open[packet_id] = (number, True)
            self.connection.send(numbered(PUBREL, packet_id))
        elif head == PUBCOMP:
            if packet_id in self.open:
                del self.open[packet_id]
                self.completed += 1
                self.free.append(packet_id)
                self.started.set()
            self._fill()
            if not self.open:
                self.idle.set()
        else:
            raise AssertionError(f"unexpected packet {head:#x}")

    def stop(self):
        """Nothing new; waits until what is open has ended."""
        self.is_stopped = True
        return not self.open or self.idle.wait(PATIENCE)
