"""What commands print: one decision for all of them. Rows and values as JSON lines in a pipe, tables and indented text on a
terminal; nothing that came is lost on the way."""

import datetime as dt
import decimal
import io
import json
import threading

import cbor2
import polars
import pyarrow as pa
import pytest

from support.processes import REFERENCE, Command, on_a_terminal, run_rembus
from support.wire import OK, eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our command")


def arrow(table) -> cbor2.CBORTag:
    """A dataframe as brokers and the Python package send it."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return cbor2.CBORTag(80, sink.getvalue())


FRAME = pa.table({"dn": ["s1", "it's"], "t": [21.5, None]})
ROWS = [{"dn": "s1", "t": 21.5}, {"dn": "it's", "t": None}]


def called(broker, connect, uid, result, *options, run=None):
    """The output of `rembus call` for a method that gives `result`."""
    provider = connect(f"p{uid}")
    provider.expose(f"m{uid}")
    if run:
        threading.Thread(target=lambda: provider.answer(provider.receive_call(), result), daemon=True).start()
        return run("call", f"m{uid}", *options, url=broker.url)
    with Command("call", f"m{uid}", *options, "--url", broker.url) as command:
        provider.answer(provider.receive_call(), result)
        assert command.wait() == 0, command.errors.text()
        return command.lines()


# Frames


def test_call_prints_a_frame_as_json_lines(broker, connect, uid):
    assert [json.loads(line) for line in called(broker, connect, uid, arrow(FRAME))] == ROWS


def test_call_draws_a_frame_on_a_terminal(broker, connect, uid):
    screen = called(broker, connect, uid, arrow(FRAME), run=on_a_terminal)
    assert screen == str(polars.from_arrow(FRAME)) + "\n"


def test_options_override_the_decision(broker, connect, uid):
    screen = called(broker, connect, uid, arrow(FRAME), "--json", run=on_a_terminal)
    assert [json.loads(line) for line in screen.splitlines()] == ROWS
    drawn = called(broker, connect, f"{uid}b", arrow(FRAME), "--pretty")
    assert "\n".join(drawn) == str(polars.from_arrow(FRAME))


def test_a_frame_without_rows_prints_nothing(broker, connect, uid):
    assert called(broker, connect, uid, arrow(FRAME.slice(0, 0))) == []


def test_sub_prints_frames_as_rows(broker, connect, uid):
    publisher = connect()
    with Command("sub", f"t{uid}/*", "--count", 1, "--url", broker.url) as command:
        while command.process.poll() is None:
            publisher.publish(f"t{uid}/a", "first", arrow(FRAME), 3)
            publisher.call("rid")
        [line] = command.lines()
    assert json.loads(line) == {"topic": f"t{uid}/a", "arguments": ["first", ROWS, 3]}


def test_sub_draws_frames_on_a_terminal(broker, connect, uid):
    publisher, ended = connect(), threading.Event()

    def publish():
        while not ended.is_set():
            publisher.publish(f"t{uid}", arrow(FRAME))
            publisher.call("rid")

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        screen = on_a_terminal("sub", f"t{uid}", "--count", 1, url=broker.url)
    finally:
        ended.set()
        thread.join()
    lines = screen.splitlines()
    assert f"t{uid}" in lines[0]
    assert [line.removeprefix("    ") for line in lines[1:]] == str(polars.from_arrow(FRAME)).splitlines()


def test_expose_hands_frames_to_commands_as_rows(broker, connect, uid):
    caller = connect()
    with Command("expose", f"rows{uid}", "--url", broker.url, "--", "cat"):
        assert eventually(lambda: caller.call(f"rows{uid}", 0) == (OK, [0]))
        assert caller.call(f"rows{uid}", arrow(FRAME), 1) == (OK, [ROWS, 1])


def test_a_broken_frame_is_shown_as_bytes(broker, connect, uid):
    assert called(broker, connect, uid, cbor2.CBORTag(80, b"no arrow")) == ['"bm8gYXJyb3c="']


#: Column, type, value, its JSON text. The digits count, so they are compared as texts.
CELLS = [
    ("int64", pa.int64(), 2**63 - 1, "9223372036854775807"),
    ("uint64", pa.uint64(), 2**64 - 1, "18446744073709551615"),
    ("int8", pa.int8(), -128, "-128"),
    ("double", pa.float64(), 0.1 + 0.2, "0.30000000000000004"),
    ("float", pa.float32(), 0.1, "0.1"),
    ("bool", pa.bool_(), True, "true"),
    ("decimal", pa.decimal128(38, 10), decimal.Decimal("1234567890123456789012345678.0123456789"),
     "1234567890123456789012345678.0123456789"),
    ("decimal256", pa.decimal256(50, 0), decimal.Decimal("9" * 50), "9" * 50),
    ("text", pa.string(), 'ü"\n\x01\\', '"ü\\"\\n\\u0001\\\\"'),
    ("binary", pa.binary(), b"\x00\xff", '"AP8="'),
    ("date", pa.date32(), dt.date(1969, 12, 31), '"1969-12-31"'),
    ("time", pa.time64("ns"), pa.scalar(86399999999999, pa.time64("ns")), '"23:59:59.999999999"'),
    ("timestamp", pa.timestamp("us"), dt.datetime(2026, 3, 29, 1, 0, 0, 1), '"2026-03-29T01:00:00.000001"'),
    ("nanoseconds", pa.timestamp("ns", "UTC"), pa.scalar(1774746000000000001, pa.timestamp("ns", "UTC")),
     '"2026-03-29T01:00:00.000000001Z"'),
    ("list", pa.list_(pa.int64()), [1, None, 2**53 + 1], "[1,null,9007199254740993]"),
    ("struct", pa.struct([("a", pa.int32()), ("b", pa.list_(pa.string()))]), {"a": 1, "b": ["x"]}, '{"a":1,"b":["x"]}'),
    ("map", pa.map_(pa.string(), pa.int64()), [("k", 1)], '{"k":1}'),
    ("dictionary", pa.dictionary(pa.int8(), pa.string()), "red", '"red"'),
    ("null", pa.null(), None, "null"),
]


def test_no_value_of_a_frame_is_lost_in_json(broker, connect, uid):
    columns = {}
    for name, kind, value, _ in CELLS:
        if isinstance(value, pa.Scalar):
            # As a Python object it would have microseconds only.
            columns[name] = pa.array([value.value], pa.int64()).cast(kind)
        elif pa.types.is_dictionary(kind):
            columns[name] = pa.array([value]).dictionary_encode().cast(kind)
        else:
            columns[name] = pa.array([value], kind)
    [line] = called(broker, connect, uid, arrow(pa.table(columns)))
    assert json.loads(line)  # well formed
    for name, _, _, expected in CELLS:
        assert f'"{name}":{expected}' in line, name


@pytest.mark.parametrize("value, expected", [
    (2**100, str(2**100)),
    (-(2**64), str(-(2**64))),
    (b"\x00\xff", '"AP8="'),
    ({1: "one", "a": [None, True]}, '{"1":"one","a":[null,true]}'),
])
def test_no_digit_of_a_value_is_lost_in_json(broker, connect, uid, value, expected):
    assert called(broker, connect, uid, value) == [expected]


# Layout


def depth_of(line):
    return len(line) - len(line.lstrip(" "))


def test_nested_values_are_indented_by_two_columns(broker):
    lines = run_rembus("call", "storage_status", "--pretty", url=broker.url).stdout.splitlines()
    assert len(lines) > 3
    assert max(depth_of(line) for line in lines) <= 12
    for before, line in zip(lines, lines[1:]):
        assert abs(depth_of(line) - depth_of(before)) in (0, 2), (before, line)


def test_a_long_key_does_not_move_its_elements(broker, connect, uid):
    value = {"k" * 50: {"another" * 6: ["element " * 4, "element " * 5, "element " * 6]}}
    lines = called(broker, connect, uid, value, "--pretty")
    assert json.loads("".join(lines)) == value
    assert [depth_of(line) for line in lines] == [0, 2, 4, 6, 6, 6, 4, 2, 0]


def test_lines_end_where_the_terminal_does(broker, connect, uid):
    value = {"rows": [{"name": f"name{n}", "values": list(range(n, n + 12))} for n in range(3)]}
    screen = called(broker, connect, uid, value, run=lambda *a, **k: on_a_terminal(*a, columns=40, **k))
    assert json.loads(screen) == value
    # The comma behind an element belongs to the line.
    assert max(len(line) for line in screen.splitlines()) <= 41


# Errors in the form what, why, do this


def test_a_method_that_nobody_offers(broker, uid):
    finished = run_rembus("call", f"nobody{uid}", url=broker.url)
    assert finished.returncode == 5
    assert finished.stderr == (
        f"rembus: no component offers method `nobody{uid}` (42). Check the name, or start its provider\n")


def test_a_target_that_is_not_known(broker, uid):
    finished = run_rembus("call", "rid", "--target", f"nobody{uid}", url=broker.url)
    assert finished.returncode == 5 and "does not know" in finished.stderr and "(45)" in finished.stderr


@pytest.mark.parametrize("command", [["pub", "t", "1"], ["call", "rid"], ["sub", "t"], ["query", "t"]])
def test_a_name_that_cannot_be_is_named_as_it_was_typed(command):
    finished = run_rembus(*command, "--name", "../x")
    assert finished.returncode == 64
    assert finished.stderr.startswith("rembus: invalid name `../x`: it has a `..`")
    assert "ws:///" not in finished.stderr
