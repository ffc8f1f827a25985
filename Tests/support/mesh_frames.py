"""Fixtures of tests that write the other end of a link: the hub above our broker, or a node below it."""

import pytest

from support.mesh_links import Above, below


@pytest.fixture
def above():
    with Above() as one:
        yield one


@pytest.fixture
def hub_link(above):
    return above.dialed(methods=["hm"], topics=["want", "want/*/p"])


@pytest.fixture
def node_link(broker):
    link = below(broker)
    yield link
    link.close()


@pytest.fixture(params=["hub", "node"])
def far(request):
    """The far end of a link of ours, and a function that connects components to ours: what is the same on both ends."""
    if request.param == "hub":
        above = request.getfixturevalue("above")
        return above.dialed(), above.broker
    return request.getfixturevalue("node_link"), request.getfixturevalue("broker")


@pytest.fixture
def component(connect, far):
    return lambda name=None, reactive=True: connect(name, to=far[1], reactive=reactive)
