"""The SDK's dialer, through the command line, against a server that frames in every way a server may, and in some it may not."""

import base64
import json
import struct

import cbor2
import pytest

from support.awkward_server import PUBLISH, AwkwardServer
from support.processes import REFERENCE, Command, run_rembus
from support.raw_websocket import BINARY, CLOSE, CONTINUATION, PING, TEXT, close_payload, frame

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our command")


def call(server, name="dialer", **settings):
    return run_rembus("call", "answer", "1", "2", url=f"{server.url}/{name}", REMBUS_TIMEOUT=settings.pop("timeout", 10), **settings)


def assert_answered(script):
    with AwkwardServer(script) as server:
        finished = call(server)
        assert (finished.returncode, finished.stdout) == (0, "42\n"), finished.stderr
        return server


def assert_fails(script, **settings):
    """The command ends with a failure and says so; it neither hangs nor crashes."""
    with AwkwardServer(script) as server:
        finished = call(server, timeout=1, **settings)
        assert 0 < finished.returncode < 128, finished
        assert finished.stdout == ""
        assert finished.stderr.strip()
        assert "Fatal error" not in finished.stderr
        return server


# The handshake

def test_the_request_is_correct():
    seen = {}

    def script(connection):
        connection.accept()
        seen.update(connection.headers, line=connection.request_line)
        connection.serve()

    with AwkwardServer(script) as server:
        assert call(server).returncode == 0
    assert seen["line"].startswith("GET /") and seen["line"].endswith(" HTTP/1.1")
    assert seen["host"] == f"127.0.0.1:{server.port}"
    assert seen["upgrade"].lower() == "websocket"
    assert "upgrade" in seen["connection"].lower()
    assert seen["sec-websocket-version"] == "13"
    assert len(base64.b64decode(seen["sec-websocket-key"])) == 16
    assert "sec-websocket-protocol" not in seen


def test_each_connection_has_its_own_key():
    keys = []

    def script(connection):
        connection.accept()
        keys.append(connection.key)
        connection.serve()

    with AwkwardServer(script) as server:
        call(server)
        call(server)
    assert len(set(keys)) == len(keys) == 2


def test_the_name_is_in_the_identity_and_not_needed_in_the_path():
    messages = []

    def script(connection):
        connection.accept()
        messages.append(connection.read_request())
        connection.send_message([4, messages[0][1], 0, [[], []]])
        connection.serve()

    assert_answered(script)
    kind, identifier, name, meta = messages[0]
    assert (kind, len(identifier), name, meta) == (0, 8, "dialer", {})


def test_an_answer_that_arrives_byte_by_byte():
    def script(connection):
        connection.write = connection.write_slowly
        connection.accept()
        connection.serve()

    assert_answered(script)


def test_header_names_in_any_case_and_more_headers():
    def script(connection):
        connection.accept(Upgrade="WebSocket", Connection="upgrade", Server="awkward/1.0", X_More="x" * 2000)
        connection.serve()

    assert_answered(script)


@pytest.mark.parametrize("changes", [
    {"Sec_WebSocket_Accept": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, {"Sec_WebSocket_Accept": None}, {"Upgrade": None}, {"Upgrade": "h2c"},
    {"Connection": None}], ids=str)
def test_a_wrong_answer_is_refused(changes):
    assert_fails(lambda connection: (connection.accept(**changes), connection.serve()))


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "404 Not Found", "301 Moved", "500 Oops", "200 OK"])
def test_a_server_that_does_not_upgrade_is_said(status):
    def script(connection):
        connection.read_handshake()
        connection.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nLocation: /elsewhere\r\n\r\n".encode())
        connection.at_end()

    assert_fails(script)


def test_a_server_that_speaks_something_else_is_said():
    assert_fails(lambda connection: (connection.read_handshake(), connection.write(b"SSH-2.0-OpenSSH_9.2\r\n"), connection.at_end()))


def test_a_server_that_hangs_up_is_said():
    assert_fails(lambda connection: connection.read_handshake())


def test_a_server_that_never_answers_the_handshake_is_given_up():
    assert_fails(lambda connection: (connection.read_handshake(), connection.at_end()))


# Frames

def test_messages_in_fragments():
    def script(connection):
        connection.accept()

        def send_message(message):
            data = cbor2.dumps(message)
            connection.send_frame(BINARY, data[:2], fin=False)
            connection.send_frame(CONTINUATION, b"", fin=False)
            connection.send_frame(CONTINUATION, data[2:5], fin=False)
            connection.send_frame(CONTINUATION, data[5:])

        connection.send_message = send_message
        connection.serve()

    assert_answered(script)


def test_frames_that_arrive_byte_by_byte():
    def script(connection):
        connection.accept()
        connection.write = connection.write_slowly
        connection.serve()

    assert_answered(script)


def test_the_first_frame_together_with_the_handshake():
    def script(connection):
        written = []
        write, connection.write = connection.write, written.append
        connection.accept()
        connection.write = write
        connection.write(written[0] + frame(BINARY, cbor2.dumps([1, "unasked", []]), masked=False))
        connection.serve()

    assert_answered(script)


def test_pings_before_after_and_inside_messages_are_answered():
    def script(connection):
        connection.accept()

        def send_message(message):
            data = cbor2.dumps(message)
            connection.send_frame(PING, b"before")
            connection.send_frame(BINARY, data[:3], fin=False)
            connection.send_frame(PING, b"inside")
            connection.send_frame(CONTINUATION, data[3:])
            connection.send_frame(PING, b"after")

        connection.send_message = send_message
        connection.serve()

    server = assert_answered(script)
    assert server.connections[0].pongs[:3] == [b"before", b"inside", b"after"]


def test_messages_nobody_asked_for_are_ignored():
    def script(connection):
        connection.accept()

        def send_message(message):
            for stray in ([4, b"\x09" * 8, 0, "stray"], [5, b"\x09" * 8], [6, b"\x09" * 8], [1, "unasked", [1]],
                          [3, b"\x08" * 8, "t", {"cmd": "subscribe", "msg_from": 0.0, "rmark": [2**127]}]):
                connection.send_frame(BINARY, cbor2.dumps(stray))
            connection.send_frame(BINARY, cbor2.dumps(message))

        connection.send_message = send_message
        connection.serve()

    assert_answered(script)


def test_a_request_for_an_unknown_method_is_answered_with_42():
    answers = []

    def script(connection):
        connection.accept()

        def send_message(message):
            if message[3] == 42:
                connection.send_frame(BINARY, cbor2.dumps([2, b"\x07" * 8, "nothing", None, []]))
                answers.append(connection.read_request())
            connection.send_frame(BINARY, cbor2.dumps(message))

        connection.send_message = send_message
        connection.serve()

    assert_answered(script)
    (kind, identifier, status, text), = answers
    assert (kind, identifier, status) == (4, b"\x07" * 8, 42) and "`nothing`" in text


@pytest.mark.parametrize("size", [125, 126, 65_535, 65_536, 5_000_000])
def test_messages_of_every_length_form(size):
    text = "x" * size
    with AwkwardServer(answers_with(text)) as server:
        finished = call(server)
        assert finished.returncode == 0, finished.stderr
        assert json.loads(finished.stdout) == text


def answers_with(value):
    def script(connection):
        connection.accept()
        plain = connection.send_message
        connection.send_message = lambda message: plain([*message[:3], value if message[3] == 42 else message[3]])
        connection.serve()
    return script


@pytest.mark.parametrize("qos, flags", [(1, 0x11), (2, 0x31)])
def test_a_subscriber_acknowledges_and_does_not_show_a_qos_2_message_twice(qos, flags):
    acks = []

    def script(connection):
        connection.accept()

        def publish():
            for _ in range(2):
                connection.send_frame(BINARY, cbor2.dumps([flags, b"\x05" * 8, "t", ["again"]]))
                acks.append(connection.read_request())
            connection.send_frame(BINARY, cbor2.dumps([PUBLISH, "t", ["end"]]))

        connection.is_reactive = publish
        connection.serve()

    with AwkwardServer(script) as server, Command("sub", "t", "--url", f"{server.url}/s") as command:
        assert command.output.wait_for(lambda line: "end" in line)
        command.interrupt()
        assert acks == [[5, b"\x05" * 8]] * 2
        assert len([line for line in command.lines() if "again" in line]) == (2 if qos == 1 else 1)


def test_the_command_says_good_bye():
    with AwkwardServer(lambda connection: (connection.accept(), connection.serve())) as server:
        assert call(server).returncode == 0
    (code,) = struct.unpack(">H", server.connections[0].close_received[:2])
    assert code == 1000


# What a server must not send

def after_identity(action):
    """Answers the Identity and then does this instead of answering the call."""
    def script(connection):
        connection.accept()
        plain = connection.send_message

        def send_message(message):
            if message[3] == 42:
                action(connection, cbor2.dumps(message))
                connection.closed_with = connection.read_close()
            else:
                plain(message)

        connection.send_message = send_message
        connection.serve()
    return script


@pytest.mark.parametrize("action, code", [
    (lambda c, data: c.send(BINARY, data, masked=True), 1002),
    (lambda c, data: c.send_frame(BINARY, data, reserved=4), 1002),
    (lambda c, data: c.send_frame(3, data), 1002),
    (lambda c, data: c.send_frame(CONTINUATION, data), 1002),
    (lambda c, data: (c.send_frame(BINARY, data[:2], fin=False), c.send_frame(BINARY, data)), 1002),
    (lambda c, data: c.send_frame(PING, b"", fin=False), 1002),
    (lambda c, data: c.send_frame(PING, b"x" * 126), 1002),
    (lambda c, data: c.send_frame(CLOSE, b"\x03"), 1002),
    (lambda c, data: c.send_frame(BINARY, data, length_bytes=2), 1002),
    (lambda c, data: c.send_frame(BINARY, data, length_bytes=8), 1002),
    (lambda c, data: c.send_frame(BINARY, b"x" * 300, length_bytes=8), 1002),
    (lambda c, data: c.send_frame(PING, b"x", length_bytes=2), 1002),
    (lambda c, data: c.send_frame(TEXT, b'{"\xff":1}'), 1007),
    (lambda c, data: c.write(b"\x82\x7f" + struct.pack(">Q", 62_914_561)), 1009),
], ids=["masked", "reserved bit", "reserved opcode", "continuation of nothing", "message among fragments", "fragmented ping",
        "long ping", "half a close code", "length in 2 bytes", "length in 8 bytes", "300 in 8 bytes", "ping's length in 2 bytes", "not UTF-8", "too long"])
def test_a_frame_that_breaks_the_rules_fails_the_connection(action, code):
    server = assert_fails(after_identity(action))
    assert server.connections[0].closed_with == code


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x80", b"\x82\x07\x41\x01", b"\x9b" + b"\x7f" * 8], ids=bytes.hex)
def test_a_message_that_is_none_ends_the_connection_and_not_the_program(data):
    assert_fails(after_identity(lambda connection, _: connection.send_frame(BINARY, data)))


@pytest.mark.parametrize("cut", [0, 1, 2, 5])
def test_a_server_that_vanishes_inside_a_frame_fails_the_call(cut):
    def script(connection):
        connection.accept()
        plain = connection.send_message

        def send_message(message):
            if message[3] != 42:
                return plain(message)
            connection.write(frame(BINARY, cbor2.dumps(message), masked=False)[:cut])
            raise EOFError

        connection.send_message = send_message
        connection.serve()

    assert_fails(script)


# Coming back

def test_a_subscriber_returns_after_the_server_vanished_and_subscribes_again():
    seen = []

    def script(connection):
        connection.accept()
        first = not seen
        seen.append("connected")

        def publish():
            connection.send_frame(BINARY, cbor2.dumps([PUBLISH, "t", ["first" if first else "second"]]))
            if first:
                raise EOFError

        connection.is_reactive = publish
        connection.serve()

    with AwkwardServer(script) as server, Command("sub", "t", "--url", f"{server.url}/s") as command:
        assert command.output.wait_for(lambda line: "first" in line)
        assert command.output.wait_for(lambda line: "second" in line)


def test_a_subscriber_that_was_overwritten_does_not_return():
    def script(connection):
        connection.accept()
        connection.is_reactive = lambda: connection.send_frame(CLOSE, close_payload(4000, b"overwritten"))
        connection.serve()

    with AwkwardServer(script) as server, Command("sub", "t", "--url", f"{server.url}/s") as command:
        assert command.wait() > 0
        assert len(server.connections) == 1
