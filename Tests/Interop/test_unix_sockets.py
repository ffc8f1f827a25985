"""Unix sockets in place of ports (docs/proxies.md)."""

import http.client
import os
import re
import signal
import socket
import stat
import subprocess

import pytest

from support.processes import PATIENCE, REFERENCE, OutputReader, clean_environment, rembus_binary, run_rembus

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our broker")


class SocketBroker:
    """A broker whose listeners are all Unix sockets in `folder`."""

    def __init__(self, folder, *options, listeners=("ws", "tcp", "http", "mqtt-listen", "prometheus"), **settings):
        self.folder = folder
        self.paths = {name: folder / f"{name}.sock" for name in listeners}
        sockets = [word for name in listeners for word in (f"--{name}", f"unix:{self.paths[name]}")]
        self.process = subprocess.Popen(
            [rembus_binary(), "broker", *sockets, *options], text=True, stdin=subprocess.DEVNULL,
            env=clean_environment(folder / "state", REMBUS_RECORD="none", **settings),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.output, self.errors = OutputReader(self.process.stdout), OutputReader(self.process.stderr)
        self.started_with = self.output.wait_for(lambda line: "ready on" in line and line)

    def url(self, scheme, listener=None):
        return f"{scheme}+unix://{self.paths[listener or scheme]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class UnixHTTP(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with SocketBroker(tmp_path_factory.mktemp("s")) as broker:
        assert broker.started_with, broker.errors.text()
        yield broker


def test_every_listener_says_where_it_is(broker):
    for scheme, listener in [("ws", "ws"), ("tcp", "tcp"), ("http", "http"), ("mqtt", "mqtt-listen"), ("http", "prometheus")]:
        assert f"{scheme}+unix://{broker.paths[listener]}" in broker.started_with
    assert not re.search(r":\d", broker.started_with.split(" (")[0])


def test_only_the_owner_may_connect(broker):
    for path in broker.paths.values():
        assert stat.S_ISSOCK(path.stat().st_mode) and path.stat().st_mode & 0o777 == 0o600
    assert [path for path in os.listdir(broker.folder) if path.startswith(".rb")] == []


@pytest.mark.parametrize("scheme, listener", [("ws", "ws"), ("tcp", "tcp"), ("mqtt", "mqtt-listen")])
def test_the_command_connects(broker, scheme, listener, uid):
    url = broker.url(scheme, listener)
    for target in (url, f"{url}:/pump{scheme}{uid}"):
        done = run_rembus("pub", "t", "1", "--qos", "1", url=target)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_url_of_a_socket_in_the_environment(broker):
    done = run_rembus("call", "rid", REMBUS_BASE_URL=broker.url("ws"))
    assert (done.returncode, done.stdout.strip()) == (0, '"broker"'), done.stderr


def test_http_over_a_socket(broker):
    for path, name in [("/rid", "http"), ("/metrics", "prometheus")]:
        connection = UnixHTTP(broker.paths[name])
        connection.request("GET", path)
        assert connection.getresponse().status == 200
        connection.close()


def test_peers_of_a_socket_can_be_proxies(tmp_path):
    with SocketBroker(tmp_path, REMBUS_TRUSTED_PROXIES="unix") as broker:
        connection = UnixHTTP(broker.paths["http"])
        connection.request("GET", "/rid", headers={"X-Forwarded-For": "203.0.113.9", "Authorization": "Basic Z2hvc3Q6eA=="})
        assert connection.getresponse().status == 401
        connection.close()
        assert broker.errors.wait_for(lambda line: "ghost" in line and "203.0.113.9" in line), broker.errors.text()


def test_rights_on_the_file(tmp_path):
    with SocketBroker(tmp_path, REMBUS_SOCKET_MODE="0660") as broker:
        assert broker.paths["ws"].stat().st_mode & 0o777 == 0o660
        assert broker.paths["http"].stat().st_mode & 0o777 == 0o660


def test_a_file_that_was_left_behind_is_replaced(tmp_path):
    with SocketBroker(tmp_path) as killed:
        assert killed.started_with
        killed.process.send_signal(signal.SIGKILL)
        killed.process.wait()
        assert killed.paths["ws"].exists()
    with SocketBroker(tmp_path) as again:
        assert again.started_with, again.errors.text()
        assert run_rembus("pub", "t", "1", "--qos", "1", url=again.url("ws")).returncode == 0
        # A stop leaves nothing.
        again.process.send_signal(signal.SIGTERM)
        assert again.process.wait(PATIENCE) == 0
        assert [path for path in again.paths.values() if path.exists()] == []


def test_a_socket_that_is_listened_on_stays(tmp_path):
    (tmp_path / "a").mkdir()
    with SocketBroker(tmp_path / "a") as first:
        taken = f"unix:{first.paths['ws']}"
        second = run_rembus("broker", "--ws", taken, folder=tmp_path / "b", REMBUS_RECORD="none")
        assert second.returncode == 1 and "somebody listens" in second.stderr
        assert run_rembus("pub", "t", "1", "--qos", "1", url=first.url("ws")).returncode == 0


def test_a_file_that_is_no_socket_stays(tmp_path):
    (tmp_path / "notes").write_text("precious")
    refused = run_rembus("broker", "--ws", f"unix:{tmp_path}/notes", folder=tmp_path / "b", REMBUS_RECORD="none")
    assert refused.returncode == 1 and "no socket" in refused.stderr
    assert (tmp_path / "notes").read_text() == "precious"


@pytest.mark.parametrize("option", ["unix:", "unix:relative.sock", "unix:/" + "x" * 120, "70000", "-1", "x"])
def test_an_address_that_is_none(option, tmp_path):
    refused = run_rembus("broker", f"--http={option}", folder=tmp_path, REMBUS_PORT="0", REMBUS_RECORD="none")
    assert refused.returncode in (1, 64) and refused.stderr.startswith(("rembus: ", "Error"))


def test_zeromq_over_a_socket(tmp_path):
    with SocketBroker(tmp_path, listeners=("ws", "zmq")) as broker:
        assert broker.started_with, broker.errors.text()
        assert broker.paths["zmq"].stat().st_mode & 0o777 == 0o600
        done = run_rembus("pub", "t", "1", "--qos", "1", url=broker.url("zmq") + ":/pump7")
        assert (done.returncode, done.stderr) == (0, "")
