"""A TCP proxy that is a bad network: slow, jittery, cutting, stalling, in either direction, at the word of a test."""

import asyncio
import random
import socket
import struct
import threading

UP, DOWN = "up", "down"  #: from the client to the server, and back
BOTH = (UP, DOWN)
_CHUNK = 65536
#: Chunks on the way in one direction; more wait in the sender's socket, as on a real path.
_IN_TRANSIT = 256


class Conditions:
    """What the path does to bytes in one direction."""

    def __init__(self):
        self.latency = 0.0  # seconds
        self.jitter = 0.0  # seconds on top, at random
        self.slice = 0  # largest piece that is written at once, bytes; 0 for whatever came
        self.bandwidth = 0  # bytes a second; 0 for no limit
        self.stalled = False  # nothing moves, nothing is lost

    def __repr__(self):
        return ", ".join(f"{name} {value}" for name, value in vars(self).items() if value) or "calm"


class ChaosProxy:
    """Listens on a port of its own and passes connections on to `port`. Every method may be called from any thread."""

    def __init__(self, port, seed=0):
        self._target = port
        self._random = random.Random(seed)
        self._conditions = {direction: Conditions() for direction in BOTH}
        self._connections = set()
        self._accepts = True
        self.accepted = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(self._listen())
        self.port = self._server.sockets[0].getsockname()[1]

    async def _listen(self):
        self._changed = asyncio.Event()
        return await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_CHUNK)

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def connection_count(self) -> int:
        return len(self._connections)

    # The weather

    def set(self, *directions, **conditions):
        """Changes conditions of the given directions, both without any: `set(DOWN, latency=0.1, slice=3)`."""

        async def change():
            for direction in directions or BOTH:
                for name, value in conditions.items():
                    assert hasattr(self._conditions[direction], name), name
                    setattr(self._conditions[direction], name, value)
            self._wake()

        self._run(change())

    def stall(self, *directions):
        self.set(*directions, stalled=True)

    def refuse(self, refuses=True):
        """Hangs up on new connections, or takes them again."""
        self._accepts = not refuses

    def calm(self):
        """A good network from here on. Connections that were half-closed are cut."""

        async def change():
            for direction in BOTH:
                self._conditions[direction] = Conditions()
            self._accepts = True
            for connection in list(self._connections):
                if connection.is_half_closed:
                    connection.end()
            self._wake()

        self._run(change())

    def _wake(self):
        """Lets everything that waits look at the conditions again."""
        self._changed.set()
        self._changed = asyncio.Event()

    # Accidents

    def cut(self):
        """Ends every connection in an orderly way (FIN), wherever in a message it is."""
        self._each(lambda connection: connection.end())

    def reset(self):
        """Ends every connection with a reset (RST)."""
        self._each(lambda connection: connection.end(reset=True))

    def half_close(self, direction):
        """Ends one direction of every connection; the other one goes on."""
        self._each(lambda connection: connection.half_close(direction))

    def _each(self, action):
        async def act():
            for connection in list(self._connections):
                action(connection)

        self._run(act())

    def close(self):
        async def end():
            self._server.close()
            for connection in list(self._connections):
                connection.end(reset=True)
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self._run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Connections

    async def _accept(self, reader, writer):
        if not self._accepts:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target, limit=_CHUNK)
        except OSError:
            writer.transport.abort()
            return
        self.accepted += 1
        connection = _Connection(writer, far_writer)
        self._connections.add(connection)
        tasks = [
            asyncio.ensure_future(self._carry(connection, UP, reader, far_writer)),
            asyncio.ensure_future(self._carry(connection, DOWN, far_reader, writer)),
        ]
        connection.tasks = tasks
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError:
            pass  # the proxy is closing
        finally:
            connection.end()
            self._connections.discard(connection)

    async def _carry(self, connection, direction, reader, writer):
        """Moves the bytes of one direction; what one end closed is closed at the other one, behind its last byte."""
        transit = asyncio.Queue(_IN_TRANSIT)
        taking = asyncio.ensure_future(self._take(direction, reader, transit))
        try:
            while True:
                due, data = await transit.get()
                if not data:
                    break
                await self._deliver(connection, direction, writer, due, data)
            if direction not in connection.closed:
                writer.write_eof()
        except (OSError, asyncio.CancelledError):
            connection.end()
        finally:
            taking.cancel()

    async def _take(self, direction, reader, transit):
        last = 0.0
        while True:
            try:
                data = await reader.read(_CHUNK)
            except OSError:
                data = b""
            conditions = self._conditions[direction]
            delay = conditions.latency + self._random.uniform(0, conditions.jitter)
            # Jitter changes when bytes arrive, never their order.
            last = max(last, self._loop.time() + delay)
            await transit.put((last, data))
            if not data:
                return

    async def _deliver(self, connection, direction, writer, due, data):
        wait = due - self._loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        offset = 0
        while offset < len(data):
            while self._conditions[direction].stalled:
                await self._changed.wait()
            conditions = self._conditions[direction]
            size = len(data) - offset
            if conditions.slice:
                size = min(size, self._random.randint(1, conditions.slice))
            if conditions.bandwidth:
                size = min(size, max(1, conditions.bandwidth // 50))
            piece = data[offset:offset + size]
            offset += size
            if direction in connection.closed:
                continue
            writer.write(piece)
            await writer.drain()
            if conditions.bandwidth:
                await asyncio.sleep(size / conditions.bandwidth)
            elif conditions.slice:
                await asyncio.sleep(0)


class _Connection:
    def __init__(self, near, far):
        self._writers = {UP: far, DOWN: near}
        self.closed = set()
        self.tasks = []
        for writer in (near, far):
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def is_half_closed(self) -> bool:
        return bool(self.closed)

    def half_close(self, direction):
        if direction in self.closed:
            return
        self.closed.add(direction)
        try:
            self._writers[direction].write_eof()
        except OSError:
            pass

    def end(self, reset=False):
        for writer in self._writers.values():
            if reset:
                plain = writer.get_extra_info("socket")
                if plain is not None and plain.fileno() >= 0:
                    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            else:
                writer.close()
        for task in self.tasks:
            task.cancel()
