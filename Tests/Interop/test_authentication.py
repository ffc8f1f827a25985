"""Who proves what: challenges, registration and both modes (protocol.md §7, known-defects.md S1, S7–S12, S15)."""

import base64
import json
import os
import stat
import time
from pathlib import Path

import cbor2
import pytest

from support.keys import (CHALLENGE, CONNECTION_ID, ECDSA, Key, attest, challenged, greeting, log_in, log_in_first, register,
                          shared_secret, write_secret, write_trust)
from support.processes import run_rembus
from support.wire import (Answer, ADMIN, ATTESTATION, ERROR, IDENTITY, OK, PUBLISH, QOS1, RPC, UNREGISTER, Peer, eventually, new_id)

NAME_TAKEN = 60


@pytest.fixture
def keyed(start_broker):
    """A broker in free mode."""
    return start_broker(REMBUS_RECORD="none")


@pytest.fixture
def locked(start_broker):
    """A broker in authenticated mode."""
    return start_broker(options=["--authenticated"], REMBUS_RECORD="none")


@pytest.fixture(params=["rsa", "ecdsa", "secret"])
def key(request):
    return shared_secret() if request.param == "secret" else Key.make(request.param)


# Free mode


def test_a_name_with_a_key_is_challenged_and_proven(keyed, connect, encoding, key):
    key.give(keyed, "pump7")
    peer = connect(to=keyed, encoding=encoding)
    log_in(peer, "pump7", key)
    assert peer.call("rid") == (OK, "broker")


@pytest.mark.parametrize("scheme", ["rsa", "ecdsa"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.encodebytes, base64.urlsafe_b64encode])
def test_a_signature_may_be_base64_text_in_a_binary_message(keyed, connect, scheme, encode):
    key = Key.make(scheme)
    key.give(keyed, "pump7")
    peer = connect(to=keyed)
    identifier = new_id()
    signature = encode(key.sign(challenged(peer, "pump7"), "pump7")).decode()
    peer.send([ATTESTATION, identifier, "pump7", signature, {}])
    assert peer.response_to(identifier)[0] == OK


@pytest.mark.parametrize("signature", ["", "no base64!", "AAAA", "=" * 5])
def test_a_text_that_is_no_signature_is_answered(keyed, connect, signature):
    Key.make("ecdsa").give(keyed, "pump7")
    peer = connect(to=keyed)
    identifier = new_id()
    challenged(peer, "pump7")
    peer.send([ATTESTATION, identifier, "pump7", signature, {}])
    assert peer.response_to(identifier)[0] == ERROR
    assert peer.call("rid") == (OK, "broker")


@pytest.mark.parametrize("scheme", ["rsa", "ecdsa"])
def test_keys_in_der_are_used(keyed, connect, scheme):
    key = Key.make(scheme)
    key.give(keyed, "pump7", form="der")
    peer = connect(to=keyed)
    log_in(peer, "pump7", key)
    assert peer.call("rid") == (OK, "broker")


def test_a_challenge_is_long_and_new_each_time(keyed, connect):
    Key.make("ecdsa").give(keyed, "pump7")
    challenges = {challenged(connect(to=keyed), "pump7") for _ in range(5)}
    assert len(challenges) == 5 and all(len(challenge) == 32 for challenge in challenges)


def test_a_wrong_key_is_refused_and_the_connection_stays_anonymous(keyed, connect, encoding):
    Key.make("ecdsa").give(keyed, "pump7")
    peer = connect(to=keyed, encoding=encoding)
    signature = Key.make("ecdsa", 1).sign(challenged(peer, "pump7"), "pump7")
    assert attest(peer, "pump7", signature)[0] == ERROR
    assert peer.call("rid") == (OK, "broker")
    # The name was not given.
    log_in(connect(to=keyed), "pump7", Key.make("ecdsa"))


def test_a_challenge_serves_once(keyed, connect):
    key = Key.make("ecdsa")
    key.give(keyed, "pump7")
    peer = connect(to=keyed)
    challenge = challenged(peer, "pump7")
    assert attest(peer, "pump7", b"nonsense")[0] == ERROR
    assert attest(peer, "pump7", key.sign(challenge, "pump7"))[0] == ERROR


def test_a_challenge_expires(start_broker, connect):
    broker = start_broker(REMBUS_CHALLENGE_TIMEOUT=0.2)
    key = Key.make("ecdsa")
    key.give(broker, "pump7")
    peer = connect(to=broker)
    challenge = challenged(peer, "pump7")
    time.sleep(0.4)
    assert attest(peer, "pump7", key.sign(challenge, "pump7"))[0] == ERROR


def test_a_signature_of_another_challenge_proves_nothing(keyed, connect):
    key = Key.make("rsa")
    key.give(keyed, "pump7")
    first, second = connect(to=keyed), connect(to=keyed)
    signature = key.sign(challenged(first, "pump7"), "pump7")
    challenged(second, "pump7")
    assert attest(second, "pump7", signature)[0] == ERROR


def test_only_the_identity_that_was_challenged_can_be_proven(keyed, connect):
    key = Key.make("ecdsa")
    key.give(keyed, "pump7")
    key.give(keyed, "pump8")
    peer = connect(to=keyed)
    signature = key.sign(challenged(peer, "pump7"), "pump8")
    assert attest(peer, "pump8", signature)[0] == ERROR


def test_an_attestation_without_a_challenge_is_refused(keyed, connect):
    key = Key.make("ecdsa")
    key.give(keyed, "pump7")
    assert attest(connect(to=keyed), "pump7", key.sign(b"", "pump7"))[0] == ERROR


def test_an_identity_during_a_challenge_is_answered_with_its_outcome(keyed, connect):
    key = Key.make("ecdsa")
    key.give(keyed, "pump7")
    peer = connect(to=keyed)
    challenge = challenged(peer, "pump7")
    again = new_id()
    peer.send([IDENTITY, again, "pump7", {}])
    status, _ = attest(peer, "pump7", key.sign(challenge, "pump7"))
    assert status == OK
    assert peer.response_to(again) == (OK, None)


def test_an_identity_during_a_challenge_that_nobody_answers_is_refused_in_time(start_broker, connect):
    broker = start_broker(REMBUS_TIMEOUT=0.3)
    Key.make("ecdsa").give(broker, "pump7")
    peer = connect(to=broker)
    challenged(peer, "pump7")
    assert peer.identify("pump7")[0] == ERROR


def test_a_proven_connection_keeps_its_name(keyed, connect):
    key = Key.make("ecdsa")
    key.give(keyed, "pump7")
    peer = connect(to=keyed)
    log_in(peer, "pump7", key)
    assert peer.identify("pump8") == Answer(ERROR, "has a name already")
    assert attest(peer, "pump8", key.sign(b"", "pump8")) == Answer(ERROR, "has a name already")
    provider_call = connect(to=keyed).send_call("whoami", target="pump7")
    request = peer.receive_call()
    peer.answer(request, "pump7")
    assert provider_call


def test_many_failures_end_the_connection(keyed, connect):
    Key.make("ecdsa").give(keyed, "pump7")
    peer = connect(to=keyed)
    for _ in range(5):
        challenged(peer, "pump7")
        peer.send([ATTESTATION, new_id(), "pump7", b"nonsense", {}])
    assert peer.expect_close()[0] == 1000


def test_what_comes_while_a_login_is_decided_keeps_its_place(keyed, connect, uid):
    key = Key.make("rsa")
    key.give(keyed, "pump7")
    subscriber = connect("listener", to=keyed, reactive=True)
    subscriber.subscribe("order")
    peer = connect(to=keyed)
    challenge = challenged(peer, "pump7")
    peer.send([ATTESTATION, new_id(), "pump7", key.sign(challenge, "pump7"), {}])
    for number in range(50):
        peer.send_publish("order", number)
    assert [subscriber.receive_topic()[1] for _ in range(50)] == [[number] for number in range(50)]


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----\n", os.urandom(64)],
                         ids=["empty", "nonsense", "random"])
def test_a_key_file_that_cannot_be_used_locks_the_name(keyed, connect, content):
    folder = Path(keyed.folder) / "broker" / "keys"
    folder.mkdir(parents=True, exist_ok=True)
    write_secret(folder / "pump7.ecdsa.pem", content)
    peer = connect(to=keyed)
    status, text = peer.identify("pump7")
    assert status == ERROR and "broker's log" in text
    assert peer.call("rid") == (OK, "broker")


def test_a_pem_file_is_no_shared_secret(keyed, connect):
    # The defect of Julia, S12: the first line of a PEM file is known to everybody.
    Key.make("ecdsa").give(keyed, "pump7")
    peer = connect(to=keyed)
    signature = shared_secret("-----BEGIN PUBLIC KEY-----").sign(challenged(peer, "pump7"), "pump7")
    assert attest(peer, "pump7", signature)[0] == ERROR


# Two connections with one name


def test_a_second_connection_is_refused_before_any_challenge(keyed, connect):
    key = Key.make("ecdsa")
    key.give(keyed, "pump7")
    first = connect(to=keyed)
    log_in(first, "pump7", key)
    assert connect(to=keyed).identify("pump7") == Answer(ERROR, "already connected")
    assert first.call("rid") == (OK, "broker")


def test_a_claim_alone_takes_no_name_away(start_broker, connect):
    broker = start_broker(overwrite=True)
    key = Key.make("ecdsa")
    key.give(broker, "pump7")
    first, stranger = connect(to=broker), connect(to=broker)
    log_in(first, "pump7", key)
    challenge = challenged(stranger, "pump7")
    assert attest(stranger, "pump7", Key.make("ecdsa", 1).sign(challenge, "pump7"))[0] == ERROR
    assert first.call("rid") == (OK, "broker")


def test_a_proof_takes_the_name_over(start_broker, connect):
    broker = start_broker(overwrite=True)
    key = Key.make("ecdsa")
    key.give(broker, "pump7")
    first, second = connect(to=broker), connect(to=broker)
    log_in(first, "pump7", key)
    log_in(second, "pump7", key)
    assert first.expect_close() == (4000, "overwritten")
    assert second.call("rid") == (OK, "broker")


def test_who_proves_a_name_gets_it_from_who_only_claimed_it(keyed, connect):
    squatter = connect("pump7", to=keyed)
    key = Key.make("ecdsa")
    key.give(keyed, "pump7")
    log_in(connect(to=keyed), "pump7", key)
    assert squatter.expect_close() == (4000, "overwritten")


# Authenticated mode


def test_the_broker_speaks_first_and_takes_a_proof(locked, connect, key):
    key.give(locked, "pump7")
    peer = connect(to=locked)
    log_in_first(peer, "pump7", key)
    assert peer.call("rid") == (OK, "broker")


def test_a_json_client_gets_the_first_challenge_in_cbor(locked, connect):
    key = Key.make("ecdsa")
    key.give(locked, "pump7")
    peer = connect(to=locked, encoding="json")
    status, _ = attest(peer, "pump7", key.sign(greeting(peer), "pump7"), identifier=new_id())
    assert status == OK
    assert peer.call("rid") == (OK, "broker")


def test_the_id_of_the_attestation_comes_back(locked, connect):
    key = Key.make("ecdsa")
    key.give(locked, "pump7")
    peer = connect(to=locked)
    identifier = new_id()
    status, _ = attest(peer, "pump7", key.sign(greeting(peer), "pump7"), identifier=identifier)
    assert status == OK


def test_a_client_that_sends_its_identity_first_is_answered_after_the_proof(locked, connect):
    key = Key.make("ecdsa")
    key.give(locked, "pump7")
    peer = connect(to=locked)
    identifier = new_id()
    peer.send([IDENTITY, identifier, "pump7", {}])
    status, _ = attest(peer, "pump7", key.sign(greeting(peer), "pump7"), identifier=CONNECTION_ID)
    assert status == OK
    assert peer.response_to(identifier) == (OK, None)


def test_an_identity_first_binds_the_proof_to_its_name(locked, connect):
    key = Key.make("ecdsa")
    for name in ("pump7", "pump8"):
        key.give(locked, name)
    peer = connect(to=locked)
    peer.send([IDENTITY, new_id(), "pump7", {}])
    peer.send([ATTESTATION, new_id(), "pump8", key.sign(greeting(peer), "pump8"), {}])
    assert peer.expect_close()[0] == 1000


@pytest.mark.parametrize("message", [
    [PUBLISH, "leak", [1]], [PUBLISH | QOS1, new_id(), "leak", [1]], [RPC, new_id(), "rid", None, []],
    [ADMIN, new_id(), "leak", {"cmd": "subscribe", "msg_from": 0.0}], [UNREGISTER, new_id()], [5, new_id()],
    [4, new_id(), 0, None]], ids=["publish", "qos1", "rpc", "admin", "unregister", "ack", "response"])
def test_nothing_but_the_handshake_is_possible_before_proof(locked, connect, message):
    key = Key.make("ecdsa")
    key.give(locked, "listener")
    listener = connect(to=locked)
    log_in_first(listener, "listener", key)
    listener.reactive()
    listener.subscribe("leak", "**")
    stranger = connect(to=locked)
    greeting(stranger)
    stranger.send(message)
    assert stranger.expect_close() == (1000, "")
    assert listener.is_silent()


def test_a_stranger_without_an_answer_is_sent_away_in_time(start_broker, connect):
    broker = start_broker(options=["--authenticated"], REMBUS_CHALLENGE_TIMEOUT=0.3)
    key = Key.make("ecdsa")
    key.give(broker, "pump7")
    proven, silent = connect(to=broker), connect(to=broker)
    log_in_first(proven, "pump7", key)
    greeting(silent)
    assert silent.expect_close()[0] == 1000
    # The time is for the proof: who has given it stays.
    assert proven.call("rid") == (OK, "broker")


def test_a_wrong_proof_ends_the_connection(locked, connect):
    Key.make("ecdsa").give(locked, "pump7")
    peer = connect(to=locked)
    status, _ = attest(peer, "pump7", Key.make("ecdsa", 1).sign(greeting(peer), "pump7"), identifier=CONNECTION_ID)
    assert status == ERROR
    assert peer.expect_close()[0] == 1000


def test_a_name_without_a_key_does_not_get_in(locked, connect):
    peer = connect(to=locked)
    greeting(peer)
    status, _ = attest(peer, "nobody", b"nonsense", identifier=CONNECTION_ID)
    assert status == ERROR
    assert peer.expect_close()[0] == 1000


def test_a_large_message_of_a_stranger_is_not_taken(locked, connect):
    peer = connect(to=locked)
    greeting(peer)
    peer.send_raw(cbor2.dumps([ATTESTATION, new_id(), "pump7", bytes(100_000), {}]))
    assert peer.expect_close()[0] in (1000, 1009)


def test_a_large_message_of_a_proven_component_is_taken(locked, connect):
    key = Key.make("ecdsa")
    key.give(locked, "pump7")
    key.give(locked, "listener")
    publisher, listener = connect(to=locked), connect(to=locked)
    log_in_first(publisher, "pump7", key)
    log_in_first(listener, "listener", key)
    listener.subscribe("large")
    listener.reactive()
    publisher.publish("large", bytes(300_000))
    assert listener.receive_topic()[1] == [bytes(300_000)]


# Registration


@pytest.fixture
def with_tenant(start_broker, tmp_path):
    write_trust(tmp_path, tenants=[{"tenant": ".", "pin": "11223344"}, {"tenant": "acme", "pin": "99887766"}])
    return start_broker(folder=tmp_path, REMBUS_RECORD="none")


@pytest.mark.parametrize("form", ["pem", "der"])
@pytest.mark.parametrize("scheme", ["rsa", "ecdsa"])
def test_a_component_registers_logs_in_and_unregisters(with_tenant, connect, encoding, scheme, form):
    key = Key.make(scheme)
    peer = connect(to=with_tenant, encoding=encoding)
    assert register(peer, "pump7", "11223344", key, form) == (OK, None)
    file = Path(with_tenant.folder) / "broker" / "keys" / f"pump7.{scheme}.{form}"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    log_in(peer, "pump7", key)
    assert peer.request(UNREGISTER) == (OK, None)
    assert not file.exists()
    assert connect(to=with_tenant).identify("pump7") == Answer(ERROR, "already connected")
    peer.close()
    assert eventually(lambda: connect(to=with_tenant).identify("pump7")[0] == OK)


def test_the_pin_is_that_of_the_tenant(with_tenant, connect, encoding):
    key = Key.make("ecdsa")
    peer = connect(to=with_tenant, encoding=encoding)
    assert register(peer, "pump7.acme", "11223344", key) == Answer(ERROR, "rejected this pin")
    assert register(peer, "pump7.other", "11223344", key) == Answer(ERROR, "Tenant `other` takes no registrations")
    assert register(peer, "pump7.acme", "99887766", key) == (OK, None)


def test_no_tenant_means_no_registration(keyed, connect):
    assert register(connect(to=keyed), "pump7", "11223344", Key.make("ecdsa")) == Answer(ERROR, "Tenant `.` takes no registrations")


def test_a_name_with_a_key_cannot_be_registered_again(with_tenant, connect, encoding):
    key = Key.make("ecdsa")
    peer = connect(to=with_tenant, encoding=encoding)
    assert register(peer, "pump7", "11223344", key) == (OK, None)
    assert register(peer, "pump7", "11223344", Key.make("ecdsa", 1)) == Answer(NAME_TAKEN, "`pump7` has a key already")
    log_in(peer, "pump7", key)


@pytest.mark.parametrize("name", ["/etc/cron.d/x", "../../x", "a/../../x", "", "repl", "broker", "a\x00b", "n" * 300])
def test_names_that_could_leave_the_folder_are_refused(with_tenant, connect, name):
    before = sorted(path.name for path in Path(with_tenant.folder).rglob("*"))
    status, _ = register(connect(to=with_tenant), name, "11223344", Key.make("ecdsa"))
    assert status == ERROR
    assert sorted(path.name for path in Path(with_tenant.folder).rglob("*")) == before


def test_a_name_with_slashes_is_one_file(with_tenant, connect):
    key = Key.make("ecdsa")
    peer = connect(to=with_tenant)
    assert register(peer, "line/3/pump", "11223344", key) == (OK, None)
    log_in(peer, "line/3/pump", key)
    files = [file.name for file in (Path(with_tenant.folder) / "broker" / "keys").rglob("*.pem")]
    assert len(files) == 1 and "/" not in files[0]


@pytest.mark.parametrize("content,keytype", [(b"nonsense", ECDSA), (b"", 1), (Key.make("ecdsa").public(), 1), (Key.make("ecdsa").public(), 7)],
                         ids=["nonsense", "empty", "another type", "no type"])
def test_what_is_no_key_is_not_stored(with_tenant, connect, content, keytype):
    peer = connect(to=with_tenant)
    status, text = peer.request(10, "pump7", "11223344", content, keytype)
    assert status == ERROR and text
    assert connect(to=with_tenant).identify("pump7")[0] == OK


def test_pins_cannot_be_guessed_quickly(with_tenant, connect):
    peer, key = connect(to=with_tenant), Key.make("ecdsa")
    for number in range(5):
        assert register(peer, "pump7", f"wrong-pin-{number}", key) == Answer(ERROR, "rejected this pin")
    status, text = register(connect(to=with_tenant), "pump7", "11223344", key)
    assert status == ERROR and "Too many failed registrations" in text
    assert with_tenant.stop() == 0
    assert "wrong-pin" not in with_tenant.log() and "11223344" not in with_tenant.log()


def test_a_fleet_behind_one_address_registers(with_tenant, connect):
    """More than `register_attempts`, and names that are taken among them: only wrong pins count."""
    key = Key.make("ecdsa")
    for number in range(8):
        assert register(connect(to=with_tenant), f"fleet{number}", "11223344", key) == (OK, None)
        assert register(connect(to=with_tenant), f"fleet{number}", "11223344", key) == Answer(NAME_TAKEN, "has a key already")


def test_pins_are_not_on_the_disk_as_text(with_tenant):
    assert b"11223344" not in (Path(with_tenant.folder) / "broker" / "trust.json").read_bytes()


def test_registration_can_be_turned_off(start_broker, connect, tmp_path):
    write_trust(tmp_path, tenants=[{"tenant": ".", "pin": "11223344"}])
    broker = start_broker(folder=tmp_path, REMBUS_REGISTRATION="false")
    status, text = register(connect(to=broker), "pump7", "11223344", Key.make("ecdsa"))
    assert status == ERROR and "takes no registrations" in text


def test_a_component_registers_in_authenticated_mode_and_then_logs_in(start_broker, connect, tmp_path):
    write_trust(tmp_path, tenants=[{"tenant": ".", "pin": "11223344"}])
    broker = start_broker(folder=tmp_path, options=["--authenticated"])
    key, peer = Key.make("ecdsa"), connect(to=broker)
    challenge = greeting(peer)
    assert register(peer, "pump7", "11223344", key) == (OK, None)
    status, _ = attest(peer, "pump7", key.sign(challenge, "pump7"), identifier=CONNECTION_ID)
    assert status == OK


def test_unregistering_needs_a_proven_name(keyed, connect):
    assert connect(to=keyed).request(UNREGISTER) == Answer(ERROR, "Log in with the key first")
    assert connect("plain", to=keyed).request(UNREGISTER) == Answer(ERROR, "Log in with the key first")


def test_the_audit_log_tells_who_came(with_tenant, connect):
    key, peer = Key.make("ecdsa"), connect(to=with_tenant)
    register(peer, "pump7", "wrong", key)
    register(peer, "pump7", "11223344", key)
    log_in(peer, "pump7", key)
    file = Path(with_tenant.folder) / "broker" / "audit.log"
    assert eventually(lambda: file.exists() and '"proven"' in file.read_text())
    text = file.read_text()
    assert "11223344" not in text and "rejected this pin" in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_audit_log_tells_what_was_changed_in_the_files(with_tenant):
    done = run_rembus("admin", "grant", "pump7", "vault/door", folder=with_tenant.folder)
    assert done.returncode == 0, done.stderr
    file = Path(with_tenant.folder) / "broker" / "audit.log"
    assert eventually(lambda: file.exists() and "trust_file" in file.read_text())
    line = json.loads([line for line in file.read_text().splitlines() if "trust_file" in line][0])
    assert line["outcome"] == "adopted"
    assert line["details"]["grants_added"] == "pump7 vault/door (call, expose, publish, subscribe)"
    assert "11223344" not in file.read_text()
