"""No command succeeds in silence: a publication has reached a broker when `rembus pub` ends with 0."""

import re
import signal
import socket
import threading

import pytest

from support.ports import free_port
from support.processes import REFERENCE, Command, run_rembus
from support.wire import eventually

pytestmark = pytest.mark.skipif(REFERENCE, reason="about our command")


@pytest.fixture(scope="module")
def every_gateway():
    from support.processes import Broker

    ports = {"tcp": free_port(), "zmq": free_port(), "http": free_port(), "mqtt": free_port()}
    broker = Broker(options=["--tcp", str(ports["tcp"]), "--zmq", str(ports["zmq"]), "--http", str(ports["http"]),
                             "--mqtt-listen", str(ports["mqtt"])])
    ports["ws"] = broker.port
    yield ports
    broker.discard()


SCHEMES = ["ws", "tcp", "zmq", "mqtt"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_right_port_is_0(every_gateway, scheme):
    finished = run_rembus("pub", "t", "1", url=f"{scheme}://127.0.0.1:{every_gateway[scheme]}")
    assert (finished.returncode, finished.stderr) == (0, "")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("port", ["ws", "tcp", "zmq", "http", "mqtt"])
@pytest.mark.parametrize("name", ["", "/pump7"])
def test_the_port_of_another_protocol_is_not(every_gateway, scheme, port, name):
    if scheme == port:
        pytest.skip("the right one")
    finished = run_rembus(
        "pub", "t", "1", url=f"{scheme}://127.0.0.1:{every_gateway[port]}{name}", REMBUS_TIMEOUT=2)
    assert finished.returncode in (1, 4), finished.stderr
    assert str(every_gateway[port]) in finished.stderr
    assert re.search("check scheme and port: ws 8338, tcp 8339, zmq 8340, mqtt 1883|This port speaks MQTT", finished.stderr)
    assert len(finished.stderr.splitlines()) == 1
    assert finished.stdout == ""


def test_a_port_where_nobody_speaks_is_not(uid):
    """Something listens, takes the bytes and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        for scheme in ("tcp", "ws", "zmq"):
            finished = run_rembus(
                "pub", "t", "1", url=f"{scheme}://127.0.0.1:{server.getsockname()[1]}", REMBUS_TIMEOUT=1)
            assert finished.returncode in (1, 4), (scheme, finished.stderr)
            assert len(finished.stderr.splitlines()) == 1


def test_anonymous_publications_to_a_broker_that_wants_proof_are_not(start_broker):
    broker = start_broker(options=["--authenticated"])
    finished = run_rembus("pub", "t", "1", url=broker.url)
    assert finished.returncode == 1 and "prove" in finished.stderr


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_publications_to_a_private_topic_are_refused_with_the_reason(start_broker, qos):
    broker = start_broker()
    assert run_rembus("admin", "private", "vault", folder=broker.folder).returncode == 0
    assert eventually(lambda: run_rembus("pub", "vault", "1", "--qos", qos, url=broker.url).returncode == 5)
    finished = run_rembus("pub", "vault", "1", "--qos", qos, url=broker.url)
    assert finished.returncode == 5 and "vault" in finished.stderr and len(finished.stderr.splitlines()) == 1


def test_what_is_too_large_for_the_broker_is_said(start_broker):
    broker = start_broker(REMBUS_MAX_WS_FRAME=20_000)
    finished = run_rembus("pub", "t", "x" * 50_000, url=broker.url)
    assert finished.returncode == 1 and finished.stderr


def test_a_broker_that_goes_away_between_publications_is_said(start_broker):
    broker = start_broker()
    with Command("pub", "t", "1", "--count", 1000, "--interval", "20ms", "--url", broker.url) as command:
        assert eventually(lambda: _connections(broker) > 0)
        broker.kill()
        assert command.wait() == 1
        assert command.errors.text().startswith("rembus: ")


def _connections(broker):
    with open(f"/proc/{broker.process.pid}/net/tcp") as table:
        return sum(line.split()[3] == "01" and line.split()[1].endswith(f":{broker.port:04X}") for line in table)


def test_every_line_of_a_long_file_has_arrived(broker, connect, uid):
    subscriber = connect(f"s{uid}", reactive=True)
    subscriber.subscribe(f"t{uid}")
    finished = run_rembus("pub", f"t{uid}", "-", stdin="".join(f"{n}\n" for n in range(20_000)), url=broker.url)
    assert finished.returncode == 0, finished.stderr
    assert [subscriber.receive_topic()[1] for _ in range(20_000)] == [[n] for n in range(20_000)]
