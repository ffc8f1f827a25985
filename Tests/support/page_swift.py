"""The Swift of a page as one program, compiled against the modules and objects that the build has left."""

import re
import subprocess
from pathlib import Path

from support.pages import ROOT
from support.processes import rembus_binary

#: What a block may take for given, as a reader does who has read the blocks above it or has values of his own.
GIVEN = {
    "component": ("Component", "try await Component.connect(Given.url())"),
    "server": ("Component", "try await Component.connect(Given.url())"),
    "client": ("Component", "try await Component.connect(Given.url())"),
    "frame": ("DataFrame", "try Given.frame()"),
    "levels": ("[Float]", "[0.5, 1]"),
    "moments": ("[Int64]", "[0, 1_000]"),
    "readings": ("[Reading]", "[Reading(dn: \"s1\", temperature: 21.5, at: Date())]"),
    "logger": ("Logger", "Logger(label: \"page\")"),
    "temperature": ("Double", "21.6"),
    "pressure": ("Double?", "nil"),
    "message": ("Publication", ""),
}
#: Blocks with one of these end with their program, or not at all.
ENDLESS = re.compile(r"^(for (try )?await|node\.wait\(\)|try await group\.run\(\))|await .*\.main\(\)$", re.MULTILINE)
TYPE = re.compile(
    r"^(?:@main\n)?(struct|enum|final class|class|actor) (\w+)(?:[^\n]*\}$|.*?^\}$)", re.MULTILINE | re.DOTALL)

DRIVER = '''
enum Given {
    struct Row: Codable { var dn: String, temperature: Double?, at: Date }
    static func frame() throws -> DataFrame {
        try DataFrame(rows: [Row(dn: "s1", temperature: 21.5, at: .now), Row(dn: "s2", temperature: 30.5, at: .now)])
    }
    static func url() -> String { ProcessInfo.processInfo.environment["REMBUS_BASE_URL"]! }
}

@main struct Page {
    static func say(_ line: String) {
        print(line)
        fflush(nil)
    }

    /// Runs the block whose number comes next on standard input; those without an end beside the others.
    static func main() async {
        while let line = await Task.detached(operation: { readLine() }).value {
            guard let (isEndless, run) = blocks[Int(line) ?? -1] else { continue }
            let task = Task {
                do {
                    try await run()
                    say("[[done \\(line)]]")
                } catch {
                    say("[[failed \\(line)]] \\(error)")
                }
            }
            if isEndless { say("[[started \\(line)]]") } else { await task.value }
        }
    }
}
'''


def is_endless(block):
    return bool(ENDLESS.search(block.text)) or "@main" in block.text


def source(blocks):
    """The program: each block is a function in a namespace of its own, with what it takes for given as locals."""
    imports, spaces, table, known = {"import Foundation", "import Rembus"}, [], [], {}
    for block in blocks:
        space = f"Block{block.number}"
        text = block.text
        imports |= set(re.findall(r"^import \w+$", text, re.MULTILINE))
        text = re.sub(r"^import \w+\n", "", text, flags=re.MULTILINE)
        if "ServiceGroup" in text:
            imports |= {"import ServiceLifecycle"}
        if "logger" in text:
            imports |= {"import Logging"}
        main = re.search(r"^@main\nstruct (\w+)", text, re.MULTILINE)
        types = {match[2]: match[0].replace("@main\n", "") for match in TYPE.finditer(text)}
        body = TYPE.sub("", text)
        if main:
            body = f"try await {main[1]}.main()"
        aliases = [f"typealias {name} = {owner}.{name}" for name, owner in known.items()
                   if name not in types and re.search(rf"\b{name}\b", text)]
        given = []
        for name, (kind, value) in GIVEN.items():
            used = re.search(rf"(?<![.\w\"]){name}\b(?!\s*:|\")", body)
            declared = re.search(rf"\b(let|var|for await|for) {name}\b|\b{name} in\b|\({name}:", body)
            if used and not declared:
                given.append(f"let {name}: {kind} = {value}")
        if re.search(r"_ reading|\bReading\b", text) and "Reading" not in types and "Reading" not in known:
            raise AssertionError(f"{block.name}: nothing on the page says what a Reading is")
        if "Node(" in text:
            # A node blocks: never on a thread of the concurrency pool.
            body = "\n".join([
                "try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in",
                "Thread.detachNewThread { do {", body, "done.resume() } catch { done.resume(throwing: error) } } }"])
        spaces.append("\n".join([
            f"enum {space} {{", *aliases, *types.values(), "static func run() async throws {", *given, body, "}", "}"]))
        table.append(f"    {block.number}: ({str(is_endless(block)).lower()}, {space}.run),")
        known |= {name: space for name in types}
    blocks_table = "\n".join(["let blocks: [Int: (Bool, @Sendable () async throws -> Void)] = [", *table, "]"])
    return "\n".join([*sorted(imports), blocks_table, *spaces, DRIVER])


def build(blocks, folder: Path) -> Path:
    """Compiles and links; everything but the command's own objects goes in."""
    built = Path(rembus_binary()).resolve().parent
    checkouts = built.parent.parent / "checkouts"
    objects = folder / "objects"
    objects.write_text("\n".join(
        line for line in (built / "rembus.product" / "Objects.LinkFileList").read_text().splitlines()
        if "/rembus_cli.build/" not in line))
    if any("RembusTesting" in block.text for block in blocks):
        # The command does not have these, or not all of them.
        known = objects.read_text()
        parts = [path for name in ("RembusTesting", "NIOEmbedded") if f"/{name}.build/" not in known
                 for path in (built / f"{name}.build").glob("*.o")]
        assert parts, "RembusTesting is not built: run `make build` first"
        objects.write_text("\n".join([known, *map(str, parts)]))
    # C modules of packages describe themselves, or the build does it for them.
    maps = [path for top in (checkouts, ROOT / "Sources") for path in top.rglob("module.modulemap")]
    maps += built.glob("*.build/module.modulemap")
    program, code = folder / "page", folder / "page.swift"
    code.write_text(source(blocks))
    done = subprocess.run([
        "swiftc", "-parse-as-library", "-swift-version", "6", "-suppress-warnings",
        "-o", str(program), str(code), f"@{objects}", "-I", str(built / "Modules"), "-lzmq", "-lstdc++", "-lm",
        *(option for path in maps for option in ("-Xcc", f"-fmodule-map-file={path}")),
    ], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{code.read_text()}\n{done.stdout}{done.stderr}"
    return program
