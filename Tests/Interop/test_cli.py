"""The command line against our broker and, for the SDK's sake, against the Python reference broker."""

import json
import os
import signal

import pytest

from support.processes import REFERENCE, Broker, Command, run_rembus
from support.wire import EXCEPTION, NOT_FOUND, OK, Peer, eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our command")


@pytest.fixture(scope="session")
def _reference():
    broker = Broker(reference=True)
    yield broker
    broker.discard()


@pytest.fixture(params=["ours", "reference"])
def any_broker(request):
    """Our broker, then the Python one: what the SDK does has to work with both."""
    return request.getfixturevalue("broker" if request.param == "ours" else "_reference")


@pytest.fixture
def raw(any_broker):
    peer = Peer(any_broker.url, reference=any_broker.reference)
    yield peer
    peer.close()


def listening(command, peer, topic):
    """Publishes until the subscriber shows it: from then on nothing is missed. Gives the line."""
    while True:
        peer.publish(topic, "probe")
        if line := command.output.wait_for(lambda text: text if "probe" in text else None, timeout=0.05):
            return json.loads(line)
        assert command.process.poll() is None, command.errors.text()


def shown(command, marker):
    """The JSON line with this text."""
    line = command.output.wait_for(lambda text: text if marker in text else None)
    assert line is not None, command.errors.text()
    return json.loads(line)


# pub

@pytest.mark.parametrize("qos", [0, 1, 2])
def test_pub_publishes_json_arguments(any_broker, raw, uid, qos):
    raw.identify(f"s{uid}")
    raw.subscribe(f"t{uid}")
    raw.reactive()
    finished = run_rembus("pub", f"t{uid}", '{"temperature": 21.6, "pressure": 980}', "7", '"text"', "null", "[1,2]",
                          "--qos", qos, url=any_broker.url)
    assert finished.returncode == 0, finished.stderr
    flags, _, topic, arguments = raw.receive_publish()
    assert (flags, topic) == ((0, 0x10, 0x30)[qos], f"t{uid}")
    assert arguments == [{"temperature": 21.6, "pressure": 980}, 7, "text", None, [1, 2]]
    assert [type(argument) for argument in arguments] == [dict, int, str, type(None), list]


def test_pub_without_arguments(any_broker, raw, uid):
    raw.identify(f"s{uid}")
    raw.subscribe(f"t{uid}")
    raw.reactive()
    assert run_rembus("pub", f"t{uid}", url=any_broker.url).returncode == 0
    assert raw.receive_topic() == (f"t{uid}", [])


def test_pub_takes_a_name_from_the_url(broker, connect, uid):
    subscriber = connect(f"pump{uid}.acme", reactive=True)
    subscriber.subscribe(f"t{uid}")
    assert run_rembus("pub", f"t{uid}", "1", "--qos", 1, url=f"{broker.url}/cli{uid}.acme").returncode == 0
    assert subscriber.receive_topic() == (f"t{uid}", [1])


def test_the_url_may_come_from_the_environment(broker, connect, uid):
    subscriber = connect(f"s{uid}", reactive=True)
    subscriber.subscribe(f"t{uid}")
    assert run_rembus("pub", f"t{uid}", "1", REMBUS_BASE_URL=broker.url).returncode == 0
    assert subscriber.receive_topic() == (f"t{uid}", [1])


def test_pub_refuses_an_unknown_quality_of_service(broker):
    finished = run_rembus("pub", "t", "1", "--qos", 3, url=broker.url)
    assert finished.returncode > 0 and finished.stderr


# sub

def test_sub_prints_json_lines(any_broker, raw, uid):
    with Command("sub", f"t{uid}", "--url", any_broker.url) as command:
        assert listening(command, raw, f"t{uid}") == {"topic": f"t{uid}", "arguments": ["probe"]}
        raw.publish(f"t{uid}", {"temperature": 21.6}, None, "ünï\n", "end")
        assert shown(command, "end") == {"topic": f"t{uid}", "arguments": [{"temperature": 21.6}, None, "ünï\n", "end"]}
        assert command.interrupt() in (0, 130)


def test_sub_prints_the_real_topic_of_a_pattern(any_broker, raw, uid):
    with Command("sub", f"t{uid}/**", "--url", any_broker.url) as command:
        listening(command, raw, f"t{uid}/a")
        raw.publish(f"t{uid}/b/c", 1, "end")
        assert shown(command, "end") == {"topic": f"t{uid}/b/c", "arguments": [1, "end"]}


def test_sub_acknowledges(any_broker, raw, uid):
    with Command("sub", f"t{uid}", "--url", any_broker.url) as command:
        listening(command, raw, f"t{uid}")
        for number in range(20):
            raw.publish(f"t{uid}", number, "end" if number == 19 else "", qos=number % 3)
        shown(command, "end")
        command.interrupt()
        numbers = [json.loads(line)["arguments"][0] for line in command.lines()]
        assert [number for number in numbers if number != "probe"] == list(range(20))


def test_sub_ends_after_count_messages(any_broker, raw, uid):
    with Command("sub", f"t{uid}", "--count", 3, "--url", any_broker.url) as command:
        while command.process.poll() is None:
            raw.publish(f"t{uid}", "probe")
            raw.call("rid")  # one at a time, so that the queues stay short
        assert command.wait() == 0
        assert [json.loads(line)["topic"] for line in command.lines()] == [f"t{uid}"] * 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_sub_ends_on_a_signal(broker, connect, uid, number):
    with Command("sub", f"t{uid}", "--url", broker.url) as command:
        listening(command, connect(), f"t{uid}")
        command.process.send_signal(number)
        assert command.wait() in (0, 128 + number)


def test_sub_returns_after_a_restart_of_the_broker(start_broker, connect):
    broker = start_broker()
    with Command("sub", "topic", "--url", f"{broker.url}/sub") as command:
        listening(command, connect(to=broker), "topic")
        broker.kill()
        broker.start()
        publisher = connect(to=broker)
        while True:
            publisher.publish("topic", "again")
            if command.output.wait_for(lambda text: "again" in text, timeout=0.05):
                break


# call

def test_call_prints_the_result_as_json(any_broker, raw, uid):
    raw.identify(f"p{uid}")
    raw.expose(f"add{uid}")
    with Command("call", f"add{uid}", "1", "2", "--url", any_broker.url) as command:
        request = raw.receive_call()
        assert request[4] == [1, 2]
        raw.answer(request, {"sum": 3, "text": "ünï"})
        assert command.wait() == 0
        assert json.loads("\n".join(command.lines())) == {"sum": 3, "text": "ünï"}


def test_call_prints_a_simple_result_on_one_line(any_broker, raw, uid):
    raw.identify(f"p{uid}")
    raw.expose(f"add{uid}")
    with Command("call", f"add{uid}", "1", "2", "--url", any_broker.url) as command:
        raw.answer(raw.receive_call(), 3)
        assert command.lines() == ["3"]


def test_call_of_a_built_in_method(any_broker):
    finished = run_rembus("call", "rid", url=any_broker.url)
    assert (finished.returncode, json.loads(finished.stdout)) == (0, any_broker.name)


def test_call_of_a_method_of_nobody_fails(any_broker, uid):
    finished = run_rembus("call", f"nobody{uid}", url=any_broker.url)
    assert finished.returncode > 0
    assert finished.stdout == ""
    assert f"nobody{uid}" in finished.stderr


def test_call_shows_the_text_of_an_exception(any_broker, raw, uid):
    raw.identify(f"p{uid}")
    raw.expose(f"fail{uid}")
    with Command("call", f"fail{uid}", "--url", any_broker.url) as command:
        raw.answer(raw.receive_call(), "no such pump", EXCEPTION)
        assert command.wait() > 0
        assert command.errors.wait_for(lambda line: "no such pump" in line)


def test_scripts_can_tell_failures_apart(broker, connect, uid):
    provider = connect(f"p{uid}")
    provider.expose(f"fail{uid}")
    with Command("call", f"fail{uid}", "--url", broker.url) as command:
        provider.answer(provider.receive_call(), "no such pump", EXCEPTION)
        failed = command.wait()
    missing = run_rembus("call", f"nobody{uid}", url=broker.url).returncode
    unreachable = run_rembus("call", "rid", url="ws://127.0.0.1:9").returncode
    usage = run_rembus("call").returncode
    assert 0 not in (failed, missing, unreachable, usage)
    assert len({failed, unreachable, usage}) == 3


# expose

def test_expose_runs_a_command_for_each_call(any_broker, raw, uid):
    with Command("expose", f"sum{uid}", "--url", any_broker.url, "--",
                 "python3", "-c", "import json,sys; print(json.dumps({'sum': sum(json.load(sys.stdin))}))") as command:
        assert eventually(lambda: raw.call(f"sum{uid}", 1, 2)[0] != NOT_FOUND)
        assert raw.call(f"sum{uid}", 1, 2, 39) == (OK, {"sum": 42})
        assert raw.call(f"sum{uid}") == (OK, {"sum": 0})
        assert command.interrupt() in (0, 130)


def test_expose_answers_a_failing_command_with_40(any_broker, raw, uid):
    with Command("expose", f"fail{uid}", "--url", any_broker.url, "--",
                 "sh", "-c", "cat >/dev/null; echo 'no such pump' >&2; exit 3"):
        assert eventually(lambda: raw.call(f"fail{uid}")[0] != NOT_FOUND)
        assert raw.call(f"fail{uid}")[0] == EXCEPTION


def test_expose_runs_calls_side_by_side(broker, connect, uid):
    caller = connect()
    with Command("expose", f"echo{uid}", "--url", broker.url, "--", "cat"):
        assert eventually(lambda: caller.call(f"echo{uid}", 0) == (OK, [0]))
        calls = [caller.send_call(f"echo{uid}", number) for number in range(10)]
        assert [caller.response_to(identifier) for identifier in calls] == [(OK, [number]) for number in range(10)]


def test_expose_ignores_a_command_that_does_not_read_its_input(broker, connect, uid):
    caller = connect()
    with Command("expose", f"deaf{uid}", "--url", broker.url, "--", "echo", "7"):
        assert eventually(lambda: caller.call(f"deaf{uid}")[0] != NOT_FOUND)
        assert caller.call(f"deaf{uid}", "x" * 1_000_000) == (OK, 7)


# What goes wrong

@pytest.mark.parametrize("arguments", [("pub", "t", "1"), ("call", "rid"), ("sub", "t"), ("expose", "t", "--", "cat")])
def test_a_broker_that_is_not_there_is_said_in_one_sentence(arguments):
    before, _, after = " ".join(arguments).partition(" -- ")
    options = [*before.split(), "--url", "ws://127.0.0.1:9", *(["--", *after.split()] if after else [])]
    finished = run_rembus(*options)
    assert finished.returncode > 0
    assert finished.stdout == ""
    assert "127.0.0.1:9" in finished.stderr
    assert len([line for line in finished.stderr.splitlines() if line.strip()]) == 1


@pytest.mark.parametrize("url", ["h:9000/pump7", "http://127.0.0.1:1/x", "ws://127.0.0.1:notaport/x", "ws://127.0.0.1:99999"])
def test_a_bad_url_is_said_in_one_sentence(url):
    finished = run_rembus("call", "rid", url=url)
    assert finished.returncode > 0
    assert finished.stdout == "" and url in finished.stderr


def test_a_name_in_use_is_said(broker, connect, uid):
    connect(f"taken{uid}")
    finished = run_rembus("pub", "t", "1", url=f"{broker.url}/taken{uid}")
    assert finished.returncode > 0
    assert "already connected" in finished.stderr or f"taken{uid}" in finished.stderr


@pytest.mark.parametrize("command", ["broker", "pub", "sub", "call", "expose", "bench"])
def test_every_command_has_help_with_an_example(command):
    finished = run_rembus(command, "--help")
    assert finished.returncode == 0
    assert f"rembus {command} " in finished.stdout


def test_the_version_is_shown():
    finished = run_rembus("--version")
    assert finished.returncode == 0
    assert finished.stdout.strip()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_written(shell):
    finished = run_rembus("--generate-completion-script", shell)
    assert finished.returncode == 0
    assert "rembus" in finished.stdout


@pytest.mark.parametrize("words, said", [
    ("plub x 1", "`rembus` has no command `plub`; did you mean `rembus pub`? `rembus --help` lists the commands"),
    ("admin grnt a b", "`rembus admin` has no command `grnt`; did you mean `rembus admin grant`? "
                       "`rembus admin --help` lists the commands"),
    ("admin tenant ad x", "`rembus admin tenant` has no command `ad`; did you mean `rembus admin tenant add`? "
                          "`rembus admin tenant --help` lists the commands"),
    ("keys something", "`rembus keys` has no command `something`. `rembus keys --help` lists the commands"),
])
def test_a_word_that_is_no_command_is_named(words, said):
    done = run_rembus(*words.split())
    assert (done.returncode, done.stdout, done.stderr) == (64, "", f"rembus: {said}\n")


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="looks into /proc")
def test_a_command_behind_a_method_does_not_hold_the_connection(broker, uid):
    """What it leaves running would keep the component connected."""
    method = f"sockets{uid}"
    with Command("expose", method, "--shell", "ls -l /proc/$$/fd | grep -c socket; true", "--url", broker.url):
        assert eventually(lambda: run_rembus("call", method, "--url", broker.url).stdout.strip() == "0")
