"""Links to our broker whose other end a test writes: as the hub above it, as a node below it."""

import time

from support.frame_tap import RawHub
from support.mesh import META, unique
from support.processes import Broker
from support.wire import ADMIN, IDENTITY, OK, RESPONSE, RPC, Peer, eventually, is_publish, new_id


class Link:
    """One end of a link. Commands of the broker are answered and kept; everything else waits for the test."""

    def __init__(self, peer):
        self.peer = peer
        self.commands = []
        self._others = []

    def _take(self, message):
        if message[0] == ADMIN:
            self.commands.append((message[2], message[3]))
            self.peer.send([RESPONSE, message[1], OK, None])
            return True
        return False

    def look(self):
        """Takes in the commands that have come; what is no command stays."""
        while not self.peer.is_silent(0.02):
            self._others += [message for message in self.peer.inbox if not self._take(message)]
            self.peer.inbox.clear()
        return self

    def receive(self, wanted=lambda _: True):
        """The next message that is no command, of those that `wanted` says yes to; others before it wait."""
        while True:
            for message in self._others:
                if wanted(message):
                    self._others.remove(message)
                    return message
            message = self.peer.receive()
            if not self._take(message):
                self._others.append(message)

    def receive_publish(self):
        """The next publication, as a frame; it is not acknowledged."""
        return self.receive(is_publish)

    def receive_call(self):
        return self.receive(lambda message: message[0] == RPC)

    def response_to(self, identifier):
        message = self.receive(lambda message: message[0] == RESPONSE and message[1] == identifier)
        return message[2], message[3]

    def publications(self, silence=0.3):
        """All publications that are there or come within a moment of silence."""
        deadline = time.monotonic() + silence
        while time.monotonic() < deadline:
            count = len(self._others)
            self.look()
            if len(self._others) != count:
                deadline = time.monotonic() + silence
        found = [message for message in self._others if is_publish(message)]
        self._others[:] = [message for message in self._others if not is_publish(message)]
        return found

    def waits_for(self, topic, command) -> dict:
        """The data of this command about this topic, now or when it comes."""
        def found():
            self.look()
            return next((data for name, data in self.commands if (name, data["cmd"]) == (topic, command)), None)
        assert eventually(lambda: found() is not None), (topic, command, self.commands)
        return found()

    def has(self, topic, command) -> int:
        self.look()
        return sum((name, data["cmd"]) == (topic, command) for name, data in self.commands)

    def command(self, topic, name, **fields):
        """A command of this end, which must succeed."""
        identifier = new_id()
        self.peer.send([ADMIN, identifier, topic, {"cmd": name, **fields}])
        assert self.response_to(identifier)[0] == OK, (topic, name)

    def call(self, method, *arguments):
        return self.response_to(self.peer.send_call(method, *arguments))

    def close(self):
        self.peer.close()


class Above(RawHub):
    """A hub that a test writes, and the broker of ours that dials it."""

    def __init__(self, **arguments):
        super().__init__()
        self.link_name = unique("node")
        self.broker = Broker(name="ours", peers=[f"{self.url}/{self.link_name}"], **arguments)

    def dialed(self, methods=(), topics=(), answer=True) -> Link:
        """The next link that the broker dials, logged in."""
        link = Link(self.accept())
        self.identity = link.peer.receive()
        assert self.identity[0] == IDENTITY, self.identity
        if answer:
            link.peer.send([RESPONSE, self.identity[1], OK, [list(methods), list(topics)]])
        return link

    def close(self):
        self.broker.discard()
        super().close()


def below(broker, name=None) -> Link:
    """A node below our broker, logged in and reactive. `link.exports` is what the answer said."""
    peer = Peer(broker.url, max_queue=None)
    link = Link(peer)
    status, link.exports = peer.identify(name or unique("raw"), META)
    assert status == OK, link.exports
    link.peer.reactive()
    return link
