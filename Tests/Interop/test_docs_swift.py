"""The Swift of the pages is compiled against the modules as they are built."""

import re
import subprocess
from pathlib import Path

import pytest

from support.processes import REFERENCE, rembus_binary

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "Sources").glob("*/*.docc/*.md"))]

# What a block may take for given, as a reader does.
GIVEN = {
    "component": "Component", "server": "Component", "client": "Component", "frame": "DataFrame", "levels": "[Float]",
    "moments": "[Int64]", "readings": "[Reading]", "logger": "Logger",
}
READING = (
    "struct Reading: Codable, Sendable { var dn = String(); var temperature: Double?; var pressure: Double?; "
    "init(temperature: Double, pressure: Double) {} }"
)

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our documentation")


def blocks():
    for page in PAGES:
        for number, block in enumerate(re.findall(r"^```swift\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)):
            yield pytest.param(block, id=f"{page.name}-{number}")


def program(block):
    """The block as a file: a whole one as it is, statements as the body of a function that is given what they use."""
    lines = block.splitlines()
    imports = {line for line in lines if line.startswith("import ")} | {"import Rembus", "import Foundation"}
    types = [line for line in lines if re.match(r"struct .*}$", line)]
    body = [line for line in lines if not line.startswith("import ") and line not in types]
    if "@main" in block:
        return "\n".join([*sorted(imports), *body])
    if "ServiceGroup" in block:
        imports |= {"import ServiceLifecycle", "import Logging"}
    given = [
        f"{name}: {kind}"
        for name, kind in GIVEN.items()
        if re.search(rf"\b{name}\b", block) and not re.search(rf"\b(let|var) {name}\b", block)
    ]
    return "\n".join([*sorted(imports), *(types or [READING]), f"func page({', '.join(given)}) async throws {{", *body, "}"])


@pytest.fixture(scope="module")
def compiler_options():
    built = Path(rembus_binary()).resolve().parent
    # C modules of packages describe themselves, or the build does it for them.
    folders = [built.parent.parent / "checkouts", ROOT / "Sources"]
    maps = [path for folder in folders for path in folder.rglob("module.modulemap")]
    maps += built.glob("*.build/module.modulemap")
    return ["-I", str(built / "Modules"), *(option for path in maps for option in ("-Xcc", f"-fmodule-map-file={path}"))]


def test_there_are_blocks():
    assert len(list(blocks())) > 15


@pytest.mark.parametrize("block", blocks())
def test_a_block_compiles(compiler_options, tmp_path, block):
    source = tmp_path / "page.swift"
    source.write_text(program(block))
    command = ["swiftc", "-typecheck", "-parse-as-library", "-swift-version", "6", *compiler_options, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{source.read_text()}\n{done.stderr}"
