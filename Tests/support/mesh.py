"""Brokers linked with each other, ours and the reference's, and peers that look at what crosses: `mesh.start("node", hub)`."""

import itertools

from support.frame_tap import FrameTap
from support.processes import PATIENCE, Broker
from support.wire import ADMIN, OK, RESPONSE, Peer, eventually

OURS, PYTHON = "ours", "python"
#: The reference waits for acknowledgements of every subscriber, gone ones too, before it does anything else.
IMPATIENT = {"REMBUS_ACK_TIMEOUT": 0.5, "REMBUS_SEND_RETRIES": 1}
#: What the broker of a raw node would be listening on. A peer with such an entry is a broker.
META = {"ws": 9}

_numbers = itertools.count(1)


def unique(word) -> str:
    """A name or a topic that nothing else in this process has; names must be unique in a whole mesh."""
    return f"{word}{next(_numbers)}"


class Watcher:
    """A neighbour of a broker that only learns what the broker knows, by its exports and by what it announces."""

    def __init__(self, broker, tenant=None):
        self.peer = Peer(broker.url, max_queue=None)
        name = unique("watch")
        status, exports = self.peer.identify(f"{name}.{tenant}" if tenant else name, META)
        assert status == OK, exports
        self.methods, self.topics = (set(half) for half in exports or ([], []))
        self.peer.reactive()

    def look(self):
        """Takes in what was announced since the last time."""
        while not self.peer.is_silent(0.01):
            while self.peer.inbox:
                message = self.peer.inbox.popleft()
                if message[0] == ADMIN:
                    self._apply(message[2], message[3])
                    self.peer.send([RESPONSE, message[1], OK, None])
        return self

    def _apply(self, topic, data):
        match data["cmd"]:
            case "subscribe":
                self.topics.add(topic)
            case "unsubscribe":
                self.topics.discard(topic)
            case "expose":
                self.methods.add(topic)
            case "unexpose":
                self.methods.discard(topic)
            case "setup":
                self.topics |= set(data["subscribers"])
                self.methods |= set(data["exposers"])


class Mesh:
    """`start(name, *above)` starts a broker below others; `settle()` waits until everybody knows what everybody wants."""

    def __init__(self):
        self.brokers = []
        self._opened = []
        self._watchers = {}
        self._markers = {}

    def start(self, name, *above, kind=OURS, **arguments) -> Broker:
        """`above` are brokers, or relays and proxies in front of them; there it is known by `link_name`."""
        if kind == PYTHON:
            arguments = IMPATIENT | arguments
        link_name = arguments.pop("link_name", f"{name}-link")
        peers = [f"{each.url}/{link_name}" for each in above]
        broker = Broker(name=name, reference=kind == PYTHON, peers=peers, **arguments)
        self.brokers.append(broker)
        return broker

    def tap(self, broker) -> FrameTap:
        """A relay in front of a broker, for a link whose frames are looked at or that is cut."""
        return self.keep(FrameTap(broker.url))

    def keep(self, closable):
        self._opened.append(closable)
        return closable

    # Peers

    def peer(self, broker, name=None, reactive=True) -> Peer:
        peer = self.keep(Peer(broker.url, reference=broker.reference, max_queue=None))
        status, data = peer.identify(name or unique("peer"))
        assert status == OK, data
        if reactive:
            peer.reactive()
        return peer

    def listen(self, broker, *topics, name=None) -> "Ear":
        return Ear(self.peer(broker, name), *topics)

    def provide(self, broker, *methods, name=None) -> Peer:
        peer = self.peer(broker, name, reactive=False)
        peer.expose(*methods)
        return peer

    # Knowledge

    def watcher(self, broker, tenant=None) -> Watcher:
        if (broker, tenant) not in self._watchers:
            self._watchers[broker, tenant] = Watcher(broker, tenant)
        return self._watchers[broker, tenant].look()

    def forget_watchers(self, broker):
        """For a broker that is ended and started again: what watched it is gone."""
        for key in [key for key in self._watchers if key[0] is broker]:
            self._watchers.pop(key).peer.close()
        for key in [key for key in self._markers if key[0] is broker]:
            self._markers.pop(key)

    def settle(self, *brokers, tenant=None):
        """What was asked of any of these brokers before this is known to all of them: a later wish has arrived."""
        brokers = brokers or self.brokers
        markers = {}
        for broker in brokers:
            if (broker, tenant) not in self._markers:
                name = unique("marks")
                self._markers[broker, tenant] = self.peer(broker, f"{name}.{tenant}" if tenant else name, reactive=False)
            markers[broker] = unique("mark")
            self._markers[broker, tenant].subscribe(markers[broker])
        for broker in brokers:
            watcher = self.watcher(broker, tenant)
            assert eventually(lambda: set(markers.values()) <= watcher.look().topics), (
                f"{broker.name} does not know {sorted(set(markers.values()) - watcher.topics)} of {markers.values()}\n{self.log()}")

    def knows(self, broker, topic=None, method=None, tenant=None) -> bool:
        watcher = self.watcher(broker, tenant)
        return (topic is None or topic in watcher.topics) and (method is None or method in watcher.methods)

    def log(self) -> str:
        return "\n".join(f"=== {broker.name}\n{broker.errors.text()[-1200:]}" for broker in self.brokers)

    def close(self):
        # The brokers first: the reference takes its time for every connection that is closed.
        for broker in self.brokers:
            broker.discard()
        for watcher in self._watchers.values():
            watcher.peer.close()
        for each in reversed(self._opened):
            each.close()


class Ear:
    """A subscriber; `hear(publisher)` is everything that reached it before a last publication of that publisher."""

    def __init__(self, peer, *topics):
        self.peer = peer
        self.end = unique("end")
        peer.subscribe(*topics, self.end)

    def hear(self, publisher, silence=0.2):
        """(topic, args) of all of it. What still comes for a moment behind the last publication counts too."""
        return [message[2:] for message in self.hear_frames(publisher, silence)]

    def hear_frames(self, publisher, silence=0.2):
        publisher.publish(self.end, "end")
        heard = []
        while (message := self.peer.receive_publish())[2] != self.end:
            heard.append(message)
        while not self.peer.is_silent(silence):
            heard.append(self.peer.receive_publish())
        return heard

    def hears_nothing(self, silence=0.3) -> bool:
        return self.peer.is_silent(silence)
