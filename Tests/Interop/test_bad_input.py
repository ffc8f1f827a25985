"""Frames that no peer should send: behaviour.md §9, known-defects R3, S20. They cost their own connection, nobody else's."""

import os

import pytest
from websockets.exceptions import ConnectionClosed

from support.wire import PUBLISH, RPC, eventually, new_id

differs, twin = pytest.mark.differs, pytest.mark.twin

NOT_A_MESSAGE = {
    "empty": b"",
    "truncated": bytes.fromhex("8400480102"),
    "not an array": bytes.fromhex("a0"),
    "an integer": bytes.fromhex("01"),
    "an empty array": bytes.fromhex("80"),
    "type is text": bytes.fromhex("8361614101"),
    "unknown type": bytes.fromhex("82074101"),
    "another unknown type": bytes.fromhex("820f4101"),
    "publish without arguments and topic": bytes.fromhex("8101"),
    "request without topic": bytes.fromhex("82024101"),
    "topic is a number": bytes.fromhex("83010780"),
    "id is a number": bytes.fromhex("8502076161f680"),
    "reserved additional information": bytes.fromhex("83fc"),
    "a break alone": bytes.fromhex("ff"),
    "invalid UTF-8 in the topic": bytes.fromhex("830162fffe80"),
    "a length far beyond the frame": bytes.fromhex("83017bffffffffffffffff"),
    "an array longer than memory": bytes.fromhex("9b7fffffffffffffff"),
    "random bytes": bytes(range(0xE0, 0x100)),
}

NOT_A_TEXT_MESSAGE = {
    "empty": "",
    "not JSON": "hello",
    "a number": "7",
    "a batch": '[{"jsonrpc":"2.0","method":"x","params":[]}]',
    "an empty object": "{}",
    "cut off": '{"jsonrpc":"2.0","method":',
    "method is a number": '{"jsonrpc":"2.0","method":7,"params":[]}',
    "neither method nor result": '{"jsonrpc":"2.0","id":1}',
}


def assert_closed_alone(peer, bystander):
    """The one connection ends with 1000, the broker and everybody else go on."""
    assert peer.expect_close()[0] == 1000
    assert bystander.call("rid")[0] == 0


@twin("BadFrameTests")
@pytest.mark.parametrize("name", NOT_A_MESSAGE)
def test_a_binary_frame_that_is_no_message_closes_its_connection(connect, name):
    peer, bystander = connect(), connect()
    if peer.reference and name in {
        "topic is a number", "id is a number", "publish without arguments and topic", "request without topic",
        "an integer", "type is text", "an array longer than memory",
    }:
        pytest.skip("R3: the reference goes on or stops")
    peer.send_raw(NOT_A_MESSAGE[name])
    assert_closed_alone(peer, bystander)


@twin("BadFrameTests")
@pytest.mark.parametrize("name", NOT_A_TEXT_MESSAGE)
def test_a_text_frame_that_is_no_message_closes_its_connection(connect, name):
    peer, bystander = connect(), connect()
    if peer.reference and name in {"a number", "a batch", "method is a number", "an empty object"}:
        pytest.skip("R22: the reference goes on or stops")
    peer.send_raw(NOT_A_TEXT_MESSAGE[name])
    assert_closed_alone(peer, bystander)


@twin("BadFrameTests")
def test_bytes_after_the_message_are_ignored(connect):
    peer = connect()
    peer.send_raw(bytes.fromhex("850248010203040506070863726964f680") + b"\xff\xff\xff")
    assert peer.response_to(bytes(range(1, 9)))[0] == 0


@twin("BadFrameTests")
def test_additional_elements_are_ignored(connect):
    peer = connect()
    identifier = new_id()
    peer.send([RPC, identifier, "rid", None, [], "more", {"k": 1}])
    assert peer.response_to(identifier)[0] == 0


@twin("BadFrameTests")
def test_a_type_in_a_longer_integer_is_accepted(connect):
    peer = connect()
    peer.send_raw(bytes.fromhex("85190002") + bytes.fromhex("48010203040506070863726964f680"))
    assert peer.response_to(bytes(range(1, 9)))[0] == 0


def test_a_frame_above_the_limit_closes_with_1009(connect):
    peer, bystander = connect(), connect()
    try:
        peer.send_raw(bytes(62_914_561))
    except (ConnectionClosed, OSError):
        pass  # The broker may close before it has read everything.
    assert peer.expect_close()[0] in (1009, 1006)
    assert bystander.call("rid")[0] == 0


def test_a_smaller_limit_of_the_settings_closes_with_1009(start_broker, connect, tmp_path):
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "settings.json").write_text('{"max_ws_frame": 100000}')
    broker = start_broker(folder=tmp_path)
    peer, other = connect(to=broker), connect(to=broker)
    assert peer.call("rid", bytes(99_000))[0] == 0
    peer.send_raw(bytes(100_001))
    assert peer.expect_close()[0] == 1009
    assert other.call("rid")[0] == 0


@twin("BadFrameTests")
def test_random_frames_never_end_the_broker(connect, broker):
    bystander = connect()
    for _ in range(60):
        peer = connect()
        peer.send_raw(bytes([0x83, 0x01]) + os.urandom(40))
        peer.ws.close()
    assert bystander.call("rid")[0] == 0


@differs("R3: the reference stops its dispatcher")
def test_a_peer_that_vanishes_before_its_ack_is_written_harms_nobody(connect, uid):
    bystander = connect(f"b{uid}", reactive=True)
    bystander.subscribe(f"late{uid}")
    for _ in range(20):
        peer = connect()
        peer.send_publish(f"late{uid}", 1, qos=1)
        peer.vanish()
    other = connect()
    other.publish(f"late{uid}", "end")
    assert eventually(lambda: bystander.receive_topic()[1] == ["end"])


@differs("R3: the reference stops that peer's task")
def test_a_peer_that_is_refused_names_the_reason_in_the_log(connect, broker):
    peer = connect()
    peer.send_raw(b"\xff")
    peer.expect_close()
    assert broker.says("127.0.0.1"), broker.log()


@twin("BadFrameTests")
def test_publishing_is_possible_after_an_unknown_command(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"after{uid}")
    publisher.admin("x", {"cmd": "frobnicate"})
    publisher.publish(f"after{uid}", 1)
    assert subscriber.receive() == [PUBLISH, f"after{uid}", [1]]
