"""The examples of docs/mqtt.md and the doors of README.md, as they are printed there but for the ports."""

import contextlib
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.http_door import http_port
from support.http_provider import Provider
from support.mosquitto import Mosquitto, needs_mosquitto
from support.mqtt import mqtt_port
from support.processes import PATIENCE, REFERENCE, Broker, OutputReader, clean_environment, rembus_binary, run_rembus

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "mqtt.md").read_text()
LISTENERS = ("mosquitto_sub", "rembus sub")

pytestmark = [
    pytest.mark.skipif(REFERENCE, reason="about our documentation"),
    pytest.mark.skipif(shutil.which("mosquitto_pub") is None, reason="needs mosquitto's tools"),
]


def block_with(text, page=PAGE):
    """The lines of the one block of commands that contains a text, without their comments."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    found = [block for language, block in blocks if not language and text in block]
    assert len(found) == 1, text
    return [re.sub(r"\s+# .*", "", line) for line in found[0].splitlines()]


def shell(line, url, **ports):
    """A command that runs with our binary, told where the broker is when it does not say so itself."""
    for old, new in ports.items():
        line = line.replace(f"-p {old[1:]}", f"-p {new}")
    line = re.sub(r"^rembus ", f"{rembus_binary()} ", line)
    return ["bash", "-c", f"exec {line}"], dict(clean_environment("/nonexistent", REMBUS_BASE_URL=url))


def hear(lines, url, expected, **ports):
    """Starts what listens, runs what publishes until everything has come, and gives up after a while."""
    with contextlib.ExitStack() as stack:
        outputs = []
        for line in lines:
            if line.startswith(LISTENERS):
                command, environment = shell(line, url, **ports)
                process = subprocess.Popen(
                    command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                    text=True)
                stack.callback(process.wait)
                stack.callback(process.kill)
                outputs.append(OutputReader(process.stdout))
        assert len(outputs) == len(expected)
        deadline = time.monotonic() + PATIENCE
        while not all(text in output.text() for output, texts in zip(outputs, expected) for text in texts):
            assert time.monotonic() < deadline, [output.text() for output in outputs]
            for line in lines:
                if not line.startswith(LISTENERS):
                    command, environment = shell(line, url, **ports)
                    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE)
                    assert done.returncode == 0, (line, done.stderr)


@pytest.fixture
def listening():
    with Broker(options=["--mqtt-listen", "0"], REMBUS_RECORD="none") as broker:
        yield broker


def test_clients_and_components_hear_each_other(listening):
    lines = block_with("mosquitto_sub -p 1883")
    hear(lines, listening.url, [["21.6", "21.7"], ["21.6", "21.7"]], p1883=mqtt_port(listening))


@needs_mosquitto
def test_the_bridge_brings_both_sides_together():
    with Mosquitto() as server:
        options = block_with("rembus broker --mqtt ")[0].split()[2:]
        assert options == ["--mqtt", "mqtt://localhost:1884"]
        with Broker(options=["--mqtt", f"mqtt://localhost:{server.port}"], REMBUS_RECORD="none") as broker:
            hear(block_with("rembus sub 'plant/**'"), broker.url, [["21.6", "22.5"], ["21.6", "22.5"]], p1884=server.port)


def test_the_command_line_with_an_mqtt_server(listening):
    lines = [line.replace("//localhost", f"//localhost:{mqtt_port(listening)}")
             for line in block_with("--url mqtt://localhost") if "mqtts://" not in line]
    hear(lines, listening.url, [["21.6"]])


def test_the_program_with_paho(tmp_path):
    code = re.search(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[1]
    secret = tmp_path / "secret"
    secret.write_text("the secret of panel\n")
    secret.chmod(0o600)
    done = run_rembus("keys", "secret", "panel", "--secret-file", secret, folder=tmp_path / "state")
    assert done.returncode == 0, done.stderr
    with Broker(folder=tmp_path / "state", options=["--mqtt-listen", "0"], REMBUS_RECORD="none") as broker:
        code = code.replace("1883", str(mqtt_port(broker))).replace(
            "print(message.topic, message.payload)", "print(message.topic, message.payload, flush=True)")
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            output = OutputReader(process.stdout)
            deadline = time.monotonic() + PATIENCE
            while "plant/7/telemetry b'21.6'" not in output.text():
                assert time.monotonic() < deadline and process.poll() is None, output.text()
                done = run_rembus("pub", "plant/7/telemetry", "21.6", url=broker.url)
                assert done.returncode == 0, done.stderr
        finally:
            process.kill()
            process.wait()


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_doors_of_the_readme(connect):
    lines = block_with("--mqtt-listen 1883", (ROOT / "README.md").read_text())
    options = ["--tcp", "0", "--zmq", "0", "--http", "0", "--mqtt-listen", "0"]
    assert [word for word in lines[0].split()[4:] if word.startswith("--")] == options[::2]
    with Broker(options=options, REMBUS_RECORD="none") as broker:
        Provider(connect("adder", to=broker), "add", sum)
        tcp = re.search(r"tcp://127\.0\.0\.1:(\d+)", broker.started_with)[1]

        def local(line):
            line = line.replace("localhost:8341", f"127.0.0.1:{http_port(broker)}").replace("localhost:8339", f"127.0.0.1:{tcp}")
            return line.replace("curl ", "curl -sSg ", 1).replace("-p 1883", f"-p {mqtt_port(broker)}")

        published = [line for line in lines if line.startswith("mosquitto_pub") or "-X POST" in line]
        assert len(published) == 2
        listener = [line for line in lines if line.startswith("rembus sub")]
        for line in published:
            hear([local(text) for text in [*listener, line]], broker.url, [['"temperature":21.6']])
        answers = [subprocess.run(["bash", "-c", local(line)], capture_output=True, text=True, timeout=PATIENCE).stdout
                   for line in lines if line.startswith("curl") and "-X POST" not in line]
        assert answers[0].strip() == "3"
        assert '"result":3' in answers[1]
        assert "rembus_messages_received_total" in answers[2]
