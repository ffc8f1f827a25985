"""`scripts/check-modules` finds each way in which modules are not what the table of targets says, and nothing in our own."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.processes import REFERENCE

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our sources")


def own(name):
    return {"byName": [name, None]}


def product(name):
    return {"product": [name, "somewhere", None, None]}


# Three modules in a row, one in C, a test; and what a package of them holds besides.
TARGETS = {
    "CSum": [],
    "Low": [own("CSum"), product("NIOCore")],
    "Middle": [own("Low")],
    "High": [own("Middle"), own("Low")],
    "LowTests": [own("Low")],
}
TABLE = {"CSum": "nothing", "Low": "CSum, NIOCore", "Middle": "Low", "High": "Low, Middle"}
SOURCES = {
    "Sources/CSum/sum.c": '#include "CSum.h"\n',
    "Sources/CSum/include/CSum.h": "int sum(void);\n",
    "Sources/Low/Low.swift": "import CSum\npackage import NIOCore\nimport Foundation\n",
    "Sources/Middle/Middle.swift": "internal import struct Low.Thing\n",
    "Sources/High/High.swift": "@testable import Middle\npublic import Low\n",
    "Tests/LowTests/LowTests.swift": 'import Low\nimport Testing\n\nlet script = """\nimport asyncio\n"""\n',
}


class Package:
    """A package that is in order, until a test changes something of it."""

    def __init__(self, folder):
        self.folder = folder
        self.targets, self.table, self.sources = copy.deepcopy(TARGETS), dict(TABLE), dict(SOURCES)

    def check(self):
        for path, text in self.sources.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        rows = "".join(f"| `{name}` | library | things | {cell} |\n" for name, cell in self.table.items())
        (self.folder / "docs").mkdir()
        (self.folder / "docs" / "architecture.md").write_text(
            f"| target | kind | owns | imports |\n| --- | --- | --- | --- |\n{rows}\n| other | table |\n"
        )
        manifest = self.folder / "manifest.json"
        manifest.write_text(
            json.dumps(
                {
                    "targets": [
                        {"name": name, "type": "test" if name.endswith("Tests") else "regular", "dependencies": wanted}
                        for name, wanted in self.targets.items()
                    ]
                }
            )
        )
        done = subprocess.run(
            [sys.executable, ROOT / "scripts" / "check-modules", "--root", self.folder, "--manifest", manifest],
            capture_output=True,
            text=True,
        )
        assert done.returncode == (1 if done.stderr else 0)
        return done.stderr.splitlines()


@pytest.fixture
def package(tmp_path):
    return Package(tmp_path)


def test_a_package_in_order_has_no_faults(package):
    assert package.check() == []


def test_a_dependency_that_nothing_imports(package):
    package.targets["LowTests"].append(own("Middle"))
    assert package.check() == [
        "modules: LowTests declares Middle and imports it nowhere: take it out of Package.swift"
    ]


def test_a_dependency_of_c_that_nothing_includes(package):
    package.targets["CSum"] = [product("Zip")]
    package.table["CSum"] = "Zip"
    assert package.check() == ["modules: CSum declares Zip and imports it nowhere: take it out of Package.swift"]


@pytest.mark.parametrize("line", ["import Logging", "package import Logging", "@_exported public import Logging"])
def test_an_import_that_is_not_declared(package, line):
    package.sources["Sources/Middle/Other.swift"] = f"#if canImport(Logging)\n{line}\n#endif\n"
    assert package.check() == [
        "modules: Sources/Middle/Other.swift imports Logging, which Middle does not declare: add it in Package.swift"
    ]


def test_an_import_that_the_table_does_not_allow(package):
    package.table["Middle"] = "nothing"
    assert package.check() == ["modules: Middle imports Low, which its row in docs/architecture.md does not allow"]


def test_a_row_that_allows_more_than_is_imported(package):
    package.table["Middle"] = "CSum, Low"
    assert package.check() == [
        "modules: Middle does not import CSum, which its row in docs/architecture.md names: take it out"
    ]


def test_a_target_without_a_row(package):
    del package.table["High"]
    assert package.check() == [
        "modules: docs/architecture.md has no row for High: say what it owns and what it imports"
    ]


def test_a_row_without_a_target(package):
    package.table["Gone"] = "Low"
    assert package.check() == ["modules: docs/architecture.md has a row for Gone, which is no target: take it out"]


def test_an_import_downwards(package):
    package.table = {name: package.table[name] for name in ("CSum", "Middle", "Low", "High")}
    assert package.check() == [
        "modules: Middle imports Low, which does not stand above it in docs/architecture.md: imports point up the table"
    ]


def test_a_cycle(package):
    package.targets["Low"].append(own("High"))
    package.table["Low"] += ", High"
    package.sources["Sources/Low/Cycle.swift"] = "import High\n"
    faults = package.check()
    assert "modules: targets depend on each other: Low → High → Low" in faults
    assert any(fault.startswith("modules: Low imports High, which does not stand above it") for fault in faults)


def test_a_c_library_of_one_system_alone(package):
    package.sources["Sources/Low/Clock.swift"] = "#if canImport(Darwin)\nimport Darwin\n#else\nimport Glibc\n#endif\n"
    assert package.check() == [
        "modules: Sources/Low/Clock.swift has no branch for Musl: import them under canImport"
    ]
