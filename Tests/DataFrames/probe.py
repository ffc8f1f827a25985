"""Asks `frame-probe` to read Arrow streams with our library and write them again; writes and reads streams with pyarrow."""

import io
import os
import subprocess
from pathlib import Path

import pyarrow as pa

ROOT = Path(__file__).resolve().parents[2]

#: What the probe can do with a frame without changing what it holds: write it again, rebuild it from typed values, join its chunks, pass
#: it through the C stream interface, and read it from memory that is not aligned.
SAME = ["rewrite", "rebuild", "combine", "stream", "misaligned"]


class ProbeError(Exception):
    """What the probe says of a stream that it cannot read."""


def probe_binary():
    """The probe beside the built command; FRAME_PROBE points the tests at another one."""
    beside = Path(os.environ.get("REMBUS_BIN", ROOT / ".build/debug/rembus")).parent / "frame-probe"
    binary = Path(os.environ.get("FRAME_PROBE", beside))
    if not binary.exists():
        raise RuntimeError(f"{binary} does not exist: run 'make build' first, or name the binary in FRAME_PROBE")
    return str(binary)


_process = None


def probe(stream, *mode):
    """The stream that the probe makes of a stream. One probe serves all tests; a test that ends it fails."""
    global _process
    if _process is None or _process.poll() is not None:
        _process = subprocess.Popen([probe_binary()], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    _process.stdin.write(f"{' '.join(map(str, mode))} {len(stream)}\n".encode() + bytes(stream))
    _process.stdin.flush()
    header = _process.stdout.readline().split()
    assert len(header) == 2, f"frame-probe crashed: {_process.wait()}"
    answer = _process.stdout.read(int(header[1]))
    if header[0] == b"error":
        raise ProbeError(answer.decode())
    return answer


def stream_of(table, **options):
    """The table as pyarrow writes it: one batch for each chunk."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue()


def table_of(stream):
    """The table as pyarrow reads it, with everything checked that Arrow can check."""
    table = pa.ipc.open_stream(stream).read_all()
    table.validate(full=True)
    return table


def assert_same(actual, expected):
    """Asserts that two tables have the same schema, metadata too, and the same values; not the same chunks or dictionaries."""
    assert actual.schema.equals(expected.schema, check_metadata=True), f"{actual.schema}\n{expected.schema}"
    assert actual.num_rows == expected.num_rows
    if not actual.equals(expected):
        for name, one, other in zip(expected.column_names, actual.columns, expected.columns):
            # repr, because NaN is not equal to itself.
            assert repr(one.to_pylist()) == repr(other.to_pylist()), name
