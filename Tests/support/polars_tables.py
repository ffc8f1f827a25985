"""Writes Tests/DataFramesTests/Text/PolarsTables.swift: frames as Arrow streams, and how Polars prints them.

    python Tests/support/polars_tables.py > Tests/DataFramesTests/Text/PolarsTables.swift
"""

import base64
import datetime as dt
import io

import polars as pl

TIME = dt.datetime(2026, 11, 22, 21, 30)


def frames() -> dict[str, pl.DataFrame]:
    return {
        "integers": pl.DataFrame(
            {
                "i8": pl.Series([-128, None, 127], dtype=pl.Int8),
                "u64": pl.Series([0, 2**64 - 1, None], dtype=pl.UInt64),
                "i64": [-(2**63), 0, 1_234_567],
                "flag": [True, False, None],
            }
        ),
        "floats": pl.DataFrame(
            {
                "a": [1.0, -0.0, 1234567.5, 1e-7, 0.1 + 0.2],
                "b": [123456.789012345, 1e10, 1.23456789, -1234567890.123, 12.5],
                "c": [float("nan"), float("inf"), float("-inf"), 1e300, 5e-324],
                "d": [999999.0, 1000000.0, 1e15, 0.000001234567, 100.1],
            }
        ),
        "single floats": pl.DataFrame({"f32": pl.Series([0.1, 1.5, 1e20], dtype=pl.Float32)}),
        "texts": pl.DataFrame(
            {
                "text": ["short", "a longer text that is more than thirty characters", "", None],
                "日本": ["日本語テキスト", "é", "naïve 👍", "x"],
            }
        ),
        "times": pl.DataFrame(
            {
                "date": [dt.date(2026, 11, 22), None],
                "datetime": [TIME, TIME + dt.timedelta(microseconds=1)],
                "utc": pl.Series([TIME, TIME + dt.timedelta(milliseconds=500)]).dt.replace_time_zone("UTC"),
            }
        ),
        "more times": pl.DataFrame(
            {
                "time": [dt.time(21, 30, 0, 5), dt.time(1, 2, 3)],
                "duration": [dt.timedelta(days=1, hours=2, seconds=5, microseconds=7), dt.timedelta(0)],
                "negative": [dt.timedelta(days=-1, hours=-2), dt.timedelta(milliseconds=-1500)],
                "ns": pl.Series([1_000_000_001, 60_000_000_000], dtype=pl.Duration("ns")),
                "ms": pl.Series([1, 3_600_000], dtype=pl.Datetime("ms")),
            }
        ),
        "nested": pl.DataFrame(
            {
                "list": [[1, 2], [1, 2, 3, 4, 5], None, []],
                "texts": [["a", "b"], [None, "x"], ["q"], ["a", "b", "c"]],
                "struct": [{"a": 1, "b": "x"}, {"a": None, "b": "y"}, {"a": 2, "b": None}, {"a": 3, "b": ""}],
            }
        ),
        "others": pl.DataFrame(
            {
                "cat": pl.Series(["x", "y"], dtype=pl.Categorical),
                "enum": pl.Series(["x", "y"], dtype=pl.Enum(["x", "y"])),
                "null": [None, None],
                "decimal": pl.Series(["1.50", "-2"]).cast(pl.Decimal(10, 2)),
                "array": pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int64, 2)),
                "bytes": [b"abc\x00", b"\n\xff~"],
            }
        ),
        "many": pl.DataFrame(
            {f"column{i}": pl.Series([n % 100 for n in range(1001)], dtype=pl.Int8) for i in range(10)}
        ),
        "eleven rows": pl.DataFrame({"n": list(range(11))}),
        "no rows": pl.DataFrame({"x": [], "y": []}, schema={"x": pl.Int64, "y": pl.String}),
        "nothing": pl.DataFrame(),
        "wide": pl.DataFrame(
            {
                "date": [dt.date(2026, 1, 1), None],
                "datetime": [dt.datetime(2026, 1, 1, 10, 0, 0, 500), dt.datetime(2026, 1, 1, 10, 0, 0, 500000)],
                "first": pl.Series([TIME, TIME]).dt.replace_time_zone("UTC"),
                "second": pl.Series([TIME, TIME]).dt.replace_time_zone("UTC"),
                "text": ["a text with several words in it", "x"],
                "duration": [dt.timedelta(days=1, hours=2, seconds=5, microseconds=7), dt.timedelta(0)],
            }
        ),
    }


def stream(frame: pl.DataFrame) -> str:
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer)
    return base64.b64encode(buffer.getvalue()).decode()


def main() -> None:
    print(f"// Made by Tests/support/polars_tables.py with Polars {pl.__version__}.")
    print()
    print("/// Frames, and how Polars prints them.")
    print("let polarsTables: [(name: String, stream: String, text: String)] = [")
    for name, frame in frames().items():
        print("    (")
        print(f'        "{name}",')
        text = stream(frame)
        parts = [text[i : i + 100] for i in range(0, len(text), 100)]
        print("        \"\"\"")
        for part in parts:
            print(f"        {part}\\")
        print("")
        print("        \"\"\",")
        print("        #\"\"\"")
        for line in str(frame).splitlines():
            print(f"        {line}")
        print("        \"\"\"#")
        print("    ),")
    print("]")


if __name__ == "__main__":
    main()
