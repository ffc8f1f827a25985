"""Frames as the listener reads them: RFC 6455 §5, §7, §8."""

import struct

import pytest

from support.raw_websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_payload, frame

LIMIT = 62_914_560


# Data frames

@pytest.mark.parametrize("opcode", [BINARY, TEXT])
def test_a_message_is_answered_in_kind(client, opcode):
    client.send(opcode, client.binary_request() if opcode == BINARY else client.text_request())
    client.assert_answered(opcode)


@pytest.mark.parametrize("size", [0, 100, 125, 126, 127, 128, 65_535, 65_536, 65_537, 1_000_000])
def test_messages_of_every_length_form(client, size):
    # The padding makes the frame, not only the argument, cross the borders of the length forms.
    request = client.binary_request()
    request += bytes(max(0, size - len(request)))
    client.send(BINARY, request)
    client.assert_answered()


@pytest.mark.parametrize("opcode", [BINARY, TEXT, CONTINUATION, PING, PONG, CLOSE])
@pytest.mark.parametrize("size, length_bytes", [(0, 2), (5, 2), (125, 2), (0, 8), (125, 8), (126, 8), (65_535, 8)])
def test_a_length_in_a_longer_form_closes_with_1002(client, opcode, size, length_bytes):
    if opcode == CONTINUATION:
        client.send(BINARY, b"", fin=False)
    client.send(opcode, b"\x03\xe8" + b"x" * (size - 2) if size >= 2 else b"", length_bytes=length_bytes)
    client.assert_closed(1002)


def test_a_length_in_a_longer_form_is_seen_in_pieces_too(client):
    client.write_slowly(frame(PING, b"hello", length_bytes=2))
    client.assert_closed(1002)


def test_bytes_that_arrive_one_by_one(client):
    client.write_slowly(frame(BINARY, client.binary_request("x" * 200)))
    client.assert_answered()


def test_many_frames_in_one_segment(client):
    client.write(frame(BINARY, client.binary_request()) * 500)
    for _ in range(500):
        client.assert_answered()


def test_frames_cut_at_every_place(client):
    data = frame(BINARY, client.binary_request("x" * 130)) * 2
    for cut in range(1, len(data), 7):
        client.write(data[:cut])
        client.write(data[cut:])
        client.assert_answered()
        client.assert_answered()


def test_a_mask_of_zeros_is_a_mask(client):
    request = client.binary_request()
    client.write(bytes([0x82, 0x80 | len(request)]) + bytes(4) + request)
    client.assert_answered()


@pytest.mark.parametrize("opcode", [BINARY, TEXT, PING, CLOSE])
def test_a_frame_without_mask_closes_with_1002(client, opcode):
    client.send(opcode, b"", masked=False)
    client.assert_closed(1002)


@pytest.mark.parametrize("reserved", [1, 2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("opcode", [BINARY, TEXT, PING, CLOSE])
def test_reserved_bits_close_with_1002(client, reserved, opcode):
    client.send(opcode, client.binary_request() if opcode == BINARY else b"", reserved=reserved)
    client.assert_closed(1002)


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_reserved_opcodes_close_with_1002(client, opcode):
    client.send(opcode, b"x")
    client.assert_closed(1002)


# Fragments

@pytest.mark.parametrize("opcode", [BINARY, TEXT])
@pytest.mark.parametrize("pieces", [2, 3, 10])
def test_a_message_in_fragments(client, opcode, pieces):
    request = client.binary_request("x" * 300) if opcode == BINARY else client.text_request("ü" * 300)
    step = len(request) // pieces + 1
    parts = [request[start:start + step] for start in range(0, len(request), step)]
    for number, part in enumerate(parts):
        client.send(CONTINUATION if number else opcode, part, fin=number == len(parts) - 1)
    client.assert_answered(opcode)


def test_a_fragment_for_each_byte(client):
    request = client.text_request("ünï 😀")
    data = b"".join(
        frame(CONTINUATION if at else TEXT, request[at:at + 1], fin=at == len(request) - 1) for at in range(len(request)))
    client.write(data)
    client.assert_answered(TEXT)


def test_empty_fragments(client):
    client.send(BINARY, b"", fin=False)
    client.send(CONTINUATION, client.binary_request(), fin=False)
    client.send(CONTINUATION, b"", fin=False)
    client.send(CONTINUATION, b"", fin=True)
    client.assert_answered()


def test_a_ping_between_fragments_is_answered_at_once(client):
    request = client.binary_request()
    client.send(BINARY, request[:5], fin=False)
    client.send(PING, b"between")
    assert client.read_frame() == (True, PONG, b"between")
    client.send(CONTINUATION, request[5:])
    client.assert_answered()


def test_a_pong_between_fragments_is_ignored(client):
    request = client.binary_request()
    client.send(BINARY, request[:5], fin=False)
    client.send(PONG, b"unasked")
    client.send(CONTINUATION, request[5:])
    client.assert_answered()


def test_a_close_between_fragments_closes(client):
    client.send(BINARY, b"\x85", fin=False)
    client.send(CLOSE, close_payload(1000))
    # RFC 6455 leaves open whether leaving in the middle of a message is an error.
    client.assert_closed(1000, 1002)


def test_a_continuation_of_nothing_closes_with_1002(client):
    client.send(CONTINUATION, b"x")
    client.assert_closed(1002)


def test_a_continuation_after_the_last_fragment_closes_with_1002(client):
    client.send(BINARY, client.binary_request()[:5], fin=False)
    client.send(CONTINUATION, client.binary_request()[5:])
    client.assert_answered()
    client.send(CONTINUATION, b"x", fin=False)
    client.assert_closed(1002)


@pytest.mark.parametrize("second", [BINARY, TEXT])
def test_a_new_message_among_fragments_closes_with_1002(client, second):
    client.send(BINARY, b"\x85", fin=False)
    client.send(second, client.binary_request())
    client.assert_closed(1002)


# Control frames

@pytest.mark.parametrize("payload", [b"", b"x", b"\x00\xff\xfe", b"y" * 125], ids=["empty", "one", "bytes", "longest"])
def test_a_ping_is_answered_with_its_payload(client, payload):
    client.send(PING, payload)
    assert client.read_frame() == (True, PONG, payload)
    client.assert_works()


def test_pings_are_answered_in_order(client):
    client.write(b"".join(frame(PING, str(number).encode()) for number in range(50)))
    assert [client.read_frame()[2] for _ in range(50)] == [str(number).encode() for number in range(50)]


def test_a_ping_byte_by_byte(client):
    client.write_slowly(frame(PING, b"slow"))
    assert client.read_frame() == (True, PONG, b"slow")


def test_a_pong_nobody_asked_for_is_ignored(client):
    client.send(PONG, b"hello")
    client.send(PONG)
    client.assert_works()


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
def test_a_control_frame_above_125_bytes_closes_with_1002(client, opcode):
    client.send(opcode, close_payload(1000, b"x" * 124))
    client.assert_closed(1002)


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
def test_a_control_frame_in_fragments_closes_with_1002(client, opcode):
    client.send(opcode, b"", fin=False)
    client.assert_closed(1002)


# Text

def test_text_may_hold_every_character(client):
    client.send(TEXT, client.text_request("\u0000\u007f\u0080\u07ff\u0800\uffff\U00010000\U0010ffff"))
    client.assert_answered(TEXT)


def test_a_character_cut_by_fragments_is_valid(client):
    request = client.text_request("😀")
    cut = request.index("😀".encode()) + 2
    client.send(TEXT, request[:cut], fin=False)
    client.send(CONTINUATION, request[cut:])
    client.assert_answered(TEXT)


INVALID_UTF8 = [b"\xff", b"\xfe\xff", b"\x80", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80",
                b"\xce", b"\xf0\x9f\x98"]


@pytest.mark.parametrize("bad", INVALID_UTF8, ids=bytes.hex)
def test_text_that_is_not_utf_8_closes_with_1007(client, bad):
    client.send(TEXT, client.text_request("@@").replace(b"@@", bad))
    client.assert_closed(1007)


@pytest.mark.parametrize("bad", [b"\xff", b"\xce"], ids=bytes.hex)
def test_text_that_is_not_utf_8_in_fragments_closes_with_1007(client, bad):
    client.send(TEXT, b'{"jsonrpc":"2.0","id":7,"method":"', fin=False)
    client.send(CONTINUATION, bad, fin=False)
    client.send(CONTINUATION, b'","params":[]}')
    client.assert_closed(1007)


# Closing

@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
def test_a_close_is_answered_with_its_code(client, code):
    client.send(CLOSE, close_payload(code, "good bye ü".encode()))
    client.assert_closed(code)


def test_a_close_without_a_code_is_answered(client):
    client.send(CLOSE)
    client.assert_closed(None, 1000)


@pytest.mark.parametrize("code", [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
def test_a_close_with_a_code_that_must_not_be_sent_closes_with_1002(client, code):
    client.send(CLOSE, close_payload(code))
    client.assert_closed(1002)


def test_a_close_with_half_a_code_closes_with_1002(client):
    client.send(CLOSE, b"\x03")
    client.assert_closed(1002)


@pytest.mark.parametrize("bad", [b"\xff", b"\xed\xa0\x80", b"\xce"], ids=bytes.hex)
def test_a_close_whose_reason_is_not_utf_8_closes_with_1007(client, bad):
    client.send(CLOSE, close_payload(1000, bad))
    client.assert_closed(1007, 1002)


def test_nothing_after_a_close_is_read(client):
    client.write(frame(CLOSE, close_payload(1000)) + frame(BINARY, client.binary_request()) + frame(PING, b"late"))
    assert client.read_frame()[1] == CLOSE
    assert client.at_end()


def test_what_came_before_a_close_is_answered(client):
    client.write(frame(BINARY, client.binary_request()) + frame(CLOSE, close_payload(1000)))
    client.assert_answered()
    client.assert_closed(1000)


def test_a_second_close_changes_nothing(client):
    client.write(frame(CLOSE, close_payload(1000)) + frame(CLOSE, close_payload(1001)))
    client.assert_closed(1000)


def test_a_client_that_only_hangs_up_is_let_go(client):
    client.socket.shutdown(1)
    assert client.at_end()


def test_a_client_that_hangs_up_inside_a_frame_is_let_go(client):
    client.write(frame(BINARY, client.binary_request())[:-3])
    client.socket.shutdown(1)
    assert client.at_end()


# Limits

def head(opcode, size, fin=True):
    """The beginning of a frame that announces a size and never sends it."""
    return bytes([(0x80 if fin else 0) | opcode, 0xFF]) + struct.pack(">Q", size) + bytes(4)


@pytest.mark.parametrize("size", [LIMIT + 1, 2**32, 2**62])
def test_an_announced_length_above_the_limit_closes_with_1009(client, size):
    client.write(head(BINARY, size) + bytes(1000))
    assert client.read_close() == 1009


@pytest.mark.parametrize("size", [2**63, 2**64 - 1])
def test_a_length_with_the_highest_bit_closes(client, size):
    client.write(head(BINARY, size))
    assert client.read_close() in (1002, 1009)


def test_a_message_of_exactly_the_limit_is_read(client):
    request = client.binary_request()
    client.send(BINARY, request + bytes(LIMIT - len(request)))
    client.assert_answered()


def test_fragments_that_together_exceed_the_limit_close_with_1009(client):
    client.send(BINARY, bytes(LIMIT // 2), fin=False)
    try:
        client.send(CONTINUATION, bytes(LIMIT // 2), fin=False)
        client.send(CONTINUATION, b"x")
    except ConnectionError:
        pass  # The listener need not read what is too much already.
    assert client.read_close() == 1009


def test_endless_empty_fragments_do_not_stop_others(client, dial):
    client.write(frame(BINARY, b"", fin=False) + frame(CONTINUATION, b"", fin=False) * 20_000)
    other = dial()
    other.upgrade()
    other.assert_works()
