"""The SDK's components of `Tests/ChaosPeer` as processes, and what they reported."""

import os
import signal
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from support.processes import OutputReader, clean_environment, rembus_binary

#: Time-outs that suit a network that changes several times a second.
QUICK = {
    "REMBUS_ACK_TIMEOUT": 0.4,
    "REMBUS_SEND_RETRIES": 1000,
    "REMBUS_WS_PING_INTERVAL": 0.4,
    "REMBUS_TIMEOUT": 2,
}


def resident_bytes(pid) -> int:
    """Memory of a process that is really in use."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def open_files(pid) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


class ChaosPeer:
    """One component in a process of its own: `ChaosPeer("publish", url, "publisher", "topic", 1, 100, 5, 8)`."""

    def __init__(self, role, url, name, topic, *arguments, **settings):
        self._command = [
            str(Path(rembus_binary()).with_name("chaos-peer")), role, f"{url}/{name}", topic, *map(str, arguments)]
        self.name = name
        self._settings = QUICK | settings
        self._folder = tempfile.TemporaryDirectory(prefix="rembus-test-")
        self._start()

    def _start(self):
        self.process = subprocess.Popen(
            self._command, env=clean_environment(self._folder.name, **self._settings), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.output = OutputReader(self.process.stdout)
        self.errors = OutputReader(self.process.stderr)
        assert self.output.wait_for(lambda line: line == "ready"), self.log()

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.output.join()
        self.errors.join()
        self.process.stdout.close()
        self.process.stderr.close()

    def log(self) -> str:
        return f"{self.name}: {self.output.lines[-20:]}\n{self.errors.text()}"

    def wait_for_end(self, timeout):
        assert self.output.wait_for(lambda line: line == "end", timeout), self.log()

    def lines(self, word):
        """The words behind `word` of every line that starts with it, oldest first."""
        prefix = word + " "
        return [line.split()[1:] for line in list(self.output.lines) if line.startswith(prefix)]

    def numbers(self, word):
        return [int(words[0]) for words in self.lines(word)]

    def received(self, publisher):
        """The numbers that came from this publisher, in order of arrival, copies included."""
        return [int(number) for name, number in self.lines("got") if name == publisher]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()
        self._folder.cleanup()


def first_occurrences(numbers):
    return list(dict.fromkeys(numbers))


def doubled(numbers):
    return [number for number, count in Counter(numbers).items() if count > 1]
