"""Runs MQTT test suites of other projects against the broker. By hand: they are not part of this repository.

    run.py paho FOLDER [--rembus PROGRAM] [--only TEXT]          a checkout of paho.mqtt.testing
    run.py mosquitto FOLDER [--rembus PROGRAM] [--only TEXT]     a checkout of mosquitto: its broker tests

Each line of output is a test and what became of it; the last one has the counts. A mosquitto test that needs what only
mosquitto has (its plugins, its password files, an option of its configuration) is counted as `not ours`, with the word that it
needs. Everything listens on the loopback address. mosquitto's tests want the package psutil.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1]))

from support.keys import write_trust  # noqa: E402
from support.mqtt import mqtt_port  # noqa: E402
from support.ports import free_port  # noqa: E402
from support.processes import Broker, rembus_binary  # noqa: E402

PASSED, FAILED, NOT_OURS = "passed", "failed", "not ours"
TIMEOUT = 60


def finish(outcomes: Counter) -> int:
    print(f"{outcomes[PASSED]} passed, {outcomes[FAILED]} failed, {outcomes[NOT_OURS]} not ours")
    return 1 if outcomes[FAILED] else 0


# paho.mqtt.testing: two programs of unittest, which connect to a running broker


#: What the programs set when they are started; their own reading of options leaves unittest with options that it does not know.
PAHO = """
import importlib, sys, unittest
name, port = sys.argv[1], int(sys.argv[2])
suite = importlib.import_module(name)
suite.host, suite.port, suite.topic_prefix = "127.0.0.1", port, "client_test5/" if name.endswith("5") else ""
suite.topics = [suite.topic_prefix + each for each in ("TopicA", "TopicA/B", "Topic/C", "TopicA/C", "/TopicA")]
suite.wildtopics = [suite.topic_prefix + each for each in ("TopicA/+", "+/C", "#", "/#", "/+", "+/+", "TopicA/#")]
suite.nosubscribe_topics = ("test/nosubscribe",)
unittest.main(module=suite, argv=[name, "-v"] + (["-k", sys.argv[3]] if sys.argv[3] else []))
"""


def run_paho(folder: Path, only: str) -> int:
    outcomes = Counter()
    for program in ("client_test", "client_test5"):
        with tempfile.TemporaryDirectory(prefix="conformance-") as scratch:
            # The topic that the suite expects to be refused.
            write_trust(Path(scratch), private_topics=["test/nosubscribe"])
            with Broker(options=["--mqtt-listen", "0"], folder=scratch, REMBUS_RECORD="none") as broker:
                done = subprocess.run(
                    [sys.executable, "-c", PAHO, program, str(mqtt_port(broker)), only], cwd=folder / "interoperability",
                    capture_output=True, text=True, timeout=900)
        text = done.stdout + done.stderr
        if os.environ.get("CONFORMANCE_VERBOSE"):
            print(text)
        ran = int((re.findall(r"Ran (\d+) test", text) or ["0"])[-1])
        broken = re.findall(r"^(?:FAIL|ERROR): (\w+)", text, re.M)
        for name in broken:
            print(f"{FAILED:9} {program} {name}")
        print(f"{program}: {ran} tests, {len(broken)} failed", flush=True)
        outcomes += Counter({PASSED: ran - len(broken), FAILED: len(broken)})
    return finish(outcomes)


# mosquitto: programs that start a broker each, by a command line and a configuration file of mosquitto

#: Tests of what only mosquitto has, by the beginnings of their names.
ONLY_MOSQUITTO = {
    "01-bad-initial-packets": "a bound on its memory", "01-connect-unix-socket": "Unix sockets", "15-persist": "its persistence modules",
    "16-": "its command line", "11-persistence-autosave": "its database"}

#: Options of mosquitto.conf that mean nothing here.
IGNORED = {
    "log_type", "log_dest", "connection_messages", "log_timestamp", "sys_interval", "user", "autosave_interval", "persistence_file",
    "persistence_location", "per_listener_settings", "set_tcp_nodelay", "bind_address", "retry_interval", "autosave_on_changes",
    "socket_domain", "protocol", "max_keepalive_ignored"}


def rembus_command(arguments: list[str]) -> tuple[list[str], dict]:
    """The command and settings for a command line of mosquitto. Throws ValueError with what has no equivalent."""
    port, command, settings = None, [os.environ["CONFORMANCE_REMBUS"], "broker", "--port", "0"], {
        "REMBUS_MAX_TOPIC_BYTES": "65535", "REMBUS_MAX_TOPIC_SEGMENTS": "1024"}
    rest = iter(arguments)
    for word in rest:
        match word:
            case "-v" | "--verbose":
                pass
            case "-p" | "--port":
                port = next(rest)
            case "-c" | "--config-file":
                for line in Path(next(rest)).read_text().splitlines():
                    name, _, value = line.strip().partition(" ")
                    value = value.strip()
                    match name:
                        case "" | "#":
                            pass
                        case "listener" | "port":
                            if port not in (None, value.split()[0]):
                                raise ValueError("a second listener")
                            port = value.split()[0]
                        case "allow_anonymous" | "listener_allow_anonymous":
                            if value == "false":
                                command.append("--authenticated")
                        case "max_packet_size":
                            settings["REMBUS_MAX_WS_FRAME"] = value
                        case "persistence":
                            settings |= {"keeps": value} if value == "true" else {}
                        case _ if name in IGNORED or name.startswith("#"):
                            pass
                        case _:
                            raise ValueError(name)
            case _:
                raise ValueError(word)
    return command + ["--mqtt-listen", port or "1883"], settings


def be_mosquitto(arguments: list[str]):
    """What the tests start in the place of mosquitto."""
    folder = Path(os.environ["CONFORMANCE_FOLDER"])
    try:
        command, settings = rembus_command(arguments)
    except ValueError as needs:
        (folder / "not-ours").write_text(str(needs))
        sys.exit(3)
    # mosquitto forgets everything when it is not told to keep it.
    keeps = settings.pop("keeps", None)
    state = folder / "state" if keeps else Path(tempfile.mkdtemp(prefix="state-", dir=folder))
    if not keeps:
        settings["REMBUS_RECORD"] = "none"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("REMBUS_")}
    os.execve(command[0], command, environment | settings | {"REMBUS_DIR": str(state)})


def run_mosquitto(folder: Path, only: str) -> int:
    tests = folder / "test" / "broker"
    listed = re.findall(r"^\s+\((\d+), '\./([\w.-]+\.py)'", (tests / "test.py").read_text(), re.M)
    outcomes, needs = Counter(), Counter()
    for ports, name in listed:
        if only not in name:
            continue
        only_there = next((why for start, why in ONLY_MOSQUITTO.items() if name.startswith(start)), None)
        outcome, why = (NOT_OURS, only_there) if only_there else run_one(tests, name, int(ports))
        outcomes[outcome] += 1
        if outcome == NOT_OURS:
            needs[why] += 1
        print(f"{outcome:9} {name}{': ' + why if why else ''}", flush=True)
    print("not ours:", ", ".join(f"{count} {what}" for what, count in needs.most_common()))
    return finish(outcomes)


def run_one(tests: Path, name: str, ports: int) -> tuple[str, str]:
    with tempfile.TemporaryDirectory(prefix="conformance-") as scratch:
        program = Path(scratch) / "src" / "mosquitto"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\nexec {sys.executable} {HERE} as-mosquitto \"$@\"\n")
        program.chmod(0o755)
        # The tests write beside themselves.
        copy = Path(scratch) / "test"
        shutil.copytree(tests.parent, copy, ignore=shutil.ignore_patterns("c", "lib", "client", "unit", "old"))
        environment = os.environ | {
            "BUILD_ROOT": scratch, "CONFORMANCE_FOLDER": scratch, "CONFORMANCE_REMBUS": rembus_binary(), "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(
            [sys.executable, str(HERE), "one", name, *(str(free_port()) for _ in range(ports))],
            cwd=copy / "broker", env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        try:
            text, _ = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            text, _ = process.communicate()
            text += "\ntimed out"
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if (Path(scratch) / "not-ours").exists():
            return NOT_OURS, (Path(scratch) / "not-ours").read_text()
        if process.returncode == 0:
            return PASSED, ""
        for word in ("mosquitto_pub", "mosquitto_sub", "mosquitto_ctrl", "mosquitto_passwd", "mosquitto_db_dump", "mosquitto_rr"):
            if f"{word}'" in text and "FileNotFoundError" in text:
                return NOT_OURS, word
        if os.environ.get("CONFORMANCE_VERBOSE"):
            print(text)
        lines = [line for line in text.splitlines() if line.strip()]
        said = [line for line in lines if line.startswith(("FAIL", "Received", "Expected"))]
        return FAILED, " | ".join(said[:3] or lines[-1:])[:400]


def main() -> int:
    if sys.argv[1:2] == ["as-mosquitto"]:
        be_mosquitto(sys.argv[2:])
    if sys.argv[1:2] == ["one"]:
        from adapted import run
        return run(sys.argv[2], sys.argv[3:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", choices=["paho", "mosquitto"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rembus", help="the program to test, instead of the debug build", metavar="PROGRAM")
    parser.add_argument("--only", default="", help="only tests with this in their name", metavar="TEXT")
    chosen = parser.parse_args()
    if chosen.rembus:
        os.environ["REMBUS_BIN"] = str(Path(chosen.rembus).resolve())
    return {"paho": run_paho, "mosquitto": run_mosquitto}[chosen.suite](chosen.folder.resolve(), chosen.only)


if __name__ == "__main__":
    sys.exit(main())
