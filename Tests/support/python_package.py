"""The real Python package as a peer: what the tests of its asynchronous and of its blocking interface share."""

import asyncio
import functools
import queue

import rembus

from support.processes import PATIENCE


def asynchronous(test):
    """Runs a test that is a coroutine function; its fixtures stay those of its signature."""
    @functools.wraps(test)
    def run(*arguments, **fixtures):
        asyncio.run(asyncio.wait_for(test(*arguments, **fixtures), 3 * PATIENCE))
    return run


async def eventually(condition) -> bool:
    """Asks until the answer is yes, between other work of the loop."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while asyncio.get_running_loop().time() < deadline:
        if await condition():
            return True
        await asyncio.sleep(0.02)
    return False


class Received:
    """A callback that keeps what it is called with: `await received.next()` in coroutines, `received.get()` in threads."""

    def __init__(self):
        self._calls = queue.Queue()

    def callback(self, *arguments):
        self._calls.put(arguments)

    def get(self):
        return self._calls.get(timeout=PATIENCE)

    async def next(self):
        return await asyncio.get_running_loop().run_in_executor(None, self.get)

    def empty(self):
        return self._calls.empty()


class Components:
    """Opens components and closes them all: `async with Components(url) as connect: peer = await connect("name")`."""

    def __init__(self, url, encoding=rembus.CBOR):
        self.url, self.encoding = url, encoding
        self._opened = []

    async def __call__(self, name=""):
        peer = await rembus.component(f"{self.url}/{name}" if name else self.url, enc=self.encoding)
        self._opened.append(peer)
        return peer

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        for peer in self._opened:
            await peer.close()
