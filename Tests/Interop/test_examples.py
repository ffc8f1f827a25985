"""The programs of Examples/, built as a package of their own, against the built broker."""
import json
import os
import signal
import subprocess
import urllib.request

import pytest

from support.processes import ROOT

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


def wait_for_addresses(process):
    """What the program with a broker inside prints when that is ready, by scheme."""
    line = process.stdout.readline()
    assert line, process.communicate(timeout=50)[1]
    return {address.split(":")[0]: address for address in line.split()}


def ask(url, body=None):
    """The answer of HTTP as JSON; None for an empty one."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, {"Content-Type": "application/json"}), timeout=50) as answer:
        text = answer.read()
    return json.loads(text) if text else None


@pytest.mark.skipif(not FOLDER, reason="REMBUS_EXAMPLES names the folder of the built examples; `make examples` sets it")
def test_a_program_with_a_broker_inside_keeps_its_tables(tmp_path):
    for count in (1, 2):
        process = subprocess.Popen(
            [os.path.join(FOLDER, "embedded"), str(tmp_path / "state")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            url = wait_for_addresses(process)["http"]
            assert ask(f"{url}/rpc/double", [21]) == 42
            ask(f"{url}/publish/s1/telemetry?qos=1", [{"temperature": 21.5}])
            assert ask(f"{url}/rpc/query_telemetry", []) == [{"dn": "s1", "temperature": 21.5}] * count
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=50)
            assert process.returncode == 0, errors
        finally:
            process.kill()
            process.wait()


@pytest.mark.skipif(not FOLDER, reason="REMBUS_EXAMPLES names the folder of the built examples; `make examples` sets it")
@pytest.mark.limit(600)
def test_the_tests_of_the_examples_pass():
    finished = subprocess.run(
        ["swift", "test", "--package-path", ROOT / "Examples", "--scratch-path", os.path.dirname(FOLDER), "--skip-build",
         "-c", os.path.basename(FOLDER)], capture_output=True, text=True, timeout=550)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "Test run with 2 tests" in finished.stdout + finished.stderr
