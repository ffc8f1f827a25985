"""`rembus context`: brokers under names, with what a connection to them needs."""

import json
import subprocess
import threading

import pytest

from support.processes import REFERENCE, Broker, clean_environment, rembus_binary, run_rembus
from support.wire import eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our command")

SECRET = "correct horse battery"


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def rembus(state):
    """Runs the command with a state folder of its own; gives what it prints."""
    def run(*arguments, status=0, **settings):
        done = run_rembus(*arguments, folder=state, **settings)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stderr if status else done.stdout

    return run


def names(rembus):
    listed = json.loads(rembus("context", "list", "--json"))
    return sorted(listed["contexts"]), listed.get("in_use")


# Adding, choosing, removing


def test_the_first_context_is_in_use(rembus):
    assert rembus("context", "add", "plant", "ws://127.0.0.1:1/me") == "plant is added and in use\n"
    assert rembus("context", "add", "lab", "ws://lab") == "lab is added; `rembus context use lab` uses it\n"
    assert names(rembus) == (["lab", "plant"], "plant")
    assert rembus("context", "add", "home", "ws://home", "--use") == "home is added and in use\n"
    assert rembus("context", "use", "lab") == "lab is in use\n" and names(rembus)[1] == "lab"
    assert rembus("context", "use", "--none") == "no context is in use\n" and names(rembus)[1] is None


def test_the_list_is_a_table(rembus):
    rembus("context", "add", "plant", "ws://127.0.0.1:9000/me", "--tenant", "acme")
    rembus("context", "add", "b", "tcp://hub")
    assert rembus("context", "list") == (
        "   NAME   TENANT  CA  SECRET  URL\n"
        "   b                          tcp://hub:8339\n"
        "*  plant  acme                ws://127.0.0.1:9000/me\n")


def test_a_context_is_replaced_only_when_told_so(rembus):
    rembus("context", "add", "plant", "ws://one")
    assert "there is a context `plant` already" in rembus("context", "add", "plant", "ws://two", status=64)
    rembus("context", "add", "plant", "ws://two", "--replace")
    assert "ws://two" in rembus("context", "list")


def test_removed_contexts_are_gone_and_not_in_use(rembus):
    for name in ["a", "b", "c"]:
        rembus("context", "add", name, "ws://host")
    assert "no context `d`" in rembus("context", "remove", "b", "d", status=64)
    assert names(rembus) == (["a", "b", "c"], "a")
    assert rembus("context", "remove", "a", "b") == "a is removed\nb is removed\n"
    assert names(rembus) == (["c"], None)


def test_only_the_owner_can_read_them(rembus, state):
    rembus("context", "add", "plant", "ws://host")
    file = state / "contexts.json"
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    assert "contexts.json" in rembus("context", "list", status=1)


def test_contexts_that_are_added_at_once_are_all_there(rembus, state):
    wanted = [f"c{number}" for number in range(6)]
    threads = [threading.Thread(target=rembus, args=("context", "add", name, "ws://host")) for name in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(rembus)[0] == wanted


@pytest.mark.parametrize("words, said", [
    ("a/b ws://host", "a context's name has 1 to 64 letters"), ("plant host", "the URL lacks the protocol"),
    ("plant xs://host", "unknown protocol xs"), ("plant ws://host/a --name b", "--name another one"),
    ("plant ws://host --secret-file x", "--secret-file proves a name"), ("plant ws://host --ca x", "--ca is for wss://"),
    ("plant ws://host/a --secret-file /nowhere/x", "/nowhere/x"), ("plant wss://host --ca /nowhere/x", "there is no /nowhere/x"),
])
def test_a_context_that_cannot_work_is_not_added(rembus, state, words, said):
    done = run_rembus("context", "add", *words.split(), folder=state)
    assert done.returncode in (1, 64) and said in done.stderr, done.stderr
    assert not (state / "contexts.json").exists()


def test_a_damaged_file_is_reported_and_kept(rembus, state):
    state.mkdir()
    (state / "contexts.json").write_text("{")
    (state / "contexts.json").chmod(0o600)
    assert "is not what `rembus context` writes" in rembus("pub", "t", "1", status=1)
    rembus("context", "add", "a", "ws://host", status=1)
    assert (state / "contexts.json").read_text() == "{"


# Connecting


def test_every_kind_of_command_connects_with_it(rembus, broker, uid):
    rembus("context", "add", "here", broker.url)
    rembus("context", "use", "--none")
    elsewhere = {"REMBUS_BASE_URL": "ws://127.0.0.1:1"}
    assert rembus("call", "rid", "--context", "here", **elsewhere) == '"broker"\n'
    assert rembus("call", "rid", REMBUS_CONTEXT="here", **elsewhere) == '"broker"\n'
    rembus("pub", f"t{uid}", "1", "--context", "here", **elsewhere)
    rembus("bench", "rpc", "--count", "3", "--context", "here", **elsewhere)
    rembus("context", "use", "here")
    assert rembus("call", "rid") == '"broker"\n'


def test_what_is_said_closer_to_the_command_counts(rembus, broker):
    rembus("context", "add", "here", broker.url)
    rembus("context", "add", "nowhere", "ws://127.0.0.1:1", "--use")
    assert "ws://127.0.0.1:1" in rembus("call", "rid", status=1)
    assert rembus("call", "rid", REMBUS_BASE_URL=broker.url) == '"broker"\n'
    assert "ws://127.0.0.1:1" in rembus("call", "rid", REMBUS_BASE_URL=broker.url, REMBUS_CONTEXT="nowhere", status=1)
    assert rembus("call", "rid", "--context", "here", REMBUS_CONTEXT="nowhere") == '"broker"\n'
    assert rembus("call", "rid", "--url", broker.url, REMBUS_CONTEXT="nowhere") == '"broker"\n'
    said = rembus("call", "rid", "--url", broker.url, "--context", "here", status=64)
    assert "--url and --context here both say where the broker is" in said


def test_a_context_that_does_not_exist_is_named_with_its_origin(rembus):
    rembus("context", "add", "plant", "ws://127.0.0.1:1")
    assert "--context: there is no context `plnt`; did you mean `plant`?" in rembus("call", "rid", "--context", "plnt", status=64)
    assert "REMBUS_CONTEXT: there is no context `x`" in rembus("call", "rid", REMBUS_CONTEXT="x", status=64)


@pytest.fixture
def guarded(start_broker, tmp_path):
    """A broker to which pump7.acme has to prove its name, with a secret in a file."""
    broker = start_broker(options=["--authenticated"])
    file = tmp_path / "pump7.secret"
    file.write_text(SECRET + "\n")
    file.chmod(0o600)
    for name in ["pump7", "pump7.acme"]:
        done = run_rembus("keys", "secret", name, "--secret-file", file, "--broker", broker.name, folder=broker.folder)
        assert done.returncode == 0, done.stderr
    return broker, file


def test_the_secret_proves_the_name_of_the_context(rembus, guarded):
    broker, file = guarded
    rembus("context", "add", "plant", f"{broker.url}/pump7", "--secret-file", file)
    assert rembus("call", "rid") == '"broker"\n'
    assert "there is no key here" in rembus("call", "rid", "--name", "pump8", status=1)
    assert "there is no key here" in rembus("call", "rid", "--url", f"{broker.url}/pump7", status=1)
    file.chmod(0o644)
    assert str(file) in rembus("call", "rid", status=1)


def test_the_tenant_completes_names(rembus, guarded, uid):
    broker, file = guarded
    rembus("context", "add", "plant", broker.url, "--name", "pump7", "--tenant", "acme", "--secret-file", file)
    assert "as `pump7.acme`" in rembus("context", "validate")
    assert "proof that this is pump8.acme" in rembus("call", "rid", "--name", "pump8", status=1)
    assert "proof that this is pump8.other" in rembus("call", "rid", "--name", "pump8.other", status=1)


def test_an_administrator_asks_the_broker_of_a_context(rembus, guarded, state):
    broker, file = guarded
    done = run_rembus("admin", "administrator", "add", "pump7", "--broker", broker.name, folder=broker.folder)
    assert done.returncode == 0, done.stderr
    rembus("context", "add", "plant", f"{broker.url}/pump7", "--secret-file", file)
    # A running broker takes changed rules within a second.
    asked = lambda: run_rembus("admin", "connections", folder=state)  # noqa: E731
    assert eventually(lambda: asked().returncode == 0), asked().stderr
    assert "pump7" in asked().stdout
    assert "pump7" in rembus("admin", "list", "--context", "plant")
    # The rules of this machine are meant, where nobody is an administrator.
    assert "administrators  none" in rembus("admin", "list")
    rembus("context", "add", "nobody", broker.url, "--use")
    assert "the context `nobody` lacks the name of an administrator" in rembus("admin", "connections", status=64)
    assert "--broker is a broker on this machine, --context one" in rembus(
        "admin", "list", "--context", "plant", "--broker", "x", status=64)


def test_the_authority_is_trusted(rembus, tmp_path):
    assert run_rembus("keys", "init", "--host", "localhost", folder=tmp_path / "broker").returncode == 0
    authority = tmp_path / "broker/keystore/ca.crt"
    with Broker(options=["--secure"], folder=tmp_path / "broker") as broker:
        url = f"wss://localhost:{broker.port}"
        rembus("context", "add", "plant", url, "--ca", authority)
        assert rembus("context", "validate").startswith(f"plant works: broker answers at {url}, in ")
        rembus("bench", "rpc", "--count", "3")
        rembus("context", "add", "other", url)
        assert "certificate" in rembus("context", "validate", "other", status=1)
        authority.rename(tmp_path / "moved")
        assert "there is no" in rembus("context", "validate", status=1)


# Completion


def test_a_shell_completes_the_names_of_contexts(rembus, state, tmp_path):
    for name in ["plant", "planet", "lab"]:
        rembus("context", "add", name, "ws://host")
    (tmp_path / "rembus.bash").write_text(rembus("completion", "bash"))
    for words in ["rembus sub --context pla", "rembus context use pla", "rembus admin list --context pla"]:
        script = f"""
            PATH={rembus_binary().rsplit("/", 1)[0]}:$PATH
            source {tmp_path / "rembus.bash"}
            COMP_LINE='{words}' COMP_WORDS=({words}) COMP_POINT={len(words)} COMP_TYPE=9
            COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            _rembus rembus pla "${{COMP_WORDS[COMP_CWORD - 1]}}"
            printf '%s\\n' "${{COMPREPLY[@]}}"
            """
        done = subprocess.run(["bash", "-c", script], env=clean_environment(state), capture_output=True, text=True, timeout=60)
        assert sorted(done.stdout.split()) == ["planet", "plant"], done.stdout + done.stderr
