"""Frames of Polars and pandas, as components send them, and what these read of ours."""

import datetime as dt
import io
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from probe import SAME, probe, stream_of, table_of

_NOW = dt.datetime(2026, 11, 22, 21, 30, 0, 123456)

POLARS = {
    **{str(t): pl.Series([0, 1, None, 127], dtype=t)
       for t in (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Float32, pl.Float64)},
    "Boolean": pl.Series([True, None, False]),
    "String": pl.Series(["", "ab", None, "longer than twelve bytes"]),
    "Binary": pl.Series([b"", b"ab", None, b"longer than twelve bytes"]),
    "Null": pl.Series([None, None], dtype=pl.Null),
    "Date": pl.Series([dt.date(2026, 11, 22), None]),
    "Time": pl.Series([dt.time(21, 30, 0, 5), None]),
    **{f"Datetime_{u}": pl.Series([_NOW, None], dtype=pl.Datetime(u)) for u in ("ms", "us", "ns")},
    "Datetime_utc": pl.Series([_NOW, None], dtype=pl.Datetime("us")).dt.replace_time_zone("UTC"),
    "Datetime_zone": pl.Series([_NOW, None], dtype=pl.Datetime("us")).dt.replace_time_zone("Europe/Berlin"),
    **{f"Duration_{u}": pl.Series([dt.timedelta(seconds=5), None], dtype=pl.Duration(u)) for u in ("ms", "us", "ns")},
    "Decimal": pl.Series([Decimal("1.25"), None, Decimal("-3.50")], dtype=pl.Decimal(38, 2)),
    "List": pl.Series([[1, 2], None, [], [None]], dtype=pl.List(pl.Int64)),
    "Array": pl.Series([[1, 2], None, [3, None]], dtype=pl.Array(pl.Int32, 2)),
    "Struct": pl.Series([{"a": 1, "b": "x"}, {"a": None, "b": "y"}, {"a": 2, "b": None}]),
    "ListOfStructs": pl.Series([[{"a": 1, "b": ["x"]}], None, []], dtype=pl.List(pl.Struct({"a": pl.Int64, "b": pl.List(pl.String)}))),
    "Categorical": pl.Series(["red", "green", None, "red"], dtype=pl.Categorical),
    "Enum": pl.Series(["low", "high", None], dtype=pl.Enum(["low", "mid", "high"])),
    "ListOfCategoricals": pl.Series([["red"], None, ["green", "red"]], dtype=pl.List(pl.Categorical)),
}


def write_polars(frame, **options):
    sink = io.BytesIO()
    frame.write_ipc_stream(sink, **options)
    return sink.getvalue()


@pytest.mark.parametrize("name", POLARS)
@pytest.mark.parametrize("mode", SAME)
def test_polars(name, mode):
    frame = pl.DataFrame({name: POLARS[name]})
    for expected in (frame, pl.concat([frame, frame.reverse()], rechunk=False), frame.clear()):
        for level in (pl.CompatLevel.oldest(), pl.CompatLevel.newest()):
            assert_frame_equal(pl.read_ipc_stream(probe(write_polars(expected, compat_level=level), mode)), expected)


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_polars_compressed(compression):
    frame = pl.DataFrame({"n": range(5000), "t": [f"value {n % 7}" for n in range(5000)]})
    assert_frame_equal(pl.read_ipc_stream(probe(write_polars(frame, compression=compression), "rewrite")), frame)


@pytest.mark.parametrize("name", POLARS)
def test_polars_slices(name):
    frame = pl.concat([pl.DataFrame({"row": range(len(POLARS[name])), name: POLARS[name]})] * 40, rechunk=True)
    assert_frame_equal(pl.read_ipc_stream(probe(write_polars(frame), "slice", 3, 61)), frame.slice(3, 58))
    assert_frame_equal(pl.read_ipc_stream(probe(write_polars(frame), "pieces", 9)), frame)


def test_polars_without_columns():
    assert_frame_equal(pl.read_ipc_stream(probe(write_polars(pl.DataFrame()), "rewrite")), pl.DataFrame())


def test_polars_reads_replaced_dictionaries():
    first = pa.array(["a", "b", None]).dictionary_encode()
    second = pa.array(["z", "a", "z"]).dictionary_encode()
    table = pa.table({"d": pa.chunked_array([first, second])})
    assert pl.read_ipc_stream(probe(stream_of(table), "rewrite"))["d"].to_list() == ["a", "b", None, "z", "a", "z"]


PANDAS = {
    **{t: pd.Series([0, 1, 127], dtype=t)
       for t in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64", "bool")},
    **{t: pd.Series([0, 1, None], dtype=t) for t in ("Int8", "Int64", "UInt32", "Float64", "boolean")},
    "nan": pd.Series([0.5, np.nan, np.inf]),
    "str": pd.Series(["a", None, "longer than twelve bytes"], dtype="str"),
    "string": pd.Series(["a", None, "b"], dtype="string"),
    "object": pd.Series(["a", None, "b"], dtype="object"),
    "bytes": pd.Series([b"a", None, b"b"], dtype="object"),
    "datetime": pd.Series([pd.Timestamp(_NOW), pd.NaT]),
    "datetime_utc": pd.Series([pd.Timestamp(_NOW, tz="UTC"), pd.NaT]),
    "datetime_ns": pd.Series([pd.Timestamp(_NOW), pd.NaT]).astype("datetime64[ns]"),
    "timedelta": pd.Series([pd.Timedelta(seconds=5), pd.NaT]),
    "category": pd.Series(["red", None, "green", "red"], dtype="category"),
    "ordered": pd.Series(pd.Categorical(["low", "high"], ["low", "mid", "high"], ordered=True)),
    "date": pd.Series([dt.date(2026, 11, 22), None]),
    "decimal": pd.Series([Decimal("1.25"), None]),
}


@pytest.mark.parametrize("name", PANDAS)
@pytest.mark.parametrize("mode", SAME)
def test_pandas(name, mode):
    frame = pd.DataFrame({name: PANDAS[name]})
    for expected in (frame, frame.iloc[0:0], frame.iloc[1:], frame.set_index(pd.Index(range(10, 10 + len(frame)), name="key"))):
        table = pa.Table.from_pandas(expected)
        # What pandas makes of a stream that nobody touched: without rows, for example, categories are not in it.
        untouched = table_of(stream_of(table))
        result = table_of(probe(stream_of(table), mode))
        assert result.schema.metadata == table.schema.metadata
        # A rebuilt dictionary has the categories that occur, and no others.
        strict = mode != "rebuild" or name not in ("category", "ordered")
        pd.testing.assert_frame_equal(result.to_pandas(), untouched.to_pandas(), check_categorical=strict)


def test_empty_pandas_frames_keep_categories_that_were_sent():
    table = pa.Table.from_pandas(pd.DataFrame({"c": PANDAS["ordered"]}))
    sliced = table_of(probe(stream_of(table), "slice", 0, 0)).to_pandas()
    assert list(sliced["c"].dtype.categories) == ["low", "mid", "high"]
