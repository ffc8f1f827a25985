"""Times pyarrow with the frames of `rembus-microbench "frame"`, to run right after it on the same machine.

    swift run -c release rembus-microbench frame && python3 Benchmarks/arrow.py
"""

import time

import pyarrow as pa

COUNT = 1_000_000


def best(run):
    """Seconds of the fastest of many runs."""
    times, end = [], time.perf_counter() + 1
    while time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def encode(table):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def main():
    numbers = pa.table({
        "a": pa.array(range(COUNT), pa.int64()), "b": pa.array([n * 0.5 for n in range(COUNT)]),
        "c": pa.array(range(COUNT), pa.int32()), "d": pa.array(range(COUNT), pa.uint64()),
    })
    texts = pa.table({"t": [f"value number {n}" for n in range(COUNT)]})
    small = pa.table({"dn": ["s1", "s2", "s3"], "temperature": [21.5, 22, None], "pressure": [980, 981, 982]})
    for name, table in [("1M rows of numbers", numbers), ("1M rows of text", texts), ("3 rows of 3", small)]:
        stream = encode(table)

        def read():
            return pa.ipc.open_stream(stream).read_all()

        runs = {"encode": lambda: encode(table), "decode": read, "decode and check": lambda: read().validate(full=True)}
        for action, run in runs.items():
            seconds = best(run)
            print(f"pyarrow {action}: {name}".ljust(56) + f"{seconds * 1e9:12,.0f} ns {len(stream) / seconds / 1e6:10,.0f} MB/s")


if __name__ == "__main__":
    main()
