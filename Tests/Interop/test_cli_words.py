"""The words of a command line: numbers below zero, what the parser does not take, and settings by the name that was used."""

import json

import pytest

from support.processes import REFERENCE, Command, run_rembus
from support.wire import eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our command")


# Numbers below zero


@pytest.mark.parametrize("words, arguments", [
    (["-5"], [-5]), (["-0.5", "-1e3", "x"], [-0.5, -1000.0, "x"]), (["1", "-5", "2", "--qos", "1"], [1, -5, 2]),
    (["--qos", "1", "-5"], [-5]), (["-5", "--text"], ["-5"]), (["--text", "-5", "true"], ["-5", "true"]), (["--", "-5", "-x"], [-5, "-x"]),
    (["--qos=2", "[-1]", "-12"], [[-1], -12]),
])
def test_a_negative_number_is_a_value(broker, connect, uid, words, arguments):
    subscriber = connect(f"s{uid}", reactive=True)
    subscriber.subscribe(f"t{uid}")
    done = run_rembus("pub", "--url", broker.url, f"t{uid}", *words)
    assert done.returncode == 0, done.stderr
    assert subscriber.receive_topic() == (f"t{uid}", arguments)


def test_a_method_is_called_with_negative_numbers(broker, uid):
    with Command("expose", f"m{uid}", "--shell", "cat", "--url", broker.url) as provider:
        call = lambda: run_rembus("call", f"m{uid}", "1", "-5", "--timeout", "20s", url=broker.url)  # noqa: E731
        assert eventually(lambda: call().returncode == 0), provider.errors.text()
        assert json.loads(call().stdout) == [1, -5]


@pytest.mark.parametrize("words, said", [
    (["pub", "t", "--count", "-1"], "--count must be at least 1"), (["pub", "t", "--slot", "-1"], "the value '-1' is invalid for '--slot"),
    (["query", "t", "--limit", "-2"], "--limit must not be negative"),
    (["sub", "t", "--timeout", "-5"], "the value '-5' is invalid for '--timeout"),
    (["pub", "t", "-x"], "unknown option '-x'; a value that begins with - stands behind --"),
])
def test_what_cannot_be_negative_is_said_so(words, said):
    done = run_rembus(*words)
    assert done.returncode == 64 and done.stderr.startswith(f"rembus: {said}"), done.stderr


# The parser


@pytest.mark.parametrize("words, said", [
    ("pub", "missing expected argument '<topic>'"), ("pub t --nope", "unknown option '--nope'"),
    ("pub t --qoss 1", "unknown option '--qoss'. Did you mean '--qos'?"), ("sub t --count x", "the value 'x' is invalid for '--count"),
    ("pub t 1 --count 0", "--count must be at least 1"), ("broker x", "unexpected argument 'x'"),
    ("admin tenant add", "missing expected argument '<tenant>'"), ("broker --name a/b", "--name must not be empty"),
    ("broker --port 70000", "--port must be between 0 and 65535, not 70000"), ("query", "missing expected argument '<table>'"),
])
def test_what_the_parser_says_begins_like_every_other_message(words, said):
    done = run_rembus(*words.split())
    assert (done.returncode, done.stdout) == (64, "")
    first, *rest = done.stderr.splitlines()
    assert first.startswith(f"rembus: {said}") and not first.endswith("."), done.stderr
    assert any(line.startswith("Usage: rembus ") for line in rest) and any("--help" in line for line in rest), done.stderr
    assert "Error:" not in done.stderr


@pytest.mark.parametrize("words", ["--help", "pub --help", "help pub", "--version", "admin"])
def test_help_is_no_failure(words):
    done = run_rembus(*words.split())
    assert done.returncode == 0 and done.stdout and done.stderr == ""


# Settings


@pytest.mark.parametrize("how", ["option", "variable", "file"])
@pytest.mark.parametrize("key, option, variable, value, words", [
    ("schema", "--schema", "REMBUS_SCHEMA", "/nowhere.json", "check the path given with {}"),
    ("record", "--record", "REMBUS_RECORD", "x,size=much", "{}: "),
    ("ducklake_url", "--ducklake", "DUCKLAKE_URL", "ducklake:", "{} ducklake: names no catalog"),
    ("mqtt", "--mqtt", "REMBUS_MQTT_URL", "http://localhost", "{}: the URL"),
])
@pytest.mark.parametrize("check", [True, False])
def test_a_setting_goes_by_the_name_that_was_used(tmp_path, how, key, option, variable, value, words, check):
    settings, options, folder = {"REMBUS_RECORD": "none"}, ["--check"] if check else [], tmp_path
    if key in ("ducklake_url", "record"):
        del settings["REMBUS_RECORD"]
    if how == "option":
        options, name = [*options, option, value], option
    elif how == "variable":
        settings[variable], name = value, variable
    else:
        (tmp_path / "broker").mkdir()
        file = tmp_path / "broker/settings.json"
        file.write_text(json.dumps({"max_calls": 7, key: [value] if key == "record" else value}, indent=1))
        name = f"`{key}` ({file}, line 3)"
    done = run_rembus("broker", "--port", "0", *options, folder=folder, **settings)
    assert done.returncode > 0 and words.format(name) in done.stderr, done.stderr
    # Nothing is named by a name that was not used.
    assert not any(other in done.stderr for other in (option, variable) if other != name and f"`{other}`" not in done.stderr), done.stderr


def test_a_store_without_room_names_what_it_cannot_have(tmp_path):
    done = run_rembus("broker", "--port", "0", REMBUS_STORE_BYTES=0, DUCKLAKE_URL="ducklake:/x/y.ducklake", folder=tmp_path)
    assert done.returncode == 64
    assert "cannot fill the catalog of DUCKLAKE_URL; leave out REMBUS_STORE_BYTES" in done.stderr


@pytest.mark.parametrize("name", ["a/b", "..", "."])
def test_a_name_that_is_no_folder_is_refused_from_everywhere(tmp_path, name):
    done = run_rembus("broker", "--port", "0", REMBUS_NAME=name, folder=tmp_path / "state")
    assert done.returncode == 1 and "`REMBUS_NAME` must be" in done.stderr
    done = run_rembus("keys", "list", REMBUS_NAME=name, folder=tmp_path / "state")
    assert done.returncode == 64 and done.stderr.startswith("rembus: REMBUS_NAME must not be"), done.stderr


@pytest.mark.parametrize("settings, said", [
    ({"REMBUS_TIMEOUT": "0"}, "REMBUS_TIMEOUT must be a number of seconds above zero"),
    ({"REMBUS_ACK_TIMEOUT": "-1"}, "REMBUS_ACK_TIMEOUT must be"), ({"REMBUS_SEND_RETRIES": "-1"}, "REMBUS_SEND_RETRIES must be"),
    ({"REMBUS_WS_PING_INTERVAL": "x"}, "REMBUS_WS_PING_INTERVAL must be"),
    ({"REMBUS_BASE_URL": "ws://localhost:99999"}, "REMBUS_BASE_URL"), ({"REMBUS_BASE_URL": "localhost"}, "REMBUS_BASE_URL"),
])
def test_a_setting_of_a_component_is_named(settings, said):
    done = run_rembus("pub", "t", "1", **settings)
    assert done.returncode > 0 and f"rembus: {said}" in done.stderr, done.stderr
