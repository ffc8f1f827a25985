"""The programs of Examples/, built as a package of their own, against the built broker."""
import os
import subprocess

import pytest

FOLDER = os.environ.get("REMBUS_EXAMPLES", "")


@pytest.mark.skipif(not FOLDER, reason="REMBUS_EXAMPLES names the folder of the built examples; `make examples` sets it")
@pytest.mark.parametrize(
    "program, expected",
    [
        ("quickstart", [f"plant/7/telemetry: {t} °C" for t in (21.6, 21.9, 22.4)]),
        (
            "rpc",
            [
                "1 + 2 = 3",
                "plant 7: 21.6 °C",
                "`temperature` failed (40): there is no plant 8.",
            ],
        ),
        ("script", ["double 21 = 42", "heard: hello"]),
        (
            "frames",
            [
                "shape: (2, 2)",
                "┌─────┬─────────────┐",
                "│ dn  ┆ temperature │",
                "│ --- ┆ ---         │",
                "│ str ┆ f64         │",
                "╞═════╪═════════════╡",
                "│ s3  ┆ 30.0        │",
                "│ s1  ┆ 21.5        │",
                "└─────┴─────────────┘",
                "mean: 25.75",
                "s3: 30.0 °C",
                "s1: 21.5 °C",
                "dn,temperature",
                "s3,30.0",
                "s1,21.5",
            ],
        ),
    ],
)
def test_an_example_does_what_it_says(broker, program, expected):
    finished = subprocess.run(
        [os.path.join(FOLDER, program), broker.url], capture_output=True, text=True, timeout=50)
    assert finished.returncode == 0, finished.stderr
    printed = finished.stdout.splitlines()
    # The script prints from two threads, so only what it prints is certain, not in which order.
    assert (sorted(printed) if program == "script" else printed) == expected
