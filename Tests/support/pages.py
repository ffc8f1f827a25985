"""The pages of the documentation, taken apart into their code blocks.

What a block is says its language:

- `sh`: commands, each of which has to succeed; `console`: commands behind `$ `, each with what it prints;
- `python`, `swift`: programs, the blocks of a page in the order of the page;
- `output`: what the block above it prints;
- `json`: one document, or one on each line; with `<!-- file: NAME -->` above it, the file NAME of the reader's folder;
- `html`, and none at all: something to look at, which holds no command.

`<!-- test: WORDS -->` above a block tells the runner what the page cannot show:

- `prints WORDS`: what the block prints, where that is not on the page;
- `as NAME`: the block is a file of that name, which the reader makes with an editor.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: Every page with blocks. `docs/cli.md` is what the command prints of itself and has tests of its own.
PAGES = [
    ROOT / "README.md", *sorted(path for path in (ROOT / "docs").glob("*.md") if path.name != "cli.md"),
    *sorted((ROOT / "Sources").glob("*/*.docc/*.md"))]

RUN = ("sh", "console", "python", "swift")
SHOWN = ("", "html")
KNOWN = (*RUN, *SHOWN, "output", "json")

_FENCE = re.compile(
    r"(?:^<!-- (?P<key>test|file): (?P<words>[^\n]*?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL)


@dataclass
class Block:
    page: Path
    number: int
    line: int
    language: str
    text: str
    directive: tuple = ()
    #: What it prints, as far as the page says so.
    output: list = field(default_factory=list)

    @property
    def name(self):
        return f"{self.page.name}:{self.line}"


def blocks(page: Path) -> list:
    """The blocks of a page in order; an `output` is part of the block that it belongs to."""
    text = page.read_text()
    found = []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start("text"))
        block = Block(page, len(found), line, match["language"], match["text"])
        if match["key"]:
            block.directive = (match["key"], match["words"])
        if block.directive and block.directive[0] == "test" and block.directive[1].startswith("prints "):
            block.output = [block.directive[1].removeprefix("prints ")]
        if block.language == "output":
            assert found and found[-1].language in RUN, f"{block.name}: the output of what?"
            found[-1].output = block.text.splitlines()
            continue
        found.append(block)
    fences = len(re.findall(r"^```", text, re.MULTILINE))
    assert fences == 2 * len(re.findall(_FENCE, text)), f"{page.name}: a fence that is not closed, or indented"
    return found


def commands(block: Block):
    """The commands of a block with what the page says they print (None: nothing about it)."""
    if block.language == "console":
        for example in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            lines = example.splitlines()
            count = 1
            while _goes_on("\n".join(lines[:count])) and count < len(lines):
                count += 1
            yield "\n".join(lines[:count]), lines[count:]
        return
    pending = ""
    for line in block.text.splitlines():
        pending += line
        if _goes_on(pending):
            pending += "\n"
            continue
        if pending.strip() and not pending.lstrip().startswith("#"):
            yield pending, None
        pending = ""
    assert not pending, f"{block.name}: a command without an end"


def _goes_on(text):
    """Whether the next line still belongs to the command: a `\\` at the end, or a quote that is open."""
    if text.endswith("\\"):
        return True
    bare = re.sub(r"\\.", "", text, flags=re.DOTALL)
    quote = None
    for index, character in enumerate(bare):
        if quote:
            quote = None if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "#" and (index == 0 or bare[index - 1].isspace()):
            break
    return quote is not None
