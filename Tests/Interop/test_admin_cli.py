"""`rembus admin`, `register` and `unregister`: rules in a broker's files, and the same over the network."""

import json
import re
import subprocess

import pytest

from support.processes import REFERENCE, clean_environment, rembus_binary, run_rembus
from support.wire import ERROR, OK, eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our command")

PIN = "pin-of-nine"
SECRET = "a secret of the chief"


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def rembus(state):
    """Runs the command with a state folder of its own; `to` is a broker to ask, as a component of that name."""
    def run(*arguments, status=0, to=None, name="chief", **options):
        url = f"{to.url}/{name}" if to else None
        finished = run_rembus(*arguments, folder=state, url=url, **options)
        assert finished.returncode == status, finished.stdout + finished.stderr
        return finished

    return run


@pytest.fixture
def admin(rembus):
    return lambda *arguments, **options: rembus("admin", *arguments, **options)


@pytest.fixture
def rules(admin):
    return lambda **options: json.loads(admin("list", "--json", **options).stdout)


@pytest.fixture
def pin_file(tmp_path):
    file = tmp_path / "pin.txt"
    file.write_text(f"{PIN}\n")
    file.chmod(0o600)
    return file


# Files


def test_what_the_user_guide_shows(admin, rembus, pin_file, rules):
    admin("tenant", "add", ".", "--pin-file", pin_file)
    admin("grant", "sensor-7", "plant/7/secret")
    admin("private", "plant/7/secret")
    assert rules() == {
        "admins": [], "tenants": ["."], "private_topics": ["plant/7/secret"], "read_only": [],
        "grants": [{"name": "sensor-7", "topic": "plant/7/secret",
                    "actions": ["call", "expose", "publish", "subscribe"]}],
    }
    lines = [line.split() for line in admin("list").stdout.splitlines()]
    assert ["private", "topics", "plant/7/secret"] in lines
    assert ["grants", "sensor-7", "plant/7/secret", "everything"] in lines
    assert ["administrators", "none"] in lines


def test_the_pin_is_nowhere_but_as_a_hash(admin, state, pin_file):
    finished = admin("tenant", "add", "acme", "--pin-file", pin_file)
    assert finished.stdout == "components of the tenant `acme` can register with this pin\n" and finished.stderr == ""
    files = [path for path in state.rglob("*") if path.is_file()]
    assert files and not any(PIN.encode() in path.read_bytes() for path in files)
    assert (state / "broker/trust.json").stat().st_mode & 0o777 == 0o600
    assert PIN not in admin("list", "--json").stdout and "scrypt" not in admin("list", "--json").stdout


def test_a_pin_from_standard_input_and_from_the_environment(admin, rules):
    admin("tenant", "add", "a", "--pin-file", "-", stdin=f"{PIN}\nanother line\n")
    admin("tenant", "add", "b", "--pin-env", "MY_PIN", MY_PIN=PIN)
    assert rules()["tenants"] == ["a", "b"]
    assert admin("tenant", "list").stdout.split() == ["a", "b"]
    admin("tenant", "remove", "a")
    assert rules()["tenants"] == ["b"]
    assert "no tenant" in admin("tenant", "remove", "a", status=1).stderr


@pytest.mark.parametrize("arguments, status", [
    ([], 64), (["--pin-file", "-", "--pin-env", "X"], 64), (["--pin-file", "/no/such/file"], 1),
    (["--pin-file", "-"], 1), (["--pin-env", "NOT_SET"], 1), (["--pin", PIN], 64), ([PIN], 64),
])
def test_without_a_usable_pin_there_is_no_tenant(admin, rules, arguments, status):
    admin("tenant", "add", "acme", *arguments, status=status)
    assert rules()["tenants"] == []


def test_a_weak_or_public_pin_is_pointed_out(admin, pin_file):
    assert "easy to guess" in admin("tenant", "add", "a", "--pin-file", "-", stdin="1234").stderr
    pin_file.chmod(0o644)
    assert "chmod 600" in admin("tenant", "add", "a", "--pin-file", pin_file).stderr


def test_administrators_come_and_go(admin, rules):
    assert "no key yet" in admin("administrator", "add", "chief").stderr
    admin("administrator", "add", "boss.acme")
    assert rules()["admins"] == ["boss.acme", "chief"]
    assert admin("administrator", "list").stdout.split() == ["boss.acme", "chief"]
    admin("administrator", "remove", "chief")
    assert rules()["admins"] == ["boss.acme"]
    assert "no administrator" in admin("administrator", "remove", "chief", status=1).stderr


def test_grants_by_action_and_pattern(admin, rules):
    admin("private", "plant/*/secret")
    admin("grant", "panel", "plant/*/secret", "--action", "subscribe", "--action", "call")
    admin("grant", "panel", "plant/*/secret", "--action", "publish")
    assert [grant["actions"] for grant in rules()["grants"]] == [["call", "publish", "subscribe"]]
    admin("revoke", "panel", "plant/*/secret", "--action", "call")
    assert "panel  plant/*/secret  publish, subscribe" in admin("list").stdout
    admin("revoke", "panel", "plant/*/secret")
    assert rules()["grants"] == [] and rules()["private_topics"] == ["plant/*/secret"]
    assert "no such grant" in admin("revoke", "panel", "plant/*/secret", status=1).stderr
    admin("grant", "panel", "t", "--action", "fly", status=64)


def test_a_public_topic_forgets_its_grants(admin, rules):
    admin("private", "a")
    admin("grant", "x", "a")
    admin("grant", "x", "b")
    admin("public", "a")
    assert rules()["private_topics"] == [] and [grant["topic"] for grant in rules()["grants"]] == ["b"]
    assert "not private" in admin("public", "a", status=1).stderr


def test_what_is_still_missing_is_said(admin):
    assert "public" in admin("grant", "x", "a/b").stderr
    assert admin("private", "a/*").stderr == ""
    assert "nobody" in admin("private", "c").stderr
    assert admin("grant", "x", "c").stderr == ""


def test_each_change_says_what_is_so_now(admin, rembus, state, tmp_path):
    """One line on standard output; commands that print something else are for programs."""
    secret = tmp_path / "secret"
    secret.write_text("a secret of sixteen letters\n")
    secret.chmod(0o600)
    for arguments, said in [
        (["tenant", "add", "a", "--pin-file", secret], "components of the tenant `a` can register with this pin"),
        (["tenant", "remove", "a"], "no more components of the tenant `a` can register"),
        (["administrator", "add", "chief"], "`chief` is an administrator"),
        (["administrator", "remove", "chief"], "`chief` is no administrator any more"),
        (["private", "x"], "`x` is private"), (["grant", "panel", "x"], "`panel` may subscribe, publish, call, expose `x`"),
        (["revoke", "panel", "x", "--action", "call"], "`panel` has no grant to call `x` any more"),
        (["public", "x"], "`x` is public, and its grants are forgotten"),
        (["read-only", "panel"], "`panel` may subscribe and query, and nothing else"),
        (["read-only", "panel", "--off"], "`panel` is not read-only any more"),
    ]:
        words = admin(*arguments).stdout
        assert words.count("\n") == 1 and sorted(words.replace(",", "").split()) == sorted(said.replace(",", "").split()), words
    assert rembus("keys", "secret", "pump7", "--secret-file", secret).stdout == "`pump7` has this secret from now on\n"
    assert rembus("keys", "remove", "pump7").stdout == "`pump7` is removed\n"


def test_read_only_components(admin, rules):
    admin("read-only", "panel")
    assert rules()["read_only"] == ["panel"]
    admin("read-only", "panel", "--off")
    assert rules()["read_only"] == []
    assert "not read-only" in admin("read-only", "panel", "--off", status=1).stderr


def test_brokers_have_rules_of_their_own(admin, rules, state):
    assert "no broker named `plant`" in admin("private", "a", "--broker", "plant").stderr
    admin("private", "b", REMBUS_NAME="mill")
    assert rules()["private_topics"] == []
    assert json.loads(admin("list", "--json", "--broker", "mill").stdout)["private_topics"] == ["b"]
    assert (state / "plant/trust.json").exists()
    admin("list", "--broker", "typo")
    assert not (state / "typo").exists()
    admin("list", "--broker", "../plant", status=64)


def test_a_file_that_is_broken_is_not_overwritten(admin, state):
    (state / "broker").mkdir(parents=True)
    file = state / "broker/trust.json"
    file.write_text("{")
    file.chmod(0o600)
    assert "trust.json" in admin("private", "a", status=1).stderr
    assert file.read_text() == "{"


@pytest.mark.parametrize("arguments", [["private", ""], ["grant", "", "a"], ["administrator", "add", ""],
                                       ["private", "x" * 5000]])
def test_what_no_rule_can_be_is_refused(admin, rules, arguments):
    admin(*arguments, status=1)
    assert not any(rules().values())


def test_several_changes_at_the_same_time_all_count(state, rules):
    commands = [
        subprocess.Popen([rembus_binary(), "admin", "private", f"t{number}"], env=clean_environment(state),
                         stderr=subprocess.DEVNULL)
        for number in range(8)
    ]
    assert [command.wait(60) for command in commands] == [0] * 8
    assert rules()["private_topics"] == sorted(f"t{number}" for number in range(8))


# What is asked of a running broker only


@pytest.mark.parametrize("arguments", [["config"], ["connections"], ["nodes"], ["disconnect", "x"], ["log-level", "debug"], ["save"],
                                       ["load"], ["shutdown"]])
def test_without_url_it_is_said_what_is_missing(admin, arguments):
    failed = admin(*arguments, status=64)
    assert "--url ws://HOST:PORT/NAME" in failed.stderr and f"rembus admin {arguments[0]}" in failed.stderr


def test_the_url_needs_the_name_of_an_administrator(rembus, admin):
    assert "administrator" in admin("list", "--url", "ws://127.0.0.1:1", status=64).stderr
    admin("list", "--url", "ws://127.0.0.1:1/chief", "--broker", "x", status=64)
    assert "is a broker running?" in admin("list", "--url", "ws://127.0.0.1:1/chief", status=1).stderr


# A running broker


@pytest.fixture
def running(state, start_broker):
    return start_broker(folder=state, REMBUS_RECORD="none")


@pytest.fixture
def chief(running, rembus, admin, pin_file):
    """A broker with the administrator `chief`, whose key is in the state folder."""
    # In this order: a broker that knows the tenant, which registering needs, also knows the administrator.
    admin("administrator", "add", "chief")
    admin("tenant", "add", ".", "--pin-file", pin_file)
    assert eventually(lambda: register(running, "chief", PIN, rembus))
    return running


def register(broker, name, pin, rembus):
    """Registers once the broker knows of the tenant."""
    finished = run_rembus("register", name, "--pin-file", "-", "--url", broker.url, folder=broker.folder, stdin=pin)
    assert finished.returncode == 0 or "takes no registrations" in finished.stderr, finished.stderr
    return finished.returncode == 0


def test_a_running_broker_takes_changes_of_the_files(running, admin, connect, uid):
    peer = connect(f"p{uid}", to=running)
    assert peer.admin("closed", {"cmd": "expose"})[0] == OK
    admin("private", "closed")
    assert eventually(lambda: peer.admin("closed", {"cmd": "expose"})[0] == ERROR)
    admin("public", "closed")
    assert eventually(lambda: peer.admin("closed", {"cmd": "expose"})[0] == OK)


def test_the_same_rules_over_the_network(chief, admin, rules, pin_file):
    admin("tenant", "add", "acme", "--pin-file", pin_file, to=chief)
    admin("administrator", "add", "boss", to=chief)
    admin("private", "plant/*/secret", to=chief)
    admin("private", "x", to=chief)
    admin("public", "x", to=chief)
    admin("grant", "panel", "plant/*/secret", "--action", "subscribe", "--action", "call", to=chief)
    admin("revoke", "panel", "plant/*/secret", "--action", "call", to=chief)
    admin("read-only", "panel", to=chief)
    remote = rules(to=chief)
    assert {key: remote[key] for key in rules()} == rules() == {
        "admins": ["boss", "chief"], "tenants": [".", "acme"], "private_topics": ["plant/*/secret"],
        "grants": [{"name": "panel", "topic": "plant/*/secret", "actions": ["subscribe"]}], "read_only": ["panel"],
    }
    assert remote["connection_mode"] == "anonymous" and remote["trust_names"] is False
    assert "panel  plant/*/secret  subscribe" in admin("list", to=chief).stdout
    admin("read-only", "panel", "--off", to=chief)
    admin("administrator", "remove", "boss", to=chief)
    admin("tenant", "remove", "acme", to=chief)
    assert rules()["read_only"] == [] and rules()["admins"] == ["chief"] and rules()["tenants"] == ["."]


def test_who_is_no_administrator_is_refused(chief, admin, rembus, rules):
    assert eventually(lambda: register(chief, "other", PIN, rembus))
    before = rules()
    for command in [["private", "x"], ["list"], ["connections"], ["shutdown"], ["administrator", "add", "other"]]:
        assert "administrator" in admin(*command, to=chief, name="other", status=5).stderr
        admin(*command, to=chief, name="nobody", status=5)
    assert rules() == before and chief.alive


def test_the_name_of_an_administrator_needs_its_key(chief, tmp_path):
    finished = run_rembus("admin", "list", url=f"{chief.url}/chief", folder=tmp_path / "elsewhere")
    assert finished.returncode != 0 and finished.stdout == ""


def test_a_broker_without_links_says_so(chief, admin):
    assert json.loads(admin("nodes", "--json", to=chief).stdout)["links"] == []
    lines = admin("nodes", to=chief).stdout.splitlines()
    assert lines[0].startswith("broker ") and lines[1:] == ["no links to other brokers"]


def test_connections_are_listed_and_ended(chief, admin, connect, uid):
    peer = connect(f"p{uid}.acme", to=chief)
    rows = json.loads(admin("connections", "--json", to=chief).stdout)
    [row] = [row for row in rows if row["name"] == f"p{uid}.acme"]
    assert row["tenant"] == "acme" and row["proven"] is False and "127.0.0.1" in row["address"]
    lines = admin("connections", to=chief).stdout.splitlines()
    assert lines[0].split() == ["NAME", "ADDRESS", "TENANT", "PROVEN", "BACKLOG", "DROPPED"]
    [line] = [line for line in lines if line.startswith("chief ")]
    assert line.split()[2:4] == [".", "yes"]
    admin("disconnect", f"p{uid}.acme", to=chief)
    assert eventually(lambda: f"p{uid}" not in admin("connections", to=chief).stdout)
    assert "not connected" in admin("disconnect", f"p{uid}.acme", to=chief, status=5).stderr
    peer.close()


def test_config_shows_who_does_what(chief, admin, connect, uid):
    peer = connect(f"p{uid}", to=chief)
    peer.subscribe(f"t{uid}/**")
    peer.admin(f"m{uid}", {"cmd": "expose"})
    config = json.loads(admin("config", "--json", to=chief).stdout)
    assert config["subscribers"][f"t{uid}/**"] == [f"p{uid}"] and config["exposers"][f"m{uid}"] == [f"p{uid}"]
    assert re.search(rf"^  t{uid}/\*\* +p{uid}$", admin("config", to=chief).stdout, re.MULTILINE)


def test_log_level_save_and_load(chief, admin):
    admin("log-level", "debug", to=chief)
    admin("log-level", "loud", to=chief, status=64)
    before = admin("config", "--json", to=chief).stdout
    admin("save", to=chief)
    admin("load", to=chief)
    assert admin("config", "--json", to=chief).stdout == before
    assert chief.errors.wait_for(lambda line: "connection from" in line), "connections are logged at level debug"


def test_keys_over_the_network(chief, rembus, state):
    rembus("keys", "secret", "pump7", "--secret-file", "-", stdin=f"{SECRET}\n", to=chief)
    assert "pump7" in rembus("keys", "list").stdout
    rembus("keys", "remove", "pump7", to=chief)
    assert "pump7" not in rembus("keys", "list").stdout
    assert "no key" in rembus("keys", "remove", "pump7", to=chief).stderr
    assert "16" in rembus("keys", "secret", "pump7", "--secret-file", "-", stdin="short\n", to=chief, status=5).stderr


def test_shutdown_ends_the_broker(chief, admin):
    admin("shutdown", to=chief)
    assert eventually(lambda: not chief.alive)
    assert chief.process.returncode == 0


# register, unregister


@pytest.mark.parametrize("scheme", ["rsa", "ecdsa"])
def test_a_registered_name_needs_its_key(chief, rembus, connect, state, tmp_path, scheme):
    rembus("register", "pump7", "--pin-file", "-", "--scheme", scheme, "--url", chief.url, stdin=f"{PIN}\n")
    assert (state / "pump7/.secret").stat().st_mode & 0o777 == 0o600
    assert ["pump7", scheme] in [line.split() for line in rembus("keys", "list").stdout.splitlines()]
    rembus("pub", "t", "1", "--url", f"{chief.url}/pump7")
    stranger = run_rembus("pub", "t", "1", url=f"{chief.url}/pump7", folder=tmp_path / "elsewhere")
    assert stranger.returncode != 0
    rembus("unregister", "pump7", "--url", chief.url)
    assert not (state / "pump7/.secret").exists()
    assert "pump7" not in rembus("keys", "list").stdout


def test_a_pin_that_others_can_read_is_warned_of(chief, rembus):
    elsewhere = chief.url.replace("127.0.0.1", "0.0.0.0")
    assert rembus("register", "one", "--pin-file", "-", "--url", chief.url, stdin=PIN).stderr == ""
    warned = rembus("register", "two", "--pin-file", "-", "--url", elsewhere, stdin=PIN).stderr
    assert "unencrypted" in warned and "wss://" in warned and PIN not in warned
    warned = rembus("admin", "tenant", "add", "acme", "--pin-file", "-", "--url", f"{elsewhere}/chief", stdin=PIN).stderr
    assert "unencrypted" in warned and PIN not in warned


def test_why_a_name_is_not_registered(chief, rembus, state, tmp_path):
    def fails(*arguments, status=5, **options):
        finished = rembus("register", *arguments, "--url", chief.url, status=status, **options)
        assert PIN not in finished.stderr and "wrong guess" not in finished.stderr
        return finished.stderr

    assert "Tenant `.` rejected this pin" in fails("pump7", "--pin-file", "-", stdin="wrong guess\n")
    assert "rembus admin tenant add acme" in fails("pump7.acme", "--pin-file", "-", stdin=PIN)
    assert not (state / "pump7").exists()
    assert "has a key already" in fails("chief", "--pin-file", "-", stdin=PIN, status=1)
    taken = run_rembus("register", "chief", "--pin-file", "-", url=chief.url, stdin=PIN, folder=tmp_path / "elsewhere")
    assert taken.returncode == 5 and "rembus keys remove" in taken.stderr
    fails("", "--pin-file", "-", stdin=PIN, status=64)
    fails("pump7", status=64)
    fails("pump7", "--pin", PIN, status=64)


def test_a_broker_that_is_not_there(rembus):
    for command in ["register", "unregister"]:
        arguments = ["--pin-file", "-"] if command == "register" else []
        failed = rembus(command, "pump7", *arguments, "--url", "ws://127.0.0.1:1", stdin=PIN, status=1)
        assert "is a broker running?" in failed.stderr


def test_only_who_has_the_key_unregisters(chief, rembus, tmp_path):
    for name in ["chief", "nobody"]:
        failed = run_rembus("unregister", name, url=chief.url, folder=tmp_path / "elsewhere")
        assert failed.returncode != 0 and failed.stderr.startswith("rembus: ")
    assert "chief" in rembus("keys", "list").stdout
