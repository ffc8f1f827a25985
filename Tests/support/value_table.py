"""The right value of every kind of column for values at the edges, whichever way they come.

A case has the value in the forms of the paths that can carry it: for CBOR, as a JSON text, as a column of a frame, as a field
of a CSV file; and what DuckDB shows of it as text, or REJECTED, or None for null.
"""

import datetime as dt
import decimal
import uuid
from dataclasses import dataclass, field
from typing import Any

import cbor2
import polars as pl
import pyarrow as pa

REJECTED = object()
ABSENT = object()

BERLIN = dt.timezone(dt.timedelta(hours=2))
STAMP = dt.datetime(2026, 3, 29, 1, 0, 0, tzinfo=dt.timezone.utc)
ID = uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
D = decimal.Decimal


@dataclass
class Case:
    type: str
    right: Any
    cbor: Any = ABSENT
    json: str | None = None
    frame: Any = None
    csv: str | None = None
    epoch: str | None = None
    forms: dict = field(default_factory=dict)


def number(type, text, right, csv=True, **more):
    """A number that JSON and CSV write alike."""
    more.setdefault("cbor", int(text) if text.lstrip("-").isdigit() else float(text))
    return Case(type, right, json=text, csv=text if csv else None, **more)


def arrow(values, type):
    return pa.array(values, type)


def stamps(type, right_utc, right_naive):
    """The same instant in every form."""
    return [
        Case(type, right_utc, cbor="2026-03-29T03:00:00+02:00", json='"2026-03-29T03:00:00+02:00"',
             csv="2026-03-29T03:00:00+02:00"),
        Case(type, right_utc, cbor=dt.datetime(2026, 3, 29, 3, 0, tzinfo=BERLIN), json='"2026-03-29T01:00:00Z"',
             frame=pl.Series([STAMP]).dt.convert_time_zone("Europe/Berlin")),
        Case(type, right_naive, cbor="2026-03-29 03:00:00", json='"2026-03-29 03:00:00"', csv="2026-03-29 03:00:00",
             frame=pl.Series([dt.datetime(2026, 3, 29, 3)])),
        Case(type, right_naive, frame=pl.Series([dt.datetime(2026, 3, 29, 3)]).cast(pl.Datetime("ns"))),
        Case(type, right_naive, frame=pl.Series([dt.datetime(2026, 3, 29, 3)]).cast(pl.Datetime("ms"))),
        Case(type, right_naive, frame=arrow([dt.datetime(2026, 3, 29, 3)], pa.timestamp("s"))),
        Case(type, right_naive, frame=pl.Series(["2026-03-29 03:00:00"])),
        Case(type, REJECTED, cbor="yesterday", json='"yesterday"', frame=pl.Series(["yesterday"])),
        Case(type, REJECTED, cbor=5, json="5", frame=pl.Series([5])),
    ]


def cases() -> list[Case]:
    found = []
    for type, low, high in [
        ("TINYINT", -128, 127), ("SMALLINT", -(2**15), 2**15 - 1), ("INTEGER", -(2**31), 2**31 - 1),
        ("BIGINT", -(2**63), 2**63 - 1), ("UTINYINT", 0, 255), ("USMALLINT", 0, 2**16 - 1), ("UINTEGER", 0, 2**32 - 1),
        ("UBIGINT", 0, 2**64 - 1), ("HUGEINT", -(10**38) + 1, 10**38 - 1), ("UHUGEINT", 0, 10**38 - 1),
    ]:
        small = pa.int64() if -(2**63) <= low and high < 2**63 else pa.uint64() if high < 2**64 else pa.decimal128(38, 0)
        found += [
            number(type, str(high), str(high), frame=arrow([high if small != pa.decimal128(38, 0) else D(high)], small)),
            number(type, str(low), str(low)), number(type, str(high + 1), REJECTED), number(type, str(low - 1), REJECTED),
            number(type, "21.0", "21", frame=pl.Series([21.0])), number(type, "21.5", REJECTED, frame=pl.Series([21.5])),
            Case(type, "1", cbor=True, json="true", frame=pl.Series([True])),
            Case(type, "7", cbor="7", json='"7"', frame=pl.Series(["7"])),
            Case(type, REJECTED, cbor="7.5", json='"7.5"', frame=pl.Series(["7.5"])),
            Case(type, REJECTED, cbor="x", json='"x"', frame=pl.Series(["x"])),
            Case(type, "12", cbor=D("12.00"), json="12.00", frame=pl.Series([D("12.00")])),
            Case(type, REJECTED, cbor=D("12.50"), frame=pl.Series([D("12.50")])),
            Case(type, None, cbor=None, json="null", csv="", frame=pl.Series([None], dtype=pl.Int32)),
        ]
    found += [
        number("BIGINT", "9007199254740993", "9007199254740993"), number("HUGEINT", "9007199254740993", "9007199254740993"),
        number("HUGEINT", "12345678901234567890123", "12345678901234567890123"),
        number("DECIMAL(38,0)", "12345678901234567890123", "12345678901234567890123"),
        number("DECIMAL(38,0)", "-12345678901234567890123", "-12345678901234567890123"),
        number("TEXT", "12345678901234567890123", "12345678901234567890123"),
        number("DECIMAL(20,6)", "12345678901234.567891", "12345678901234.567891", cbor=D("12345678901234.567891"),
               frame=pl.Series([D("12345678901234.567891")])),
        number("TEXT", "12345678901234.567891", "12345678901234.567891", cbor=D("12345678901234.567891")),
        number("DOUBLE", "12345678901234.567891", "12345678901234.568", cbor=D("12345678901234.567891")),
        number("DOUBLE", "12345678901234567890123", "1.2345678901234568e+22"),
        number("JSON", "12345678901234.567891", "12345678901234.567891", cbor=D("12345678901234.567891")),
        number("DECIMAL(10,2)", "21.6", "21.60", frame=pl.Series([21.6])),
        number("DECIMAL(10,2)", "1.005", REJECTED, frame=pl.Series([1.005])),
        number("DECIMAL(10,2)", "100000000", REJECTED), number("DECIMAL(10,2)", "-0.01", "-0.01", frame=pl.Series([-0.01])),
        Case("DECIMAL(10,2)", "0.10", frame=pl.Series([0.1], dtype=pl.Float32)),
        Case("DECIMAL(10,2)", "1.50", frame=arrow([1.5], pa.float16())),
        Case("DECIMAL(10,2)", "1200.00", frame=arrow([D("1200")], pa.decimal128(4, -2))),
        Case("DECIMAL(10,2)", "1.25", frame=arrow([D("1.25")], pa.decimal256(50, 10))),
        Case("DECIMAL(10,2)", REJECTED, frame=arrow([D("1.255")], pa.decimal256(50, 10))),
        Case("DECIMAL(10,2)", "12.50", cbor=D("12.5"), json='"12.5"', csv="12.5"),
        Case("TEXT", "12345678901234567890123456789012345678901234567890",
             frame=arrow([D("12345678901234567890123456789012345678901234567890")], pa.decimal256(60, 0))),
        Case("DOUBLE", "1.5", frame=arrow([1.5], pa.float16())), Case("FLOAT", "1.5", frame=arrow([1.5], pa.float16())),
        Case("DOUBLE", "nan", cbor=float("nan"), frame=pl.Series([float("nan")]), csv="NaN"),
        Case("DOUBLE", "-inf", cbor=float("-inf"), frame=pl.Series([float("-inf")]), csv="-inf"),
        number("DOUBLE", "-0.0", "-0.0", frame=pl.Series([-0.0])), number("DOUBLE", "5e-324", "5e-324"),
        number("FLOAT", "0.1", "0.1", frame=pl.Series([0.1])), number("FLOAT", "1e300", REJECTED, frame=pl.Series([1e300])),
        Case("DOUBLE", "0.1", cbor=D("0.1"), json='"0.1"', frame=pl.Series([D("0.1")])),
        Case("BOOLEAN", "true", cbor=True, json="true", frame=pl.Series([True]), csv="true"),
        number("BOOLEAN", "1", "true", frame=pl.Series([1])), number("BOOLEAN", "0", "false", frame=pl.Series([0])),
        number("BOOLEAN", "5", REJECTED, frame=pl.Series([5])), number("BOOLEAN", "0.5", REJECTED, frame=pl.Series([0.5])),
        number("BOOLEAN", "-1", REJECTED), number("BOOLEAN", "12345678901234567890123", REJECTED),
        Case("BOOLEAN", "false", cbor="no", json='"no"', frame=pl.Series(["no"]), csv="no"),
        # Texts
        Case("TEXT", "", cbor="", json='""', frame=pl.Series([""])),
        Case("TEXT", "it's", cbor="it's", json='"it\'s"', frame=pl.Series(["it's"], dtype=pl.Categorical)),
        Case("TEXT", '["it\'s",null,"a, b"]', cbor=["it's", None, "a, b"], json='["it\'s",null,"a, b"]',
             frame=pl.Series([["it's", None, "a, b"]])),
        Case("TEXT", '{"a":1,"b":"x"}', cbor={"a": 1, "b": "x"}, json='{"a":1,"b":"x"}', frame=pl.Series([{"a": 1, "b": "x"}])),
        Case("JSON", '{"a":[1,2.5,null]}', cbor={"a": [1, 2.5, None]}, json='{"a":[1,2.5,null]}',
             frame=pl.Series([{"a": [1.0, 2.5, None]}]).map_elements(lambda _: '{"a":[1,2.5,null]}', return_dtype=pl.String)),
        Case("JSON", REJECTED, cbor="{", json='"{"', frame=pl.Series(["{"])),
        Case("TEXT", "007", cbor="007", json='"007"', csv="007"), Case("TEXT", "1.0", cbor="1.0", json='"1.0"', csv="1.0"),
        Case("TEXT", "true", cbor=True, json="true", frame=pl.Series([True])),
        Case("TEXT", "21.5", cbor=21.5, json="21.5", frame=pl.Series([21.5])),
        Case("TEXT", "0.1", frame=pl.Series([0.1], dtype=pl.Float32)),
        Case("TEXT", "2026-03-29", frame=pl.Series([dt.date(2026, 3, 29)])),
        Case("TEXT", "2026-03-29 01:00:00+00", frame=pl.Series([STAMP])),
        Case("TEXT", "23:59:59.999999", frame=pl.Series([dt.time(23, 59, 59, 999999)])),
        # Bytes and ids
        Case("BLOB", "\\x00\\xFF", cbor=b"\x00\xff", frame=pl.Series([b"\x00\xff"])),
        Case("BLOB", "", cbor=b"", frame=pl.Series([b""])), Case("BLOB", "ab", cbor="ab", json='"ab"', frame=pl.Series(["ab"])),
        Case("BLOB", "abcd", frame=arrow([b"abcd"], pa.binary(4))), Case("BLOB", REJECTED, cbor=5, json="5", frame=pl.Series([5])),
        Case("UUID", str(ID), cbor=ID, json=f'"{ID}"', frame=pl.Series([str(ID)]), csv=str(ID)),
        Case("UUID", str(ID), cbor=ID.bytes, frame=arrow([ID.bytes], pa.binary(16))),
        Case("UUID", REJECTED, cbor="x", json='"x"', frame=pl.Series(["x"])),
    ]
    # Times
    found += stamps("TIMESTAMP", "2026-03-29 01:00:00", "2026-03-29 03:00:00")
    found += stamps("TIMESTAMPTZ", "2026-03-29 01:00:00+00", "2026-03-29 03:00:00+00")
    found += stamps("TIMESTAMP_S", "2026-03-29 01:00:00", "2026-03-29 03:00:00")
    found += stamps("TIMESTAMP_MS", "2026-03-29 01:00:00", "2026-03-29 03:00:00")
    found += stamps("TIMESTAMP_NS", "2026-03-29 01:00:00", "2026-03-29 03:00:00")
    found += stamps("DATE", "2026-03-29", "2026-03-29")
    found += [
        Case("DATE", "2026-03-28", cbor="2026-03-29T01:00:00+02:00", json='"2026-03-29T01:00:00+02:00"',
             frame=pl.Series([dt.datetime(2026, 3, 28, 23, tzinfo=dt.timezone.utc)])),
        Case("DATE", "5881580-07-10", cbor="5881580-07-10", json='"5881580-07-10"', csv="5881580-07-10"),
        Case("DATE", REJECTED, cbor="5881580-07-11", json='"5881580-07-11"', frame=pl.Series(["5881580-07-11"])),
        Case("DATE", "2026-03-29", cbor=dt.date(2026, 3, 29), frame=pl.Series([dt.date(2026, 3, 29)])),
        Case("TIMESTAMP", "infinity", cbor="infinity", json='"infinity"', csv="infinity"),
        Case("TIMESTAMP_NS", "2026-03-29 01:00:00.123456789", cbor="2026-03-29T01:00:00.123456789",
             json='"2026-03-29T01:00:00.123456789"', frame=arrow([1774746000123456789], pa.timestamp("ns"))),
        Case("TIMESTAMP", "2026-03-29 01:00:00.123456", cbor="2026-03-29T01:00:00.123456789",
             json='"2026-03-29T01:00:00.123456789"', frame=arrow([1774746000123456789], pa.timestamp("ns"))),
        Case("TIMESTAMP_MS", "2026-03-29 01:00:00.124", cbor="2026-03-29T01:00:00.1235",
             json='"2026-03-29T01:00:00.1235"', frame=arrow([1774746000123500], pa.timestamp("us"))),
        Case("TIME", "23:59:59.999999", cbor="23:59:59.999999999", json='"23:59:59.999999999"',
             frame=arrow([86399999999999], pa.time64("ns")), csv="23:59:59.999999999"),
        Case("TIME", "24:00:00", cbor="24:00:00", json='"24:00:00"'),
        Case("TIME", "10:00:00", cbor="12:00:00+02", json='"12:00:00+02"', csv="12:00:00+02"),
        Case("TIME", REJECTED, cbor="25:00", json='"25:00"', frame=pl.Series(["25:00"])),
        Case("TIMETZ", "10:00:00+00", cbor="12:00:00+02", json='"12:00:00+02"', csv="12:00:00+02", frame=pl.Series(["12:00:00+02"])),
        Case("TIMETZ", "22:30:00+00", cbor="00:30:00+02", json='"00:30:00+02"', csv="00:30:00+02"),
        Case("INTERVAL", "-01:00:00", cbor="-1 hour", json='"-1 hour"', csv="-1 hour", frame=pl.Series([dt.timedelta(hours=-1)])),
        Case("INTERVAL", "1 year 1 month 2 days 03:00:00", cbor="13 months 2 days 3 hours",
             json='"13 months 2 days 3 hours"', csv="13 months 2 days 3 hours"),
        Case("INTERVAL", REJECTED, cbor="soon", json='"soon"', frame=pl.Series(["soon"])),
        # Numbers that count time
        number("TIMESTAMP", "1774746000", "2026-03-29 01:00:00", epoch="s", frame=pl.Series([1774746000])),
        number("TIMESTAMP", "1774746000.25", "2026-03-29 01:00:00.25", epoch="s", frame=pl.Series([1774746000.25])),
        number("TIMESTAMP", "-1", "1969-12-31 23:59:59", epoch="s"),
        number("TIMESTAMPTZ", "1774746000123", "2026-03-29 01:00:00.123+00", epoch="ms", frame=pl.Series([1774746000123])),
        number("TIMESTAMP_MS", "1774746000123456", "2026-03-29 01:00:00.123", epoch="us"),
        number("TIMESTAMP_NS", "1774746000123456789", "2026-03-29 01:00:00.123456789", epoch="ns",
               frame=pl.Series([1774746000123456789])),
        Case("TIMESTAMP", "2026-03-29 01:00:00", epoch="s", cbor="2026-03-29T03:00:00+02:00", json='"2026-03-29T03:00:00+02:00"',
             frame=pl.Series([STAMP])),
        Case("TIMESTAMP", REJECTED, epoch="s", cbor=1e300, json="1e300", frame=pl.Series([1e300])),
        # Nested
        Case("FLOAT[]", "[1.5, NULL, 2.0]", cbor=[1.5, None, 2], json="[1.5,null,2]", csv="[1.5,null,2]",
             frame=pl.Series([[1.5, None, 2.0]])),
        Case("FLOAT[]", "[]", cbor=[], json="[]", frame=pl.Series([[]], dtype=pl.List(pl.Float32))),
        Case("FLOAT[]", None, cbor=None, json="null", frame=pl.Series([None], dtype=pl.List(pl.Float32))),
        Case("FLOAT[]", REJECTED, cbor=5, json="5", frame=pl.Series([5])),
        Case("INTEGER[]", REJECTED, cbor=[1.5], json="[1.5]", frame=pl.Series([[1.5]])),
        Case("INTEGER[]", "[1, 2]", cbor=[1, 2], json="[1,2]", frame=pl.Series([[1.0, 2.0]])),
        Case("TEXT[]", "[a, NULL, '']", cbor=["a", None, ""], json='["a",null,""]', frame=pl.Series([["a", None, ""]])),
        Case("INTEGER[][]", "[[1], [], NULL]", cbor=[[1], [], None], json="[[1],[],null]", frame=pl.Series([[[1], [], None]])),
        Case("STRUCT(x DOUBLE, label TEXT)", "{'x': 1.5, 'label': a}", cbor={"x": 1.5, "label": "a", "more": 1},
             json='{"label":"a","x":1.5}', csv='{"label":"a","x":1.5}', frame=pl.Series([{"x": 1.5, "label": "a"}])),
        Case("STRUCT(x DOUBLE, label TEXT)", "{'x': NULL, 'label': b}", cbor={"LABEL": "b"}, json='{"label":"b"}',
             frame=pl.Series([{"label": "b"}])),
        Case("STRUCT(x DOUBLE, label TEXT)", REJECTED, cbor={"x": "warm"}, json='{"x":"warm"}', frame=pl.Series([{"x": "warm"}])),
        Case("MAP(TEXT, DOUBLE)", "{a=1.5, b=NULL}", cbor={"a": 1.5, "b": None}, json='{"a":1.5,"b":null}',
             csv='{"a":1.5,"b":null}', frame=arrow([[("a", 1.5), ("b", None)]], pa.map_(pa.string(), pa.float64()))),
        Case("MAP(INTEGER, TEXT)", "{1=a}", cbor={1: "a"}, json='{"1":"a"}'),
        Case("STRUCT(at TIMESTAMP, tags TEXT[], pos STRUCT(x DECIMAL(10,2), y HUGEINT), m MAP(TEXT, INTEGER[]))[]",
             "[{'at': '2026-03-29 01:00:00', 'tags': [a, b], 'pos': {'x': 1.50, 'y': 9007199254740993}, 'm': {k=[1, 2]}}]",
             cbor=[{"at": "2026-03-29T03:00:00+02:00", "tags": ["a", "b"], "pos": {"x": 1.5, "y": 2**53 + 1}, "m": {"k": [1, 2]}}],
             json='[{"at":"2026-03-29T03:00:00+02:00","tags":["a","b"],"pos":{"x":1.5,"y":9007199254740993},"m":{"k":[1,2]}}]',
             frame=pl.Series([[{"at": STAMP, "tags": ["a", "b"], "pos": {"x": 1.5, "y": 2**53 + 1}, "m": {"k": [1, 2]}}]])),
    ]
    return found
