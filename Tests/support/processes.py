"""Brokers as processes: started, watched and ended by the tests, on ports the system picks, with state in a temporary folder."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

from support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]

#: With REMBUS_BROKER=python the tests meet the Python reference broker instead of ours: an aid for whoever writes a test.
REFERENCE = os.environ.get("REMBUS_BROKER") == "python"

#: How long a process may take for what takes milliseconds on an idle machine. Only a broken broker waits this long.
PATIENCE = 60.0

_ADDRESS = re.compile(r"wss?://([^\s:/]+|\[[^\]]+\]):(\d+)")


def rembus_binary() -> str:
    """The built command; REMBUS_BIN points the tests at another one."""
    binary = Path(os.environ.get("REMBUS_BIN", ROOT / ".build/debug/rembus"))
    if not binary.exists():
        raise RuntimeError(f"{binary} does not exist: run 'make build' first, or name the binary in REMBUS_BIN")
    return str(binary)


def clean_environment(folder: str, **settings) -> dict:
    """The environment of a started process: ours without REMBUS_*, plus the state folder and the given settings."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("REMBUS_")}
    environment["REMBUS_DIR"] = str(folder)
    environment["PYTHONUNBUFFERED"] = "1"
    if threads := os.environ.get("TEST_THREADS"):
        # More event loops than a small machine has by default, so that the paths between them are taken.
        environment["REMBUS_THREADS"] = threads
    environment.update({key: str(value) for key, value in settings.items()})
    return environment


class OutputReader:
    """Collects the lines of a pipe on a thread, so that a test can wait for one of them."""

    def __init__(self, pipe):
        self.lines = []
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def _read(self, pipe):
        for line in pipe:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_for(self, matches, timeout=PATIENCE):
        """The first line for which `matches` gives a value, as that value; None when the pipe ends or time runs out."""
        seen = 0
        with self._changed:
            while True:
                for line in self.lines[seen:]:
                    if found := matches(line):
                        return found
                seen = len(self.lines)
                if self._ended or not self._changed.wait(timeout):
                    return None

    def text(self) -> str:
        with self._changed:
            return "\n".join(self.lines)

    def join(self):
        self._thread.join(PATIENCE)


class Broker:
    """A broker process. `Broker(server=True, REMBUS_ACK_TIMEOUT=0.2)`: options by name, settings as environment."""

    def __init__(self, name="broker", port=0, policy=None, overwrite=False, server=False, options=(), folder=None,
                 reference=REFERENCE, peers=(), **settings):
        self.name, self.port, self.policy = name, port, policy
        self.overwrite, self.server, self.options = overwrite, server, list(options)
        #: URLs of brokers above this one, each with the name that it has there.
        self.peers = list(peers)
        self.reference = reference
        self.settings = settings
        self._own_folder = None if folder else tempfile.TemporaryDirectory(prefix="rembus-test-")
        self.folder = str(folder or self._own_folder.name)
        self.process = None
        self.start()

    def _command(self):
        if self.reference:
            program = str(Path(__file__).with_name("reference_broker.py"))
            return [sys.executable, program, str(self.port or free_port()), self.name, self.policy or "first_up",
                    "server" if self.server else "broker", *self.peers]
        # An argument that is left out is a default that is tested.
        command = [rembus_binary(), "broker", "--port", str(self.port), "--name", self.name]
        if self.policy:
            command += ["--policy", self.policy]
        if self.overwrite:
            command.append("--overwrite")
        if self.server:
            command.append("--server")
        for url in self.peers:
            command += ["--peer", url]
        return command + self.options

    def start(self):
        # A restart takes the same port again, as clients expect. For a moment another test's client may have it.
        deadline = time.monotonic() + PATIENCE
        while not (address := self._try_to_start()):
            self.kill()
            if not self.port or "the port is in use" not in self.errors.text() or time.monotonic() > deadline:
                raise RuntimeError(f"the broker did not say where it listens\n{self.log()}")
            time.sleep(0.2)
        self.host, self.port = address[1], int(address[2])
        self.started_with = address.string

    def _try_to_start(self):
        """What the broker says of its address; None when it ended before that."""
        settings = dict(self.settings)
        if self.reference and self.overwrite:
            settings["REMBUS_OVERWRITE_CONNECTION"] = 1
        self.process = subprocess.Popen(
            self._command(), env=clean_environment(self.folder, **settings), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.output = OutputReader(self.process.stdout)
        self.errors = OutputReader(self.process.stderr)
        return self.output.wait_for(_ADDRESS.search)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def says(self, *words) -> bool:
        """Whether one line of its log has all these words, now or after a while: the log comes through another pipe."""
        return bool(self.errors.wait_for(lambda line: all(word in line for word in words)))

    def log(self) -> str:
        return f"--- stdout\n{self.output.text()}\n--- stderr\n{self.errors.text()}"

    def stop(self) -> int:
        """SIGTERM and the exit status."""
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        finally:
            self._close_pipes()

    def kill(self):
        """SIGKILL: no time to tell anybody."""
        if self.alive:
            self.process.kill()
        self.process.wait()
        self._close_pipes()

    def _close_pipes(self):
        if self.process.poll() is None:
            return
        self.output.join()
        self.errors.join()
        self.process.stdout.close()
        self.process.stderr.close()

    def discard(self):
        """Ends the process in whatever state it is and removes its folder."""
        self.kill()
        if self._own_folder:
            self._own_folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.discard()


def run_rembus(*arguments, timeout=PATIENCE, stdin=None, url=None, folder=None, **settings):
    """Runs the command to its end; gives the completed process with its output as text."""
    if url:
        arguments = (*arguments, "--url", url)
    with tempfile.TemporaryDirectory(prefix="rembus-test-") as temporary:
        return subprocess.run(
            [rembus_binary(), *map(str, arguments)], env=clean_environment(folder or temporary, **settings),
            input=stdin, stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True, text=True, timeout=timeout)


def on_a_terminal(*arguments, columns=80, url=None):
    """Runs the command with its output on a terminal; gives what is on the screen."""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with tempfile.TemporaryDirectory(prefix="rembus-test-") as folder:
        process = subprocess.Popen(
            [rembus_binary(), *map(str, arguments), *(["--url", url] if url else [])],
            env=clean_environment(folder, TERM="xterm"), stdin=subprocess.DEVNULL, stdout=terminal,
            stderr=subprocess.PIPE, text=True)
        os.close(terminal)
        screen = b""
        while True:
            try:
                piece = os.read(main, 65536)
            except OSError:  # EIO: the last writer is gone
                break
            if not piece:
                break
            screen += piece
        os.close(main)
        assert process.wait(PATIENCE) == 0, process.stderr.read()
        process.stderr.close()
    return re.sub(r"\x1b\[[0-9;]*m", "", screen.decode().replace("\r\n", "\n"))


class Command:
    """A `rembus` command that goes on running (`sub`, `expose`) while the test does something."""

    def __init__(self, *arguments, **settings):
        self._folder = tempfile.TemporaryDirectory(prefix="rembus-test-")
        self.process = subprocess.Popen(
            [rembus_binary(), *map(str, arguments)], env=clean_environment(self._folder.name, **settings), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.output = OutputReader(self.process.stdout)
        self.errors = OutputReader(self.process.stderr)

    def wait(self, timeout=PATIENCE) -> int:
        return self.process.wait(timeout)

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.wait()

    def lines(self):
        """What it printed, once it has ended."""
        self.wait()
        self.output.join()
        return list(self.output.lines)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.output.join()
        self.errors.join()
        self.process.stdout.close()
        self.process.stderr.close()
        self._folder.cleanup()
