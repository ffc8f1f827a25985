"""Writes duckdb_casts.tsv: what DuckDB makes of many values when it casts them to every type of a column.

Run it with the DuckDB version of the project installed: `python Tests/support/make_duckdb_casts.py`. The columns are the
type, the kind of the value (text, int, float, bool, bytes), the value as JSON, and the result in its physical form; `!` is an
error.
"""

import itertools
import json
import pathlib

import duckdb

INTEGERS = [
    0, 1, -1, 5, 12, 127, 128, -128, -129, 255, 256, 32767, 32768, -32768, -32769, 65535, 65536, 999, 1000, 99999,
    2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**32 - 1, 2**32, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 2**64 - 1,
    -(2**63) - 1, -(2**64), 2**64, 10**30, -(10**30), 10**37, 2**126,
]
FLOATS = [
    0.0, -0.0, 0.5, 1.5, 2.5, -0.5, -1.5, 0.4999, 21.5, 20.5, -21.5, 21.6, 980.0, 127.4, 127.6, 255.5, -128.4, 0.1, 1.005,
    1.015, 0.125, 9.995, 1e15, 1e16, 1e17, 123456789.125, 1e-4, 1e-5, 0.0001234, 1e20, 1e22, 1e38, 3.5e38, 1e100, -1e100,
    2147483646.5, 9007199254740993.0, 9.2e18, 9.3e18, 1.8e19, 5e-324, 1.7976931348623157e308, float("inf"), float("-inf"),
    float("nan"), 16777217.0, 3.4028235e38, 1 / 3, -2 / 3, 1.0, 100.0, 12345678901234567890.0,
]
NUMBERS = [
    "0", "1", "-1", "+12", "12", " 12 ", "\t12\n", "\x0b12", "12abc", "", " ", "1 2", "00012", "1_000", "1__0", "_1", "1_",
    "1_0.5", "0x1F", "0X1f", "0xG", "0x", "-0x1F", "0b11", "0B1", "0b2", "0x1_F", "0o17", "21.5", "20.5", "-20.5", "0.4999",
    "0.5", "-.5", ".5", "5.", ".", "-", "--1", "1e3", "1E2", "1e+2", "1e-1", "1.5e1", "15e-1", "25e-1", "1e", "1e+",
    "1e0.5", "12.e1", "1e400", "-1e400", "1e-400", "0e400", "1e10", "1e20", "127.4", "127.5", "-128.5", "-129", "255.4",
    "255.5", "256", "32767", "32768", "2147483647", "2147483647.4", "2147483647.5", "2147483648", "-2147483648",
    "-2147483648.4", "-2147483648.5", "9223372036854775807", "9223372036854775808", "9223372036854775807.5",
    "-9223372036854775808", "18446744073709551615", "18446744073709551616", "-0", "-0.4", "1,5", "0.125", "-0.125",
    "0.135", "999.994", "999.995", "99.5", "99.4", "0.49999999999999999999999999", "123456e-3", "1234567e-3",
    "99999999999999999999999999999999999999", "100000000000000000000000000000000000000",
    "0.00000000000000000000000000000000000000000001", "12345678901234567890123456789012345678901234567890",
    "1.5", "2.5", "3.14159265358979", "1.7976931348623157e308", "1.7976931348623159e308", "2.2250738585072014e-308",
    "4.9e-324", "0.1", "1e23", "9007199254740993", "16777217", "3.4028236e38", "1e39", "123456.789e3",
    "nan", "NaN", "inf", "-inf", "+inf", "Infinity", "-Infinity", "infinit",
]
BOOLEANS = ["true", "TRUE", "t", "T", "yes", "y", "false", "f", "no", "n", "N", "on", "off", "2", " true ", "truee"]
DATES = [
    "2020-01-02", "2020-1-2", "2020/01/02", "2020 01 02", "2020\\01\\02", "20200102", " 2020-01-02 ", "2020-01-02x",
    "2020-02-29", "2019-02-29", "2020-02-30", "2020-00-01", "2020-13-01", "-2020-01-02", "2020-01-02 (BC)", "0000-01-01",
    "0001-01-01", "infinity", "-infinity", "epoch", "Infinity", "12020-01-01", "5881580-07-10", "5881580-07-11",
    "-5877641-06-25", "-5877641-06-24", "02020-01-01", "20-01-02", "2020-01", "2020-01/02", "2020-013-02", "2020-01-023",
    "+2020-01-02", "1969-12-31", "1600-02-29", "1700-02-29", "9999-12-31", "2020-01-02T", "2020-01-02 ", "2020-01-02Z",
]
TIMES = [
    "10:11:12", "10:11", "10", "1:2:3", "24:00:00", "24:00:01", "23:59:60", "10:11:12.5", "10:11:12.1234567",
    "10:11:12.9999999", "10:11:12.123456789", "10:60:00", "-10:00:00", "10:11:12.", "101112", "10:1", "25:00:00",
    "10:11:12,5", "0:0:0", "23:59:59.999999",
]
SUFFIXES = [
    "", "Z", "z", " UTC", "UTC", "+02", "+02:30", "-0230", "+02:30:15", " +02:30", "+2", "+2:3", "+15:59", "-12:00", " ",
    "x", " x", " PM", "+14:00",
]
STAMPS = [
    *(f"2020-01-02{mark}{time}{suffix}" for mark in (" ", "T") for time in TIMES[:9] for suffix in SUFFIXES),
    *(f"2020-01-02 {time}" for time in TIMES), *(f"{time}{suffix}" for time in TIMES[:8] for suffix in SUFFIXES),
    "2020-01-02  10:11:12", "2020-01-02t10:11:12", "2020-01-02_10:11:12", "1960-01-02 10:11:12.5",
    "1960-01-02 10:11:12.0005", "1960-01-02 10:11:12.4995", "2020-01-02 10:11:12.499999", "2020-01-02 10:11:12.0005",
    "2020-01-02 10:11:12.0015", "2020-01-02 10:11:12.9995", "290000-12-31 00:00:00", "294247-01-10 04:00:54.775806",
    "294247-01-10 04:00:54.775807", "300000-01-01", "-290308-12-22 00:00:00", "-290309-01-01", "2262-04-11 23:47:16.854775806",
    "2262-04-11 23:47:16.854775807", "2263-01-01", "1677-09-21", "1677-09-22", "1600000000", "2020-01-02 (BC) 10:00:00",
    "2020-01-02 10:11:12 ", "2020-01-02 10:11:12.5+02 ", "9999-12-31 23:59:59.999999", "0001-01-01 00:00:00",
]
INTERVALS = [
    "1 day", "1 days 2 hours", "-3 months", "1 year 2 months", "1.5 days", "1.5 hours", "01:02:03", "01:02:03.5",
    "-01:02:03", "1 day 01:02:03", "P1Y", "2 weeks", "1d", "1 day ago", "10", "1 fortnight", "3 quarters", "1 century",
    "5 ms", "5 us", "5 milliseconds", "1h30m", "1.5 months", "1.5 years", "+1 day", "@ 1 day", "1 DAY", "1 mon",
    "1 minute 1 sec", "25:00:00", "100:00:00.123456789", "1e3 days", "9999999999 days", "1 day 1 day", "01:02",
    "1 decade 1 millennium", "1.25 weeks", "-1.5 days", "2147483647 days", "2147483648 days", "0.1 seconds",
    "1 year -1 day", "7 days 12:00", "1.1 minutes",
]
UUIDS = [
    "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "6ba7b8109dad11d180b400c04fd430c8",
    "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}", "6ba7b810-9dad11d180b400c04fd430c8", " 6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "6ba7b810-9dad-11d1-80b4-00c04fd430c", "6ba7b810-9dad-11d1-80b4-00c04fd430c8a", "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "00000000-0000-0000-0000-000000000000", "gba7b810-9dad-11d1-80b4-00c04fd430c8",
]
BLOBS = ["abc", "\\xAA\\x00z", "\\xZ", "\\xA", "\\", "\\n", "é", "'\"", "\\xab"]
JSONS = ['"abc"', "abc", "12", '{"a":1} ', "{", "[1,2,]", "null", "[]", '{"a":{"b":[true]}}']
BYTES = [b"", b"abc", b"\x00\xff", b"a\\b'c\"d", bytes(range(120, 136))]

TYPES = {
    **{
        name: "v::VARCHAR"
        for name in "BOOLEAN TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT".split()
    },
    "FLOAT": "v::DOUBLE::VARCHAR", "DOUBLE": "v::VARCHAR",
    **{name: "v::VARCHAR" for name in ("DECIMAL(4,2)", "DECIMAL(10,2)", "DECIMAL(10,0)", "DECIMAL(18,3)", "DECIMAL(38,5)")},
    "VARCHAR": "v", "JSON": "v::VARCHAR", "BLOB": "hex(v)", "UUID": "v::VARCHAR",
    "DATE": "CASE WHEN isfinite(v) THEN (v - DATE '1970-01-01')::VARCHAR ELSE v::VARCHAR END", "TIME": "epoch_us(v)::VARCHAR", "TIMETZ": "v::VARCHAR",
    "TIMESTAMP": "CASE WHEN isfinite(v) THEN epoch_us(v)::VARCHAR ELSE v::VARCHAR END",
    "TIMESTAMPTZ": "CASE WHEN isfinite(v) THEN epoch_us(v)::VARCHAR ELSE v::VARCHAR END",
    "TIMESTAMP_S": "CASE WHEN isfinite(v::TIMESTAMP) THEN (epoch_us(v::TIMESTAMP) // 1000000)::VARCHAR ELSE v::VARCHAR END",
    "TIMESTAMP_MS": "CASE WHEN isfinite(v::TIMESTAMP) THEN epoch_ms(v::TIMESTAMP)::VARCHAR ELSE v::VARCHAR END",
    "TIMESTAMP_NS": "CASE WHEN v::VARCHAR LIKE '%inf%' THEN v::VARCHAR ELSE epoch_ns(v)::VARCHAR END",
    "INTERVAL": "(datepart('year', v) * 12 + datepart('month', v)) || ' ' || datepart('day', v) || ' ' ||"
    " (datepart('hour', v) * 3600000000 + datepart('minute', v) * 60000000 + datepart('microsecond', v))",
}


def texts(name: str) -> list[str]:
    """Texts that are of interest for a type."""
    if name.startswith(("DATE", "TIME", "INTERVAL")):
        family = DATES + STAMPS + INTERVALS + NUMBERS[:8]
    elif name in ("VARCHAR", "JSON", "BLOB", "UUID"):
        family = UUIDS + BLOBS + JSONS + NUMBERS[:30]
    else:
        family = NUMBERS + BOOLEANS + DATES[:2] + UUIDS[:1]
    return list(dict.fromkeys(family))


def integer_type(value: int) -> str:
    if -(2**63) <= value < 2**63:
        return "BIGINT"
    return "UBIGINT" if 0 <= value < 2**64 else "HUGEINT"


def main() -> None:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    values = [("int", str(number), str(number), integer_type(number)) for number in INTEGERS]
    values += [("float", repr(number), number, "DOUBLE") for number in FLOATS]
    values += [("bool", word, word, "BOOLEAN") for word in ("true", "false")]
    values += [("bytes", data.hex(), data, "BLOB") for data in BYTES]
    lines = []
    for (name, result), (kind, shown, value, source) in itertools.chain.from_iterable(
        itertools.product([item], [("text", text, text, "VARCHAR") for text in texts(item[0])] + values)
        for item in TYPES.items()
    ):
        try:
            sql = f"SELECT {result} FROM (SELECT CAST(CAST(? AS {source}) AS {name}) AS v)"
            text = json.dumps(connection.execute(sql, [value]).fetchone()[0])
        except (duckdb.Error, UnicodeDecodeError):
            text = "!"
        lines.append("\t".join((name, kind, json.dumps(shown), text)))
    target = pathlib.Path(__file__).with_name("duckdb_casts.tsv")
    target.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
