"""A PostgreSQL server of its own for a test, with its data in a temporary folder."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from support.ports import free_port
from support.processes import PATIENCE


def programs() -> Path | None:
    """The folder of the server's programs; None when it is not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    folders += [Path("/opt/homebrew/bin"), Path("/usr/local/bin")]
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


class PostgresServer:
    """A server that comes and goes; it does not run yet. Its only user is `rembus`, whose password is `s3cret`."""

    def __init__(self):
        self.folder, self.port = tempfile.mkdtemp(prefix="rembus-postgres-"), free_port()
        self.process = None
        # The server refuses to run as root.
        self._prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        password = Path(self.folder, "password")
        password.write_text("s3cret")
        if self._prefix:
            shutil.chown(self.folder, "postgres")
            shutil.chown(password, "postgres")
        made = self._run("initdb", "-D", f"{self.folder}/data", "-U", "rembus", "-A", "scram-sha-256", "--pwfile", password)
        assert made.returncode == 0, made.stderr

    def _run(self, program, *arguments):
        return subprocess.run(
            [*self._prefix, str(programs() / program), *map(str, arguments)], cwd="/", capture_output=True, text=True,
            env=os.environ | {"PGPASSWORD": "s3cret"})

    def connection(self, password="s3cret") -> str:
        """As in `ducklake:postgres:…`."""
        return f"host=127.0.0.1 port={self.port} dbname=lake user=rembus password={password}"

    def start(self):
        """Returns when it answers and has the database `lake`."""
        options = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"]
        self.process = subprocess.Popen(
            [*self._prefix, str(programs() / "postgres"), "-D", f"{self.folder}/data", "-p", str(self.port), *options],
            cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while True:
            made = self._run("createdb", "-h", "127.0.0.1", "-p", self.port, "-U", "rembus", "lake")
            if made.returncode == 0 or "already exists" in made.stderr:
                return
            assert time.monotonic() < deadline, made.stderr
            time.sleep(0.1)

    def stop(self):
        """At once, whoever is connected."""
        if self.process:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(PATIENCE)
            self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def postgres():
    """The connection string of a new database, as in `ducklake:postgres:…`."""
    with PostgresServer() as server:
        server.start()
        yield server.connection()
