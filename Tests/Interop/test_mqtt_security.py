"""Who may do what on the MQTT port: passwords, certificates, private topics, tenants, origins."""

import json
import socket
import ssl

import pytest

from support.certificates import Authority
from support.keys import Key, shared_secret, write_trust
from support.mqtt import (
    V5, V311, Client, RawClient, assert_nothing_for, connect_packet, mqtt_broker, mqtt_port, packet, properties, text)
from support.processes import PATIENCE, REFERENCE, run_rembus
from support.raw_websocket import BINARY, CLOSE, CONTINUATION, PING, TEXT, close_payload, frame
from support.wire import eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="the reference has no MQTT port")

SECRET = "the secret of ann"


@pytest.fixture
def guarded(start_broker, tmp_path):
    """A broker with a private topic for ann, who has a secret, and bob, who has a key."""
    write_trust(tmp_path, admins=["boss"], private_topics=["vault/*", "vault/door"],
                grants=[{"name": "ann", "topic": topic, "actions": ["publish", "subscribe"]}
                        for topic in ("vault/door", "vault/*")])
    broker = mqtt_broker(start_broker, folder=tmp_path)
    shared_secret(SECRET).give(broker, "ann")
    Key.make("ecdsa").give(broker, "bob")
    return broker


@pytest.fixture(params=[V311, V5], ids=["3.1.1", "5.0"])
def version(request):
    return request.param


# Names and secrets


def test_the_right_password(guarded, version):
    with Client(guarded, "ann", version=version, user="ann", password=SECRET) as client:
        assert client.code == 0
    with Client(guarded, "phone", version=version, user="ann", password=SECRET) as client:
        assert client.code == 0


@pytest.mark.parametrize("user, password, name, code3, code5", [
    ("ann", "wrong", "x", 4, 0x86), ("ann", None, "x", 5, 0x87), ("bob", None, "x", 5, 0x87), ("bob", "guess", "x", 4, 0x86),
    (None, None, "ann", 5, 0x87), (None, None, "bob", 5, 0x87), (None, None, "../etc", 2, 0x85)])
def test_what_proves_nothing_is_refused(guarded, user, password, name, code3, code5):
    login = (text(user) if user else b"") + (text(password) if password else b"")
    flags = 2 | (0x80 if user else 0) | (0x40 if password else 0)
    for version, code in ((4, code3), (5, code5)):
        with RawClient(guarded) as client:
            client.send(connect_packet(name, version=version, flags=flags, rest=login))
            head, body = client.receive()
            assert (head, body[0], body[1]) == (0x20, 0, code)
            assert client.rest() == b""
    assert guarded.stop() == 0
    assert SECRET not in guarded.log() and "guess" not in guarded.log()


def test_authenticated_mode_wants_a_proof(start_broker, tmp_path):
    broker = mqtt_broker(start_broker, folder=tmp_path, options=["--authenticated"])
    shared_secret(SECRET).give(broker, "ann")
    for name in ("", "stranger", "ann"):
        with Client(broker, name) as client:
            assert client.code == 0x87
    with Client(broker, "ann", user="ann", password=SECRET) as ann, Client(broker, "", user="ann", password=SECRET) as guest:
        ann.subscribe("a")
        guest.publish("a", b"1", qos=1)
        assert ann.next() == ("a", b"1")


# Private topics


def test_private_topics_are_for_whom_they_were_granted(guarded):
    with Client(guarded, "ann", user="ann", password=SECRET) as ann, Client(guarded, "eve") as eve, \
            Client(guarded, "eve3", version=V311) as old:
        assert ann.subscribe("vault/door", qos=1) == [1]
        assert eve.subscribe("vault/door", qos=1) == [0x87]
        assert old.subscribe("vault/door", qos=1) == [0x80]
        # A filter with wildcards brings what is allowed.
        assert eve.subscribe("#", qos=1) == [1]
        ann.publish("vault/door", b"secret", qos=1, retain=True)
        assert ann.next() == ("vault/door", b"secret")
        sent = eve.client.publish("vault/door", b"forged", qos=1, retain=True)
        sent.wait_for_publish(PATIENCE)
        old.publish("vault/door", b"forged", qos=2, retain=True)
        eve.publish("vault/door", b"forged", qos=0, retain=True)
        assert_nothing_for(ann, ann)
        assert eve.next()[0].startswith("fence/")
        with Client(guarded, "late", user="ann", password=SECRET) as late:
            late.subscribe("vault/#")
            assert late.next() == ("vault/door", b"secret")


def test_a_refused_publication_is_told_with_its_reason(guarded):
    with RawClient(guarded, connect_packet("eve")) as eve:
        for head, answer in ((0x32, 0x40), (0x34, 0x50)):
            eve.send(packet(head, text("vault/door") + b"\x00\x05\x00" + b"x"))
            assert eve.receive()[0:2] in ((answer, b"\x00\x05\x87"), (answer, b"\x00\x05\x87\x00"))


def test_a_will_has_the_rights_of_its_client(guarded):
    with Client(guarded, "ann", user="ann", password=SECRET) as ann:
        ann.subscribe("vault/door", "end")
        will = {"topic": "vault/door", "payload": b"forged"}
        Client(guarded, "eve", will=will).vanish()
        Client(guarded, "phone", user="ann", password=SECRET, will={**will, "payload": b"true"}).vanish()
        assert ann.next() == ("vault/door", b"true")


@pytest.mark.parametrize("delay", [0, 1])
def test_a_will_of_a_removed_component_is_not_published(start_broker, tmp_path, delay):
    write_trust(tmp_path, private_topics=["vault"], grants=[
        {"name": name, "topic": "vault", "actions": ["publish", "subscribe"]} for name in ("ann", "eye")])
    broker = mqtt_broker(start_broker, folder=tmp_path)
    for name in ("ann", "eye"):
        shared_secret(SECRET).give(broker, name)
    will = {"topic": "vault", "payload": b"late", "properties": properties("WILLMESSAGE", WillDelayInterval=delay)}
    with Client(broker, "eye", user="eye", password=SECRET) as eye:
        eye.subscribe("vault")
        phone = Client(broker, "phone", user="ann", password=SECRET, will=will, SessionExpiryInterval=600)
        if delay:
            phone.vanish()
        assert run_rembus("keys", "remove", "ann", folder=tmp_path).returncode == 0
        assert broker.says("what it wanted published at its end is not"), broker.log()
        if not delay:
            phone.end()
        eye.publish("vault", b"fence", qos=1)
        assert eye.next() == ("vault", b"fence")
    assert broker.stop() == 0


@pytest.mark.parametrize("head, body, reason", [
    (0x82, b"".join(text(f"t{number}") + b"\x00" for number in range(101)), 0x97),
    (0x82, (text("t") + b"\x00") * 300_000, 0x95), (0xA2, text("t") * 400_000, 0x95),
], ids=["too many filters", "too large a SUBSCRIBE", "too large an UNSUBSCRIBE"])
def test_a_packet_that_would_take_long_ends_its_connection(start_broker, head, body, reason):
    broker = mqtt_broker(start_broker, REMBUS_MAX_SUBSCRIPTIONS=100)
    with RawClient(broker, connect_packet("eve")) as eve:
        eve.send(packet(head, b"\x00\x01\x00" + body))
        assert eve.rest()[:3] == bytes([0xE0, 1, reason])
    with RawClient(broker, connect_packet("ann")) as ann:
        ann.send(packet(0x82, b"\x00\x01\x00" + b"".join(text(f"t{number}") + b"\x00" for number in range(100))))
        assert ann.receive() == (0x90, b"\x00\x01\x00" + bytes(100))
    assert broker.stop() == 0


def test_tenants_are_apart(guarded):
    with Client(guarded, "one.red") as red, Client(guarded, "two.red") as friend, Client(guarded, "three.blue") as blue:
        red.subscribe("#")
        blue.subscribe("#", "$share/g/#")
        friend.publish("t", b"red", qos=1, retain=True)
        assert red.next() == ("t", b"red")
        blue.publish("t", b"blue", qos=1)
        assert [blue.next() for _ in range(2)] == [("t", b"blue")] * 2
        blue.subscribe("t")
        blue.publish("u", b"end")
        assert [blue.next() for _ in range(2)] == [("u", b"end")] * 2


def test_a_name_that_anybody_claims_is_not_taken_from_who_has_proven_it(guarded):
    with Client(guarded, "ann", user="ann", password=SECRET) as ann:
        with Client(guarded, "ann") as thief:
            assert thief.code == 0x87
        ann.subscribe("x")
        ann.publish("x", b"1")
        assert ann.next() == ("x", b"1")


# TLS


@pytest.fixture
def secure(start_broker, tmp_path):
    authority = Authority()
    authority.issue(tmp_path / "keystore/rembus")
    bundle = authority.write(tmp_path / "authority.pem")
    broker = mqtt_broker(start_broker, options=["--secure"], REMBUS_KEYSTORE=tmp_path / "keystore")
    broker.trust = ssl.create_default_context(cafile=str(bundle))
    return broker


def test_tls(secure):
    for websocket in (False, True):
        with Client(secure, host="localhost", tls=secure.trust, websocket=websocket) as client:
            client.subscribe("t")
            client.publish("t", b"x" * 100_000, qos=1)
            assert client.next() == ("t", b"x" * 100_000)


def test_a_certificate_proves_the_user(start_broker, tmp_path):
    authority = Authority()
    authority.issue(tmp_path / "keystore/rembus")
    authority.issue(tmp_path / "carl", name="carl", hosts=[], addresses=[])
    bundle = authority.write(tmp_path / "authority.pem")
    broker = mqtt_broker(
        start_broker, options=["--secure", "--authenticated"], REMBUS_KEYSTORE=tmp_path / "keystore",
        REMBUS_CLIENT_CA=bundle, REMBUS_CLIENT_CERTIFICATES="optional")
    trust = ssl.create_default_context(cafile=str(bundle))
    with Client(broker, "carl", host="localhost", tls=trust) as nobody:
        assert nobody.code == 0x87
    trust.load_cert_chain(tmp_path / "carl.crt", tmp_path / "carl.key")
    for name, user, code in (("carl", None, 0), ("phone", "carl", 0), ("phone", "ann", 0x87)):
        with Client(broker, name, host="localhost", tls=trust, user=user) as client:
            assert client.code == code


def test_without_tls_there_is_no_answer(secure):
    with socket.create_connection(("127.0.0.1", mqtt_port(secure)), PATIENCE) as plain:
        plain.sendall(connect_packet())
        assert b"\x20" not in plain.recv(100)[:1]


# WebSocket


@pytest.mark.parametrize("version", [V311, V5])
def test_websockets(guarded, version, uid):
    with Client(guarded, version=version, websocket=True) as client, Client(guarded) as other:
        client.subscribe(f"ws{uid}")
        for payload in (b"x", b"y" * 70_000):
            other.publish(f"ws{uid}", payload, qos=2)
            assert client.next() == (f"ws{uid}", payload)
            client.publish(f"ws{uid}", payload, qos=1)
            assert client.next() == (f"ws{uid}", payload)


def upgrade(client, broker, protocol="mqtt", origin=None):
    """The broker's answer to a handshake."""
    client.send((
        f"GET /mqtt HTTP/1.1\r\nHost: 127.0.0.1:{mqtt_port(broker)}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {protocol}\r\n"
        + (f"Origin: {origin}\r\n" if origin else "") + "\r\n").encode())
    return client.socket.recv(4096)


@pytest.mark.parametrize("protocol, origin, status, chosen", [
    ("mqtt", None, b"101", b"mqtt"), ("mqttv3.1", None, b"101", b"mqttv3.1"), ("mqttv3.1, mqtt", None, b"101", b"mqtt"),
    ("chat, mqtt", None, b"101", b"mqtt"), ("chat", None, b"400", None), ("mqttv3", None, b"400", None), ("MQTT", None, b"400", None),
    ("mqtt", "https://evil.example", b"403", None)])
def test_a_websocket_needs_the_subprotocol_and_an_origin_that_may(guarded, protocol, origin, status, chosen):
    with RawClient(guarded) as client:
        answer = upgrade(client, guarded, protocol, origin)
        assert answer.split()[1] == status
        if status == b"101":
            assert b"sec-websocket-protocol: " + chosen + b"\r\n" in answer.lower()


HELLO = connect_packet("through a websocket")
ACCEPTED = b"\x20"


@pytest.mark.parametrize("pieces", [
    [frame(BINARY, HELLO)], [frame(BINARY, HELLO[:1]), frame(BINARY, b""), frame(BINARY, HELLO[1:])],
    [frame(BINARY, HELLO[:5], fin=False), frame(PING, b"x"), frame(CONTINUATION, HELLO[5:])],
    [bytes([byte]) for byte in frame(BINARY, HELLO)]], ids=["whole", "cut", "fragments", "bytes"])
def test_the_borders_of_frames_mean_nothing(guarded, pieces):
    with RawClient(guarded) as client:
        assert upgrade(client, guarded).split()[1] == b"101"
        for piece in pieces:
            client.send(piece)
        got = b""
        while ACCEPTED not in got:
            got += client.socket.recv(4096)


@pytest.mark.parametrize("data, code", [
    (frame(BINARY, b"x", length_bytes=2), 1002), (frame(BINARY, b"x" * 126, length_bytes=8), 1002),
    (frame(BINARY, b"x" * 65_535, length_bytes=8), 1002), (frame(PING, b"hello", length_bytes=2), 1002),
    (b"\x89\xfe\x00\x05" + bytes(9), 1002), (frame(BINARY, b"x", masked=False), 1002), (frame(PING, b"", masked=False), 1002),
    (frame(BINARY, b"x", reserved=4), 1002), (frame(3, b"x"), 1002), (frame(PING, b"x", fin=False), 1002), (frame(PING, b"x" * 126), 1002),
    (frame(CONTINUATION, b"x"), 1002), (frame(BINARY, b"x", fin=False) + frame(BINARY, b"x"), 1002), (frame(TEXT, b"x"), 1003),
    (frame(CLOSE, b"\x03"), 1002), (frame(CLOSE, close_payload(1005)), 1002), (frame(CLOSE, close_payload(1001)), 1001)],
    ids=lambda value: str(value) if isinstance(value, int) else f"{value[:2].hex()}-{len(value)}")
def test_frames_that_break_the_rules_of_websocket(guarded, data, code):
    with RawClient(guarded) as client:
        assert upgrade(client, guarded).split()[1] == b"101"
        client.send(data)
        got = client.rest()
        assert got[:1] == b"\x88" and int.from_bytes(got[2:4], "big") == code, got


def test_a_connection_that_the_broker_ends_is_closed_as_websockets_are(guarded):
    with RawClient(guarded) as client:
        upgrade(client, guarded)
        client.send(frame(BINARY, b"\x00\x00"))
        assert client.rest().endswith(b"\x88\x02\x03\xe8")


# What log and audit say


def audit_lines(broker, folder):
    file = folder / "broker" / "audit.log"
    assert eventually(lambda: file.exists() and '"login"' in file.read_text())
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.parametrize("client_id", ["", "ann", "phone"])
def test_the_audit_log_names_who_came(guarded, tmp_path, version, client_id):
    with Client(guarded, client_id, version=version, user="ann", password=SECRET) as client:
        assert client.code == 0
        assert client.subscribe("vault/door") != [0x87]
    line = next(line for line in audit_lines(guarded, tmp_path) if line["action"] == "login")
    assert line["name"] in ("ann", "ann:phone") and line["outcome"] == "proven"


@pytest.mark.parametrize("user, password, reason", [
    ("ann", "wrong", "the secret is wrong"), ("panel", "any", "`rembus keys secret panel`"), ("bob", "any", "key pair")])
def test_the_log_says_what_was_wrong_with_a_password(guarded, tmp_path, user, password, reason):
    with Client(guarded, "x", user=user, password=password) as client:
        assert client.code == 0x86
    assert guarded.says(reason), guarded.log()
    assert "wrongSecret" not in guarded.log()
    line = next(line for line in audit_lines(guarded, tmp_path) if line["action"] == "login")
    assert (line["name"], line["outcome"]) == (user, "failed") and reason in line["details"]["reason"]
