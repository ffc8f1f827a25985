import itertools
import signal

import pytest

from support.mesh import Mesh
from support.processes import REFERENCE, Broker
from support.wire import Peer

_numbers = itertools.count(1)


def pytest_collection_modifyitems(config, items):
    if not REFERENCE:
        twins = [item for item in items if item.get_closest_marker("twin")]
        config.hook.pytest_deselected(items=twins)
        items[:] = [item for item in items if not item.get_closest_marker("twin")]
        return
    for item in items:
        if marker := item.get_closest_marker("differs"):
            item.add_marker(pytest.mark.skip(reason=f"the reference differs: {marker.args[0]}"))


@pytest.fixture(autouse=True)
def _time_limit(request):
    """Ends a test that waits for ever for a broker that does not do what it waits for; far above what any test needs.
    `@pytest.mark.limit(seconds)` is for those that take longer on purpose."""
    marker = request.node.get_closest_marker("limit")
    seconds = marker.args[0] if marker else 180

    def give_up(*_):
        raise TimeoutError(f"this test took more than {seconds} seconds")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    yield
    signal.alarm(0)


@pytest.fixture(params=["cbor", "json", "julia"])
def encoding(request):
    """Runs a test with a binary peer, a text peer of the Python dialect and one of the Julia dialect."""
    if REFERENCE and request.param != "cbor" and not request.node.get_closest_marker("json_too"):
        pytest.skip("the JSON side of the reference is incomplete (R22)")
    return request.param


@pytest.fixture
def uid():
    """A number that no other test uses: names and topics made with it cannot meet those of another test."""
    return next(_numbers)


@pytest.fixture(scope="session")
def _shared():
    """One broker with default settings for all tests that need nothing special; a test that ends it fails."""
    holder = {"broker": Broker()}
    yield holder
    holder["broker"].discard()


@pytest.fixture
def broker(_shared):
    if not _shared["broker"].alive:
        _shared["broker"].discard()
        _shared["broker"] = Broker()
    yield _shared["broker"]
    assert _shared["broker"].alive, f"this test ended the broker\n{_shared['broker'].log()}"


@pytest.fixture
def start_broker():
    """Starts brokers with special settings; they end with the test."""
    started = []

    def start(**arguments):
        started.append(Broker(**arguments))
        return started[-1]

    yield start
    for one in started:
        one.discard()


@pytest.fixture
def connect(request):
    """Opens raw peers to a broker: connect(name), connect(), connect(name, encoding="json", to=other_broker)."""
    opened = []

    def open_peer(name=None, encoding="cbor", to=None, reactive=False, meta=None):
        target = to or request.getfixturevalue("broker")
        peer = Peer(target.url, encoding, reference=target.reference)
        opened.append(peer)
        if name is not None:
            status, data = peer.identify(name, meta)
            assert status == 0, (status, data)
        if reactive:
            peer.reactive()
        return peer

    yield open_peer
    for peer in opened:
        peer.close()


@pytest.fixture
def mesh():
    """Brokers in a mesh of the test's own; they end with it."""
    one = Mesh()
    yield one
    one.close()
