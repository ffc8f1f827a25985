"""The broker as a process: options, the start-up line, signals, and what it says when it cannot start."""

import contextlib
import json
import signal
import socket

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as open_websocket

from support.ports import free_port
from support.processes import REFERENCE, Command, run_rembus
from support.wire import OK

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our command")


def assert_one_sentence(finished, *words):
    """A failure says what is wrong in one line on stderr, prints nothing on stdout and exits with a status above 0."""
    assert finished.returncode > 0, finished
    assert finished.stdout == ""
    lines = [line for line in finished.stderr.splitlines() if line.strip()]
    assert lines, finished
    for word in words:
        assert word in finished.stderr
    assert "Fatal error" not in finished.stderr
    return lines


def test_the_start_up_line_names_the_broker_its_address_and_its_store(start_broker):
    broker = start_broker(name="plant")
    lines = [line for line in broker.output.text().splitlines() if line.strip()]
    assert len(lines) == 1
    assert "plant" in lines[0]
    assert f"ws://{broker.host}:{broker.port}" in lines[0]
    assert "memory" in lines[0]


def test_the_broker_listens_on_loopback_only_unless_told_otherwise(start_broker):
    assert start_broker().host in ("127.0.0.1", "localhost")


def test_the_host_option_opens_it(start_broker):
    broker = start_broker(options=["--host", "0.0.0.0"])
    assert broker.host in ("0.0.0.0", "127.0.0.1")
    with open_websocket(broker.url, proxy=None):
        pass


def test_the_port_has_a_second_name(start_broker):
    port = free_port()
    command = Command("broker", "--ws", port, "--name", "second")
    with command:
        assert command.output.wait_for(lambda line: f":{port}" in line)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_the_connections_and_exits_with_0(start_broker, connect, number):
    broker = start_broker()
    peers = [connect("named", to=broker, reactive=True), connect(to=broker)]
    broker.process.send_signal(number)
    for peer in peers:
        assert peer.expect_close()[0] in (1000, 1001)
    assert broker.process.wait(20) == 0


def test_what_was_accepted_before_the_signal_is_delivered(start_broker, connect):
    broker = start_broker()
    subscriber, publisher = connect("s", to=broker, reactive=True), connect(to=broker)
    subscriber.subscribe("topic")
    for number in range(200):
        publisher.send_publish("topic", number)
    assert publisher.call("rid")[0] == OK
    assert broker.stop() == 0
    received = []
    try:
        while True:
            received.append(subscriber.receive()[2][0])
    except ConnectionClosed:
        pass
    assert received == list(range(200))


def test_a_peer_that_does_not_close_does_not_keep_the_broker(start_broker):
    broker = start_broker()
    with socket.create_connection(("127.0.0.1", broker.port)):
        assert broker.stop() == 0


def test_a_restart_takes_the_same_port(start_broker, connect):
    broker = start_broker()
    port = broker.port
    connect("someone", to=broker)
    broker.kill()
    broker.start()
    assert broker.port == port
    assert connect("someone", to=broker).call("rid")[0] == OK


def test_a_port_in_use_is_said_in_one_sentence(broker):
    finished = run_rembus("broker", "--port", broker.port)
    assert len(assert_one_sentence(finished, str(broker.port))) == 1


def test_an_unknown_policy_is_said_with_the_known_ones():
    assert_one_sentence(run_rembus("broker", "--port", 0, "--policy", "random"), "random", "first_up", "round_robin", "less_busy")


def test_an_unknown_option_is_an_error():
    assert_one_sentence(run_rembus("broker", "--port", 0, "--frobnicate"), "--frobnicate")


@pytest.mark.parametrize("option", ["--peer"])
def test_an_option_of_a_later_version_is_an_error_and_not_ignored(option):
    assert run_rembus("broker", "--port", 0, option, "1").returncode > 0


@pytest.mark.parametrize("option", ["--tcp", "--zmq", "--http", "--mqtt-listen", "--prometheus"])
@pytest.mark.parametrize("port", ["-1", "65536"])
def test_a_gateway_with_a_port_that_is_none_is_said_in_one_sentence(option, port):
    assert_one_sentence(run_rembus("broker", "--port", 0, f"{option}={port}"), option, port)


def test_ports_in_use_are_reported_together(broker):
    options = ["--tcp", "--zmq", "--http", "--mqtt-listen", "--prometheus"]
    with contextlib.ExitStack() as stack:
        taken = []
        for _ in options:
            taken.append(stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1])
        finished = run_rembus(
            "broker", "--port", broker.port, *[text for pair in zip(options, taken) for text in pair], REMBUS_RECORD="none")
    assert finished.returncode > 0
    lines = finished.stderr.strip().splitlines()
    assert len(lines) == 6, finished.stderr
    for port, option in zip([broker.port, *taken], ["--port", *options]):
        assert any(str(port) in line and option in line and "in use" in line for line in lines), (port, finished.stderr)


def test_one_broker_opens_every_gateway(start_broker):
    broker = start_broker(
        options=[text for option in ("--tcp", "--zmq", "--http", "--mqtt-listen", "--prometheus") for text in (option, "0")],
        REMBUS_RECORD="none")
    line = broker.started_with
    for scheme in ("ws://", "tcp://", "zmq://", "http://", "mqtt://"):
        assert scheme in line, line
    assert broker.stop() == 0


@pytest.mark.parametrize("host", ["not a host", "256.256.256.256", "192.0.2.1"])
def test_a_host_that_is_not_ours_is_said_in_one_sentence(host):
    assert len(assert_one_sentence(run_rembus("broker", "--port", 0, "--host", host), host)) == 1


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_no_port_is_an_error(port):
    assert run_rembus("broker", f"--port={port}").returncode > 0


@pytest.mark.parametrize("content", ["{", "[]", '{"connection_mode": "whatever"}', '{"request_timeout": "soon"}', '{"archiver_interval": 0}'])
def test_bad_settings_are_said_in_one_sentence(tmp_path, content):
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "settings.json").write_text(content)
    assert len(assert_one_sentence(run_rembus("broker", "--port", 0, folder=tmp_path), "settings.json")) == 1


@pytest.mark.parametrize("content, words", [
    ('{\n "prot": 9000}', ('settings.json, line 2: there is no setting "prot"; did you mean "port"?',)),
    ('{"name": "n",\n\n"port": "x"}', ('`port` must be a whole number, 0–65535, or unix:PATH; found "x" in', "settings.json, line 3")),
    ('{"port": 9000,\n\n"port": 9001}', ('the key "port" stands in this object for the second time', "settings.json, line 3")),
    ('{"port": 70000}', ("`port` must be a whole number, 0–65535, or unix:PATH; found 70000 in", "line 1")),
    ('{"secure": "maybe"}', ('`secure` must be true or false; found "maybe"',)),
    ('{"policy": "fastest"}', ("`policy` must be one of first_up, round_robin, less_busy",)),
    ('{"max_pending_call": 1}', ('there is no setting "max_pending_call"; did you mean "max_pending_calls"?',)),
    ('{"entirely_else": 1}', ('there is no setting "entirely_else"; `rembus broker --print-config`',)),
    ('{\n  "port": 9000,\n}', ("settings.json, line 3, column 1: ", "there is a comma before the closing bracket")),
    ('{\n  "port": 9000\n  "tcp": 9001}', ("settings.json, line 3, column 3: ", "a comma may be missing")),
    ("{'port': 9000}", ("settings.json, line 1, column 2: ",)),
])
def test_settings_that_are_wrong_are_said_with_their_line(tmp_path, content, words):
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "settings.json").write_text(content)
    assert len(assert_one_sentence(run_rembus("broker", "--port", 0, folder=tmp_path), *words)) == 1


def test_settings_of_brokers_in_python_and_julia_are_taken(tmp_path):
    (tmp_path / "broker").mkdir()
    foreign = {"start_anyway": True, "reconnect_period": 1, "zmq_ping_interval": 30, "cache_size": 1, "stacktrace": False}
    (tmp_path / "broker" / "settings.json").write_text(json.dumps({**foreign, "ack_timeout": 7.25}))
    assert "7.25" in run_rembus("broker", "--print-config", folder=tmp_path).stdout


def test_a_bad_value_in_the_environment_is_said_in_one_sentence():
    assert len(assert_one_sentence(run_rembus("broker", "--port", 0, REMBUS_ACK_TIMEOUT="soon"), "REMBUS_ACK_TIMEOUT")) == 1


def test_print_config_shows_what_is_in_force_and_does_not_start():
    finished = run_rembus(
        "broker", "--port", 9123, "--name", "plant", "--policy", "less_busy", "--print-config", REMBUS_ACK_TIMEOUT="1.5")
    assert finished.returncode == 0
    assert "ws://" not in finished.stdout.splitlines()[0]
    for text in ("9123", "plant", "less_busy", "1.5", "ack_timeout", "send_retries", "max_ws_frame"):
        assert text in finished.stdout


def test_settings_come_from_file_below_options_and_above_the_environment(tmp_path):
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "settings.json").write_text(json.dumps({"ack_timeout": 7.25}))
    finished = run_rembus("broker", "--print-config", folder=tmp_path, REMBUS_ACK_TIMEOUT="1.5")
    assert "7.25" in finished.stdout and "1.5" not in finished.stdout


def test_help_shows_examples_and_every_option():
    finished = run_rembus("broker", "--help")
    assert finished.returncode == 0
    for option in ("--port", "--ws", "--host", "--name", "--policy", "--overwrite", "--server", "--log-level", "--log-format", "--print-config"):
        assert option in finished.stdout
    assert "rembus broker" in finished.stdout


def test_without_a_command_the_help_is_shown():
    finished = run_rembus()
    for command in ("broker", "pub", "sub", "call", "expose", "bench"):
        assert command in finished.stdout + finished.stderr


def test_two_brokers_run_side_by_side(start_broker, connect):
    first, second = start_broker(name="first"), start_broker(name="second")
    assert connect(to=first).call("rid") == (OK, "first")
    assert connect(to=second).call("rid") == (OK, "second")
