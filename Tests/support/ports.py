"""Ports for servers that cannot be asked which one the system picked for them."""

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """A port that stays free while a server stops and starts again: below those that systems give to connections."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", random.randrange(15000, 32000)))
            return probe.getsockname()[1]
