"""ZeroMQ: the framing of protocol.md §12 between pyzmq and the broker, and with the SDK at the other end."""

import re
import socket
import threading

import cbor2
import pytest
import zmq
from cryptography.hazmat.primitives import serialization

from support.keys import CHALLENGE, CONNECTION_ID, Key, log_in, register, write_secret, write_trust
from support.processes import PATIENCE, Command, run_rembus
from support.wire import (Answer, 
    ACK, ACK2, ADMIN, ATTESTATION, ERROR, IDENTITY, OK, PUBLISH, QOS1, QOS2, RESPONSE, RPC, UNREGISTER,
    assert_nothing_for, eventually, new_id)
from support.zmq_peer import CLOSE, END, NULL, PING, ZMQPeer, message_of, parts_of


def zmq_port(broker) -> int:
    return int(re.search(r"zmq://127\.0\.0\.1:(\d+)", broker.started_with)[1])


@pytest.fixture
def zmq_broker(start_broker):
    return start_broker(options=["--zmq", "0"], REMBUS_RECORD="none")


@pytest.fixture
def dial(request):
    """Opens ZeroMQ peers: dial(), dial("name"), dial("name", to=broker, reactive=True)."""
    opened = []

    def open_peer(name=None, to=None, reactive=False, **options):
        peer = ZMQPeer(zmq_port(to or request.getfixturevalue("zmq_broker")), **options)
        opened.append(peer)
        if name:
            status, data = peer.identify(name)
            assert status == OK, (status, data)
        if reactive:
            peer.reactive()
        return peer

    yield open_peer
    for peer in opened:
        peer.vanish() if not peer.socket.closed else None


def free(dial, name, **options):
    """Takes a name again whose connection has just ended."""
    peer = dial(**options)
    assert eventually(lambda: peer.identify(name)[0] == OK)
    return peer


# Messages


def test_zmq_and_websocket_peers_meet(zmq_broker, dial, connect):
    peer, other = dial("dealer", reactive=True), connect("other", to=zmq_broker, reactive=True)
    other.subscribe("news")
    peer.subscribe("answers")
    peer.publish("news", 1, "a")
    assert other.receive_topic() == ("news", [1, "a"])
    other.publish("answers", {"x": 2.5})
    assert peer.receive() == [PUBLISH, "answers", [{"x": 2.5}]]


def test_parts_are_those_of_the_protocol(zmq_broker, dial, connect):
    """Byte for byte, in both directions: protocol.md §12 and vectors V65 to V70."""
    peer, other = dial(), connect("other", to=zmq_broker)
    peer.send_raw([b"", bytes.fromhex("84004801020304050607086570756d7037a0"), NULL, END])
    peer.receive()
    peer.send_raw([b"", bytes.fromhex("830c4801020304050607086570756d7037"), NULL, END])
    assert peer.receive_raw() == [b"", bytes.fromhex("830448010203040506070800"), NULL, END]
    peer.subscribe("tick")
    peer.expose("mix")
    peer.reactive()
    other.publish("tick", 1)
    assert peer.receive_raw() == [b"", bytes.fromhex("8201647469636b"), bytes.fromhex("8101"), END]
    other.send_publish("tick", 1, qos=1)
    empty, header, body, end = peer.receive_raw()
    # The broker gives each delivery an id of its own.
    assert header[:3] + header[11:] == bytes.fromhex("831148647469636b") and body == bytes.fromhex("8101")
    peer.send_raw([b"", b"\x82\x05" + header[2:11], NULL, END])
    other.send_call("mix", 2, 40)
    parts = peer.receive_raw()
    request = cbor2.loads(parts[1])
    assert request[0] == RPC and request[2:] == ["mix", None] and parts[2] == bytes.fromhex("82021828")


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_every_quality_of_service_in_both_directions(zmq_broker, dial, connect, qos):
    peer, other = dial("dealer", reactive=True), connect("other", to=zmq_broker, reactive=True)
    peer.subscribe("in")
    other.subscribe("out")
    for number in range(20):
        sent = peer.send_publish("out", number, qos=qos)
        if qos:
            peer.expect_ack(sent)
        if qos == 2:
            peer.send([ACK2, sent])
        assert other.receive_topic() == ("out", [number])
        other.publish("in", number, qos=qos)
        flags, _, topic, arguments = peer.receive_publish()
        assert (flags, topic, arguments) == ((0, QOS1, QOS2)[qos], "in", [number])


def test_an_unacknowledged_delivery_comes_again(start_broker, dial):
    broker = start_broker(options=["--zmq", "0"], REMBUS_RECORD="none", REMBUS_ACK_TIMEOUT=0.2)
    peer, other = dial("dealer", to=broker, reactive=True), dial("other", to=broker)
    peer.subscribe("t")
    other.publish("t", 1, qos=1)
    first, again = peer.receive(), peer.receive()
    assert first == again and first[0] == PUBLISH | QOS1


def test_a_qos2_message_that_is_repeated_is_delivered_once(zmq_broker, dial):
    peer, other = dial("dealer", reactive=True), dial("other")
    peer.subscribe("t")
    identifier = new_id()
    for _ in range(3):
        other.send([PUBLISH | QOS2, identifier, "t", [1]])
        other.expect_ack(identifier)
    other.send([ACK2, identifier])
    assert peer.receive_topic() == ("t", [1])
    assert_nothing_for(other, peer)


def test_calls_go_both_ways_and_targets_are_kept(zmq_broker, dial, connect):
    peer, other = dial("dealer"), connect("other", to=zmq_broker)
    peer.expose("mix")
    other.expose("mix")
    called = other.send_call("mix", 2, 40, target="dealer")
    request = peer.receive_call()
    assert (request[2], request[4]) == ("mix", [2, 40])
    peer.answer(request, 42)
    assert other.response_to(called) == (OK, 42)
    called = peer.send_call("mix", target="other")
    other.answer(other.receive_call(), "no", status=40)
    assert peer.response_to(called) == (40, "no")
    assert peer.call("rid") == (OK, "broker")


def test_dataframes_and_large_payloads_pass_unchanged(zmq_broker, dial, connect):
    peer, other = dial("dealer", reactive=True), connect("other", to=zmq_broker, reactive=True)
    peer.subscribe("large")
    other.subscribe("large")
    frame = cbor2.CBORTag(80, b"ARROW1" + bytes(range(256)) * 4)
    for payload in [frame, bytes(3_000_000), "ä" * 40_000, bytes(31 << 10), bytes(33 << 10), bytes(2047), b""]:
        other.publish("large", payload)
        assert peer.receive() == [PUBLISH, "large", [payload]]
        peer.publish("large", payload)
        assert other.receive_topic() == ("large", [payload])


def test_wildcards_and_order_of_a_burst(zmq_broker, dial):
    peer, other = dial("dealer", reactive=True), dial("other")
    peer.subscribe("burst/*")
    for number in range(5000):
        other.send_publish(f"burst/{number % 3}", number)
    received = [peer.receive()[2] for _ in range(5000)]
    assert received == [[f"burst/{number % 3}", number] for number in range(5000)]


def test_register_and_unregister_carry_the_key_as_it_is(start_broker, dial, tmp_path):
    write_trust(tmp_path, tenants=[{"tenant": ".", "pin": "11223344"}])
    broker = start_broker(options=["--zmq", "0"], folder=tmp_path, REMBUS_RECORD="none")
    key = Key.make("ecdsa")
    peer = dial(to=broker)
    assert register(peer, "pump8", "00000000", key)[0] == ERROR
    assert register(peer, "pump7", "11223344", key) == (OK, None)
    named = dial(to=broker)
    log_in(named, "pump7", key)
    assert named.request(UNREGISTER) == (OK, None)


# Names and proofs


def test_a_name_is_proven_with_a_key(zmq_broker, dial):
    key = Key.make("ecdsa")
    key.give(zmq_broker, "pump7")
    peer = dial()
    status, challenge = peer.identify("pump7")
    assert status == CHALLENGE
    assert peer.request(ATTESTATION, "pump7", key.sign(challenge, "pump7"), {})[0] == OK
    liar = dial()
    assert liar.identify("pump7")[0] != OK


def test_authenticated_mode_challenges_with_the_first_message(start_broker, dial):
    broker = start_broker(options=["--zmq", "0", "--authenticated"], REMBUS_RECORD="none")
    key = Key.make("ecdsa")
    key.give(broker, "pump7")
    stranger = dial(to=broker)
    stranger.send([RPC, new_id(), "rid", None, []])
    assert stranger.receive()[:3] == [RESPONSE, CONNECTION_ID, CHALLENGE]
    assert stranger.expect_close()[0] == 1000
    peer = dial(to=broker)
    hello = new_id()
    peer.send([PING, hello, ""])
    challenge = peer.receive()[3]
    assert peer.request(ATTESTATION, "pump7", key.sign(challenge, "pump7"), {}, identifier=CONNECTION_ID)[0] == OK
    assert peer.call("rid") == (OK, "broker")


def test_a_message_too_large_for_a_stranger_is_the_end(start_broker, dial):
    broker = start_broker(options=["--zmq", "0", "--authenticated"], REMBUS_RECORD="none")
    stranger = dial(to=broker)
    stranger.send([IDENTITY, new_id(), "x" * 70_000, {}])
    assert stranger.expect_close()[0] == 1009


def test_a_ping_binds_the_name_when_the_broker_was_started_again(start_broker, dial):
    """pyzmq connects again by itself and the component knows nothing of it (protocol.md §12)."""
    broker = start_broker(options=["--zmq", "0"], REMBUS_RECORD="none")
    port = zmq_port(broker)
    key = Key.make("ecdsa")
    plain, proven = dial("plain", to=broker), dial(to=broker)
    broker.options = ["--zmq", str(port)]
    broker.stop()
    key.give(broker, "proven")
    broker.start()
    inbox_before = len(plain.inbox)

    def answer(peer, name):
        """What a ping brings; the first may be lost with the connection."""
        identifier = new_id()
        peer.send([PING, identifier, name])
        while True:
            try:
                message = peer._read(timeout=1)
            except TimeoutError:
                return None
            if message[0] == RESPONSE and message[1] == identifier:
                return message[2]

    assert eventually(lambda: answer(plain, "plain") == OK)
    other = dial(to=broker)
    assert other.identify("plain") == Answer(ERROR, "already connected")
    assert eventually(lambda: answer(proven, "proven") == CHALLENGE)
    assert inbox_before == 0


def test_a_ping_with_another_name_does_not_rename(zmq_broker, dial):
    peer = dial("one")
    assert peer.ping("two", new_id())[0] == ERROR
    assert peer.ping("one", new_id()) == (OK, None)
    assert dial().identify("two")[0] == OK


# The end of connections


def test_close_ends_the_connection(zmq_broker, dial):
    peer = dial("one")
    peer.send([CLOSE])
    free(dial, "one")
    # The same socket may come again as somebody else.
    assert peer.identify("three")[0] == OK


def test_a_lost_connection_frees_the_name_without_a_close(zmq_broker, dial):
    dial("one").vanish()
    free(dial, "one")


def test_what_was_sent_before_the_end_arrives(zmq_broker, dial):
    peer = dial("dealer", reactive=True)
    peer.subscribe("last")
    for number in range(20):
        other = dial()
        other.send_publish("last", number)
        other.close()
        assert peer.receive() == [PUBLISH, "last", [number]]


def test_a_chosen_routing_id_is_no_proof_of_anything(zmq_broker, dial):
    dial("victim", routing_id=b"me").vanish()
    free(dial, "victim")
    second = dial(routing_id=b"me")
    # Another connection with the same routing id is a stranger.
    assert second.identify("newcomer")[0] == OK
    # While a routing id is in use nobody else gets it.
    third = ZMQPeer(zmq_port(zmq_broker), routing_id=b"me")
    third.send([PING, new_id(), ""])
    assert third.is_silent()
    third.vanish()
    assert second.ping("", new_id())[0] == OK


def test_a_newcomer_takes_over_a_name_and_the_old_one_is_told(start_broker, dial):
    broker = start_broker(options=["--zmq", "0"], overwrite=True, REMBUS_RECORD="none")
    old = dial("one", to=broker)
    new = dial("one", to=broker)
    assert old.expect_close() == (4000, "overwritten")
    assert new.ping("one", new_id()) == (OK, None)


def test_a_shutdown_is_told(start_broker, dial):
    broker = start_broker(options=["--zmq", "0"], REMBUS_RECORD="none")
    peer = dial("one", to=broker)
    assert broker.stop() == 0
    assert peer.expect_close()[0] == 1001


# Bad input


BROKEN = [
    [b""], [b"", b""], [b"", b"", b""], [b"", b"", b"", b""], [b"", b"\x81\x0f", NULL], [b"", b"\x81\x0f", NULL, b"\xde\xad"],
    [b"x", b"\x81\x0f", NULL, END], [b"", b"\x81\x0f", NULL, END, b""], [b"\x81\x0f", NULL, END], [b"", b"", *[b"x"] * 1000],
    [END], [b"", b"", b"\x81\x0f", NULL, END],
]


@pytest.mark.parametrize("parts", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_multipart_is_skipped(zmq_broker, dial, parts):
    """The next whole message is understood, of the same peer and of others."""
    good, bad = dial("good"), dial("bad")
    for _ in range(3):
        bad.send_raw(parts)
    assert bad.call("rid") == (OK, "broker")
    assert good.call("rid") == (OK, "broker")


@pytest.mark.parametrize("header, body", [
    (b"", NULL), (b"\xff\xff", NULL), (b"\x01", NULL), (b"\x82\x01", NULL), (b"\x81\x07", NULL), (b"\x81\x18\xf7", NULL),
    (b"\x82\x01\x64tick", b"\xff"), (b"\x82\x01\x62\xff\xff", b"\x80"), (b"\x84\x02\x41a\x61t\xf6", b"\x9f"),
    (b"\x9f\x01", b"\x80"), (b"\x82\x01\x61t", b"\x81" * 100_000), (b"\x81" * 100_000, NULL),
], ids=range(12))
def test_what_is_no_message_ends_its_connection_and_no_other(zmq_broker, dial, header, body):
    good, bad = dial("good"), dial("bad")
    bad.send_parts(header, body)
    assert bad.expect_close() == (1000, "protocol error")
    # What it goes on to send is not listened to.
    bad.send([PUBLISH, "t", [1]])
    assert good.call("rid") == (OK, "broker")
    assert free(dial, "bad").call("rid") == (OK, "broker")


def test_one_byte_at_a_time_of_another_protocol_disturbs_nobody(zmq_broker, dial):
    good = dial("good")
    for data in [b"GET / HTTP/1.1\r\n\r\n", b"\x81\x02\xff\xff", b"\xff" + bytes(9), bytes(100)]:
        with socket.create_connection(("127.0.0.1", zmq_port(zmq_broker)), PATIENCE) as stranger:
            stranger.sendall(data)
        assert good.call("rid") == (OK, "broker")


def test_the_limit_on_messages_ends_the_connection(start_broker, dial):
    broker = start_broker(options=["--zmq", "0"], REMBUS_RECORD="none", REMBUS_MAX_WS_FRAME=100_000)
    good, bad = dial("good", to=broker), dial("bad", to=broker)
    bad.send([PUBLISH, "t", [bytes(200_000)]])
    free(dial, "bad", to=broker)
    assert good.call("rid") == (OK, "broker")


def test_the_limit_on_connections_holds(start_broker, dial):
    broker = start_broker(options=["--zmq", "0"], REMBUS_RECORD="none", REMBUS_MAX_CONNECTIONS=3)
    peers = [dial(f"c{number}", to=broker) for number in range(3)]
    late = dial(to=broker)
    late.send([IDENTITY, new_id(), "late", {}])
    assert late.expect_close()[0] == 1013
    peers[0].vanish()
    free(dial, "late", to=broker)


def test_a_flood_of_a_peer_that_reads_nothing_does_not_disturb_others(start_broker, dial):
    """Its answers pile up, so it is not read from any more, and in the end thrown out; others go on all the time."""
    broker = start_broker(options=["--zmq", "0", "--log-level", "info"], REMBUS_RECORD="none")
    good, flooder = dial("good", to=broker), dial(to=broker, receive_limit=1)
    stop = threading.Event()

    def flood():
        payload = bytes(20_000)
        parts = parts_of([RPC, new_id(), "echo", None, [payload]])
        while not stop.is_set():
            try:
                flooder.socket.send_multipart([b"", *parts, END], flags=zmq.DONTWAIT)
            except zmq.Again:
                stop.wait(0.01)

    echo = dial("echo", to=broker)
    echo.expose("echo")
    stop_echo = threading.Event()

    def answer():
        while not stop_echo.is_set():
            try:
                request = echo._read(timeout=0.1)
            except TimeoutError:
                continue
            if request[0] == RPC:
                echo.answer(request, request[4][0])

    threads = [threading.Thread(target=flood), threading.Thread(target=answer)]
    flooder.socket.setsockopt(zmq.SNDHWM, 100)
    for thread in threads:
        thread.start()
    try:
        for number in range(200):
            assert good.call("rid") == (OK, "broker"), number
        assert broker.errors.wait_for(lambda line: "more messages than can be taken" in line and line)
        assert good.call("rid") == (OK, "broker")
    finally:
        stop.set()
        threads[0].join()
        stop_echo.set()
        threads[1].join()
    assert good.call("rid") == (OK, "broker")


def test_a_slow_subscriber_gets_everything_in_the_end(zmq_broker, dial):
    """More than queues and sockets hold: the rest comes from the store when it reads again."""
    slow, other = dial("slow", reactive=True, receive_limit=1), dial("other")
    slow.subscribe("t")
    payload = bytes(100_000)
    for number in range(300):
        other.publish("t", number, payload, qos=1 if number % 50 == 49 else 0)
    seen = []
    while len(seen) < 300:
        seen.append(slow.receive_publish()[3][0])
    assert seen == list(range(300))


# The SDK


def test_the_command_dials_zmq(zmq_broker):
    done = run_rembus("call", "rid", url=f"zmq://127.0.0.1:{zmq_port(zmq_broker)}/tool")
    assert done.returncode == 0 and "broker" in done.stdout, done.stderr
    anonymous = run_rembus("call", "rid", url=f"zmq://localhost:{zmq_port(zmq_broker)}")
    assert anonymous.returncode == 0 and "broker" in anonymous.stdout, anonymous.stderr


def test_publications_between_commands_over_different_gateways(zmq_broker):
    zmq_url = f"zmq://127.0.0.1:{zmq_port(zmq_broker)}"
    for from_url, to_url, qos in [(zmq_url, zmq_broker.url, 0), (zmq_broker.url, zmq_url, 1), (zmq_url, zmq_url, 2)]:
        with Command("sub", "plant/*", "--count", "2", "--url", to_url) as subscriber:
            assert eventually(lambda: run_rembus(
                "pub", "plant/7", '{"temperature": 21.6}', "--qos", qos, url=from_url).returncode == 0
                and subscriber.process.poll() is not None)
            assert subscriber.wait() == 0
            assert all("21.6" in line for line in subscriber.lines())


def test_the_command_exposes_over_zmq(zmq_broker, dial):
    url = f"zmq://127.0.0.1:{zmq_port(zmq_broker)}/worker"
    with Command("expose", "add", "--shell", "jq add", "--url", url):
        peer = dial()
        assert eventually(lambda: peer.call("add", 1, 2) == (OK, 3))


def test_the_sdk_logs_in_with_a_key(start_broker, tmp_path):
    for mode in [[], ["--authenticated"]]:
        broker = start_broker(options=["--zmq", "0", *mode], REMBUS_RECORD="none")
        key = Key.make("ecdsa")
        key.give(broker, "pump7")
        folder = tmp_path / f"client{len(mode)}"
        (folder / "pump7").mkdir(parents=True)
        write_secret(folder / "pump7" / ".secret", key.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        url = f"zmq://127.0.0.1:{zmq_port(broker)}/pump7"
        for settings in [{}, {"REMBUS_CONNECTION_MODE": "authenticated"}] if mode else [{}]:
            done = run_rembus("call", "rid", url=url, folder=folder, **settings)
            assert done.returncode == 0 and "broker" in done.stdout, (mode, settings, done.stderr)
        refused = run_rembus("call", "rid", url=url)
        assert refused.returncode != 0


def test_the_sdk_comes_back_after_a_restart(start_broker, connect):
    broker = start_broker(options=["--zmq", "0"], REMBUS_RECORD="none")
    port = zmq_port(broker)
    with Command("sub", "t", "--url", f"zmq://127.0.0.1:{port}/listener") as subscriber:
        other = connect(to=broker)
        assert eventually(lambda: other.publish("t", "before") is None and subscriber.output.lines)
        broker.options = ["--zmq", str(port)]
        broker.kill()
        broker.start()
        other = connect(to=broker)
        assert eventually(lambda: other.publish("t", "after") is None and any("after" in l for l in subscriber.output.lines))


def test_the_sdk_notices_a_broker_that_is_gone_without_a_word(dial):
    """A ROUTER that accepts, answers nothing, and answers pings of ZeroMQ: only the missing pong shows it."""
    context = zmq.Context()
    router = context.socket(zmq.ROUTER)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    try:
        with Command("sub", "t", "--url", f"zmq://127.0.0.1:{port}/pump7", REMBUS_ZMQ_PING_INTERVAL=0.1):
            assert router.poll(PATIENCE * 1000)
            names, pings, identities = [], 0, set()

            def reply(identity, header, body):
                router.send_multipart([identity, b"", cbor2.dumps(header), cbor2.dumps(body), END])

            while len(identities) < 2:
                assert router.poll(PATIENCE * 1000), (names, pings)
                identity, empty, header, body, end = router.recv_multipart()
                assert (empty, end) == (b"", END)
                header = cbor2.loads(header)
                identities.add(identity)
                if header[0] in (IDENTITY, ADMIN):
                    names.append(header[2])
                    reply(identity, [RESPONSE, header[1], 0], None)
                elif header[0] == PING:
                    assert header[2] == "pump7"
                    pings += 1
            # It pinged, heard nothing, and connected again.
            assert names[0] == "pump7" and pings >= 1
    finally:
        router.close(linger=0)
        context.term()


def test_the_sdk_says_goodbye(dial):
    context = zmq.Context()
    router = context.socket(zmq.ROUTER)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    result = {}
    thread = threading.Thread(target=lambda: result.update(
        done=run_rembus("pub", "t", "1", url=f"zmq://127.0.0.1:{port}")))
    thread.start()
    messages = []
    try:
        while not messages or messages[-1][1] != b"\x81\x0f":
            assert router.poll(PATIENCE * 1000), messages
            identity, *parts = router.recv_multipart()
            message = message_of(parts)
            if message[0] in (RPC, ADMIN):
                # The command asks who is there, and at the end whether everything was taken.
                router.send_multipart([identity, b"", *parts_of([RESPONSE, message[1], OK, "broker"]), END])
            else:
                messages.append(parts)
        thread.join()
    finally:
        router.close(linger=0)
        context.term()
    assert messages == [[b"", b"\x82\x01\x61t", b"\x81\x01", END], [b"", b"\x81\x0f", NULL, END]]
    assert result["done"].returncode == 0


# The port


def test_a_port_in_use_is_said_with_its_option(zmq_broker):
    done = run_rembus("broker", "--port", 0, "--zmq", zmq_port(zmq_broker))
    assert done.returncode != 0 and "--zmq" in done.stderr and str(zmq_port(zmq_broker)) in done.stderr


def test_nobody_there_is_said_at_once():
    done = run_rembus("call", "rid", url="zmq://127.0.0.1:1")
    assert done.returncode != 0 and "connection refused" in done.stderr
    done = run_rembus("call", "rid", url="zmq://no.such.host.invalid:1")
    assert done.returncode != 0 and "cannot be resolved" in done.stderr
