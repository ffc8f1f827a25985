"""The broker's log: lines with milliseconds, as text or JSON, and no more of them than somebody can read."""

import json
import re

import pytest

from support.mqtt import RawClient, connect_packet, mqtt_broker, packet, text
from support.processes import REFERENCE, run_rembus
from support.wire import ADMIN, Peer, new_id

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our broker")

FLOOD = 3000


def test_lines_have_milliseconds(start_broker):
    broker = start_broker(options=["--log-level", "info"])
    Peer(broker.url).close()
    assert broker.says("disconnected")
    assert broker.stop() == 0
    lines = broker.errors.lines
    assert lines
    for line in lines:
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4} (info|notice|warning) rembus\.broker: ", line), line


@pytest.mark.parametrize("how", ["option", "variable", "file"])
def test_the_log_as_json(start_broker, tmp_path, how):
    options, settings = ["--log-level", "info"], {}
    if how == "option":
        options += ["--log-format", "json"]
    elif how == "variable":
        settings["REMBUS_LOG_FORMAT"] = "json"
    else:
        (tmp_path / "broker").mkdir(mode=0o700)
        (tmp_path / "broker/settings.json").write_text('{"log_format": "json"}')
    broker = start_broker(options=options, folder=tmp_path, **settings)
    peer = Peer(broker.url)
    peer.identify('a "quoted"\nname')
    peer.close()
    assert broker.says("disconnected")
    assert broker.stop() == 0
    events = [json.loads(line) for line in broker.errors.lines]
    assert events
    for event in events:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"])
        assert event["level"] in ("info", "notice", "warning") and event["logger"] == "rembus.broker"
        assert event["message"] and event["source"]


def read_facts(line):
    """The sentence of a line of text and the facts behind it."""
    found = re.fullmatch(r"\S+ \w+ [\w.]+: \[\w+\] (.*?)(?: \{(.*)\})?", line)
    words = re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|[^\s"={}]+)(?: |$)', found[2] or "")
    assert " ".join(f"{key}={value}" for key, value in words) == (found[2] or ""), line
    return found[1], {key: json.loads(value) if value[0] == '"' else value for key, value in words}


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_facts_of_a_line_can_be_told_apart(start_broker, tmp_path, form):
    """A row that does not fit its table is logged with the topic, the reason and how many there were."""
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"tables": [{"table": "level", "topic": "x/:place", "columns": [
        {"col": "place", "type": "TEXT"}, {"col": "v", "type": "INTEGER"}]}]}))
    broker = start_broker(options=["--schema", str(schema), "--log-format", form])
    topic = 'x/a "b" {c}=d'
    peer = Peer(broker.url)
    peer.publish(topic, {"v": "no number"}, qos=1)
    assert broker.says("do not fit their table"), broker.log()
    peer.close()
    line = next(line for line in broker.errors.lines if "do not fit their table" in line)
    if form == "json":
        event = json.loads(line)
        sentence, facts = event["message"], event["metadata"]
        assert facts["count"] == 1
    else:
        sentence, facts = read_facts(line)
        assert facts["count"] == "1"
    assert sentence == "publications do not fit their table; they are in the table rejected"
    assert (facts["table"], facts["topic"]) == ("level", topic) and " " in facts["detail"]


def test_no_word_of_a_message_is_doubled(start_broker, tmp_path):
    """The name of the broker is by default the word for it."""
    broker = start_broker(options=["--http", "0", "--mqtt-listen", "0", "--zmq", "0", "--tcp", "0", "--log-level", "info"])
    peer = Peer(broker.url)
    status, text = peer.identify("..")
    assert status != 0 and text
    peer.close()
    assert broker.says("disconnected") and broker.stop() == 0
    for line in [broker.started_with, *broker.errors.lines]:
        assert not re.search(r"\b(\w{3,}) \1\b|[^.]\.\.(?!\.|`|\")(\s|$)", line), line
    assert broker.started_with.startswith("rembus broker ready on ")
    named = start_broker(name="plant")
    assert named.started_with.startswith("rembus broker plant ready on ")
    done = run_rembus("pub", "t", "1", url=f"{named.url}/plant")
    assert done.returncode > 0 and not re.search(r"\.\.|\.$", done.stderr.strip()), done.stderr


def is_limited(broker, words):
    """That a flood left a few lines and the number of the others."""
    assert broker.says("more such lines were not written", *words), broker.log()
    lines = [line for line in broker.errors.lines if all(word in line for word in words)]
    seconds = {line[:19] for line in lines}
    assert len(lines) <= 12 * (len(seconds) + 1), f"{len(lines)} lines in {len(seconds)} seconds"
    told = sum(int(found[1]) for line in lines if (found := re.search(r"(\d+) more such lines", line)))
    assert told + len([line for line in lines if "more such lines" not in line]) == FLOOD, broker.log()


def test_refused_retained_messages_do_not_flood_the_log(start_broker):
    broker = mqtt_broker(start_broker, REMBUS_MAX_RETAINED_BYTES=100)
    with RawClient(broker, connect_packet("m", version=4)) as client:
        client.send(b"".join(packet(0x31, text(f"t/{number}") + bytes(200)) for number in range(FLOOD)))
        client.send(b"\xc0\x00")
        assert client.receive()[0] == 0xD0
        assert broker.stop() == 0
    is_limited(broker, ["was not kept"])


def test_broken_commands_do_not_flood_the_log(start_broker):
    broker = start_broker(REMBUS_RECORD="none")
    peer = Peer(broker.url)
    for _ in range(FLOOD):
        peer.send([ADMIN, new_id(), "t", {"cmd": 1}])
    peer.call("rid")
    peer.close()
    assert broker.stop() == 0
    is_limited(broker, ["malformed admin command"])
