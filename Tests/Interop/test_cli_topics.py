"""Topics and payloads that were hardly meant as they stand: said before, or while, they have no effect."""

import json

import pytest

from support.processes import REFERENCE, Command, run_rembus

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our command")

MQTT = [("plant/#", "plant/**"), ("plant/+/x", "plant/*/x"), ("#", "**"), ("+/a/#", "*/a/**")]


@pytest.mark.parametrize("topic, right", MQTT)
def test_sub_says_how_mqtt_wildcards_are_written_here(broker, topic, right):
    finished = run_rembus("sub", topic, "--timeout", "10ms", url=broker.url)
    assert finished.returncode == 0
    [line] = finished.stderr.splitlines()
    assert line.startswith("rembus: warning: ") and f"`{topic}`" in line and f"'{right}'" in line


@pytest.mark.parametrize("topic", ["plant/**", "plant/*/x", "c++", "a#b", "issue#7/x", "a+/b"])
def test_other_topics_are_no_reason_for_a_warning(broker, topic):
    finished = run_rembus("sub", topic, "--timeout", "10ms", url=broker.url)
    assert (finished.returncode, finished.stderr) == (0, "")


def test_plus_and_hash_are_characters_all_the_same(broker, connect, uid):
    publisher = connect()
    with Command("sub", f"t{uid}/+/#", "--count", 1, "--url", broker.url) as command:
        while command.process.poll() is None:
            publisher.publish(f"t{uid}/+/#", 1)
            publisher.call("rid")
        assert [json.loads(line)["topic"] for line in command.lines()] == [f"t{uid}/+/#"]


@pytest.mark.parametrize("command", [
    ["admin", "private", "plant/#"], ["admin", "grant", "panel", "plant/#"], ["admin", "revoke", "panel", "plant/#"],
    ["admin", "public", "plant/#"]])
def test_rules_say_it_too(command):
    assert "'plant/**'" in run_rembus(*command).stderr


@pytest.mark.parametrize("command", [["pub", "plant/#", "1"], ["call", "plant/+"]])
def test_names_that_look_like_patterns(broker, command):
    assert "+ and # are no wildcards" in run_rembus(*command, url=broker.url).stderr


def test_brokers_say_it_about_record_and_schema(start_broker, tmp_path):
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"tables": [
        {"table": "t", "topic": "plant/+/x", "columns": [{"col": "n", "type": "BIGINT"}]}]}))
    broker = start_broker(options=["--record", "plant/#", "--schema", str(schema)])
    assert broker.says("`plant/#`", "'plant/**'")
    assert broker.says('"plant/+/x"', ":name")


# Patterns where one name is needed


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_publication_to_a_pattern_is_refused(broker, qos):
    finished = run_rembus("pub", "plant/*/y", "1", "--qos", qos, url=broker.url)
    assert finished.returncode == 64
    assert finished.stderr == "rembus: cannot publish to `plant/*/y`: wildcards are for subscribing; name one topic\n"


@pytest.mark.parametrize("command, text", [
    (["call", "add*", "1"], "cannot call `add*`"), (["expose", "add*", "--", "cat"], "cannot expose `add*`"),
    (["upsert", "sens*", "{}"], "cannot upsert `sens*`"),
    (["query", "**"], "cannot query `**`"), (["delete", "sens*", "--all"], "cannot delete `sens*`")])
def test_so_are_calls_methods_and_tables(broker, command, text):
    finished = run_rembus(*command, url=broker.url)
    assert finished.returncode == 64 and text in finished.stderr


# Texts that look like JSON


@pytest.mark.parametrize("payload, problem", [
    ("{a: 1}", "a key must be a string"), ("[1, 2", "missing `]`"), (' {"a": 1', "missing `}`"), ('["a]', 'missing `"`'),
    ("[1,", "missing `]`"), ('{"a":1}}', "bytes follow")])
def test_a_text_that_begins_like_json_is_a_reason_for_a_warning(broker, connect, uid, payload, problem):
    subscriber = connect(f"s{uid}", reactive=True)
    subscriber.subscribe(f"t{uid}")
    finished = run_rembus("pub", f"t{uid}", payload, url=broker.url)
    assert finished.returncode == 0
    assert subscriber.receive_topic() == (f"t{uid}", [payload])
    assert "warning: " in finished.stderr and problem in finished.stderr and "sent as text" in finished.stderr
    assert run_rembus("pub", f"t{uid}", payload, "--text", url=broker.url).stderr == ""
    assert run_rembus("pub", f"t{uid}", payload, "--json", url=broker.url).returncode == 64


def test_ordinary_texts_are_none(broker):
    assert run_rembus("pub", "t", "valve open", "7", '{"a": 1}', "a{b", url=broker.url).stderr == ""


def test_arguments_of_calls_and_results_of_commands_too(broker, connect, uid):
    caller = connect()
    with Command("expose", f"m{uid}", "--url", broker.url, "--", "echo", "{a: 1}") as command:
        finished = run_rembus("call", f"m{uid}", "[1", url=broker.url)
        while finished.returncode == 5:
            finished = run_rembus("call", f"m{uid}", "[1", url=broker.url)
        assert "missing `]`" in finished.stderr
        assert json.loads(finished.stdout) == "{a: 1}"
        assert command.errors.wait_for(lambda line: "what the command printed is not JSON" in line)
    assert caller.call("rid")


def test_lines_of_a_file_are_named(broker, tmp_path):
    file = tmp_path / "lines.jsonl"
    file.write_text('{"a": 1}\n\n[1, 2]\n{b: 2}\n')
    finished = run_rembus("pub", "t", "--file", file, "--json", url=broker.url)
    assert finished.returncode == 64
    assert f"{file}, line 4, is not JSON: a key must be a string" in finished.stderr
    finished = run_rembus("pub", "t", "--file", file, url=broker.url)
    assert finished.returncode == 0
    assert f"warning: {file}, line 4, is not JSON" in finished.stderr
    finished = run_rembus("pub", "t", "-", "--json", url=broker.url, stdin="1\n[\n")
    assert "standard input, line 2, is not JSON: missing `]`" in finished.stderr


def test_many_such_lines_are_said_a_few_times(broker):
    finished = run_rembus("pub", "t", "-", url=broker.url, stdin="{x\n" * 500)
    assert finished.returncode == 0
    assert len(finished.stderr.splitlines()) == 11


def test_places_in_larger_texts_are_lines_and_columns(broker, tmp_path):
    file = tmp_path / "rows.json"
    file.write_text('[\n  {"dn": "s1"},\n  {dn: "s2"}\n]\n')
    finished = run_rembus("upsert", "sensor", "--file", file, url=broker.url)
    assert finished.returncode == 64 and "line 3, column 4" in finished.stderr
