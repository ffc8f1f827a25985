"""The documentation says what the command says."""
import re
from pathlib import Path

from support.processes import run_rembus

ROOT = Path(__file__).resolve().parents[2]


def test_the_command_line_page_is_what_the_command_prints():
    page = run_rembus("reference")
    assert page.returncode == 0, page.stderr
    assert (ROOT / "docs" / "cli.md").read_text() == page.stdout, "run `rembus reference > docs/cli.md`"


def test_every_command_of_the_readme_exists():


    readme = (ROOT / "README.md").read_text()
    commands = set(re.findall(r"^rembus ([a-z]+)", readme, re.MULTILINE))
    assert commands
    for command in commands:
        assert run_rembus(command, "--help").returncode == 0, command
    targets = set(re.findall(r"^make ([a-z]+)", readme, re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text()
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
