"""Every block of the pages runs, in the order of its page, in an empty folder; nothing else on a page looks like a command."""

import json
import re
import sys

import pytest

from support import pages
from support.page_reader import PageReader
from support.processes import REFERENCE

pytestmark = [pytest.mark.skipif(REFERENCE, reason="about our documentation"), pytest.mark.limit(240)]

#: What a line of a block that nobody runs must not begin with.
COMMAND = re.compile(r"^\s*(\$ |sudo |rembus |curl |make |pip |python3? |mosquitto_|promtool |duckdb |swift (run|build|package))")


@pytest.mark.skipif(sys.platform != "linux", reason="links with the objects of a build on Linux")
@pytest.mark.parametrize("page", [page for page in pages.PAGES if any(b.language in pages.RUN for b in pages.blocks(page))],
                         ids=lambda page: page.name)
def test_a_page_does_what_it_says(page, tmp_path):
    blocks = pages.blocks(page)
    expected = [block.name for block in blocks if block.language in pages.RUN or block.directive[:1] == ("file",)]
    ran = []
    reader = PageReader(tmp_path, blocks)
    try:
        for block in blocks:
            if block.name in expected:
                try:
                    reader.run(block)
                except Exception as error:
                    raise AssertionError(f"{block.name}: {error}") from error
                ran.append(block.name)
        reader.finish()
    finally:
        reader.abandon()
    assert ran == expected


@pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: page.name)
def test_every_block_is_of_a_known_kind(page):
    for block in pages.blocks(page):
        assert block.language in pages.KNOWN, block.name
        if block.language in pages.SHOWN:
            hidden = [line for line in block.text.splitlines() if COMMAND.match(line)]
            assert not hidden, f"{block.name}: give the block a language, so that it is run: {hidden}"
        if block.language == "json":
            try:
                json.loads(block.text)
            except ValueError:
                for line in block.text.splitlines():
                    json.loads(line)


def test_the_runner_finds_what_does_not_work(tmp_path):
    """A page whose every block is wrong in another way: none of them passes."""
    page = tmp_path / "page.md"
    page.write_text("\n".join([
        "```sh", "rembus call rid --url ws://localhost:1", "```", "",
        "```console", "$ echo 1", "2", "```", "",
        "```python", "print(1 / 0)", "```", "",
        "```python", "print(1)", "```", "```output", "3", "```", "",
        "```sh", "rembus broker --no-such-option", "```", "",
    ]))
    blocks = pages.blocks(page)
    assert [block.language for block in blocks] == ["sh", "console", "python", "python", "sh"]
    reader = PageReader(tmp_path, blocks)
    reader.patience = 1
    try:
        for block in blocks:
            with pytest.raises(AssertionError):
                reader.run(block)
    finally:
        reader.abandon()
