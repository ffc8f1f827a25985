"""After `rembus keys remove NAME` what NAME had proven itself with counts no more: certificates, keys, open connections."""

import datetime as dt
import json
import ssl
import time

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as open_websocket

from support.certificates import Authority
from support.framed_peer import FramedPeer
from support.http_gateway import Events, Http, basic, http_port
from support.keys import Key, log_in, shared_secret, write_trust
from support.mqtt import Client
from support.processes import PATIENCE, REFERENCE, Broker, run_rembus
from support.wire import OK, Peer, eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our broker")


class Plant:
    """A broker with mutual TLS, whose components have certificates."""

    def __init__(self, folder, mode="required", *options):
        self.folder, self.authority = folder, Authority()
        self.authority.issue(folder / "keystore/rembus")
        self.ca = self.authority.write(folder / "ca.pem")
        self.broker = Broker(
            folder=folder, options=["--secure", "--tcp", "0", "--http", "0", "--mqtt-listen", "0", *options],
            REMBUS_RECORD="none", REMBUS_CLIENT_CA=self.ca, REMBUS_CLIENT_CERTIFICATES=mode)

    def certificate(self, name, **times):
        """Files of a certificate; by default from an hour ago."""
        base = self.folder / f"{name}-{time.monotonic_ns()}"
        self.authority.issue(base, name=name, hosts=[], addresses=[], **times)
        return base

    def tls(self, base):
        context = ssl.create_default_context(cafile=self.ca)
        context.load_cert_chain(f"{base}.crt", f"{base}.key")
        return context

    def port(self, scheme):
        return int(self.broker.started_with.split(f"{scheme}://127.0.0.1:")[1].split(",")[0].split(" ")[0])

    def publish(self, name, base, scheme="wss"):
        return run_rembus(
            "pub", "t", "1", "--qos", "1", url=f"{scheme}://127.0.0.1:{self.port(scheme)}/{name}", folder=self.folder / "client",
            REMBUS_CLIENT_CERTIFICATE=f"{base}.crt", REMBUS_CLIENT_KEY=f"{base}.key", HTTP_CA_BUNDLE=self.ca)

    def remove(self, name):
        return run_rembus("keys", "remove", name, folder=self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.broker.discard()


@pytest.mark.parametrize("mode, options", [("required", ["--authenticated"]), ("optional", [])])
def test_a_removed_component_publishes_no_more(tmp_path, mode, options):
    with Plant(tmp_path, mode, *options) as plant:
        pump7, pump8 = plant.certificate("pump7"), plant.certificate("pump8")
        schemes = ["wss", "tls", "mqtts"]
        assert [plant.publish("pump7", pump7, scheme).returncode for scheme in schemes] == [0, 0, 0]
        assert Http(http_port(plant.broker), tls=plant.tls(pump7)).get("/rid").status == 200
        removed = plant.remove("pump7")
        assert removed.returncode == 0 and "no key" in removed.stderr
        assert eventually(lambda: plant.publish("pump7", pump7).returncode != 0)
        assert [plant.publish("pump7", pump7, scheme).returncode != 0 for scheme in schemes] == [True] * 3
        refused = Http(http_port(plant.broker), tls=plant.tls(pump7)).post("/t", [1])
        assert refused.status == 403 and "removed" in refused.error
        # Not under another name either, nor as a stranger.
        assert plant.publish("pump9", pump7).returncode != 0
        # Others are not concerned, and a certificate that is made afterwards is good.
        assert plant.publish("pump8", pump8).returncode == 0
        time.sleep(1.1)  # Certificates know whole seconds.
        again = plant.certificate("pump7", start=dt.timedelta(0))
        assert [plant.publish("pump7", again, scheme).returncode for scheme in schemes] == [0, 0, 0]
        assert plant.publish("pump7", pump7).returncode != 0


def test_open_connections_end(tmp_path):
    with Plant(tmp_path, "required") as plant:
        pump7, pump8 = plant.tls(plant.certificate("pump7")), plant.tls(plant.certificate("pump8"))
        url = f"wss://127.0.0.1:{plant.broker.port}"
        web, silent, other = (open_websocket(url, ssl=context, proxy=None) for context in (pump7, pump7, pump8))
        framed = FramedPeer(plant.port("tls"), tls=pump7)
        assert framed.identify("pump7")[0] == OK
        events = Events(Http(http_port(plant.broker), tls=pump7), "/events/x")
        assert plant.remove("pump7").returncode == 0
        for peer in (web, silent):
            with pytest.raises(ConnectionClosed) as ended:
                peer.recv(PATIENCE)
            assert ended.value.rcvd.code == 1008 and "removed" in ended.value.rcvd.reason
        with pytest.raises((EOFError, ConnectionError, ssl.SSLError)):
            while True:
                framed.receive_raw()
        with pytest.raises((EOFError, ConnectionError)):
            while True:
                events.next()
        other.ping().wait(PATIENCE)


def test_an_open_connection_of_mqtt_ends(tmp_path):
    with Plant(tmp_path, "required") as plant:
        context = plant.tls(plant.certificate("pump7"))
        with Client(plant.broker, name="pump7", tls=context) as client:
            assert client.code == 0
            plant.remove("pump7")
            assert client.ends.get(timeout=PATIENCE) is not None


def test_a_key_ends_with_its_connections(tmp_path):
    with Broker(folder=tmp_path, REMBUS_RECORD="none") as broker:
        key = Key.make("ecdsa")
        key.give(broker, "pump7")
        peer, other = Peer(broker.url), Peer(broker.url)
        log_in(peer, "pump7", key)
        assert other.identify("pump8")[0] == OK
        assert run_rembus("keys", "remove", "pump7", folder=tmp_path).returncode == 0
        assert peer.expect_close()[0] == 1008
        assert other.call("rid")[0] == OK
        # Registered again, the name is good again.
        key.give(broker, "pump7")
        again = Peer(broker.url)
        log_in(again, "pump7", key)
        assert again.call("rid")[0] == OK
        audit = [json.loads(line) for line in (tmp_path / "broker/audit.log").read_text().splitlines()]
        assert any(line["action"] == "disconnect" and line["outcome"] == "removed" for line in audit)


def test_an_administrator_removes_over_the_network(tmp_path):
    write_trust(tmp_path, admins=["boss"])
    with Broker(folder=tmp_path, options=["--http", "0"], REMBUS_RECORD="none") as broker:
        secret = "correct horse battery staple"
        shared_secret(secret).give(broker, "boss")
        key = Key.make("ecdsa")
        key.give(broker, "pump7")
        peer = Peer(broker.url)
        log_in(peer, "pump7", key)
        answer = Http(http_port(broker)).post("/admin/remove_key", {"cid": "pump7"}, headers=basic("boss", secret))
        assert answer.status == 200, answer
        assert peer.expect_close()[0] == 1008


def test_our_own_certificates_are_good_right_after_a_removal(tmp_path):
    """`keys client` makes certificates that begin a little earlier, for clocks that differ; not earlier than the removal."""
    run_rembus("keys", "init", "--host", "localhost", folder=tmp_path)
    with Broker(folder=tmp_path, options=["--secure"], REMBUS_RECORD="none", REMBUS_CLIENT_CERTIFICATES="required",
                REMBUS_CLIENT_CA=tmp_path / "keystore/ca.crt") as broker:
        url = f"wss://localhost:{broker.port}/pump7"

        def publish():
            clients = tmp_path / "keystore/clients"
            return run_rembus("pub", "t", "1", "--qos", "1", url=url, folder=tmp_path,
                              REMBUS_CLIENT_CERTIFICATE=clients / "pump7.crt", REMBUS_CLIENT_KEY=clients / "pump7.key").returncode

        run_rembus("keys", "client", "pump7", folder=tmp_path)
        assert publish() == 0
        run_rembus("keys", "remove", "pump7", folder=tmp_path)
        assert eventually(lambda: publish() != 0)
        run_rembus("keys", "client", "pump7", "--force", folder=tmp_path)
        assert eventually(lambda: publish() == 0)


def test_removals_are_in_the_file_of_rights(tmp_path):
    (tmp_path / "broker").mkdir(parents=True)
    run_rembus("keys", "remove", "pump7", folder=tmp_path)
    trust = json.loads((tmp_path / "broker/trust.json").read_text())
    assert [entry["name"] for entry in trust["removed"]] == ["pump7"]
    dt.datetime.fromisoformat(trust["removed"][0]["at"].replace("Z", "+00:00"))
    assert run_rembus("keys", "remove", "pump7", "--broker", "nowhere", folder=tmp_path).returncode == 1
