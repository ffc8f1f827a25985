"""`wss`: the Python package and our command with a private authority, versions, client certificates, renewal, errors."""

import datetime as dt
import shutil
import signal
import socket
import ssl
import subprocess
import time

import pytest
import rembus
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as open_websocket

from support.certificates import Authority
from support.processes import PATIENCE, REFERENCE, Broker, run_rembus
from support.python_package import Components, Received, asynchronous

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our broker and our command")


@pytest.fixture(scope="module")
def authority():
    return Authority()


class SecureBroker(Broker):
    """A broker with TLS; it says `wss` where others say `ws`."""

    @property
    def url(self) -> str:
        return f"wss://127.0.0.1:{self.port}"

    def wait_for_log(self, *words):
        found = self.errors.wait_for(lambda line: all(word in line for word in words) and line)
        assert found, self.log()
        return found


@pytest.fixture
def keystore(authority, tmp_path):
    """A folder with a certificate for this machine."""
    authority.issue(tmp_path / "keystore/rembus")
    return tmp_path / "keystore"


@pytest.fixture
def bundle(authority, tmp_path):
    return authority.write(tmp_path / "authority.pem")


@pytest.fixture
def start_secure(keystore):
    started = []

    def start(**settings):
        settings.setdefault("REMBUS_KEYSTORE", keystore)
        started.append(SecureBroker(options=["--secure"], **{"REMBUS_RECORD": "none", **settings}))
        return started[-1]

    yield start
    for one in started:
        one.discard()


@pytest.fixture
def secure(start_secure):
    return start_secure()


@pytest.fixture
def package(monkeypatch, tmp_path):
    """A state folder of its own for the Python package, and none of the settings of whoever runs the tests."""
    monkeypatch.setenv("REMBUS_DIR", str(tmp_path / "package"))
    monkeypatch.delenv("HTTP_CA_BUNDLE", raising=False)
    return tmp_path / "package"


def trusting(bundle, **changes):
    context = ssl.create_default_context(cafile=str(bundle))
    for name, value in changes.items():
        setattr(context, name, value)
    return context


def peer_certificate(broker, bundle, host="localhost"):
    """The certificate that a new connection is shown."""
    with socket.create_connection(("127.0.0.1", broker.port), timeout=PATIENCE) as plain:
        with trusting(bundle).wrap_socket(plain, server_hostname=host) as secured:
            return secured.getpeercert()


def serial(broker, bundle):
    return peer_certificate(broker, bundle)["serialNumber"]


def s_client(broker, *options):
    finished = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{broker.port}", *map(str, options)],
        input="", capture_output=True, text=True, timeout=PATIENCE)
    return finished.stdout + finished.stderr


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")


# The Python package


async def exchange(url, uid):
    async with Components(url) as connect:
        subscriber, publisher = await connect(f"s{uid}"), await connect(f"p{uid}")
        received = Received()
        await subscriber.subscribe(received.callback, topic=f"t{uid}")
        await subscriber.reactive()
        for qos in (rembus.QOS0, rembus.QOS1, rembus.QOS2):
            await publisher.publish(f"t{uid}", "x" * 100_000, qos, qos=qos)
            assert await received.next() == ("x" * 100_000, qos)
        assert await publisher.rpc("version")
        return True


@asynchronous
async def test_the_python_package_trusts_the_bundle_that_the_environment_names(
        secure, bundle, package, monkeypatch, uid):
    monkeypatch.setenv("HTTP_CA_BUNDLE", str(bundle))
    assert await exchange(secure.url, uid)


@asynchronous
async def test_the_python_package_trusts_the_file_in_its_folder(secure, authority, package, uid):
    authority.write(package / "ca/authority.pem")
    assert await exchange(f"wss://localhost:{secure.port}", uid)


@asynchronous
async def test_the_python_package_does_not_trust_another_authority(secure, package, tmp_path, monkeypatch, uid):
    monkeypatch.setenv("HTTP_CA_BUNDLE", str(Authority("Other").write(tmp_path / "other.pem")))
    with pytest.raises(Exception, match="(?i)certificate|verif"):
        await exchange(secure.url, uid)


# Our command


def test_the_command_trusts_the_bundle(secure, bundle):
    done = run_rembus("call", "version", url=secure.url, HTTP_CA_BUNDLE=bundle)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_command_trusts_the_file_in_the_state_folder(secure, authority, tmp_path):
    authority.write(tmp_path / "state/ca/any.pem")
    done = run_rembus("call", "version", url=f"wss://localhost:{secure.port}/me", folder=tmp_path / "state")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("case", ["authority", "system", "host", "missing"])
def test_the_command_says_what_is_wrong(start_secure, authority, keystore, bundle, tmp_path, case):
    if case == "host":
        authority.issue(keystore / "rembus", hosts=["hub.example"], addresses=[])
    broker = start_secure()
    settings, words = {
        "authority": ({"HTTP_CA_BUNDLE": Authority("Other").write(tmp_path / "other.pem")}, "authority that is not trusted"),
        "system": ({}, "not trusted"),
        "host": ({"HTTP_CA_BUNDLE": bundle}, "the certificate is for hub.example"),
        "missing": ({"HTTP_CA_BUNDLE": "/nonexistent/ca.pem"}, "/nonexistent/ca.pem does not exist"),
    }[case]
    done = run_rembus("call", "version", url=broker.url, **settings)
    assert done.returncode > 0
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_what_is_wrong_with_a_file_names_the_setting_that_leads_to_it(authority, keystore, tmp_path):
    def said(*arguments, **settings):
        done = run_rembus(*arguments, **settings)
        said = [line for line in done.stderr.splitlines() if line.startswith("rembus: ")]
        assert done.returncode > 0 and len(said) == 1, done.stderr
        return done.stderr

    call = ["call", "version", "--url", "wss://localhost:9"]
    assert "(HTTP_CA_BUNDLE)" in said(*call, HTTP_CA_BUNDLE="/nonexistent/ca.pem")
    (tmp_path / "empty.pem").write_text("")
    assert "empty.pem holds no certificate" in said(*call, HTTP_CA_BUNDLE=tmp_path / "empty.pem")
    own = {"REMBUS_CLIENT_CERTIFICATE": keystore / "rembus.crt", "REMBUS_CLIENT_KEY": keystore / "rembus.key"}
    assert "(REMBUS_CLIENT_CERTIFICATE)" in said(*call, **own | {"REMBUS_CLIENT_CERTIFICATE": "/nonexistent/me.crt"})
    assert "(REMBUS_CLIENT_KEY)" in said(*call, **own | {"REMBUS_CLIENT_KEY": "/nonexistent/me.key"})
    needs = said(*call, REMBUS_CLIENT_CERTIFICATE=keystore / "rembus.crt")
    assert "(REMBUS_CLIENT_CERTIFICATE) needs a key file" in needs and "REMBUS_CLIENT_KEY" in needs
    other = authority.issue(tmp_path / "other")
    assert "(REMBUS_CLIENT_KEY)" in said(*call, **own | {"REMBUS_CLIENT_KEY": other.with_suffix(".key")})
    old = authority.issue(tmp_path / "old", start=dt.timedelta(days=-3), end=dt.timedelta(days=-2))
    expired = {"REMBUS_CLIENT_CERTIFICATE": old.with_suffix(".crt"), "REMBUS_CLIENT_KEY": old.with_suffix(".key")}
    assert "expired on" in said(*call, **expired) and "(REMBUS_CLIENT_CERTIFICATE)" in said(*call, **expired)
    # The broker's own.
    broker = ["broker", "--port", "0", "--secure"]
    assert "(REMBUS_KEYSTORE)" in said(*broker, REMBUS_KEYSTORE="/nonexistent")
    assert "(`keystore`)" in said(*broker)
    folder = tmp_path / "state"
    (folder / "broker").mkdir(parents=True)
    (folder / "broker/settings.json").write_text('{\n"keystore": "/nonexistent"}')
    assert f"(`keystore` ({folder}/broker/settings.json, line 2))" in said(*broker, folder=folder)
    mutual = {"REMBUS_KEYSTORE": keystore, "REMBUS_CLIENT_CERTIFICATES": "required"}
    assert "REMBUS_CLIENT_CERTIFICATES needs `client_ca`" in said(*broker, **mutual)
    wrong = said(*broker, **mutual, REMBUS_CLIENT_CA="/nonexistent/clients.pem")
    assert "(REMBUS_CLIENT_CA)" in wrong and "keys init" not in wrong


def test_ws_at_a_wss_port_and_the_reverse_are_explained(secure, broker, bundle):
    done = run_rembus("call", "version", url=f"ws://127.0.0.1:{secure.port}")
    assert done.returncode > 0 and "wss://" in done.stderr
    done = run_rembus("call", "version", url=f"wss://127.0.0.1:{broker.port}", HTTP_CA_BUNDLE=bundle)
    assert done.returncode > 0 and "ws://" in done.stderr


# Versions


@needs_openssl
def test_openssl_agrees_on_1_2_and_1_3_and_verifies_the_certificate(secure, bundle):
    for option, version in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")]:
        text = s_client(secure, option, "-CAfile", bundle, "-verify_hostname", "localhost", "-alpn", "http/1.1")
        assert "Verify return code: 0 (ok)" in text, text
        assert version in text
        assert "ALPN protocol: http/1.1" in text


@needs_openssl
@pytest.mark.parametrize("option", ["-tls1", "-tls1_1"])
def test_older_versions_get_no_connection(secure, option):
    text = s_client(secure, option, "-cipher", "ALL:@SECLEVEL=0")
    assert "Cipher is (NONE)" in text or "no protocols available" in text or "unknown option" in text.lower(), text


@needs_openssl
@pytest.mark.parametrize("cipher", ["AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA"])
def test_ciphers_without_forward_secrecy_or_authentication_get_no_connection(secure, cipher):
    text = s_client(secure, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
    assert "Cipher is (NONE)" in text, text


def test_sessions_can_be_resumed(secure, bundle):
    context = trusting(bundle)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    session = None
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", secure.port), timeout=PATIENCE) as plain:
            with context.wrap_socket(plain, server_hostname="localhost", session=session) as secured:
                secured.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert secured.recv(1000).startswith(b"HTTP/1.1 426")
                session = secured.session


# Client certificates


@pytest.fixture
def pump(authority, tmp_path):
    authority.issue(tmp_path / "pump7", name="pump7", hosts=[], addresses=[])
    return tmp_path / "pump7"


def with_certificate(bundle, base):
    context = trusting(bundle)
    context.load_cert_chain(f"{base}.crt", f"{base}.key")
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_required_certificate_lets_in_who_has_one(start_secure, bundle, pump, version):
    broker = start_secure(REMBUS_CLIENT_CA=bundle, REMBUS_CLIENT_CERTIFICATES="required")
    context = with_certificate(bundle, pump)
    context.minimum_version = context.maximum_version = version
    with open_websocket(broker.url, ssl=context, proxy=None) as socket_:
        socket_.ping().wait(PATIENCE)
    with pytest.raises((OSError, ConnectionClosed, EOFError, Exception)):
        open_websocket(broker.url, ssl=trusting(bundle), proxy=None).recv(timeout=PATIENCE)


def test_the_command_shows_its_certificate(start_secure, bundle, pump):
    broker = start_secure(REMBUS_CLIENT_CA=bundle, REMBUS_CLIENT_CERTIFICATES="required")
    settings = {"HTTP_CA_BUNDLE": bundle, "REMBUS_CLIENT_CERTIFICATE": f"{pump}.crt",
                "REMBUS_CLIENT_KEY": f"{pump}.key"}
    done = run_rembus("call", "version", url=f"{broker.url}/pump7", **settings)
    assert done.returncode == 0, done.stderr
    done = run_rembus("call", "version", url=broker.url, HTTP_CA_BUNDLE=bundle)
    assert done.returncode > 0
    assert "client certificate" in done.stderr


def test_resumed_sessions_are_still_those_of_a_verified_client(start_secure, bundle, pump):
    broker = start_secure(REMBUS_CLIENT_CA=bundle, REMBUS_CLIENT_CERTIFICATES="required")
    context = with_certificate(bundle, pump)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    session = None
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", broker.port), timeout=PATIENCE) as plain:
            with context.wrap_socket(plain, server_hostname="localhost", session=session) as secured:
                secured.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert secured.recv(1000).startswith(b"HTTP/1.1 426")
                session = secured.session


# Renewal


@pytest.mark.parametrize("way", ["signal", "file change"])
def test_a_new_certificate_is_used_without_a_restart(secure, authority, keystore, bundle, way):
    old = serial(secure, bundle)
    with open_websocket(secure.url, ssl=trusting(bundle), proxy=None) as held:
        authority.issue(keystore / "rembus")
        if way == "signal":
            secure.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + PATIENCE
        while serial(secure, bundle) == old:
            assert time.monotonic() < deadline, secure.log()
            time.sleep(0.05)
        assert held.ping().wait(PATIENCE)
    assert secure.alive


@pytest.mark.parametrize("way", ["signal", "file change"])
def test_a_broken_certificate_is_reported_and_the_old_one_stays(secure, keystore, bundle, way):
    old = serial(secure, bundle)
    (keystore / "rembus.crt").write_text("broken")
    if way == "signal":
        secure.process.send_signal(signal.SIGHUP)
    secure.wait_for_log("rembus.crt", "holds no certificate")
    assert serial(secure, bundle) == old
    time.sleep(3)
    # Once by whoever looks at the files, and once by the signal, which asks about everything.
    assert secure.errors.text().count("the certificates are not replaced") == 1
    assert secure.errors.text().count("nothing is read again") == (way == "signal")


def test_a_certificate_that_ends_soon_is_warned_of(start_secure, authority, keystore):
    authority.issue(keystore / "rembus", end=dt.timedelta(days=5))
    start_secure().wait_for_log("warning", "certificate ends")


def test_a_certificate_with_time_left_is_not_warned_of(secure):
    time.sleep(1.5)
    assert "certificate" not in secure.errors.text()


# What a broker cannot start with


@pytest.mark.parametrize("case", ["no keystore", "no key", "other key", "open key", "expired", "no authority"])
def test_what_is_wrong_with_the_files_is_said_at_the_start(authority, keystore, case):
    settings = {"REMBUS_KEYSTORE": keystore}
    if case == "no keystore":
        settings["REMBUS_KEYSTORE"] = "/nonexistent"
    elif case == "no key":
        (keystore / "rembus.key").unlink()
    elif case == "other key":
        other = authority.issue(keystore.parent / "other")
        other.with_suffix(".key").replace(keystore / "rembus.key")
    elif case == "open key":
        (keystore / "rembus.key").chmod(0o644)
    elif case == "expired":
        authority.issue(keystore / "rembus", start=dt.timedelta(days=-3), end=dt.timedelta(days=-2))
    else:
        settings["REMBUS_CLIENT_CERTIFICATES"] = "required"
    words = {"no keystore": "/nonexistent/rembus.crt does not exist", "no key": "rembus.key does not exist",
             "other key": "does not belong to the certificate", "open key": "chmod 600",
             "expired": "expired on", "no authority": "client_ca"}[case]
    done = run_rembus("broker", "--port", 0, "--secure", **settings)
    assert done.returncode > 0
    assert done.stdout == ""
    assert words in done.stderr
    assert "Fatal error" not in done.stderr


def test_the_start_up_line_says_wss(secure):
    assert f"wss://{secure.host}:{secure.port}" in secure.started_with


# Hostile peers


def test_slow_and_silent_peers_do_not_keep_others_out(start_secure, bundle):
    broker = start_secure()
    idle = [socket.create_connection(("127.0.0.1", broker.port)) for _ in range(200)]
    try:
        for one in idle[:100]:
            one.sendall(b"\x16\x03\x01\x02")
        assert run_rembus("call", "version", url=broker.url, HTTP_CA_BUNDLE=bundle).returncode == 0
    finally:
        for one in idle:
            one.close()
    assert broker.alive


def test_garbage_behind_the_handshake_harms_nobody(secure, bundle):
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", secure.port), timeout=PATIENCE) as plain:
            secured = trusting(bundle).wrap_socket(plain, server_hostname="localhost")
            # Cuts the TLS stream in the middle of a record.
            raw = secured.detach()
            with socket.socket(fileno=raw) as naked:
                naked.sendall(b"\x17\x03\x03\x00\xff" + b"x" * 100)
    assert run_rembus("call", "version", url=secure.url, HTTP_CA_BUNDLE=bundle).returncode == 0
