"""The examples of the pages about doors run as they are printed, but for the ports."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from support.processes import PATIENCE, REFERENCE, Broker, run_rembus

ROOT = Path(__file__).resolve().parents[2]
PAGES = {"tcp.md": ("tcp", "8339"), "zeromq.md": ("zmq", "8340")}

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our documentation")


@pytest.fixture(scope="module")
def doors():
    with Broker(options=["--tcp", "0", "--zmq", "0"], REMBUS_RECORD="none") as broker:
        yield broker


def blocks(page, language, broker):
    scheme, port = PAGES[page]
    actual = re.search(rf"{scheme}://127\.0\.0\.1:(\d+)", broker.started_with)[1]
    found = re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "docs" / page).read_text(), re.MULTILINE | re.DOTALL)
    assert found
    return [block.replace("localhost", "127.0.0.1").replace(port, actual) for block in found]


@pytest.mark.parametrize("page", PAGES)
def test_the_commands(doors, page):
    for block in blocks(page, "bash", doors):
        for line in block.splitlines():
            program, *arguments = shlex.split(line)
            done = run_rembus(*arguments)
            assert program == "rembus" and done.returncode == 0, (line, done.stderr)


@pytest.mark.parametrize("page", PAGES)
def test_the_python_program(doors, page):
    for block in blocks(page, "python", doors):
        done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0 and done.stdout == "broker\n", done.stderr
