"""Tables of one tenant, and tables that private topics fill: docs/storage.md, known-defects S6, S16, S17."""

import json

import cbor2
import polars
import pytest

from support.keys import Key, log_in, log_in_first, write_trust
from support.lake import opened_catalog, rows
from support.wire import Answer, ERROR, EXCEPTION, NOT_FOUND, OK, eventually

COLUMNS = [{"col": "dn", "type": "TEXT"}, {"col": "v", "type": "INTEGER"}]
SCHEMA = {
    "tables": [
        {"table": "acme_flow", "topic": ":dn/flow", "tenant": "acme", "columns": COLUMNS, "keys": ["dn"]},
        {"table": "corp_flow", "topic": ":dn/flow", "tenant": "corp", "columns": COLUMNS},
        {"table": "shared", "topic": ":dn/shared", "tenant": "*", "columns": COLUMNS},
        {"table": "plain", "topic": ":dn/plain", "columns": COLUMNS},
    ]
}
SERVICES = ("query", "upsert", "delete")


@pytest.fixture
def start(start_broker, tmp_path):
    """Starts a broker with the tables, and keys for every name that is used here."""
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(SCHEMA))

    def start(*options, **settings):
        broker = start_broker(folder=tmp_path / "state", options=["--schema", str(schema), *options],
                              REMBUS_ARCHIVER_INTERVAL=0.1, **settings)
        for name in ("pump.acme", "pump.corp", "pump", "boss"):
            Key.make("ecdsa").give(broker, name)
        return broker

    return start


@pytest.fixture
def proven(connect):
    def open_peer(broker, name, login=log_in):
        peer = connect(to=broker)
        login(peer, name, Key.make("ecdsa"))
        return peer
    return open_peer


def table(peer, name, where=None):
    """How many rows a table has, or the failed answer."""
    status, data = peer.call(f"query_{name}", {"where": where} if where else None)
    return frame_height(data) if status == OK else (status, data)


def frame_height(value):
    assert isinstance(value, cbor2.CBORTag) and value.tag == 80
    return polars.read_ipc_stream(value.value).height


def test_publications_fill_the_tables_of_their_own_tenant(start, connect):
    broker = start()
    for name in ("a.acme", "c.corp", "n"):
        connect(name, to=broker).publish(f"{name}/flow", {"v": 1}, qos=1)
    acme, corp = connect("r.acme", to=broker), connect("r.corp", to=broker)
    assert eventually(lambda: table(acme, "acme_flow") == 1 and table(corp, "corp_flow") == 1)
    assert table(acme, "acme_flow", "dn = 'a.acme'") == 1
    assert table(corp, "corp_flow", "dn = 'c.corp'") == 1


def test_tables_of_other_tenants_do_not_exist(start, connect):
    broker = start()
    connect("a.acme", to=broker).publish("a/flow", {"v": 1}, qos=1)
    owner = connect("r.acme", to=broker)
    assert eventually(lambda: table(owner, "acme_flow") == 1)
    for stranger in (connect("x.corp", to=broker), connect("n", to=broker), connect(to=broker)):
        for service in SERVICES:
            name = f"{service}_acme_flow"
            assert stranger.call(name, {"dn": "a", "v": 9}) == Answer(NOT_FOUND, name)
        assert stranger.call("delete_acme_flow") == Answer(NOT_FOUND, "delete_acme_flow")
    assert owner.call("upsert_acme_flow", {"dn": "b", "v": 2}) == (OK, None)
    assert table(owner, "acme_flow") == 2
    assert owner.call("delete_acme_flow", {"where": "dn = 'a'"}) == (OK, None)
    assert table(owner, "acme_flow") == 1


def test_the_status_names_no_table_of_another_tenant(start, connect):
    broker = start(REMBUS_MAINTENANCE_INTERVAL=0.1)
    for name in ("a.acme", "c.corp", "n"):
        publisher = connect(name, to=broker)
        publisher.publish(f"{name}/flow", {"v": 1}, qos=1)
        publisher.publish(f"{name}/flow", {"v": "no number"}, qos=1)
        publisher.publish(f"{name}/shared", {"v": 1}, qos=1)
    acme, corp, plain = connect("r.acme", to=broker), connect("r.corp", to=broker), connect("r", to=broker)

    def status(peer):
        return peer.call("storage_status")[1]["lake"]

    assert eventually(lambda: "acme_flow" in status(acme)["files"] and "shared" in status(acme)["rows_written"])
    assert eventually(lambda: status(corp)["rows_written"].get("corp_flow") == 1 and status(corp)["rejected"])
    for peer, own, foreign in ((acme, "acme_flow", "corp_flow"), (corp, "corp_flow", "acme_flow"), (plain, "plain", "_flow")):
        text = repr(status(peer))
        assert own in text and foreign not in text, text
        assert "shared" in text and "message" in status(peer)["files"]


def test_shared_tables_are_everybodys(start, connect):
    broker = start()
    for name in ("a.acme", "c.corp", "n"):
        connect(name, to=broker).publish(f"{name}/shared", {"v": 1}, qos=1)
    for reader in (connect("r.acme", to=broker), connect("r", to=broker)):
        assert eventually(lambda: table(reader, "shared") == 3)


@pytest.mark.parametrize("authenticated", [False, True])
def test_tables_without_a_tenant(start, connect, proven, authenticated):
    """Everybody's where names prove nothing, those of components without a tenant else."""
    broker = start(*["--authenticated"] * authenticated)
    login = log_in_first if authenticated else log_in
    peers = {name: proven(broker, name, login) for name in ("pump", "pump.acme")}
    peers["pump.acme"].publish("acme/plain", {"v": 1}, qos=1)
    peers["pump"].publish("none/plain", {"v": 1}, qos=1)
    assert eventually(lambda: table(peers["pump"], "plain") == (1 if authenticated else 2))
    foreign = table(peers["pump.acme"], "plain")
    assert foreign == (Answer(NOT_FOUND, "query_plain") if authenticated else 2)


def test_a_private_topic_guards_the_tables_that_it_fills(start, proven, tmp_path):
    write_trust(tmp_path / "state", admins=["boss"], private_topics=["vault/*"],
                grants=[{"name": "pump", "topic": "vault/*", "actions": ["subscribe"]}])
    broker = start()
    pump, boss = proven(broker, "pump"), proven(broker, "boss")
    # `vault/shared` would fill the table.
    for service in SERVICES:
        assert boss.call(f"{service}_shared", {"dn": "x", "v": 1}) == Answer(ERROR, "unauthorized")
    assert table(boss, "plain") == Answer(ERROR, "unauthorized")
    assert table(pump, "shared") == 0
    assert pump.call("upsert_shared", {"dn": "x", "v": 1}) == Answer(ERROR, "unauthorized")
    boss.command("vault/*", "public_topic")
    assert table(boss, "shared") == 0


def test_errors_say_nothing_of_the_inside(start, connect):
    broker = start()
    peer = connect(to=broker)
    for where in ("nothing = 1", "abs(dn) = 1", "CAST(dn AS INTEGER) = 1 AND", "v = (SELECT 1)"):
        status, text = peer.call("query_shared", {"where": where})
        assert status == EXCEPTION
        for word in ("SELECT ", "LINE 1", "rl.", broker.folder):
            assert word not in text.replace(where, ""), text


# Rights in the catalog: storage.md §5


def test_rights_are_copied_into_the_catalog_and_taken_over_from_it(start, proven, tmp_path):
    state = tmp_path / "state"
    write_trust(state, admins=["boss"])
    broker = start()
    boss = proven(broker, "boss")
    boss.command("a", "private_topic")
    boss.command("a", "authorize", cid="pump")
    boss.command("alone", "private_topic")
    broker.stop()
    assert rows(state, "SELECT twin FROM rl.admin") == [("boss",)]
    assert rows(state, "SELECT twin, topic FROM rl.topic_auth") == [("pump", "a")]
    # A tool of the reference adds an administrator and a tenant's pin, while the broker does not run.
    with opened_catalog(state, read_only=False) as catalog:
        catalog.execute("INSERT INTO rl.admin VALUES ('broker', 'second')")
        catalog.execute("INSERT INTO rl.tenant VALUES ('broker', '.', '11223344')")
    broker.start()
    broker.stop()
    trust = json.loads((state / "broker" / "trust.json").read_text())
    assert trust["admins"] == ["boss", "second"]
    assert [tenant["tenant"] for tenant in trust["tenants"]] == ["."]
    assert "11223344" not in json.dumps(trust)
    assert "11223344" not in str(rows(state, "SELECT secret FROM rl.tenant"))


def test_rights_that_were_taken_away_do_not_return_from_the_catalog(start, tmp_path):
    state = tmp_path / "state"
    write_trust(state, admins=["boss", "former"], private_topics=["a"], grants=[{"name": "pump", "topic": "a"}])
    broker = start()
    broker.stop()
    assert len(rows(state, "SELECT twin FROM rl.admin")) == 2
    write_trust(state, admins=["boss"], private_topics=["a"], grants=[])
    broker.start()
    broker.stop()
    trust = json.loads((state / "broker" / "trust.json").read_text())
    assert trust["admins"] == ["boss"] and trust["grants"] == []
    assert rows(state, "SELECT twin FROM rl.admin") == [("boss",)]
    assert rows(state, "SELECT twin FROM rl.topic_auth") == []


def test_private_topics_survive_the_loss_of_their_file(start, tmp_path):
    state = tmp_path / "state"
    write_trust(state, admins=["boss"], private_topics=["alone", "b/*"],
                grants=[{"name": "pump", "topic": "b/*", "actions": ["call"]}])
    broker = start()
    broker.stop()
    (state / "broker" / "trust.json").unlink()
    broker.start()
    broker.stop()
    trust = json.loads((state / "broker" / "trust.json").read_text())
    assert trust["private_topics"] == ["alone", "b/*"]
    assert trust["grants"] == [{"name": "pump", "topic": "b/*", "actions": ["call"]}]


def test_tables_of_other_tenants_are_not_in_the_exports(start_broker, connect, tmp_path):
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"tables": [
        {"table": "ours", "tenant": "acme", "topic": "ours", "columns": [{"col": "value", "type": "INTEGER"}]}]}))
    broker = start_broker(folder=tmp_path / "state", options=["--schema", str(schema)])
    _, (provided, _) = connect(to=broker).identify("pump.other", {"ws": 9001})
    assert "query_ours" not in provided
    _, (provided, _) = connect(to=broker).identify("pump.acme", {"ws": 9001})
    assert "query_ours" in provided
