"""`rembus keys`: certificates that other TLS libraries accept, and the keys that a broker knows."""

import datetime as dt
import json
import socket
import ssl
import subprocess
import threading

import pytest

from support.processes import REFERENCE, Broker, run_rembus
from support.wire import eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our command")


@pytest.fixture
def keys(tmp_path):
    """Runs `rembus keys …` with a state folder of its own."""
    def run(*arguments, status=0, **options):
        finished = run_rembus("keys", *arguments, folder=tmp_path / "state", **options)
        assert finished.returncode == status, finished.stdout + finished.stderr
        return finished

    return run


@pytest.fixture
def store(keys, tmp_path):
    """A keystore with an authority and a certificate for broker.example.org."""
    keys("init", "--host", "broker.example.org", "--host", "192.0.2.7")
    return tmp_path / "state/keystore"


def openssl(*arguments, status=0):
    finished = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=20)
    assert finished.returncode == status, finished.stdout + finished.stderr
    return finished.stdout


def verify(store, file, *options):
    return openssl("verify", "-x509_strict", "-CAfile", store / "ca.crt", *options, file)


def mode(path) -> int:
    return path.stat().st_mode & 0o777


def content(store) -> dict:
    return {path.name: path.read_bytes() for path in store.iterdir() if path.is_file()}


# init


def test_openssl_accepts_the_chain_for_every_name(store):
    certificate = store / "rembus.crt"
    for name in ["broker.example.org", "localhost"]:
        verify(store, certificate, "-purpose", "sslserver", "-verify_hostname", name)
    for address in ["192.0.2.7", "127.0.0.1", "::1"]:
        verify(store, certificate, "-purpose", "sslserver", "-verify_ip", address)
    openssl("verify", "-CAfile", store / "ca.crt", "-verify_hostname", "other.example.org", certificate, status=2)


def test_the_certificates_say_what_they_are_for(store):
    server = openssl("x509", "-noout", "-text", "-in", store / "rembus.crt")
    assert "TLS Web Server Authentication" in server and "TLS Web Client Authentication" not in server
    assert "ASN1 OID: prime256v1" in server and "ecdsa-with-SHA256" in server
    assert "CA:FALSE" in server and "Digital Signature" in server
    authority = openssl("x509", "-noout", "-text", "-in", store / "ca.crt")
    assert "CA:TRUE, pathlen:0" in authority and "Certificate Sign, CRL Sign" in authority


def test_keys_are_for_the_owner_only(store):
    assert mode(store) == 0o700
    assert mode(store / "ca.key") == mode(store / "rembus.key") == 0o600
    assert mode(store / "ca.crt") == mode(store / "rembus.crt") == 0o644
    assert sorted(path.name for path in store.iterdir()) == ["ca.crt", "ca.key", "rembus.crt", "rembus.key"]


def test_clients_on_this_machine_find_the_authority(store):
    folder = store.parent / "ca"
    assert [path.name for path in folder.iterdir()] == ["ca.crt"]
    assert (folder / "ca.crt").read_bytes() == (store / "ca.crt").read_bytes()


def test_what_to_do_next_is_said(keys, tmp_path):
    text = keys("init", "--host", "broker.example.org").stdout
    for word in ["rembus broker --secure --authenticated --host 0.0.0.0", "rembus admin tenant add . --pin-file", "ca.crt", "HTTP_CA_BUNDLE", "wss://broker.example.org:8338", "keys renew"]:
        assert word in text, text


def test_nothing_is_written_over_without_force(keys, store):
    before = content(store)
    failed = keys("init", "--host", "other.example.org", status=1)
    assert "--force" in failed.stderr and "keys renew" in failed.stderr
    assert content(store) == before
    keys("init", "--host", "other.example.org", "--force")
    assert all(content(store)[name] != before[name] for name in before)
    assert (store.parent / "ca/ca.crt").read_bytes() == (store / "ca.crt").read_bytes()
    verify(store, store / "rembus.crt", "-verify_hostname", "other.example.org")


@pytest.mark.parametrize("file", ["ca.key", "ca.crt", "rembus.key", "rembus.crt"])
def test_any_one_of_the_files_stops_it(keys, tmp_path, file):
    folder = tmp_path / "state/keystore"
    folder.mkdir(parents=True)
    (folder / file).write_text("mine")
    assert file in keys("init", "--host", "a.example", status=1).stderr
    assert content(folder) == {file: b"mine"}


def test_without_a_host_it_is_for_this_machine(keys, tmp_path):
    keys("init")
    store = tmp_path / "state/keystore"
    verify(store, store / "rembus.crt", "-verify_hostname", "localhost")


def test_another_folder_leaves_this_machine_alone(keys, tmp_path):
    text = keys("init", "--host", "hub", "--dir", tmp_path / "other").stdout
    assert f"REMBUS_KEYSTORE={tmp_path / 'other'}" in text
    verify(tmp_path / "other", tmp_path / "other/rembus.crt", "-verify_hostname", "hub")
    assert not (tmp_path / "state").exists()


def test_the_environment_names_the_keystore(keys, tmp_path):
    keys("init", "--host", "hub", REMBUS_KEYSTORE=tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere/rembus.key").exists()
    assert (tmp_path / "state/ca/ca.crt").exists()


def test_the_authority_of_somebody_else_stays(keys, tmp_path):
    folder = tmp_path / "state/ca"
    folder.mkdir(parents=True)
    (folder / "company.pem").write_text("theirs")
    assert "another authority" in keys("init", "--host", "hub").stdout
    assert [path.name for path in folder.iterdir()] == ["company.pem"]


@pytest.mark.parametrize("host", ["ws://hub", "hub:8338", "", "-hub", "a..b", "1.2.3", "under score", "hub/x", "*", "ä.de"])
def test_a_host_that_is_none_is_refused(keys, tmp_path, host):
    keys("init", f"--host={host}", status=64)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("host, shown", [("HUB.Example", "hub.example"), ("[2001:DB8::1]", "2001:db8::1"),
                                         ("*.example.org", "*.example.org")])
def test_hosts_in_their_usual_form(keys, tmp_path, host, shown):
    keys("init", "--host", host)
    [server] = [one for one in json.loads(keys("show", "--json").stdout) if one["file"].endswith("rembus.crt")]
    assert server["names"] == [shown, "localhost", "127.0.0.1", "::1"]


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "x", "100000"])
def test_days_out_of_range_are_refused(keys, days):
    keys("init", f"--days={days}", status=64)


def test_how_long_they_are_good(keys):
    keys("init", "--days", "30")
    authority, server = json.loads(keys("show", "--json").stdout)
    assert authority["days_left"] in (3652, 3653) and server["days_left"] in (29, 30)
    keys("renew")
    _, server = json.loads(keys("show", "--json").stdout)
    assert server["days_left"] in (396, 397)


# renew


def test_a_renewed_certificate_keeps_authority_and_names(keys, store):
    before = content(store)
    assert "broker.example.org" in keys("renew").stdout
    after = content(store)
    assert {name for name in before if before[name] != after[name]} == {"rembus.crt", "rembus.key"}
    assert mode(store / "rembus.key") == 0o600
    verify(store, store / "rembus.crt", "-purpose", "sslserver", "-verify_hostname", "broker.example.org")
    verify(store, store / "rembus.crt", "-verify_ip", "192.0.2.7")


def test_a_renewed_certificate_can_have_other_names(keys, store):
    keys("renew", "--host", "new.example.org", "--days", "10")
    verify(store, store / "rembus.crt", "-verify_hostname", "new.example.org")
    openssl("verify", "-CAfile", store / "ca.crt", "-verify_hostname", "broker.example.org", store / "rembus.crt", status=2)


def test_without_an_authority_nothing_is_renewed(keys, store):
    (store / "ca.key").unlink()
    assert "rembus keys init" in keys("renew", status=1).stderr


def test_a_key_of_another_authority_is_noticed(keys, store, tmp_path):
    keys("init", "--dir", tmp_path / "other")
    (store / "ca.key").write_bytes((tmp_path / "other/ca.key").read_bytes())
    assert "does not belong" in keys("renew", status=1).stderr


def test_a_key_that_others_can_read_is_not_used(keys, store):
    (store / "ca.key").chmod(0o644)
    failed = keys("renew", status=1)
    assert "ca.key" in failed.stderr and "PRIVATE" not in failed.stderr


# client


def test_a_component_gets_a_certificate(keys, store):
    keys("client", "pump7.acme", "--days", "20")
    certificate = store / "clients/pump7.acme.crt"
    verify(store, certificate, "-purpose", "sslclient")
    openssl("verify", "-CAfile", store / "ca.crt", "-purpose", "sslserver", certificate, status=2)
    assert openssl("x509", "-noout", "-subject", "-in", certificate).strip().endswith("pump7.acme")
    assert mode(store / "clients") == 0o700 and mode(store / "clients/pump7.acme.key") == 0o600


def test_the_certificate_of_a_component_is_not_written_over(keys, store):
    keys("client", "pump7")
    before = content(store / "clients")
    keys("client", "pump7", status=1)
    assert content(store / "clients") == before
    keys("client", "pump7", "--force")
    assert content(store / "clients") != before


def test_the_name_of_a_component_leads_nowhere_else(keys, store, tmp_path):
    keys("client", "../../x/y", "--output", tmp_path / "out")
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert not (tmp_path / "x").exists() and not (tmp_path.parent / "x").exists()
    [certificate] = (tmp_path / "out").glob("*.crt")
    assert "../../x/y" in openssl("x509", "-noout", "-subject", "-in", certificate).replace("\\", "")


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 65])
def test_a_name_that_no_certificate_can_have_is_refused(keys, store, name):
    keys("client", name, status=64)


# show, fingerprint


def test_show_and_fingerprint_agree_with_openssl(keys, store):
    keys("client", "pump7")
    shown = keys("show").stdout
    for file in ["ca.crt", "rembus.crt", "clients/pump7.crt"]:
        fingerprint = openssl("x509", "-noout", "-fingerprint", "-sha256", "-in", store / file).split("=")[1].strip()
        assert fingerprint in shown and str(store / file) in shown
        assert keys("fingerprint", store / file).stdout.strip() == fingerprint
    assert keys("fingerprint").stdout.strip() in shown
    end = openssl("x509", "-noout", "-enddate", "-in", store / "rembus.crt").split("=")[1].strip()
    day = dt.datetime.strptime(end, "%b %d %H:%M:%S %Y %Z").strftime("%Y-%m-%d")
    assert f"until {day}" in shown and "broker.example.org" in shown


def test_an_empty_keystore_says_how_to_fill_it(keys):
    assert "rembus keys init" in keys("show", status=1).stderr


def test_a_file_that_is_no_certificate_is_an_error(keys, tmp_path):
    (tmp_path / "x.crt").write_text("hello")
    assert "no certificate" in keys("fingerprint", tmp_path / "x.crt", status=1).stderr
    assert "there is no" in keys("fingerprint", tmp_path / "none.crt", status=1).stderr


# The certificates at work


def handshake(server, client, name):
    """Shakes hands over a socket pair; gives what the server knows of the client."""
    near, far = socket.socketpair()
    outcome = {}

    def serve():
        try:
            with server.wrap_socket(far, server_side=True) as connection:
                outcome["peer"] = connection.getpeercert()
                connection.sendall(b"x")
        except (OSError, ssl.SSLError) as error:
            outcome["error"] = error

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(near, server_hostname=name) as connection:
            assert connection.recv(1) == b"x"
    finally:
        near.close()
        thread.join(20)
    return outcome["peer"]


def contexts(store, authority):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(store / "rembus.crt", store / "rembus.key")
    client = ssl.create_default_context(cafile=authority)
    # What Python does by itself from 3.13 on.
    client.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    return server, client


def test_python_trusts_the_server(store):
    server, client = contexts(store, store.parent / "ca/ca.crt")
    handshake(server, client, "broker.example.org")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(*contexts(store, store.parent / "ca/ca.crt"), "other.example.org")


def test_mutual_tls_tells_the_component_name(keys, store):
    keys("client", "pump7")
    server, client = contexts(store, store / "ca.crt")
    server.load_verify_locations(store / "ca.crt")
    server.verify_mode = ssl.CERT_REQUIRED
    client.load_cert_chain(store / "clients/pump7.crt", store / "clients/pump7.key")
    peer = handshake(server, client, "localhost")
    assert (("commonName", "pump7"),) in peer["subject"]


class SecureBroker(Broker):
    """A broker with TLS, which says `wss` where others say `ws`."""

    def __init__(self, store, *options, **settings):
        super().__init__(folder=store.parent, options=["--secure", *options], **settings)

    @property
    def url(self) -> str:
        return f"wss://127.0.0.1:{self.port}"

    @property
    def certificate(self) -> str:
        """What the broker shows at the moment."""
        return ssl.get_server_certificate(("127.0.0.1", self.port), timeout=10)


def test_our_broker_and_our_client_need_nothing_else(store, tmp_path):
    with SecureBroker(store) as broker:
        assert run_rembus("pub", "t", "1", "--qos", "1", url=broker.url, folder=store.parent).returncode == 0
        stranger = run_rembus("pub", "t", "1", "--qos", "1", url=broker.url, folder=tmp_path / "elsewhere")
        assert stranger.returncode == 1 and "certificate" in stranger.stderr.lower()
        bundle = run_rembus("pub", "t", "1", "--qos", "1", url=broker.url, folder=tmp_path / "elsewhere",
                            HTTP_CA_BUNDLE=store / "ca.crt")
        assert bundle.returncode == 0, bundle.stderr


def test_a_running_broker_takes_the_renewed_certificate(keys, store):
    with SecureBroker(store) as broker:
        before = broker.certificate
        keys("renew")
        assert eventually(lambda: broker.certificate != before)
        assert broker.certificate.split() == (store / "rembus.crt").read_text().split()
        assert run_rembus("pub", "t", "1", "--qos", "1", url=broker.url, folder=store.parent).returncode == 0


def test_a_broker_takes_the_certificate_of_a_component_as_proof(keys, store):
    keys("client", "pump7")
    files = {"REMBUS_CLIENT_CERTIFICATE": store / "clients/pump7.crt", "REMBUS_CLIENT_KEY": store / "clients/pump7.key"}
    with SecureBroker(store, "--authenticated", REMBUS_CLIENT_CA=store / "ca.crt",
                      REMBUS_CLIENT_CERTIFICATES="required") as broker:
        def publish(name, **settings):
            return run_rembus("pub", "t", "1", "--qos", "1", url=f"{broker.url}/{name}", folder=store.parent, **settings)

        assert publish("pump7", **files).returncode == 0
        assert publish("pump8", **files).returncode != 0
        assert publish("pump7").returncode != 0


# The keys of components


def test_a_secret_is_set_listed_and_removed(keys, tmp_path):
    (tmp_path / "secret.txt").write_text("correct horse battery\n")
    (tmp_path / "secret.txt").chmod(0o600)
    finished = keys("secret", "pump7", "--secret-file", tmp_path / "secret.txt")
    assert (finished.stdout, finished.stderr) == ("`pump7` has this secret from now on\n", "")
    file = tmp_path / "state/broker/keys/pump7"
    assert file.read_text().splitlines() == ["correct horse battery"] and mode(file) == 0o600
    assert keys("list").stdout.split() == ["pump7", "secret"]
    keys("remove", "pump7")
    assert not file.exists() and keys("list").stdout == ""
    assert "no key" in keys("remove", "pump7").stderr
    assert "nowhere" in keys("remove", "pump7", "--broker", "nowhere", status=1).stderr


def test_keys_of_components_by_their_kind(keys, tmp_path):
    folder = tmp_path / "state/plant/keys"
    folder.mkdir(parents=True, mode=0o700)
    for name in ["a.rsa.pem", "b.acme.ecdsa.der"]:
        (folder / name).write_text("x")
    lines = keys("list", "--broker", "plant").stdout.splitlines()
    assert [line.split() for line in lines] == [["a", "rsa"], ["b.acme", "ecdsa"]]
    assert keys("list", REMBUS_NAME="plant").stdout.splitlines() == lines


@pytest.mark.parametrize("text", ["short", "", "\nsecond line that is long enough"])
def test_a_bad_secret_is_refused(keys, tmp_path, text):
    failed = keys("secret", "pump7", "--secret-file", "-", stdin=text, status=1)
    assert failed.stderr.startswith("rembus: ") and (not text or text.strip() not in failed.stderr)
    assert keys("list").stdout == ""


def test_a_secret_that_others_can_read_is_pointed_out(keys, tmp_path):
    (tmp_path / "secret.txt").write_text("correct horse battery\n")
    (tmp_path / "secret.txt").chmod(0o644)
    assert "chmod 600" in keys("secret", "pump7", "--secret-file", tmp_path / "secret.txt").stderr


def test_the_name_of_a_broker_leads_nowhere_else(keys):
    keys("list", "--broker", "../x", status=64)
