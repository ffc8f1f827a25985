"""How far `rembus pub` has got: said when it is interrupted or fails, and shown on a terminal."""

import os
import pty
import re
import signal
import subprocess

import pytest

from support.processes import REFERENCE, Command, OutputReader, clean_environment, rembus_binary, run_rembus
from support.wire import Peer, eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our command")


@pytest.fixture
def lines(tmp_path):
    """A file of three publications, with lines that are none between them."""
    file = tmp_path / "log.jsonl"
    file.write_text("1\n\n  \n2\r\n3")
    return file


@pytest.fixture
def subscriber(connect, broker, uid):
    peer = connect(f"s{uid}", reactive=True)
    peer.subscribe(f"t{uid}")
    return peer


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("qos, answers", [(0, "QoS 0 has no acknowledgements"), (1, "[01] acknowledged")])
def test_who_interrupts_it_is_told_how_far_it_was(broker, subscriber, lines, uid, number, qos, answers):
    with Command("pub", f"t{uid}", "--file", lines, "--qos", qos, "--interval", "1h", "--url", broker.url) as command:
        assert subscriber.receive_topic() == (f"t{uid}", [1])
        command.process.send_signal(number)
        # By the signal, so that a shell ends its script too.
        assert command.wait() == -number
        command.errors.join()
        assert re.fullmatch(rf"rembus: interrupted: published [01] of 3; {answers}", command.errors.text()), command.errors.text()


def test_of_a_pipe_nobody_knows_the_end(broker, subscriber, uid):
    process = subprocess.Popen(
        [rembus_binary(), "pub", f"t{uid}", "-", "--qos", "1", "--url", broker.url], env=clean_environment("/nonexistent"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    errors = OutputReader(process.stderr)
    process.stdin.write("1\n2\n")
    process.stdin.flush()
    assert [subscriber.receive_topic() for _ in range(2)] == [(f"t{uid}", [1]), (f"t{uid}", [2])]
    # It waits for the third line.
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == -signal.SIGTERM
    errors.join()
    assert re.fullmatch(r"rembus: interrupted: published 2; [12] acknowledged", errors.text()), errors.text()
    process.stdin.close()
    process.stdout.close()
    process.stderr.close()


def test_a_line_that_cannot_be_sent_says_what_was(broker, lines):
    lines.write_text('1\n{"a": \n3\n')
    done = run_rembus("pub", "t", "--json", "--file", lines, "--qos", "1", url=broker.url)
    assert done.returncode == 64
    assert "line 2, is not JSON" in done.stderr and done.stderr.endswith("; published 1 of 3; 1 acknowledged\n"), done.stderr


def test_a_single_publication_has_no_middle(tmp_path):
    done = run_rembus("pub", "t", "1", "--qos", "1", url="ws://127.0.0.1:9")
    assert done.returncode == 1 and "published" not in done.stderr


def test_a_lost_connection_is_said_and_made_again(start_broker, lines):
    broker = start_broker()
    with Command("pub", "t", "--file", lines, "--qos", "1", "--interval", "1h", "--url", broker.url) as command:
        said = lambda words: command.errors.wait_for(lambda line: words in line)  # noqa: E731
        wait_for_publication(broker)
        broker.kill()
        assert said(f"the connection to {broker.url} is lost; trying to get it back"), command.errors.text()
        broker.start()
        assert said(f"connected to {broker.url} again"), command.errors.text()
        command.interrupt()


def test_when_the_broker_stays_away_it_says_how_far_it_was(start_broker, lines):
    broker = start_broker()
    settings = {"REMBUS_ACK_TIMEOUT": 0.2, "REMBUS_SEND_RETRIES": 1}
    with Command("pub", "t", "--file", lines, "--qos", "1", "--interval", "2s", "--url", broker.url, **settings) as command:
        wait_for_publication(broker)
        broker.kill()
        assert command.wait() == 4
        command.errors.join()
        last = command.errors.lines[-1]
        assert last.startswith("rembus: ") and re.search(r"published [12] of 3; [01] acknowledged$", last), command.errors.text()


def wait_for_publication(broker):
    """Until a publication is with the broker."""
    peer = Peer(broker.url)
    assert eventually(lambda: peer.call("storage_status")[1]["journal"]["appended"] >= 1)
    peer.close()


def test_on_a_terminal_it_shows_how_far_it_is(broker, lines, uid):
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [rembus_binary(), "pub", f"t{uid}", "--file", str(lines), "--qos", "1", "--interval", "1h", "--url", broker.url],
        env=clean_environment("/nonexistent"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=terminal)
    os.close(terminal)
    screen = b""
    while b"published 1 of 3; 1 acknowledged" not in screen:
        screen += os.read(main, 4096)
    assert screen.startswith(b"\r")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == -signal.SIGINT
    screen = b""
    while b"interrupted" not in screen:
        screen += os.read(main, 4096)
    assert b"\r\x1b[Krembus: interrupted: published 1 of 3; 1 acknowledged" in screen
    os.close(main)
    process.stdout.close()
