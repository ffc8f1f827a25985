"""Payloads are relayed as they came, byte for byte: protocol.md §3.1, §5, known-defects R24."""

import cbor2
import polars
import pyarrow
import pytest

from support.wire import ACK, new_id

differs = pytest.mark.differs

#: Encodings that a decoder and an encoder would change: long integers, short floats, indefinite lengths, unknown tags.
ODD_VALUES = {
    "an integer at the width of Julia": "1b0000000000000002",
    "a half float": "f93e00",
    "a single float": "fa3fc00000",
    "a NaN with a payload": "fb7ff8000000000001",
    "undefined": "f7",
    "a simple value": "f8ff",
    "an array of indefinite length": "9f01ff",
    "a map of indefinite length": "bf616101ff",
    "a map with keys of several kinds": "a3016131f6614e41ff02",
    "a map with the same key twice": "a2616101616102",
    "text in pieces": "7f6161 6162ff",
    "bytes in pieces": "5f4101 4102ff",
    "a big number": "c249010000000000000000",
    "a number in a big number": "c24101",
    "a serialized object of Julia": "d81b826454797065 4100",
    "a typed array of JavaScript": "d84043010203",
    "an unknown tag": "da0001000063666f6f",
    "a date": "c074323031332d30332d32315432303a30343a30305a",
}


def text(value: str) -> bytes:
    return cbor2.dumps(value)


@differs("R24: the reference decodes and encodes again")
@pytest.mark.parametrize("name", ODD_VALUES)
def test_an_argument_reaches_the_subscriber_unchanged(connect, uid, name):
    value = bytes.fromhex(ODD_VALUES[name])
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    topic = text(f"t{uid}")
    subscriber.subscribe(f"t{uid}")
    publisher.send_raw(b"\x83\x01" + topic + b"\x81" + value)
    assert subscriber.receive_raw() == b"\x83\x01" + topic + b"\x81" + value


@differs("R24: the reference decodes and encodes again")
@pytest.mark.parametrize("name", ODD_VALUES)
def test_an_argument_reaches_the_wildcard_subscriber_unchanged(connect, uid, name):
    value = bytes.fromhex(ODD_VALUES[name])
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"t{uid}/*")
    topic = text(f"t{uid}/x")
    publisher.send_raw(b"\x83\x01" + topic + b"\x81" + value)
    assert subscriber.receive_raw() == b"\x83\x01" + text(f"t{uid}/*") + b"\x82" + topic + value


@differs("R24: the reference decodes and encodes again")
@pytest.mark.parametrize("name", ODD_VALUES)
def test_arguments_and_results_of_calls_are_unchanged(connect, uid, name):
    value = bytes.fromhex(ODD_VALUES[name])
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"m{uid}")
    identifier = new_id()
    caller.send_raw(b"\x85\x02\x48" + identifier + text(f"m{uid}") + b"\xf6\x81" + value)
    request = provider.receive_raw()
    assert request.endswith(text(f"m{uid}") + b"\xf6\x81" + value)
    forwarded = cbor2.loads(request[2:])
    provider.send_raw(b"\x84\x04\x48" + forwarded + b"\x00" + value)
    assert caller.receive_raw() == b"\x84\x04\x48" + identifier + b"\x00" + value


def frame():
    return polars.DataFrame({
        "name": ["ab", None, "ünï"], "value": [7, -1, 2**40], "ratio": [0.5, None, -1.0], "ok": [True, False, None],
        "list": [[1, 2], [], None], "kind": polars.Series(["a", "b", "a"], dtype=polars.Categorical)})


def arrow_stream(compression=None) -> bytes:
    table = frame().to_arrow()
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema, options=pyarrow.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@differs("R24: the reference changes types")
@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
@pytest.mark.parametrize("qos", [0, 1])
def test_a_dataframe_is_relayed_byte_for_byte(connect, uid, compression, qos):
    tagged = cbor2.CBORTag(80, arrow_stream(compression))
    exact, pattern, publisher = connect(f"e{uid}", reactive=True), connect(f"w{uid}", reactive=True), connect()
    exact.subscribe(f"frames/{uid}")
    pattern.subscribe("frames/*")
    publisher.publish(f"frames/{uid}", tagged, "and more", qos=qos)
    for subscriber, before in ((exact, []), (pattern, [f"frames/{uid}"])):
        message = subscriber.receive()
        assert message[-1] == [*before, tagged, "and more"]
        if qos:
            subscriber.send([ACK, message[1]])
    pattern.unsubscribe("frames/*")


@differs("R24: the reference changes types")
def test_a_dataframe_in_a_call_is_relayed_byte_for_byte(connect, uid):
    tagged = cbor2.CBORTag(80, arrow_stream())
    provider, caller = connect(f"p{uid}"), connect()
    provider.expose(f"m{uid}")
    identifier = caller.send_call(f"m{uid}", tagged)
    request = provider.receive_call()
    assert request[4] == [tagged]
    provider.answer(request, tagged)
    assert caller.response_to(identifier) == (0, tagged)


@differs("R7")
def test_the_payload_of_a_qos_frame_is_unchanged_while_its_id_is_new(connect, uid):
    subscriber, publisher = connect(f"s{uid}", reactive=True), connect()
    subscriber.subscribe(f"t{uid}")
    payload = b"\x9f\x1b0000000\x01\xff"
    identifier = new_id()
    publisher.send_raw(b"\x84\x11\x48" + identifier + text(f"t{uid}") + payload)
    received = subscriber.receive_raw()
    assert received[:3] == b"\x84\x11\x48"
    assert received[11:] == text(f"t{uid}") + payload
    subscriber.send([ACK, received[3:11]])
