"""Runs one of mosquitto's broker tests with eyes for what MQTT 5 leaves to the server.

The tests compare bytes. What a CONNACK says about limits of the server, whether an acknowledgement says that nobody subscribes,
and which packet identifiers the server takes is up to the server (MQTT 5 §3.2.2.3, §3.4.2.1, §2.2.1): these are left out of the
comparison, and nothing else is.
"""

import os
import runpy
import sys

#: Receive Maximum, Topic Alias Maximum, Maximum Packet Size, Session Expiry, with the bytes of their values.
OF_THE_SERVER = {0x21: 2, 0x22: 2, 0x27: 4, 0x11: 4}
NO_MATCHING_SUBSCRIBERS = 0x10


def number(data: bytes, at: int) -> tuple[int, int]:
    """A variable byte integer and the offset behind it."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def split(data: bytes) -> list[bytes]:
    """The packets in some bytes."""
    packets = []
    while data:
        length, start = number(data, 1)
        packets.append(data[:start + length])
        data = data[start + length:]
    return packets


def essence(packet: bytes):
    """What of a packet is compared."""
    kind = packet[0] >> 4
    length, at = number(packet, 1)
    if kind == 2 and length > 2:
        head, (_, at) = packet[at:at + 2], number(packet, at + 2)
        found, kept = packet[at:], []
        while found:
            size = OF_THE_SERVER.get(found[0])
            if size is None:
                kept.append(found)
                break
            found = found[1 + size:]
        return "CONNACK", head, kept
    if kind in (4, 5):
        reason = packet[at + 2] if length > 2 else 0
        return packet[0], packet[at:at + 2], 0 if reason == NO_MATCHING_SUBSCRIBERS else reason
    return packet


def receive(sock) -> bytes:
    """The next whole packet."""
    data = b""
    while True:
        try:
            if len(data) >= 2:
                length, start = number(data, 1)
                if len(data) == start + length:
                    return data
                missing = start + length - len(data)
            else:
                missing = 1
        except IndexError:
            missing = 1
        more = sock.recv(missing)
        if not more:
            raise BrokenPipeError("the broker closed the connection")
        data += more


def identifier_at(packet: bytes):
    """Where the packet identifier of a PUBLISH, or of an answer to one, lies; None when it has none."""
    kind, (_, at) = packet[0] >> 4, number(packet, 1)
    if kind == 3:
        return at + 2 + int.from_bytes(packet[at:at + 2], "big") if packet[0] & 6 else None
    return at if kind in (4, 5, 6, 7) else None


class Connection:
    """A client's socket that knows which identifiers the broker uses in the place of those that the test expects."""

    #: The same for all connections: a session goes on with its identifiers on the next one.
    everywhere: dict[bytes, set] = {}

    def __init__(self, sock):
        self.sock, self.used = sock, {}

    def __getattr__(self, name):
        return getattr(self.sock, name)

    def as_expected(self, got: bytes, expected: bytes) -> bytes:
        """What came, with the identifier that the test expects in it."""
        here, there = identifier_at(got), identifier_at(expected)
        if got[0] >> 4 not in (3, 6) or here is None or there is None or got[0] >> 4 != expected[0] >> 4:
            return got
        wanted, actual = expected[there:there + 2], got[here:here + 2]
        if got[0] >> 4 == 3 or wanted not in self.used and actual in self.everywhere.get(wanted, ()):
            self.used[wanted] = actual
            self.everywhere.setdefault(wanted, set()).add(actual)
        if wanted not in self.used:
            return got
        return got[:here] + wanted + got[here + 2:] if self.used[wanted] == actual else got

    def send(self, data):
        out = b""
        try:
            for packet in split(data):
                at = identifier_at(packet) if packet[0] >> 4 in (4, 5, 7) else None
                if at is not None and packet[at:at + 2] in self.used:
                    packet = packet[:at] + self.used[packet[at:at + 2]] + packet[at + 2:]
                out += packet
        except IndexError:
            out = data
        self.sock.sendall(out)
        return len(data)

    sendall = send


def run(name: str, ports: list[str]) -> int:
    sys.path[:0] = [os.getcwd(), os.path.dirname(os.getcwd())]
    import mosq_test

    def expect_packet(sock, what, expected):
        if not expected:
            return original(sock, what, expected)
        for one in split(expected):
            try:
                got = receive(sock)
            except TimeoutError:
                got = b""
            if got and isinstance(sock, Connection):
                got = sock.as_expected(got, one)
            if not got or essence(got) != essence(one):
                mosq_test.packet_matches(what, got, one)
                raise mosq_test.TestError
        return True

    def client_connect_only(*arguments, **named):
        return Connection(connect(*arguments, **named))

    original, mosq_test.expect_packet = mosq_test.expect_packet, expect_packet
    connect, mosq_test.client_connect_only = mosq_test.client_connect_only, client_connect_only
    sys.argv = [name, *ports]
    try:
        runpy.run_path(name, run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    return 0
