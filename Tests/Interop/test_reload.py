"""SIGHUP, `rembus broker --check`, and what a running broker does about files that it cannot use."""

import json
import os
import re
import signal
import socket

import pytest
from websockets.sync.client import connect as open_websocket

from support.certificates import Authority
from support.http_gateway import Http, basic, http_port
from support.keys import write_trust
from support.metrics import scrape
from support.processes import PATIENCE, REFERENCE, Broker, run_rembus
from support.wire import ERROR, LAST_RECEIVED, OK, Peer, eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our broker")


class Reloaded(Broker):
    """A broker with a settings.json."""

    def __init__(self, folder, *options, settings=None, **environment):
        self.file = folder / "broker/settings.json"
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.write(settings or {})
        environment.setdefault("REMBUS_RECORD", "none")
        super().__init__(folder=folder, options=list(options), **environment)

    def write(self, settings):
        text = settings if isinstance(settings, str) else json.dumps(settings, indent=1)
        self.file.write_text(text)

    def hang_up(self, settings=None, *words):
        """Writes the settings, sends SIGHUP, waits for the outcome and for `words` (a reload may write several lines, and
        they come through a pipe, one by one), and gives the lines that the log has about it."""
        if settings is not None:
            self.write(settings)
        seen = len(self.errors.lines)
        self.process.send_signal(signal.SIGHUP)

        def said():
            return "\n".join(self.errors.lines[seen:])

        assert eventually(lambda: all(word in said() for word in ("read again", *words))), (words, self.log())
        return said()


def subscriptions_allowed(broker, count):
    peer = Peer(broker.url)
    statuses = [peer.admin(f"t{number}", {"cmd": "subscribe", "msg_from": 0.0})[0] for number in range(count)]
    peer.close()
    return statuses.count(OK)


def test_limits_count_at_once(tmp_path):
    with Reloaded(tmp_path, settings={"max_subscriptions": 2}) as broker:
        open_before = Peer(broker.url)
        assert open_before.admin("a", {"cmd": "subscribe", "msg_from": 0.0})[0] == OK
        assert subscriptions_allowed(broker, 5) == 2
        said = broker.hang_up({"max_subscriptions": 4, "max_topic_segments": 3})
        assert "max_subscriptions 2 → 4" in said and "max_topic_segments 64 → 3" in said
        assert eventually(lambda: subscriptions_allowed(broker, 5) == 4)
        # For connections that are open too.
        assert [open_before.admin(f"b{n}", {"cmd": "subscribe", "msg_from": 0.0})[0] for n in range(4)] == [OK] * 3 + [ERROR]
        assert open_before.admin("a/b/c/d", {"cmd": "expose"})[0] == ERROR


def test_connections_and_rates_count_at_once(tmp_path):
    with Reloaded(tmp_path) as broker:
        held = [Peer(broker.url) for _ in range(3)]
        said = broker.hang_up({"max_connections_per_address": 3, "handshakes_per_second": 500, "policy": "round_robin"})
        assert "max_connections_per_address 10000 → 3" in said and "policy" in said
        with pytest.raises(Exception):
            Peer(broker.url).call("rid")
        assert held[0].call("rid")[0] == OK
        broker.hang_up({})
        assert eventually(lambda: Peer(broker.url).call("rid")[0] == OK)


def test_web_pages_and_proxies_count_at_once(tmp_path):
    with Reloaded(tmp_path, "--http", "0") as broker:
        headers = {"X-Forwarded-For": "203.0.113.9", **basic("ghost", "wrong")}
        assert Http(http_port(broker)).get("/rid", headers=headers).status == 401
        assert not broker.errors.text().count("203.0.113.9")
        broker.hang_up({"trusted_proxies": ["127.0.0.1"], "allowed_origins": ["https://panel.example"]})
        assert Http(http_port(broker)).get("/rid", headers=headers).status == 401
        assert broker.says("ghost", "203.0.113.9")
        with open_websocket(broker.url, origin="https://panel.example", proxy=None) as page:
            page.ping().wait(PATIENCE)


def test_the_level_of_the_log_counts_at_once(tmp_path):
    with Reloaded(tmp_path) as broker:
        broker.hang_up({"log_level": "debug"})
        Peer(broker.url).close()
        assert broker.says("debug", "connection from 127.0.0.1")


def recorded(broker, name):
    """Topics that somebody who comes later gets."""
    late = Peer(broker.url)
    assert late.identify(name)[0] == OK
    late.subscribe("**", since=LAST_RECEIVED)
    late.reactive()
    topics = []
    while not late.is_silent(1):
        topics.append(late.receive()[-1][0])
    late.close()
    return topics


def test_record_patterns_count_at_once(tmp_path):
    with Reloaded(tmp_path, settings={"record": ["a/**", "none"]}, REMBUS_RECORD="") as broker:
        publisher = Peer(broker.url)
        for topic in ("a/1", "b/1"):
            publisher.publish(topic, 1, qos=1)
        assert "record" in broker.hang_up({"record": ["b/**,age=30d", "none"]})
        for topic in ("a/2", "b/2"):
            publisher.publish(topic, 2, qos=1)
        publisher.close()
        # What is not recorded is in memory for a while; a restart has what was.
        broker.stop()
        broker.write({"record": ["all"]})
        broker.start()
        assert recorded(broker, "late") == ["a/1", "b/2"]


def test_what_needs_a_restart_is_said_and_kept(tmp_path):
    with Reloaded(tmp_path) as broker:
        said = broker.hang_up({
            "tcp": 0, "threads": 2, "max_calls": 7,
            "mqtt": "mqtt://user:hush-hush@localhost:1"}, "after a restart")
        assert re.search(r"after a restart: .*threads 0 → 2.*tcp null → 0", said) and "max_calls 10000 → 7" in said
        assert "mqtt" in said and "hush-hush" not in said
        assert Peer(broker.url).call("rid")[0] == OK


@pytest.mark.parametrize("content, words", [
    ('{"max_calls": 5,\n "policy": "best"}', ["`policy` must be", "line 2"]),
    ('{"max_calls": 5,\n "max_cals": 6}', ['no setting "max_cals"', "line 2", "max_calls"]),
    ('{"max_calls": 5,\n}', ["line 2"]),
    ('{"max_calls": 5,\n\n "record": ["a/**,age=x"]}', ["record pattern", "line 3"]),
    ('{"max_calls": 5, "trusted_proxies": ["nowhere"]}', ["`trusted_proxies` must be", "line 1"]),
    ('{"max_calls": 5,\n "schema": "/nowhere/schema.json"}', ["/nowhere/schema.json", "line 2"]),
    ('{"max_calls": 5,\n "policy": "best",\n "threads": -1}', ["`threads` must be", "line 3"]),
])
def test_a_broken_file_changes_nothing_and_says_where(tmp_path, content, words):
    with Reloaded(tmp_path, "--prometheus", "0", settings={"max_subscriptions": 2}, **(
            {"REMBUS_RECORD": ""} if "record" in content else {})) as broker:
        broken = content.replace('"max_calls": 5', '"max_subscriptions": 5')
        broker.hang_up(broken, "the broker goes on as before", *words)
        assert subscriptions_allowed(broker, 6) == 2
        assert eventually(lambda: scrape(broker)("rembus_reload_failed", part="settings") == 1)
        assert scrape(broker)("rembus_reload_failures_total", part="settings") == 1
        assert eventually(lambda: broker.hang_up({}) and subscriptions_allowed(broker, 6) == 6)
        assert eventually(lambda: scrape(broker)("rembus_reload_failed", part="settings") == 0)


def test_options_count_more_than_the_file_also_later(tmp_path):
    with Reloaded(tmp_path, "--log-level", "warning", settings={}) as broker:
        broker.write({"log_level": "debug", "max_calls": 9})
        broker.process.send_signal(signal.SIGHUP)
        broker.write({"policy": "wrong"})
        broker.process.send_signal(signal.SIGHUP)
        assert broker.says("`policy` must be")
        assert "debug" not in broker.errors.text()


def test_broken_rights_stop_the_whole_reload(tmp_path):
    write_trust(tmp_path, admins=["boss"])
    with Reloaded(tmp_path, "--prometheus", "0", settings={"max_subscriptions": 2}) as broker:
        trust = tmp_path / "broker/trust.json"
        good = trust.read_text()
        trust.write_text('{"version": 1,\n "admin": []}')
        broker.hang_up({"max_subscriptions": 5}, "trust.json", '"admin"')
        assert subscriptions_allowed(broker, 6) == 2
        assert eventually(lambda: scrape(broker)("rembus_reload_failed", part="rules") == 1)
        trust.write_text(good)
        assert eventually(lambda: scrape(broker)("rembus_reload_failed", part="rules") == 0)


def test_a_failed_reload_of_certificates_is_a_metric(tmp_path):
    authority = Authority()
    authority.issue(tmp_path / "keystore/rembus")
    with Reloaded(tmp_path, "--secure", "--prometheus", "0") as broker:
        assert scrape(broker)("rembus_reload_failed", part="certificates") == 0
        certificate = tmp_path / "keystore/rembus.crt"
        good = certificate.read_bytes()
        certificate.write_text("garbage")
        assert eventually(lambda: scrape(broker)("rembus_reload_failed", part="certificates") == 1)
        assert scrape(broker)("rembus_reload_failures_total", part="certificates") >= 1
        # A reload as a whole says it as well, and changes nothing.
        broker.hang_up({"max_calls": 5}, "rembus.crt")
        certificate.write_bytes(good)
        assert eventually(lambda: scrape(broker)("rembus_reload_failed", part="certificates") == 0)


# --check


def check(folder, *options, settings=None, **environment):
    if settings is not None:
        (folder / "broker").mkdir(parents=True, exist_ok=True)
        (folder / "broker/settings.json").write_text(settings)
    environment.setdefault("REMBUS_RECORD", "none")
    return run_rembus("broker", "--check", *options, folder=folder, **environment)


def test_a_check_of_what_is_good(tmp_path):
    done = check(tmp_path / "new")
    assert (done.returncode, done.stderr) == (0, "") and "can start" in done.stdout
    # It has made nothing.
    assert not (tmp_path / "new").exists()


def contents(folder):
    """Every file with its bytes and the time of its last change."""
    return {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in folder.rglob("*") if file.is_file()}


def test_a_check_changes_nothing_of_what_is_there(tmp_path, connect):
    """Of a backup, for example."""
    with Broker(folder=tmp_path / "state", options=["--mqtt-listen", "0"]) as broker:
        publisher = connect("meter", to=broker)
        publisher.subscribe("a")
        publisher.publish("a", 1, qos=1)
        broker.kill()
        before = contents(tmp_path / "state")
        assert before
        assert check(tmp_path / "state", "--mqtt-listen", "0", REMBUS_RECORD="all").returncode == 0
        assert contents(tmp_path / "state") == before


@pytest.mark.parametrize("record", ["none", "all"])
def test_a_check_beside_the_running_broker(tmp_path, record):
    with Broker(folder=tmp_path, REMBUS_RECORD=record) as broker:
        # Before a SIGHUP: the settings are looked at, the ports are in use by right.
        done = check(tmp_path, REMBUS_RECORD=record)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"a broker (process {broker.process.pid}) runs on {tmp_path}/broker already" in done.stdout
        second = run_rembus("broker", "--port", "0", folder=tmp_path, REMBUS_RECORD=record)
        assert second.returncode == 1 and f"(process {broker.process.pid})" in second.stderr
        broker.stop()
    assert check(tmp_path, "--port", "0", REMBUS_RECORD=record).returncode == 0


def test_a_check_looks_for_ports_that_are_taken(tmp_path):
    (tmp_path / "broker").mkdir()
    path = tmp_path / "socket"
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two, \
            socket.socket(socket.AF_UNIX) as local:
        local.bind(str(path))
        local.listen()
        ports = [each.getsockname()[1] for each in (one, two)]
        done = check(
            tmp_path, "--port", ports[0], "--zmq", f"unix:{path}", "--http", "0", settings=json.dumps({"tcp": ports[1]}))
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 3, done.stderr
    assert f"127.0.0.1:{ports[0]}: the port is in use; stop the other process or choose another --port\n" in done.stderr
    assert f"127.0.0.1:{ports[1]}: the port is in use; stop the other process or choose another `tcp` ({tmp_path}" in done.stderr
    assert f"somebody listens on {path}" in done.stderr
    assert all(line.startswith("rembus: ") for line in done.stderr.splitlines())
    same = check(tmp_path, "--port", ports[0], "--tcp", ports[0], REMBUS_MQTT_LISTEN=ports[0])
    assert f"--port and --tcp are both 127.0.0.1:{ports[0]}" in same.stderr, same.stderr
    assert "--tcp and REMBUS_MQTT_LISTEN are both" in same.stderr


@pytest.mark.parametrize("settings, words", [
    ('{"max_calls": -1,\n "polcy": "x"}', ["`max_calls` must be", "line 1", 'no setting "polcy"', "line 2"]),
    ('{"schema": "/nowhere.json",\n "keystore": "/nowhere", "secure": true}', ["/nowhere.json", "line 1", "rembus.crt"]),
    ('{"record": ["x,size=much"]}', ["size", "line 1"]),
    ('{"mqtt": "http://localhost"}', ["mqtt"]),
    ('{"host": "no such host"}', ["cannot be resolved", "line 1"]),
    ('{"client_certificates": "required"}', ["--secure"]),
    ('{"audit_log": "/dev/null/audit.log"}', ["/dev/null is a file"]),
])
def test_a_check_says_all_that_is_wrong(tmp_path, settings, words):
    done = check(tmp_path, settings=settings, **({"REMBUS_RECORD": ""} if "record" in settings else {}))
    assert done.returncode not in (0, None) and done.stdout == ""
    assert all(word in done.stderr for word in words), done.stderr


def test_a_check_looks_at_rights_and_schema(tmp_path):
    write_trust(tmp_path, nonsense=[])
    schema = tmp_path / "schema.json"
    schema.write_text('{"tables": [{"table": "x"}]}')
    done = check(tmp_path, "--schema", schema)
    assert done.returncode == 1 and "trust.json" in done.stderr and "schema.json" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_check_looks_at_folders(tmp_path):
    (tmp_path / "broker").mkdir(mode=0o500)
    done = check(tmp_path)
    assert done.returncode == 1 and "cannot be written" in done.stderr


def test_a_file_in_the_place_of_the_state_folder(tmp_path):
    (tmp_path / "broker").write_text("")
    done = check(tmp_path)
    assert done.returncode == 1 and "is a file" in done.stderr
