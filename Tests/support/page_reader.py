"""Somebody who does what a page says, in an empty folder: its commands, its Python and its Swift, in the order of the page.

What the runner changes is all here: ports and hosts become free ones on this machine, and a few programs that install
something, need another machine or take minutes have a substitute in the folder `bin` at the front of PATH.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from support import page_swift
from support.metrics import Metrics
from support.pages import ROOT, commands
from support.ports import free_port
from support.processes import PATIENCE, OutputReader, rembus_binary
from support.wire import Peer

PORTS = ("8338", "8339", "8340", "8341", "8348", "1883", "1884", "8883", "9100", "9338")
#: Other machines are this one, and every network is the loopback.
HOSTS = {"broker.example.org": "localhost", "0.0.0.0": "127.0.0.1"}
#: What would take minutes is done in little.
SIZES = {"--connections 10000": "--connections 100"}

#: Commands that go on until somebody ends them.
ENDLESS = re.compile(r"^(\w+=\S+ )*(\S*rembus (broker|sub|expose)\b|mosquitto_sub\b|curl -sS -N\b|make run\b)")
ENDS = re.compile(r"--print-config|--count|--help")

DRIVER = """
import json, sys, time, traceback
space = {"__name__": "__main__"}
for line in sys.stdin:
    number, code, patience = json.loads(line)
    # The broker was started again: the components of the blocks above connect again by themselves, every two seconds.
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and not all(value.isopen() for value in space.values() if hasattr(value, "isopen")):
        time.sleep(0.02)
    try:
        exec(compile(code, f"block {number}", "exec"), space)
        print(f"[[done {number}]]", flush=True)
    except BaseException:
        print(f"[[failed {number}]] " + traceback.format_exc().replace(chr(10), " | "), flush=True)
"""

#: Substitutes. `make` knows its targets, but builds, installs and measures nothing; `run` is the broker that is built.
SCRIPTS = {
    "python3": 'exec "{python}" "$@"',
    "pip": 'exec "{python}" -c "import $2"',
    "git": 'test "$1" = clone && mkdir -p "$(basename "$2" .git)"',
    "make": 'grep -q "^$1:" "{root}/Makefile" || exit 1\nif [ "$1" = run ]; then exec "{rembus}" broker; fi',
    "scp": 'exec cp "$HOME/${{1#*:}}" "$2"',
    "useradd": 'test "$1" = --system',
    "install": 'test -f "$3"',
    "systemctl": 'exec "{python}" "{root}/Tests/support/unit_check.py" "{root}/deploy/systemd/rembus.service" "{rembus}"',
    "prometheus": 'exec promtool check config "$2"',
    "duckdb": 'exec "{python}" "{root}/Tests/support/duckdb_shell.py" "$@"',
    "mosquitto_sub": 'exec stdbuf -oL {mosquitto_sub} -d "$@"',
}
BENCH = '[ "$1" = bench ] && set -- "$@" --count 1000\nexec "{rembus}" "$@"'


SCHEMA = {"tables": [
    {"table": "sensor", "topic": ":site/:type/:dn/sensor", "keys": ["dn"],
     "columns": [{"col": "site", "type": "TEXT"}, {"col": "type", "type": "TEXT"}, {"col": "dn", "type": "TEXT"}]},
    {"table": "telemetry", "topic": ":dn/telemetry",
     "columns": [{"col": "dn", "type": "TEXT"}, {"col": "temperature", "type": "DOUBLE"}]}]}


class Running:
    """A command that goes on."""

    def __init__(self, text, process, expected):
        self.text, self.process, self.expected = text, process, expected or []
        self.output, self.errors = OutputReader(process.stdout), OutputReader(process.stderr)

    @property
    def is_broker(self):
        return re.search(r"rembus broker\b|^make run", self.text) is not None

    def said(self):
        return f"{self.text}\n{self.output.text()}\n{self.errors.text()}"

    def end(self):
        """Ends it as Ctrl-C does, children included."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.output.join()
        self.errors.join()
        self.process.stdout.close()
        self.process.stderr.close()


class PageReader:
    """One reading of one page. `run(block)` raises AssertionError when the block does not do what the page says."""

    def __init__(self, folder: Path, blocks):
        self.blocks = blocks
        self.folder, self.bin = folder / "reader", folder / "bin"
        self.ports = {port: free_port() for port in PORTS}
        self.metrics_port = free_port()
        self.running, self.python, self.swift, self.patience = [], None, None, float(os.environ.get("DOCS_PATIENCE", PATIENCE))
        self.pending, self.restarted = [], False
        for path in (self.folder, self.bin, folder / "home", folder / "swift"):
            path.mkdir()
        self._make_programs()
        home = folder / "home"
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("REMBUS_")} | {
            "HOME": str(home), "XDG_CONFIG_HOME": f"{home}/.config", "REMBUS_DIR": f"{home}/.config/rembus",
            "PATH": f"{self.bin}:{os.environ['PATH']}:/usr/sbin", "PYTHONUNBUFFERED": "1",
            "REMBUS_PORT": str(self.ports["8338"]), "REMBUS_BASE_URL": self.url,
            # What tells the runner that a subscriber is there.
            "REMBUS_PROMETHEUS": str(self.metrics_port)}
        self._provide_broker()
        if swift := [block for block in blocks if block.language == "swift" and block.directive[:1] != ("file",)]:
            self.program = page_swift.build([self._copy(block) for block in swift], folder / "swift")

    def _provide_broker(self):
        """A page that starts no broker has readers who have one, with tables."""
        if any("rembus broker" in block.text for block in self.blocks if block.language in ("sh", "console")):
            return
        (self.folder / "schema.json").write_text(json.dumps(SCHEMA))
        self._start("rembus broker --schema schema.json", None)

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.ports['8338']}"

    def _make_programs(self):
        values = {"python": sys.executable, "root": ROOT, "rembus": rembus_binary(),
                  "mosquitto_sub": shutil.which("mosquitto_sub") or "mosquitto_sub"}
        for name, script in SCRIPTS.items():
            if name == "duckdb" and shutil.which("duckdb"):
                continue
            self._script(self.bin / name, script.format(**values))
        (self.bin / "rembus").symlink_to(rembus_binary())
        # A reader who has built the package stands in its folder.
        (self.folder / ".build" / "release").mkdir(parents=True)
        self._script(self.folder / ".build/release/rembus", BENCH.format(**values))
        (self.folder / "deploy").symlink_to(ROOT / "deploy")
        # The clone beside the reader's own package.
        (self.folder.parent / "rembus").symlink_to(ROOT)

    @staticmethod
    def _script(path, text):
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    # What is changed

    def localized(self, text):
        for old, new in (HOSTS | SIZES).items():
            text = text.replace(old, new)
        # An MQTT address without a port means the usual one.
        text = re.sub(r"\b(mqtts?)://localhost(?=[/\s'\"]|$)",
                      lambda found: f"{found[0]}:{1883 if found[1] == 'mqtt' else 8883}", text)
        text = re.sub(rf"\b({'|'.join(PORTS)})\b", lambda found: str(self.ports[found[0]]), text)
        return re.sub(r"^curl ", "curl -sS ", text, flags=re.MULTILINE)

    def _copy(self, block):
        return type(block)(**(block.__dict__ | {"text": self.localized(block.text)}))

    # Running

    def run(self, block):
        key, words = block.directive or ("", "")
        if key == "file":
            (self.folder / words).write_text(self.localized(block.text))
            if block.language == "json":
                json.loads(block.text)
            if words == "Package.swift":
                self._check_manifest()
            return
        if key == "test" and words == "with the broker stopped":
            self._end(lambda running: running.is_broker)
        {"sh": self._shell, "console": self._shell, "python": self._python, "swift": self._swift}[block.language](block)

    def _check_manifest(self):
        """The manifest is one, and what it depends on is there: the build of its program is that of the page."""
        done = subprocess.run(
            ["swift", "package", "--scratch-path", str(self.folder / ".build"), "dump-package"], cwd=self.folder,
            capture_output=True, text=True, timeout=2 * PATIENCE)
        assert done.returncode == 0, done.stderr
        manifest = json.loads(done.stdout)
        (dependency,) = manifest["dependencies"]
        (place,) = dependency["fileSystem"]
        assert Path(place["path"]).resolve() == ROOT, place
        (needed,) = manifest["targets"][0]["dependencies"]
        assert needed["product"][:2] == ["Rembus", place.get("nameForTargetDependencyResolutionOnly", place["identity"])]
        assert '.library(name: "Rembus", targets: ["Rembus"])' in (ROOT / "Package.swift").read_text()

    def _shell(self, block):
        finite, printed = [], []
        for command, expected in commands(block):
            command = self.localized(re.sub(r"\s+#\s.*", "", command) if block.language == "sh" else command)
            if "$!" in command:
                command = command.replace("$!", str(self.running[-1].process.pid))
            if (ENDLESS.search(command) and not ENDS.search(command)) or command.rstrip().endswith("&"):
                self._start(re.sub(r"\s*&\s*$", "", command), expected)
            else:
                finite.append(command)
                printed.append(self._finish(command, expected))
        if finite:
            # Those that were started in a block above hear what is published here.
            self._until_heard([running for running in self.running if running.expected], finite)
        for line in block.output:
            assert any(line in text for text in printed), (block.name, line, printed)

    def _finish(self, command, expected):
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=2 * PATIENCE)
        refused = expected and expected[0].startswith("rembus: ")
        assert refused or done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        printed = done.stderr if refused else done.stdout
        if expected is not None:
            assert lines(printed) == [line.rstrip() for line in expected], f"{command}\n{printed}{done.stderr}"
        return printed

    def _until_heard(self, heard, finite):
        """Waits until everything has come to those that listen. What is published when a bridge is not connected yet is
        lost, so it is published again."""
        deadline = time.monotonic() + self.patience
        while missing := [running for running in heard if not contains(running.output.lines, running.expected)]:
            assert time.monotonic() < deadline, "\n".join(running.said() for running in missing)
            if not self._comes(missing):
                for command in finite:
                    if re.match(r"(rembus|mosquitto_)\s?pub", command):
                        self._finish(command, None)
        for running in heard:
            running.expected = []

    @staticmethod
    def _comes(missing, patience=3):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if all(contains(running.output.lines, running.expected) for running in missing):
                return True
            time.sleep(0.02)
        return False

    # What goes on

    def _start(self, command, expected):
        is_broker = re.search(r"rembus broker\b|^make run", command)
        environment = self.environment
        if "--peer" in command:
            # It runs beside the one that it is linked with.
            environment = {key: value for key, value in environment.items() if key != "REMBUS_PROMETHEUS"}
        elif is_broker:
            # One broker at a time has the ports; a secure one has nothing to say to those who spoke in the clear.
            self._end(lambda running: running.is_broker or "--secure" in command)
        before = self._subscriptions()
        process = subprocess.Popen(
            ["bash", "-c", command if "|" in command or ";" in command else f"exec env {command}"],
            cwd=self.folder, env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        running = Running(command, process, expected)
        self.running.append(running)
        self._wait_until_ready(running, before)

    def _wait_until_ready(self, running, before):
        if running.is_broker:
            assert running.output.wait_for(re.compile(r"wss?(\+unix)?://").search), running.said()
            running.expected, self.restarted = [], True
            self._wait_for_providers()
            return
        if port := re.match(r"mosquitto -p (\d+)", running.text):
            while not self._listens(int(port[1])):
                assert running.process.poll() is None, running.said()
            return
        if running.text.startswith("mosquitto_sub"):
            assert running.output.wait_for(re.compile("Subscribed").search), running.said()
            return
        deadline = time.monotonic() + self.patience
        topic = re.search(r"rembus expose (\S+)", running.text)
        while not (self._is_offered(topic[1]) if topic else self._subscriptions() > before):
            assert running.process.poll() is None and time.monotonic() < deadline, running.said()
            time.sleep(0.02)

    @staticmethod
    def _listens(port):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return True
        except OSError:
            time.sleep(0.02)
            return False

    def _wait_for_providers(self):
        """A provider that goes on connects again with the broker that comes; a reader is not faster than that."""
        deadline = time.monotonic() + self.patience
        for topic in re.findall(r"rembus expose (\S+)", "\n".join(running.text for running in self.running)):
            while not self._is_offered(topic):
                assert time.monotonic() < deadline, topic
                time.sleep(0.05)

    def _is_offered(self, method):
        peer = Peer(self.url)
        try:
            return peer.call(method)[0] not in (42, 43)
        finally:
            peer.close()

    def _subscriptions(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=PATIENCE) as answer:
                return Metrics(answer.read().decode())("rembus_subscriptions")
        except OSError:
            return 0

    # Programs

    def _python(self, block):
        code = self.localized(block.text)
        if "loop_forever" in code:
            process = subprocess.Popen(
                [sys.executable, "-c", code], cwd=self.folder, env=self.environment, text=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
            before = self._subscriptions()
            self.running.append(Running("python", process, block.output))
            self._wait_until_ready(self.running[-1], before)
            return
        if self.python is None:
            self.python = self._driven([sys.executable, "-u", "-c", DRIVER])
        self._step(self.python, block, json.dumps([block.number, code, self.patience if self.restarted else 0]))
        self.restarted = False

    def _swift(self, block):
        if self.swift is None:
            # By the line, as on a terminal: without a terminal output is held back, unless the page sees to it.
            flushes = any("fflush(nil)" in other.text for other in self.blocks if other.language == "swift")
            self.swift = self._driven([*([] if flushes else ["stdbuf", "-oL"]), str(self.program)])
        self._step(self.swift, block, str(block.number))

    def _driven(self, command):
        process = subprocess.Popen(
            command, cwd=self.folder, env=self.environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True)
        return Running(command[0], process, [])

    def _step(self, driven, block, order):
        start = len(driven.output.lines)
        driven.process.stdin.write(f"{order}\n")
        driven.process.stdin.flush()
        mark = re.compile(rf"\[\[(done|started|failed) {block.number}\]\]")
        found = driven.output.wait_for(lambda line: mark.search(line) and line)
        assert found and "failed" not in found, (block.name, driven.said())
        if "started" in found:
            # Perhaps a block below makes it print.
            self.pending.append((driven, start, block))
        else:
            self._until_printed(driven, start, block)

    def _until_printed(self, driven, start, block):
        deadline = time.monotonic() + self.patience
        while not contains(driven.output.lines[start:], block.output):
            assert time.monotonic() < deadline, (block.name, block.output, driven.said())
            assert not any(f"[[failed {block.number}]]" in line for line in driven.output.lines), driven.said()
            time.sleep(0.02)

    # The end

    def _end(self, which):
        for running in [running for running in self.running if which(running)]:
            running.end()
            self.running.remove(running)

    def abandon(self):
        """Ends everything, whatever it has done."""
        self._collect_programs()
        self._end(lambda _: True)

    def finish(self):
        """The end of the page: what goes on has printed what it should, and ends without a failure."""
        for driven, start, block in self.pending:
            self._until_printed(driven, start, block)
        deaf = [running.said() for running in self.running if running.expected]
        self._collect_programs()
        said = [running.said() for running in self.running]
        # Listeners first: a broker that goes would make them complain.
        self._end(lambda running: not running.is_broker)
        self._end(lambda _: True)
        assert not deaf, "\n".join(deaf)
        assert not any("[[failed" in text for text in said), "\n".join(said)

    def _collect_programs(self):
        for driven in (self.python, self.swift):
            if driven:
                driven.process.stdin.close()
                self.running.append(driven)
        self.python = self.swift = None


def lines(text):
    return [line.rstrip() for line in text.rstrip("\n").splitlines()]


def contains(printed, expected):
    """Whether the expected lines are among the printed ones, in this order."""
    rest = iter(line.rstrip() for line in list(printed) if not line.startswith("[["))
    return all(any(wanted.rstrip() in line for line in rest) for wanted in expected)
