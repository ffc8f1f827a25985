"""Who asks over HTTP, and what they may: Basic authentication, rights, administration, web pages, TLS (known-defects.md S13, S19)."""

import json
import shutil
import ssl
import time

import pytest
from websockets.exceptions import ConnectionClosed

from support.certificates import Authority
from support.http_gateway import Http, RawHttp, basic, http_port
from support.keys import Key, shared_secret, write_secret, write_trust
from support.processes import Broker
from support.wire import OK, Peer, eventually

SECRET = "correct horse battery staple"


@pytest.fixture(scope="module")
def ruled(tmp_path_factory):
    """Free mode with an administrator, a component with a secret, one with a key and a private topic."""
    folder = tmp_path_factory.mktemp("ruled")
    write_trust(
        folder, admins=["boss"], private_topics=["vault", "vault/*/door"],
        grants=[{"name": "friend", "topic": topic, "actions": ["publish", "subscribe", "call", "expose"]}
                for topic in ("vault", "vault/*/door")])
    with Broker(folder=folder, options=["--http", "0"], REMBUS_RECORD="none") as broker:
        for name in ("boss", "friend", "pump7"):
            shared_secret(SECRET + name).give(broker, name)
        Key.make("ecdsa").give(broker, "keyed")
        yield broker
        assert broker.alive, broker.log()


@pytest.fixture
def http(ruled):
    return Http(http_port(ruled))


def as_(name, secret=None):
    return {"headers": basic(name, SECRET + name if secret is None else secret)}


def assert_refused(answer):
    assert answer.status == 401, answer
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert answer.error


# Credentials


@pytest.mark.parametrize("headers", [
    basic("pump7", "wrong"), basic("pump7", ""), basic("pump7"), basic("keyed"), basic("nobody", "something"),
    basic("keyed", "-----BEGIN PUBLIC KEY-----"), {"Authorization": "Bearer abc"}, {"Authorization": "Basic ???"},
    {"Authorization": "Basic"}, basic("", "x"), basic("boss"),
])
def test_who_proves_nothing_is_refused(http, headers):
    for method, path in [("GET", "/rid"), ("POST", "/topic"), ("POST", "/"), ("GET", "/events/x"), ("GET", "/admin/connections")]:
        assert_refused(http(method, path, headers=headers))


def test_a_public_key_is_no_password(ruled, http):
    for line in Key.make("ecdsa").public().decode().splitlines():
        assert_refused(http.get("/rid", headers=basic("keyed", line)))


def test_a_shared_secret_proves_a_name(http):
    assert http.get("/rid", **as_("pump7")).json() == "broker"
    assert http.post("/", {"jsonrpc": "2.0", "id": 1, "method": "rid"}, **as_("pump7")).json()["result"] == "broker"


def test_the_word_basic_may_be_missing(http):
    header = basic("pump7", SECRET + "pump7")["Authorization"].removeprefix("Basic ")
    assert http.get("/rid", headers={"Authorization": header}).json() == "broker"


def test_a_name_without_a_key_needs_no_secret_in_free_mode(http, uid):
    assert http.get("/rid", headers=basic(f"free{uid}")).json() == "broker"
    assert http.get("/rid", headers=basic(f"free{uid}", "")).json() == "broker"


def test_nobody_poses_as_a_component_that_is_connected(ruled, http, connect, uid):
    peer = connect(f"here{uid}", to=ruled)
    answer = http.get("/rid", headers=basic(f"here{uid}"))
    assert answer.status == 401 and "connected" in answer.error
    peer.close()
    eventually(lambda: http.get("/rid", headers=basic(f"here{uid}")).status == 200)


def test_a_secret_that_was_changed_stops_working(ruled, http, uid):
    name = f"changing{uid}"
    shared_secret("the first secret").give(ruled, name)
    assert http.get("/rid", headers=basic(name, "the first secret")).status == 200
    assert http.post("/admin/set_secret", {"cid": name, "secret": "the second secret"}, **as_("boss")).status == 200
    assert http.get("/rid", headers=basic(name, "the second secret")).status == 200
    eventually(lambda: http.get("/rid", headers=basic(name, "the first secret")).status == 401)


def test_guesses_are_limited(start_broker):
    broker = start_broker(options=["--http", "0"], REMBUS_RECORD="none")
    shared_secret(SECRET).give(broker, "pump7")
    http = Http(http_port(broker))
    assert http.get("/rid", headers=basic("pump7", SECRET)).status == 200
    connection = http.open()
    for guess in range(61):
        assert http.get("/rid", headers=basic("pump7", f"guess {guess}"), on=connection).status == 401
    # A right secret that nobody has shown lately is not even looked at now.
    shared_secret(SECRET).give(broker, "pump8")
    assert http.get("/rid", headers=basic("pump8", SECRET), on=connection).status == 401
    # Who sends none is not concerned.
    assert http.get("/rid", on=connection).status == 200


@pytest.fixture
def strict(start_broker, tmp_path):
    broker = start_broker(folder=tmp_path, options=["--http", "0", "--authenticated"], REMBUS_RECORD="none")
    shared_secret(SECRET + "pump7").give(broker, "pump7")
    return broker


def test_authenticated_mode_lets_nobody_in_without_a_proof(strict):
    http = Http(http_port(strict))
    for headers in ({}, basic("stranger"), basic("stranger", "x")):
        for method, path in [("GET", "/rid"), ("POST", "/topic"), ("POST", "/"), ("GET", "/events/x"), ("GET", "/metrics"),
                             ("POST", "/subscribe/t/stranger")]:
            assert_refused(http(method, path, headers=headers))
    for path in ("/", "/healthz", "/readyz", "/openapi.json"):
        assert http.get(path).status == 200
    assert http.get("/rid", **as_("pump7")).json() == "broker"
    assert http.post("/topic?qos=1", [1], **as_("pump7")).status == 200


# Rights


def test_private_topics_are_private_here_too(ruled, http, connect):
    for headers in ({}, basic("pump7", SECRET + "pump7")):
        for answer in (
            http.post("/vault", [1], headers=headers), http.get("/vault", headers=headers),
            http.post("/publish/vault/3/door?qos=1", [1], headers=headers), http.get("/events/vault", headers=headers),
        ):
            assert answer.status == 403 and "private" in answer.error, answer
        call = http.post("/", {"jsonrpc": "2.0", "id": 1, "method": "vault"}, headers=headers).json()
        assert (call["error"]["code"], call["error"]["data"]) == (-32000, {"sts": 10})
    assert http.post("/vault", [1], **as_("friend")).status == 200
    assert http.get("/vault", **as_("friend")).status == 404


def test_rights_that_change_count_at_once(http):
    assert http.post("/private_topic/lab/7", **as_("boss")).status == 200
    assert http.post("/publish/lab/7", [1], **as_("pump7")).status == 403
    assert http.post("/authorize/pump7/lab/7", **as_("boss")).status == 200
    assert http.post("/publish/lab/7", [1], **as_("pump7")).status == 200
    assert "lab/7" in http.get("/admin/private_topics_config", **as_("boss")).json()
    assert http.post("/unauthorize/pump7/lab%2F7", **as_("boss")).status == 200
    assert http.post("/publish/lab/7", [1], **as_("pump7")).status == 403
    assert http.post("/public_topic/lab/7", **as_("boss")).status == 200
    assert http.post("/publish/lab/7", [1]).status == 200


# Administration


@pytest.mark.parametrize("method, path, body", [
    ("GET", "/admin/broker_config", None), ("GET", "/admin/private_topics_config", None), ("GET", "/admin/trust_config", None),
    ("GET", "/admin/connections", None), ("POST", "/admin/shutdown", None), ("POST", "/admin/save_config", None),
    ("POST", "/admin/add_admin", {"cid": "pump7"}), ("POST", "/admin/set_secret", {"cid": "x", "secret": "y" * 20}),
    ("POST", "/private_topic/x", None), ("POST", "/public_topic/vault", None), ("POST", "/authorize/pump7/vault", None),
    ("POST", "/unauthorize/friend/vault", None), ("POST", "/admin/log_level", {"level": "debug"}),
])
def test_only_an_administrator_administers(http, method, path, body):
    for headers in ({}, basic("pump7", SECRET + "pump7")):
        answer = http(method, path, body, headers=headers)
        assert answer.status == 403 and "administrator" in answer.error


def test_what_administrators_read(ruled, http, connect, uid):
    peer = connect(f"busy{uid}", to=ruled)
    peer.expose(f"method{uid}")
    assert http.get("/admin/broker_config", **as_("boss")).json()["exposers"][f"method{uid}"] == [f"busy{uid}"]
    assert f"busy{uid}" in [one["name"] for one in http.get("/admin/connections", **as_("boss")).json()]
    assert "boss" in str(http.get("/admin/trust_config", **as_("boss")).json())
    saved = http.post("/admin/save_config", **as_("boss"))
    assert (saved.status, saved.body) == (200, b"")


def test_what_administrators_change(ruled, http, connect, uid):
    peer = connect(f"victim{uid}", to=ruled)
    assert http.post("/admin/disconnect", {"cid": f"victim{uid}"}, **as_("boss")).status == 200
    with pytest.raises(ConnectionClosed):
        peer.receive()
    assert http.post("/private_topic/shelf", **as_("boss")).status == 200
    assert http.post("/admin/grant", {"cid": "pump7", "topic": "shelf", "actions": ["publish"]}, **as_("boss")).status == 200
    assert http.post("/shelf", [1], **as_("pump7")).status == 200
    assert http.get("/shelf", **as_("pump7")).status == 403
    assert http.post("/admin/revoke", {"cid": "pump7", "topic": "shelf"}, **as_("boss")).status == 200
    assert http.post("/shelf", [1], **as_("pump7")).status == 403


@pytest.mark.parametrize("path, body, word", [
    ("/admin/grant", {"cid": "pump7"}, "topic"), ("/admin/grant", [1], "object"), ("/admin/add_admin", None, "cid"),
    ("/admin/add_admin", {"cid": 7}, "cid"), ("/admin/log_level", {"level": "loud"}, "critical"), ("/admin/save_config", {"x": 1}, "x"),
    ("/admin/grant", {"cid": "a", "topic": "t", "actions": ["fly"]}, "actions"),
    *[("/admin/grant", {"cid": "a", "topic": "t", "actions": wrong}, "actions")
      for wrong in (None, "publish", [], [None], ["publish", None], {}, True, 0, [["publish"]], ["publish", "publish"])],
    ("/admin/revoke", {"cid": "a", "topic": "t", "actions": None}, "actions"),
    ("/admin/grant", {"cid": "a", "topic": "t", "action": ["publish"]}, "action"),
    *[("/admin/grant", {"cid": "a", "topic": wrong}, "topic") for wrong in (None, 7, "", ["t"], "x" * 1025)],
    *[("/admin/grant", {"cid": wrong, "topic": "t"}, "cid") for wrong in (None, 7, "", ["a"], True)],
    *[("/admin/read_only", {"cid": "a", "status": wrong}, "status") for wrong in (None, 0, 1, "false", [])],
    *[("/admin/add_tenant", {"tenant": "x", "pin": wrong}, "pin") for wrong in (None, "", 1234, ["1234"])],
    ("/admin/add_tenant", {"tenant": None, "pin": "12345678"}, "tenant"), ("/admin/remove_tenant", {"tenant": None}, "tenant"),
    ("/admin/set_secret", {"cid": "a", "secret": None}, "secret"), ("/admin/remove_key", {"cid": None}, "cid"),
    ("/admin/log_level", {"level": None}, "level"), ("/admin/disconnect", {"cid": None}, "cid"),
])
def test_commands_that_lack_something(http, path, body, word):
    before = http.get("/admin/trust_config", **as_("boss")).json()
    answer = http.post(path, body, **as_("boss"))
    assert answer.status == 400 and word in answer.error
    assert http.get("/admin/trust_config", **as_("boss")).json() == before


def test_actions_that_are_left_out_are_all(http):
    assert http.post("/admin/grant", {"cid": "left", "topic": "out"}, **as_("boss")).status == 200
    grants = http.get("/admin/trust_config", **as_("boss")).json()["grants"]
    assert len(next(grant for grant in grants if grant["name"] == "left")["actions"]) == 4


def test_shutdown_by_post(start_broker, tmp_path):
    write_trust(tmp_path, admins=["boss"])
    broker = start_broker(folder=tmp_path, options=["--http", "0"], REMBUS_RECORD="none")
    shared_secret(SECRET + "boss").give(broker, "boss")
    http = Http(http_port(broker))
    assert http.get("/admin/shutdown", **as_("boss")).status == 405
    assert http.post("/admin/shutdown", **as_("boss")).status == 200
    assert broker.process.wait(20) == 0


# Components


def test_a_component_is_subscribed_by_itself_and_by_administrators_only(ruled, http, connect, uid):
    topic = f"news{uid}/*"
    for headers in ({}, basic("friend", SECRET + "friend")):
        for command in ("subscribe", "unsubscribe", "expose", "unexpose"):
            answer = http.post(f"/{command}/{topic}/pump7", headers=headers)
            assert answer.status == 403 and "pump7" in answer.error
    other = f"other{uid}"
    peer = connect(other, to=ruled, reactive=True)
    assert http.post(f"/subscribe/{topic}/{other}", **as_("boss")).status == 200
    http.post(f"/publish/news{uid}/1", ["first"])
    assert peer.receive_topic()[1] == [f"news{uid}/1", "first"]
    assert http.post(f"/unsubscribe/news{uid}%2F*/{other}", **as_("boss")).status == 200
    http.post(f"/publish/news{uid}/1", ["second"])
    assert peer.is_silent()


def test_who_may_not_subscribe_another_is_written_down(start_broker, tmp_path):
    write_trust(tmp_path, admins=["boss"])
    broker = start_broker(folder=tmp_path, options=["--http", "0"], REMBUS_RECORD="none")
    shared_secret(SECRET).give(broker, "friend")
    http, file = Http(http_port(broker)), tmp_path / "broker" / "audit.log"
    for headers in ({}, basic("friend", SECRET)):
        for command in ("subscribe", "unsubscribe", "expose", "unexpose"):
            assert http.post(f"/{command}/news%2F7/pump7", headers=headers).status == 403
    denied = lambda: {
        (event["action"], event.get("name"), event["details"]["for"])
        for event in map(json.loads, file.read_text().splitlines())
        if event["outcome"] == "denied" and event["details"].get("topic") == "news/7"}
    assert eventually(lambda: len(denied()) == 4), file.read_text()
    assert denied() == {(f"denied.{action}", name, "pump7") for action in ("subscribe", "expose") for name in (None, "friend")}
    assert broker.says("friend", 'may not subscribe to "news/7" for "pump7"') and broker.says("anonymous", 'for "pump7"')


def test_a_component_that_is_away_is_subscribed_for_later(ruled, http, connect, uid):
    name = f"away{uid}"
    assert http.post(f"/subscribe/later{uid}/{name}", headers=basic(name)).status == 200
    assert http.post(f"/expose/method{uid}/{name}", headers=basic(name)).status == 200
    assert http.get(f"/method{uid}").status == 503
    peer = connect(name, to=ruled, reactive=True)
    http.post(f"/later{uid}", [1])
    assert peer.receive_topic() == (f"later{uid}", [1])
    assert http.post(f"/unexpose/method{uid}/{name}", **as_("boss")).status == 200
    assert http.get(f"/method{uid}").status == 404


# Web pages


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://localhost:1"},
])
def test_pages_from_elsewhere_may_do_nothing(http, headers):
    for method, path in [("POST", "/topic"), ("GET", "/rid"), ("POST", "/"), ("GET", "/events/x"), ("OPTIONS", "/topic")]:
        answer = http(method, path, headers=headers)
        assert answer.status == 403 and "cors_origins" in answer.error
        assert "access-control-allow-origin" not in answer.headers


def test_a_name_that_leads_to_this_machine_is_not_ours(http):
    assert http.get("/rid", headers={"Host": "evil.example"}).status == 421
    for host in ("localhost", "LOCALHOST:80", "127.0.0.1:9", "[::1]:7"):
        assert http.get("/rid", headers={"Host": host}).status == 200


def test_the_pages_own_origin_may(http):
    own = {"Origin": f"http://127.0.0.1:{http.port}", "Sec-Fetch-Site": "same-origin"}
    assert http.post("/topic", [1], headers=own).status == 200


def test_configured_origins_may_and_browsers_are_told_so(start_broker):
    broker = start_broker(options=["--http", "0"], REMBUS_RECORD="none", REMBUS_CORS_ORIGINS="https://panel.example")
    http = Http(http_port(broker))
    page = {"Origin": "https://panel.example", "Sec-Fetch-Site": "cross-site"}
    answer = http.get("/rid", headers=page)
    assert answer.json() == "broker"
    assert answer.headers["access-control-allow-origin"] == "https://panel.example"
    assert answer.headers["access-control-allow-credentials"] == "true" and answer.headers["vary"] == "Origin"
    asked = http("OPTIONS", "/topic", headers={**page, "Access-Control-Request-Method": "POST"})
    assert asked.status == 204 and "POST" in asked.headers["access-control-allow-methods"]
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    # What fails can be read, too.
    assert http.get("/nobody", headers=page).headers["access-control-allow-origin"] == "https://panel.example"
    assert http.get("/rid", headers={"Origin": "https://evil.example"}).status == 403


def test_all_origins_may_without_credentials(start_broker):
    broker = start_broker(options=["--http", "0"], REMBUS_RECORD="none", REMBUS_CORS_ORIGINS="*")
    http = Http(http_port(broker))
    answer = http("OPTIONS", "/topic", headers={"Origin": "https://any.example", "Access-Control-Request-Method": "POST"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert "Authorization" not in answer.headers["access-control-allow-headers"]


# TLS


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture
def start_secure(authority, tmp_path):
    started = []

    def start(**settings):
        authority.issue(tmp_path / "keystore/rembus")
        started.append(
            Broker(folder=tmp_path / "state", options=["--secure", "--http", "0"], REMBUS_RECORD="none",
                   REMBUS_KEYSTORE=tmp_path / "keystore", **settings))
        return started[-1]

    yield start
    for one in started:
        one.discard()


def trusting(authority, tmp_path):
    return ssl.create_default_context(cafile=str(authority.write(tmp_path / "authority.pem")))


def serial(http, tls):
    connection = http.open()
    connection.connect()
    try:
        return connection.sock.getpeercert()["serialNumber"]
    finally:
        connection.close()


def test_https_and_a_new_certificate(start_secure, authority, tmp_path):
    broker = start_secure()
    assert "https://127.0.0.1:" in broker.started_with
    tls = trusting(authority, tmp_path)
    http = Http(http_port(broker), tls=tls)
    assert http.get("/rid").json() == "broker"
    before = serial(http, tls)
    authority.issue(tmp_path / "keystore/rembus")
    eventually(lambda: serial(http, tls) != before)
    assert http.get("/rid").json() == "broker"


def test_the_wrong_protocol_is_explained(start_secure, ruled, authority, tmp_path):
    with RawHttp(http_port(start_secure())) as plain:
        plain.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        status, _ = plain.read_head()
        assert status == 400 and b"https://" in plain.socket.recv(1000) + plain.data
    with pytest.raises(ssl.SSLError):
        Http(http_port(ruled), tls=trusting(authority, tmp_path)).get("/rid")


def test_a_client_certificate_proves_a_name(start_secure, authority, tmp_path):
    write_trust(tmp_path / "state", admins=["pump7"])
    broker = start_secure(
        REMBUS_CLIENT_CA=authority.write(tmp_path / "authority.pem"), REMBUS_CLIENT_CERTIFICATES="required",
        REMBUS_CONNECTION_MODE="authenticated")
    authority.issue(tmp_path / "pump7", name="pump7", hosts=[], addresses=[])
    tls = trusting(authority, tmp_path)
    tls.load_cert_chain(tmp_path / "pump7.crt", tmp_path / "pump7.key")
    http = Http(http_port(broker), tls=tls)
    assert http.get("/rid").json() == "broker"
    assert isinstance(http.get("/admin/connections").json(), list)


# What log and audit say


def test_the_audit_log_names_who_asked(start_broker, tmp_path):
    write_trust(tmp_path, admins=["boss"], private_topics=["vault"])
    broker = start_broker(folder=tmp_path, options=["--http", "0"], REMBUS_RECORD="none")
    for name in ("boss", "pump7"):
        shared_secret(SECRET + name).give(broker, name)
    http = Http(http_port(broker))
    assert http.get("/rid", **as_("pump7")).status == 200
    assert http.post("/vault", [1], **as_("pump7")).status == 403
    assert http.post("/private_topic/shelf", **as_("boss")).status == 200
    assert http.get("/rid", **as_("pump7", "wrong")).status == 401
    assert http.get("/rid", **as_("panel", "any")).status == 401
    with RawHttp(http_port(broker)) as stream:
        stream.send("GET /events/x HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
                    + basic("pump7", SECRET + "pump7")["Authorization"] + "\r\n\r\n")
        assert stream.read_head()[0] == 200
    file = tmp_path / "broker" / "audit.log"
    found = lambda: [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []  # noqa: E731
    assert eventually(lambda: len([line for line in found() if line["action"] == "login"]) >= 5)
    seen = [(line["action"], line.get("name"), line["outcome"]) for line in found()]
    assert all(name for action, name, _ in seen if action != "trust_file"), seen
    assert {("login", "pump7", "proven"), ("denied.publish", "pump7", "denied"), ("admin.private_topic", "boss", "done"),
            ("login", "pump7", "failed"), ("login", "panel", "failed")} <= set(seen)
    assert broker.says("panel", "`rembus keys secret panel`") and broker.says("pump7", "the secret is wrong")
    assert broker.says("pump7", "may not publish")


def test_what_is_refused_has_the_address_of_who_asked(start_broker, tmp_path):
    """Requests of many come through one session: each line has the address of its own request, with a proxy its client's."""
    write_trust(tmp_path, admins=["boss"], private_topics=["vault"])
    broker = start_broker(folder=tmp_path, options=["--http", "0"], REMBUS_RECORD="none", REMBUS_TRUSTED_PROXIES="127.0.0.1")
    for name in ("boss", "pump7"):
        shared_secret(SECRET + name).give(broker, name)
    http = Http(http_port(broker))
    refused = [
        ("GET", "/admin/connections", {}, 403), ("GET", "/rid", basic("pump7", "wrong"), 401),
        ("POST", "/vault", {}, 403), ("POST", "/publish/vault", basic("pump7", SECRET + "pump7"), 403),
        ("POST", "/admin/shutdown", basic("pump7", SECRET + "pump7"), 403), ("GET", "/vault", {}, 403),
    ]
    clients = {}
    for number, (method, path, headers, status) in enumerate(refused):
        for client in (f"203.0.113.{number}:1", f"203.0.113.{100 + number}:2"):
            answer = http(method, path, headers={**headers, "Forwarded": f'for="{client}"'})
            assert answer.status == status, (path, answer)
            clients[client] = path
    # The component is connected: what is refused about it is refused to who asked.
    peer = Peer(broker.url)
    peer.identify("meter")
    answer = http("POST", "/expose/vault/meter", headers={**basic("boss", SECRET + "boss"), "Forwarded": 'for="203.0.113.99:3"'})
    assert answer.status == 403, answer
    clients["203.0.113.99:3"] = "/expose"
    file = tmp_path / "broker" / "audit.log"
    lines = lambda: [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []  # noqa: E731
    addresses = lambda: {line["address"] for line in lines() if line["outcome"] in ("denied", "failed")}  # noqa: E731
    assert eventually(lambda: clients.keys() <= addresses()), (clients, lines())
    # Without a proxy's word, the port of the connection.
    connection = http.open()
    connection.connect()
    port = connection.sock.getsockname()[1]
    assert http("GET", "/admin/trust_config", on=connection).status == 403
    assert eventually(lambda: f"127.0.0.1:{port}" in addresses()), lines()
    connection.close()
    peer.close()
    assert broker.says("203.0.113.0:1", "not an administrator") and broker.says("203.0.113.102:2", "may not publish")
    assert broker.stop() == 0
    assert "http:0" not in broker.log() and not any(line["address"].startswith("http") for line in lines())


def test_the_level_of_the_log_is_the_chosen_one(start_broker):
    broker = start_broker(options=["--http", "0", "--prometheus", "0", "--mqtt-listen", "0", "--log-level", "debug"], REMBUS_RECORD="none")
    assert Http(http_port(broker)).get("/rid").status == 200
    Peer(broker.url).close()
    # Below a warning, from behind the start of all listeners.
    assert broker.says("debug", "connection from 127.0.0.1"), broker.log()


def test_an_administrator_changes_the_level_of_the_log(ruled, http):
    def connects(name):
        peer = Peer(ruled.url)
        peer.identify(name)
        peer.close()

    assert http.post("/admin/log_level", {"level": "info"}, **as_("boss")).status == 200
    connects("heard")
    assert ruled.says("info", "heard", "connected")
    assert http.post("/admin/log_level", {"level": "error"}, **as_("boss")).status == 200
    connects("unheard")
    assert http.post("/admin/log_level", {"level": "info"}, **as_("boss")).status == 200
    connects("heard again")
    assert ruled.says("info", "heard again", "connected") and "unheard (" not in ruled.log()
