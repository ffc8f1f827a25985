"""Tests of WebSocket peers again, with TCP and ZeroMQ peers: what a broker does must not depend on what carries messages.

The tests are those of the modules below; the fixtures here put other peers into them.
"""

import re

import pytest

from Interop import test_publish, test_qos, test_rpc
from support.framed_peer import FramedPeer
from support.processes import REFERENCE, Broker
from support.zmq_peer import ZMQPeer

pytestmark = pytest.mark.skipif(REFERENCE, reason="the reference has these gateways in Julia only")

#: About encodings that these gateways do not have, raw bytes, or brokers that are started once more for each gateway.
LEFT_OUT = {
    "test_a_json_method_with_a_slash_is_a_direct_call_when_nobody_exposes_it",
    "test_a_request_as_array_of_indefinite_length", "test_named_arguments_in_json_are_one_map_argument",
    "test_a_provider_that_does_not_answer_in_time_gives_43", "test_a_call_after_a_long_silence_has_its_full_time",
}


def take_tests(module):
    for name, value in vars(module).items():
        fixtures = getattr(value, "__code__", None) and value.__code__.co_varnames[:value.__code__.co_argcount]
        if name.startswith("test_") and name not in LEFT_OUT and not {"start_broker", "providers_with"} & set(fixtures):
            globals()[name] = value


for module in (test_publish, test_qos, test_rpc):
    take_tests(module)


@pytest.fixture(params=["tcp", "zmq"])
def gateway(request):
    return request.param


@pytest.fixture
def encoding():
    return "cbor"


@pytest.fixture(scope="module")
def _shared():
    with Broker(options=["--tcp", "0", "--zmq", "0"], REMBUS_RECORD="none") as broker:
        yield {"broker": broker}


@pytest.fixture
def connect(broker, gateway):
    opened = []

    def open_peer(name=None, encoding="cbor", to=None, reactive=False, meta=None):
        port = int(re.search(rf"{gateway}://127\.0\.0\.1:(\d+)", broker.started_with)[1])
        peer = {"tcp": FramedPeer, "zmq": ZMQPeer}[gateway](port)
        opened.append(peer)
        if name is not None:
            status, data = peer.identify(name, meta)
            assert status == 0, (status, data)
        if reactive:
            peer.reactive()
        return peer

    yield open_peer
    for peer in opened:
        if gateway == "tcp" or not peer.socket.closed:
            peer.vanish()
