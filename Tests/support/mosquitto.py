"""A mosquitto process, and clients of it that tests can look into: `with Mosquitto() as server: ...`."""

import queue
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from support.ports import free_port
from support.processes import PATIENCE, OutputReader

_BINARY = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")

needs_mosquitto = pytest.mark.skipif(_BINARY is None, reason="mosquitto is not installed")


class Mosquitto:
    """`options` are lines of its configuration; `users` name: password; `certificate` the base of a .crt and a .key;
    a `durable` one knows after a restart what it knew."""

    def __init__(self, options=(), users=None, certificate=None, durable=False):
        self._folder = tempfile.TemporaryDirectory(prefix="mosquitto-test-")
        folder = Path(self._folder.name)
        # The server may give up its rights.
        folder.chmod(0o777 if durable else 0o755)
        self.port = free_port()
        if durable:
            options = [*options, "persistence true", f"persistence_location {folder}/"]
        lines = [f"listener {self.port} 127.0.0.1", f"allow_anonymous {'false' if users else 'true'}", *options]
        if certificate:
            for suffix in ("crt", "key"):
                copy = folder / f"server.{suffix}"
                copy.write_bytes(Path(f"{certificate}.{suffix}").read_bytes())
                copy.chmod(0o644)
            lines += [f"certfile {folder}/server.crt", f"keyfile {folder}/server.key"]
        if users:
            passwords = folder / "passwords"
            passwords.touch(0o600)
            for name, secret in users.items():
                subprocess.run(
                    ["mosquitto_passwd", "-b", str(passwords), name, secret], check=True, capture_output=True)
            passwords.chmod(0o644)
            lines.append(f"password_file {passwords}")
        self._configuration = folder / "mosquitto.conf"
        self._configuration.write_text("\n".join(lines) + "\n")
        self._process = None
        self.start()

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self):
        self._process = subprocess.Popen(
            [_BINARY, "-v", "-c", str(self._configuration)], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.log = OutputReader(self._process.stderr)
        assert self.log.wait_for(lambda line: "running" in line and line), self.log.text()

    def stop(self):
        """Ends it; what it does not keep on a disk is forgotten."""
        if self._process.poll() is None:
            self._process.terminate()
            self.resume()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.log.join()
        self._process.stderr.close()

    def restart(self):
        self.stop()
        self.start()

    def pause(self):
        """It stands still, as under a debugger; its sockets stay open."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self):
        self._process.send_signal(signal.SIGCONT)

    def wait_for_log(self, *words):
        assert self.log.wait_for(lambda line: all(word in line for word in words) and line), self.log.text()

    def client(self, *filters, **settings) -> "Client":
        return Client(self.port, *filters, **settings)

    def discard(self):
        self.stop()
        self._folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.discard()


class Client:
    """A connected paho client; what comes in is in `received`, as paho's messages."""

    def __init__(self, port, *filters, version=5, qos=1, name="", durable=False, **login):
        self.received = queue.Queue()
        protocol = paho.MQTTv5 if version == 5 else paho.MQTTv311
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=protocol)
        if login:
            self._client.username_pw_set(login["user"], login.get("password"))
        if tls := login.get("authority"):
            self._client.tls_set(str(tls))
        self._client.on_message = lambda _client, _data, message: self.received.put(message)
        ready, subscribed = threading.Event(), threading.Event()
        self._client.on_connect = lambda *_: ready.set()
        self._client.on_subscribe = lambda *_: subscribed.set()
        expiry = None
        if durable:
            expiry = Properties(PacketTypes.CONNECT)
            expiry.SessionExpiryInterval = 60
        start = {} if version != 5 else {"clean_start": not durable, "properties": expiry}
        self._client.connect("127.0.0.1", port, **start)
        self._client.loop_start()
        assert ready.wait(PATIENCE)
        if filters:
            if version == 5:
                self._client.subscribe([(each, SubscribeOptions(qos=qos)) for each in filters])
            else:
                self._client.subscribe([(each, qos) for each in filters])
            assert subscribed.wait(PATIENCE)

    def publish(self, topic, payload=b"", qos=0, retain=False, **properties):
        """Publishes and waits until the server has it."""
        described = None
        if properties:
            described = Properties(PacketTypes.PUBLISH)
            for name, value in properties.items():
                setattr(described, name, value)
        self._client.publish(topic, payload, qos, retain, described).wait_for_publish(PATIENCE)

    def next(self):
        """(topic, payload) of the next message."""
        message = self.received.get(timeout=PATIENCE)
        return message.topic, message.payload

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class OldServer:
    """Stands before an MQTT server and knows no version but 3.1.1."""

    def __init__(self, port):
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            first = near.recv(4096)
            # The version is behind the name: 10 len 00 04 M Q T T version.
            if first[first.index(b"MQTT") + 4] != 4:
                near.sendall(b"\x20\x02\x00\x01")
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._target))
            far.sendall(first)
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    @staticmethod
    def _carry(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()


def eventually(condition):
    """Asks until the answer is yes, and gives it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = condition()
        if answer or time.monotonic() > deadline:
            return answer
        time.sleep(0.02)
