"""Who depends on the package for the SDK fetches and builds what that needs, and nothing of the broker."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from support.processes import REFERENCE, rembus_binary

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our package")

#: What every program with the SDK fetches: SwiftNIO with what it needs, and swift-log.
LEAST = {"swift-atomics", "swift-collections", "swift-log", "swift-nio", "swift-system"}
#: What a trait adds.
ADDED = {
    "TLS": {"swift-nio-ssl"},
    "Keys": {"swift-asn1", "swift-crypto"},
    "Secure": {"swift-nio-ssl", "swift-asn1", "swift-crypto"},
    "Services": {
        "swift-nio-ssl", "swift-asn1", "swift-crypto", "swift-async-algorithms", "swift-service-lifecycle"},
}
MANIFEST = """// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "minimal",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "rembus", path: "{root}", traits: [{traits}])],
    targets: [.executableTarget(name: "minimal", dependencies: [.product(name: "Rembus", package: "rembus")])]
)
"""


def swift_package(folder, scratch, *arguments, environment=None):
    command = ["swift", "package", "--package-path", folder, "--scratch-path", scratch, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def build_folder():
    """The folder in which SwiftPM keeps packages and modules of the build that is tested."""
    for folder in Path(rembus_binary()).parents:
        if (folder / "workspace-state.json").exists():
            return folder
    pytest.skip("REMBUS_BIN is not in a build folder of SwiftPM, which has the packages")


def without_network():
    """An environment in which git takes the packages from where the build has put them."""
    scratch = build_folder()
    known = json.loads((scratch / "workspace-state.json").read_text())["object"]["dependencies"]
    places = {}
    for package in known:
        address = package["packageRef"]["location"].removesuffix(".git")
        places[address] = places[f"{address}.git"] = scratch / "checkouts" / package["subpath"]
    rules = {"GIT_CONFIG_COUNT": str(len(places))}
    for number, (address, folder) in enumerate(places.items()):
        rules |= {f"GIT_CONFIG_KEY_{number}": f"url.{folder}.insteadOf", f"GIT_CONFIG_VALUE_{number}": address}
    return os.environ | rules


@pytest.mark.parametrize("traits", [(), ("TLS",), ("Keys",), ("Services",)], ids=lambda some: "-".join(some) or "none")
def test_a_program_fetches_only_what_its_traits_need(tmp_path, traits):
    (tmp_path / "Sources" / "minimal").mkdir(parents=True)
    (tmp_path / "Sources" / "minimal" / "main.swift").write_text("import Rembus\n")
    names = ", ".join(f'"{trait}"' for trait in traits)
    (tmp_path / "Package.swift").write_text(MANIFEST.format(root=ROOT, traits=names))
    swift_package(
        tmp_path, tmp_path / "scratch", "--disable-dependency-cache", "resolve", environment=without_network())
    pins = json.loads((tmp_path / "Package.resolved").read_text())["pins"]
    assert {pin["identity"] for pin in pins} == LEAST.union(*(ADDED[trait] for trait in traits))


def test_one_trait_is_on_by_default_and_turns_no_other_on(tmp_path):
    """With several the order of the compiler's flags differs from run to run, and everything is compiled again."""
    traits = json.loads(swift_package(ROOT, tmp_path, "dump-package"))["traits"]
    on = {trait["name"]: trait["enabledTraits"] for trait in traits}
    assert on.pop("default") == ["Full"] and set(on) == {*ADDED, "Server", "Full"}
    assert not any(on.values())


def test_the_sdk_has_no_module_of_the_broker(tmp_path):
    package = json.loads(swift_package(ROOT, tmp_path, "dump-package"))
    targets = {target["name"]: target for target in package["targets"]}
    [product] = [product for product in package["products"] if product["name"] == "Rembus"]
    found, waiting = set(), list(product["targets"])
    while waiting:
        name = waiting.pop()
        if name in targets and name not in found:
            found.add(name)
            waiting += [next(iter(kind.values()))[0] for kind in targets[name]["dependencies"]]
    assert found == {
        "CArrowData", "DataFrames", "Rembus", "RembusIdentity", "RembusMQTT", "RembusSupport", "RembusTransport", "RembusWire",
    }


def compilation(module):
    """The options that the build has compiled a module with, as far as they say what its sources mean."""
    built = build_folder()
    manifest = (built / f"{Path(rembus_binary()).parent.name}.yaml").read_text()
    words = json.loads(re.search(rf'args: (\["[^"]*swiftc","-module-name","{module}",.*\])$', manifest, re.MULTILINE)[1])
    with_value = {"-emit-module-path", "-output-file-map", "-index-store-path", "-num-threads"}
    alone = {
        "-c", "-emit-dependencies", "-emit-module", "-enable-batch-mode", "-incremental", "-parseable-output",
        "-serialize-diagnostics", "-whole-module-optimization",
    }
    kept, waiting = [], iter(words)
    for word in waiting:
        if word in with_value:
            next(waiting)
        elif word not in alone and not re.match(r"-j\d+$", word):
            kept.append(word)
    return kept


def test_the_sdk_stands_without_the_traits(tmp_path):
    """The build that is tested has all of them: here the sources are read again as in a program that names none, where nothing
    that a trait brings can be imported."""
    modules = tmp_path / "modules"
    modules.mkdir()
    own = ["RembusTransport", "RembusIdentity", "RembusMQTT", "Rembus"]
    for file in (Path(rembus_binary()).resolve().parent / "Modules").iterdir():
        if file.stem not in {*own, "NIOSSL", "Crypto", "CryptoExtras", "ServiceLifecycle"}:
            (modules / file.name).symlink_to(file)
    for module in own:
        command = compilation(module)
        without = [word for word in command if not re.match(r"-D(WITH_\w+|Full)$", word)]
        assert len(without) < len(command)
        without = [str(modules) if word.endswith("/Modules") else word for word in without]
        # All files in one pass, which looks into functions as well; nothing is checked against the last.
        work = ["-whole-module-optimization", "-emit-module", "-emit-module-path", str(modules / f"{module}.swiftmodule")]
        done = subprocess.run(
            [*without, "-warnings-as-errors", *(["-typecheck"] if module == "Rembus" else work)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
