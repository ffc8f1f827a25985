"""Measures what the storage of a broker costs and gives: `make storagebench` runs it.

Each case starts a fresh broker on loopback with a table, loads it over a raw socket with frames encoded beforehand (so
that this client costs next to nothing) and counts a row only when a query sees it. With --reference the Python broker
does the same, with fewer rows.
"""

import argparse
import base64
import json
import os
import socket
import struct
import sys
import tempfile
import time
from pathlib import Path

import cbor2

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tests"))

from support.processes import Broker, rembus_binary  # noqa: E402
from support.wire import Peer  # noqa: E402

SCHEMA = {
    "tables": [
        {
            "table": "reading",
            "topic": ":sensor/reading",
            "columns": [
                {"col": "sensor", "type": "TEXT"},
                {"col": "number", "type": "BIGINT"},
                {"col": "temperature", "type": "DOUBLE"},
                {"col": "pressure", "type": "DOUBLE"},
            ],
            "extras": {"recv_ts": "ts"},
        },
        {"table": "note", "topic": "note", "columns": [{"col": "text", "type": "TEXT"}]},
    ]
}


#: Pieces on their way, and the bytes of an acknowledgement on the wire.
WINDOW = 4
ACK_BYTES = 2 + 11


class RawConnection:
    """A WebSocket connection that sends frames as they are. The masking key is zero, so that masking changes nothing."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.sent = self.received = 0
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(4096)
        assert b" 101 " in answer, answer

    def send(self, piece):
        """Sends a piece with an acknowledged publication behind it, when at most WINDOW pieces are not acknowledged: as a
        publisher that wants its data stored would, instead of flooding the broker with what it may drop."""
        self.sent += 1
        barrier = cbor2.dumps([0x11, self.sent.to_bytes(8, "little"), "barrier", []])
        self.socket.sendall(piece + self.frame(barrier))
        self.wait(WINDOW)

    def wait(self, outstanding=0):
        while self.sent - self.received // ACK_BYTES > outstanding:
            self.received += len(self.socket.recv(1 << 16))

    @staticmethod
    def frame(message: bytes) -> bytes:
        count = len(message)
        head = bytes([0x82])
        if count < 126:
            head += bytes([0x80 | count])
        elif count < 1 << 16:
            head += bytes([0x80 | 126]) + struct.pack(">H", count)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", count)
        return head + bytes(4) + message


def key_value_frames(count):
    """Frames of key/value publications, `count` of them in one piece of memory."""
    parts = []
    for number in range(count):
        row = {"number": number, "temperature": 20 + number % 100 / 7, "pressure": 980 + number % 50 / 3}
        parts.append(RawConnection.frame(cbor2.dumps([1, f"s{number % 20}/reading", [row]])))
    return b"".join(parts)


def dataframe_frame(rows):
    """One publication of a frame of `rows` rows."""
    import polars

    frame = polars.DataFrame({
        "sensor": [f"s{number % 20}" for number in range(rows)],
        "number": list(range(rows)),
        "temperature": [20 + number % 100 / 7 for number in range(rows)],
        "pressure": [980 + number % 50 / 3 for number in range(rows)],
    })
    buffer = frame.write_ipc_stream(None, compat_level=polars.CompatLevel.oldest())
    return RawConnection.frame(cbor2.dumps([1, "x/reading", [cbor2.CBORTag(80, buffer.getvalue())]]))


def cpu_seconds(pid):
    """CPU time of a process so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory(pid):
    """The most memory that a process has had so far, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def stored_rows(peer, reference):
    # Ours would wait until everything is there, which is what is measured.
    arguments = {"cols": "number"} if reference else {"cols": "count(*) AS n", "fresh": False}
    status, data = peer.call("query_reading", arguments)
    assert status == 0, data
    import polars

    frame = polars.read_ipc_stream(data.value)
    return frame.height if reference else frame["n"][0]


def load(broker, piece, rows_per_piece, pieces, reference):
    """Sends `pieces` times the same memory and waits until every row is in the table."""
    connection, peer = RawConnection(broker.port), Peer(broker.url)
    total = rows_per_piece * pieces
    before, start = cpu_seconds(broker.process.pid), time.perf_counter()
    for _ in range(pieces):
        connection.send(piece)
    connection.wait()
    sent = time.perf_counter() - start
    while stored_rows(peer, reference) < total:
        assert time.perf_counter() - start < 300, "the rows do not arrive"
        time.sleep(0.05)
    seconds = time.perf_counter() - start
    cpu = cpu_seconds(broker.process.pid) - before
    return {"rows": total, "sent/s": total / sent, "stored/s": total / seconds, "cpu us/row": cpu / total * 1e6,
            "seconds": seconds, "peak MiB": peak_memory(broker.process.pid)}


def blob_frame(count):
    """One publication of a text of `count` characters, which is in the table `note`."""
    return RawConnection.frame(cbor2.dumps([1, "note", [{"text": "b" * count}]]))


def blobs(broker, pieces):
    """Large payloads, until all are in the table."""
    connection, peer = RawConnection(broker.port), Peer(broker.url)
    piece, start = blob_frame(3_000_000), time.perf_counter()
    for _ in range(pieces):
        connection.send(piece)
    import polars

    def count():
        status, data = peer.call("query_note", {"cols": "count(*) AS n"})
        assert status == 0, data
        return polars.read_ipc_stream(data.value)["n"][0]

    while count() < pieces:
        time.sleep(0.05)
    return {"rows": pieces, "seconds": time.perf_counter() - start, "peak MiB": peak_memory(broker.process.pid)}


def visible(broker, reference, rounds=30):
    """From one publication to the query that sees it, one after the other, the writer idle before each."""
    peer, times = Peer(broker.url), []
    for number in range(rounds):
        time.sleep(0.3)
        start = time.perf_counter()
        peer.publish("a/reading", {"number": number, "temperature": 1.0, "pressure": 1.0}, qos=1)
        while stored_rows(peer, reference) <= number:
            assert time.perf_counter() - start < 60, "the row does not arrive"
            time.sleep(0.002)
        times.append((time.perf_counter() - start) * 1000)
    times.sort()
    return {"rounds": rounds, "median ms": times[rounds // 2], "worst ms": times[-1]}


def query(broker, rows):
    """The whole table, from call to decoded frame, with the Python package."""
    import rembus as rb

    client = rb.node(broker.url)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        frame = client.rpc("query_reading", {"cols": ["sensor", "number", "temperature", "pressure", "ts"]})
        times.append(time.perf_counter() - start)
        assert len(frame) == rows, len(frame)
    client.close()
    return {"rows": rows, "best ms": min(times) * 1000, "median ms": sorted(times)[2] * 1000}


def started(reference, folder):
    schema = Path(folder) / "schema.json"
    schema.write_text(json.dumps(SCHEMA))
    if reference:
        return Broker(reference=True, folder=f"{folder}/state", REMBUS_SCHEMA=str(schema), REMBUS_TIMEOUT=60)
    return Broker(reference=False, folder=f"{folder}/state", options=["--schema", str(schema)], REMBUS_TIMEOUT=60)


def run(case, reference, scale):
    with tempfile.TemporaryDirectory(prefix="rembus-bench-") as folder:
        broker = started(reference, folder)
        try:
            if case == "rows":
                piece = key_value_frames(10_000)
                return load(broker, piece, 10_000, max(1, int((2 if reference else 300) * scale)), reference)
            if case == "burst":
                return load(broker, dataframe_frame(10_000), 10_000, 100, reference)
            if case == "blobs":
                return blobs(broker, 60)
            if case == "visible":
                return visible(broker, reference)
            if case == "frames":
                piece = dataframe_frame(10_000)
                return load(broker, piece, 10_000, max(1, int((50 if reference else 3000) * scale)), reference)
            load(broker, dataframe_frame(10_000), 10_000, 100, reference)
            return query(broker, 1_000_000)
        finally:
            broker.discard()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="*", default=["rows", "frames", "query"], 
                        help="rows, frames, query, burst (100 frames of 10,000 rows), blobs (60 texts of 3 MB), visible (one row)")
    parser.add_argument("--reference", action="store_true", help="the Python broker too")
    parser.add_argument("--scale", type=float, default=1, help="how many times the usual amount")
    arguments = parser.parse_args()
    print(f"binary {rembus_binary()}")
    for case in arguments.case:
        for reference in [False, True] if arguments.reference else [False]:
            figures = run(case, reference, arguments.scale)
            text = "  ".join(f"{key} {value:,.2f}" for key, value in figures.items())
            print(f"{case:7} {'reference' if reference else 'ours':9} {text}", flush=True)


if __name__ == "__main__":
    main()
