"""One hub and one node for all tests of a module, in the combinations of ours and the reference's: `from support.mesh_pairs import pair`."""

import pytest

from support.mesh import OURS, PYTHON, Mesh

#: The hub and the node below it.
KINDS = [(OURS, OURS), (OURS, PYTHON), (PYTHON, OURS)]


class Pair:
    def __init__(self, hub_kind, node_kind, **settings):
        self.kinds = hub_kind, node_kind
        self.mesh = Mesh()
        try:
            self.hub = self.mesh.start("hub", kind=hub_kind, **settings)
            self.tap = self.mesh.tap(self.hub)
            self.node = self.mesh.start("node", self.tap, kind=node_kind, **settings)
            self.mesh.settle()
        except BaseException:
            self.mesh.close()
            raise
        self.tap.clear()

    def ends(self, direction):
        """The broker that something starts from and the one where it arrives."""
        return (self.hub, self.node) if direction == "down" else (self.node, self.hub)

    def settle(self):
        self.mesh.settle()
        self.tap.clear()


@pytest.fixture(scope="module", params=KINDS, ids=lambda kinds: f"{kinds[1]}-below-{kinds[0]}")
def pair(request):
    one = Pair(*request.param)
    yield one
    one.mesh.close()


directions = pytest.mark.parametrize("direction", ["down", "up"])
