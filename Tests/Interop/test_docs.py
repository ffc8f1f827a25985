"""The page of the command is what the command says of itself, and its examples are commands that it takes."""

import re
import subprocess
from pathlib import Path

import pytest

from support.ports import free_port
from support.processes import PATIENCE, REFERENCE, clean_environment, rembus_binary, run_rembus

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "cli.md"

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our documentation")


def test_the_command_line_page_is_what_the_command_prints():
    page = run_rembus("reference")
    assert page.returncode == 0, page.stderr
    assert PAGE.read_text() == page.stdout, "run `rembus reference > docs/cli.md`"


def examples():
    """The commands in the help texts: indented by two, perhaps behind a pipe or variables; wrapped lines are put together."""
    found = {}
    lines = PAGE.read_text().splitlines()
    for number, line in enumerate(lines):
        if not re.match(r"^  (\w+=\S+ )*(rembus |.*\| rembus )", line) or line.startswith("  See "):
            continue
        command = re.sub(r"\s+#\s.*", "", line.strip())
        following = number + 1
        while command.count("'") % 2 or command.count('"') % 2 or command.endswith("\\"):
            command = f"{command} {lines[following].strip()}"
            following += 1
        found[re.sub(r"\s*&$", "", command)] = number + 1
    return found


def test_there_are_examples():
    assert len(examples()) > 80


def turn(command):
    """What a context is used for comes behind its making and before its end."""
    return 0 if "context add" in command else 2 if "context remove" in command or "--none" in command else 1


def test_every_example_is_a_command_that_the_program_takes(tmp_path):
    """Without a broker: what is asked of one fails for that, and not for the words of the command line (status 64)."""
    environment = clean_environment(tmp_path, REMBUS_BASE_URL=f"ws://127.0.0.1:{free_port()}")
    environment["PATH"] = f"{tmp_path}:{environment['PATH']}"
    (tmp_path / "rembus").symlink_to(rembus_binary())
    running = []
    for command in sorted(examples(), key=turn):
        # Files that nobody has made are empty, other machines are this one, and a broker says what it would do.
        command = command.replace("broker.example.org", "localhost").replace("/media/stick", str(tmp_path))
        command = re.sub(r"\$\(pgrep.*\)", "1", command)
        command = re.sub(r"^.*\| rembus", "echo {} | rembus", command)
        command = re.sub(r"rembus broker\b.*", r"\g<0> --print-config", command.split(" & ")[0])
        running.append((command, subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=PATIENCE)))
    wrong = [(command, done.stderr) for command, done in running if done.returncode in (2, 64, 127)]
    assert not wrong
