"""An array of every Arrow type that frames can have, each with nulls and with values at the edges."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa

_INTEGERS = {
    f"{'u' if unsigned else ''}int{bits}": (0 if unsigned else -(2 ** (bits - 1)), 2 ** (bits - (0 if unsigned else 1)) - 1)
    for unsigned in (False, True) for bits in (8, 16, 32, 64)
}
_TEXTS = ["", "a", None, "twelve bytes", "thirteen byte", "Grüße, 世界 🌍", "x" * 300]
_BYTES = [b"", b"\x00\xff", None, b"twelve bytes", b"thirteen byte", bytes(range(256))]
_TIMES = [0, 1, None, -1, 86_399, 1_700_000_000]


def _dictionary(indices, values, index_type, ordered=False):
    return pa.DictionaryArray.from_arrays(pa.array(indices, index_type), values, ordered=ordered)


def _samples():
    for name, (low, high) in _INTEGERS.items():
        yield name, pa.array([low, high, None, 0, 1], getattr(pa, name)())
    yield "float16", pa.array(np.array([0, 1.5, -2, 65504, 6e-8, np.inf, np.nan], np.float16), mask=np.arange(7) == 2)
    yield "float32", pa.array([0.1, -0.0, None, float("inf"), float("nan"), 3.4e38], pa.float32())
    yield "float64", pa.array([0.1, -0.0, None, float("-inf"), float("nan"), 5e-324], pa.float64())
    yield "bool", pa.array([True, False, None, True, True, False, None])
    yield "null", pa.nulls(5)
    for name in ("string", "large_string", "string_view"):
        yield name, pa.array(_TEXTS, getattr(pa, name)())
    for name in ("binary", "large_binary", "binary_view"):
        yield name, pa.array(_BYTES, getattr(pa, name)())
    yield "fixed_binary", pa.array([b"abc", None, b"\x00\x01\x02"], pa.binary(3))
    yield "empty_fixed_binary", pa.array([b"", None, b""], pa.binary(0))
    yield "date32", pa.array([dt.date(1970, 1, 1), None, dt.date(1, 1, 1), dt.date(9999, 12, 31)], pa.date32())
    yield "date64", pa.array([dt.date(1970, 1, 1), None, dt.date(1, 1, 1), dt.date(9999, 12, 31)], pa.date64())
    for unit in ("s", "ms"):
        yield f"time32_{unit}", pa.array([0, 1, None, 86_399], pa.time32(unit))
    for unit in ("us", "ns"):
        yield f"time64_{unit}", pa.array([0, 1, None, 86_399_999_000], pa.time64(unit))
    for unit in ("s", "ms", "us", "ns"):
        yield f"timestamp_{unit}", pa.array(_TIMES, pa.timestamp(unit))
        yield f"timestamp_{unit}_utc", pa.array(_TIMES, pa.timestamp(unit, "UTC"))
        yield f"duration_{unit}", pa.array(_TIMES, pa.duration(unit))
    yield "timestamp_zone", pa.array(_TIMES, pa.timestamp("us", "Europe/Berlin"))
    yield "interval", pa.array([(1, -2, 3), None, (-100, 0, 10**15)], pa.month_day_nano_interval())
    yield "decimal128", pa.array([Decimal("-1.50"), None, Decimal("9" * 36 + ".99"), Decimal("0.01")], pa.decimal128(38, 2))
    yield "decimal128_whole", pa.array([Decimal(-(2**64)), None, Decimal(0)], pa.decimal128(38, 0))
    yield "decimal256", pa.array([Decimal("-" + "9" * 66 + ".1234567890"), None, Decimal("1.5")], pa.decimal256(76, 10))
    yield from _nested()
    yield from _dictionaries()


def _nested():
    lists = [[1, 2], None, [], [3, None, 4], [None]]
    yield "list", pa.array(lists, pa.list_(pa.int32()))
    yield "large_list", pa.array(lists, pa.large_list(pa.int64()))
    yield "fixed_list", pa.array([[1, 2], None, [3, None]], pa.list_(pa.int16(), 2))
    yield "list_of_text", pa.array([["a", "bb"], None, [], [None, "x" * 50]], pa.list_(pa.string()))
    yield "list_of_views", pa.array([["a", "b" * 20], None, [], [None, "x" * 50]], pa.list_(pa.string_view()))
    yield "list_of_lists", pa.array([[[1], [2, 3]], None, [], [None, []]], pa.large_list(pa.list_(pa.float64())))
    yield "list_of_bools", pa.array([[True, False, None], None, [True] * 9], pa.list_(pa.bool_()))
    yield "list_of_nulls", pa.array([[None, None], None, []], pa.list_(pa.null()))
    yield "fixed_list_of_bools", pa.array([[True, False, None], None, [True] * 3], pa.list_(pa.bool_(), 3))
    point = pa.struct([("x", pa.float64()), ("label", pa.string()), ("ok", pa.bool_())])
    points = [{"x": 1.5, "label": "a", "ok": True}, None, {"x": None, "label": None, "ok": None}, {"x": -1, "label": "b", "ok": False}]
    yield "struct", pa.array(points, point)
    yield "struct_of_nothing", pa.array([{}, None, {}], pa.struct([]))
    yield "list_of_structs", pa.array([points[:1] * 3, None, [], points], pa.list_(point))
    deep = pa.struct([("path", pa.large_list(point)), ("at", pa.timestamp("ms")), ("size", pa.list_(pa.int8(), 3))])
    yield "deep", pa.array([{"path": points, "at": 5, "size": [1, 2, 3]}, None, {"path": None, "at": None, "size": None}], deep)
    yield "map", pa.array([[("a", 1), ("b", None)], None, []], pa.map_(pa.string(), pa.int64()))
    yield "sorted_map", pa.array([[(1, ["x"]), (2, None)], None, []], pa.map_(pa.int32(), pa.list_(pa.string()), keys_sorted=True))


def _dictionaries():
    for index_type in (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()):
        yield f"dictionary_{index_type}", _dictionary([0, 1, None, 0], pa.array(["red", "green"]), index_type)
    yield "ordered_dictionary", _dictionary([1, 0, None], pa.array(["low", "high"], pa.large_string()), pa.int8(), ordered=True)
    yield "dictionary_of_views", _dictionary([1, 0, None], pa.array(["low", "a quite long name"], pa.string_view()), pa.uint32())
    yield "dictionary_of_numbers", _dictionary([1, 0, None], pa.array([1.5, None]), pa.int32())
    inner = pa.array(["k", "v", "k", None]).dictionary_encode()
    yield "list_of_dictionaries", pa.ListArray.from_arrays([0, 2, None, 3, 4], inner)
    yield "struct_of_dictionaries", pa.StructArray.from_arrays([inner, pa.array([1, 1, 2, 2]).dictionary_encode()], ["a", "b"])
    nested = pa.StructArray.from_arrays([inner, pa.array([1, 2, 3, 4])], ["name", "number"])
    yield "dictionary_of_structs", _dictionary([3, 0, None, 3], nested, pa.int16())


SAMPLES = dict(_samples())


def table(name, repeat=1):
    """A table with the sample, `repeat` times one behind another in one chunk, beside a column of row numbers."""
    array = pa.concat_arrays([SAMPLES[name]] * repeat) if repeat > 1 else SAMPLES[name]
    return pa.table({"row": pa.array(range(len(array)), pa.int64()), name: array})
