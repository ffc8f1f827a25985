"""Who may do what on the MQTT port: passwords, certificates, private topics, tenants, origins."""

import socket
import ssl

import pytest

from support.certificates import Authority
from support.keys import Key, shared_secret, write_trust
from support.mqtt import V5, V311, Client, RawClient, assert_nothing_for, connect_packet, mqtt_broker, mqtt_port, packet, text
from support.processes import PATIENCE, REFERENCE

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


@pytest.mark.parametrize("protocol, origin, status", [
    ("mqtt", None, b"101"), ("chat", None, b"400"), ("mqtt", "https://evil.example", b"400")])
def test_a_websocket_needs_the_subprotocol_and_an_origin_that_may(guarded, protocol, origin, status):
    request = (
        f"GET /mqtt HTTP/1.1\r\nHost: 127.0.0.1:{mqtt_port(guarded)}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {protocol}\r\n"
        + (f"Origin: {origin}\r\n" if origin else "") + "\r\n")
    with RawClient(guarded) as client:
        client.send(request.encode())
        answer = client.socket.recv(4096)
        assert answer.split()[1] == status
        if status == b"101":
            assert b"sec-websocket-protocol: mqtt" in answer.lower()
