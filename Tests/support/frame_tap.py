"""A WebSocket relay on a link between two brokers that keeps every frame, and ends of such a link that a test writes itself."""

import queue
import threading
import time
from collections import deque

import cbor2
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import serve

from support.processes import PATIENCE
from support.wire import PUBLISH, RESPONSE, Peer

UP, DOWN = "up", "down"  #: from the node to the hub, and back
_OPTIONS = {"max_size": None, "compression": None, "ping_interval": None, "close_timeout": 1, "max_queue": None}


class _Listener:
    """A WebSocket server on a port of its own; every connection has a thread."""

    def __init__(self):
        self._server = serve(self._accept, "127.0.0.1", 0, **_OPTIONS)
        self.port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def close(self):
        self._server.shutdown()
        self._thread.join(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class FrameTap(_Listener):
    """`FrameTap(hub.url)`: a node dials `tap.url`; `tap.frames(UP)` is what it has sent, decoded."""

    def __init__(self, target):
        self._target = target
        self._seen = []
        self._changed = threading.Condition()
        self._open = []
        self.refuses = False
        self._held = {UP: threading.Event(), DOWN: threading.Event()}
        self.loses = set()
        for gate in self._held.values():
            gate.set()
        super().__init__()

    def _accept(self, near):
        if self.refuses:
            near.close_socket() if hasattr(near, "close_socket") else near.close()
            return
        try:
            far = connect(self._target, proxy=None, open_timeout=PATIENCE, **_OPTIONS)
        except OSError:
            near.close()
            return
        pair = (near, far)
        with self._changed:
            self._open.append(pair)
            self._changed.notify_all()
        back = threading.Thread(target=self._carry, args=(DOWN, far, near), daemon=True)
        back.start()
        self._carry(UP, near, far)
        back.join(PATIENCE)
        with self._changed:
            self._open.remove(pair)
            self._changed.notify_all()

    def _carry(self, direction, source, target):
        try:
            for raw in source:
                self._held[direction].wait()
                with self._changed:
                    self._seen.append((direction, raw))
                    self._changed.notify_all()
                if direction not in self.loses:
                    target.send(raw)
        except ConnectionClosed:
            pass
        finally:
            source.close()
            target.close()

    # What was seen

    def log(self):
        """(direction, message) of everything, in the order of its arrival here."""
        with self._changed:
            return [(direction, _decoded(raw)) for direction, raw in self._seen]

    def frames(self, direction=None, kind=None):
        return [message for way, message in self.log()
                if direction in (None, way) and (kind is None or message[0] & 0x0F == kind)]

    def publications(self, direction, topic=None):
        """(topic, args) of publications that crossed in this direction."""
        return [tuple(message[-2:]) for message in self.frames(direction, PUBLISH) if topic in (None, message[-2])]

    def clear(self):
        with self._changed:
            self._seen.clear()

    def wait_for(self, condition, timeout=PATIENCE):
        """Waits until `condition(self.log())` gives a value, and gives it; None when the time is over."""
        deadline = time.monotonic() + timeout
        while True:
            if found := condition(self.log()):
                return found
            with self._changed:
                if time.monotonic() > deadline:
                    return None
                self._changed.wait(0.05)

    def wait_for_link(self):
        """Until a link is logged in: the hub has said yes to a name."""
        assert self.wait_for(lambda log: any(
            way == DOWN and message[0] == RESPONSE and message[2] == 0 for way, message in log)), self.log()

    @property
    def link_count(self) -> int:
        return len(self._open)

    # Accidents

    def cut(self, refuse=False):
        """Ends the links; with `refuse`, no new one comes about until `heal`."""
        self.refuses = refuse
        for near, far in list(self._open):
            for end in (near, far):
                try:
                    end.socket.shutdown(2)
                except OSError:
                    pass

    def heal(self):
        self.refuses = False

    def hold(self, *directions):
        """Lets nothing pass in these directions, both without any, until `release`."""
        for direction in directions or (UP, DOWN):
            self._held[direction].clear()

    def release(self):
        for gate in self._held.values():
            gate.set()

    def close(self):
        self.release()
        self.cut(refuse=True)
        super().close()


def _decoded(raw):
    return cbor2.loads(raw) if isinstance(raw, bytes) else raw


class AcceptedPeer(Peer):
    """The hub's end of a link that a broker has dialed."""

    def __init__(self, ws):
        self.encoding, self.reference, self.inbox, self.ws = "cbor", False, deque(), ws
        self.ended = threading.Event()

    def close(self):
        self.ws.close()
        self.ended.set()


class RawHub(_Listener):
    """A hub whose frames a test writes: `hub.accept()` is the next link that a broker has dialed."""

    def __init__(self):
        self._waiting = queue.Queue()
        self._peers = []
        super().__init__()

    def _accept(self, ws):
        peer = AcceptedPeer(ws)
        self._peers.append(peer)
        self._waiting.put(peer)
        peer.ended.wait()

    def accept(self, timeout=PATIENCE) -> AcceptedPeer:
        return self._waiting.get(timeout=timeout)

    def close(self):
        for peer in self._peers:
            peer.close()
        super().close()
