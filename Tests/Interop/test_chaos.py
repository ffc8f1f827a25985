"""Components of the SDK and a broker with a bad network between them (known-defects.md R1, R4, R10, R16).

The promises that must hold whatever the network does: QoS 1 at least once, QoS 2 exactly once, each publisher's
publications in order, nothing lost that was acknowledged, every call answered or failed, and executed once at most.

CHAOS_SECONDS is how long each scenario lasts, CHAOS_SEEDS how many there are; `make chaos` runs more and longer ones.
A failure repeats with the seed in its name, as far as a network can be repeated.
"""

import os
import random
import time
from contextlib import ExitStack

import pytest

from support.chaos_peers import QUICK, ChaosPeer, doubled, first_occurrences, resident_bytes
from support.chaos_proxy import BOTH, DOWN, UP, ChaosProxy
from support.python_package import Components, Received, asynchronous
from support.wire import ACK, LAST_RECEIVED, eventually, reconnect

pytestmark = pytest.mark.differs("R1, R10: the reference loses and repeats messages when connections end")

SECONDS = float(os.environ.get("CHAOS_SECONDS", 5))
SEEDS = range(1, 1 + int(os.environ.get("CHAOS_SEEDS", 2)))
#: How long everything may take to arrive once the network is good again.
SETTLING = 60
MEBIBYTE = 1 << 20


class Weather:
    """Accidents on some proxies, chosen by a seed."""

    def __init__(self, seed, proxies):
        self._dice = random.Random(seed)
        self._proxies = proxies
        self.history = []

    def rage(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            proxy = self._dice.choice(self._proxies)
            accident = self._dice.choice(
                [self._reset, self._cut, self._half_close, self._stall, self._stall, self._slice, self._delay,
                 self._narrow, self._refuse, self._recover, self._recover])
            self.history.append((self._proxies.index(proxy), accident.__name__))
            accident(proxy)
            time.sleep(self._dice.uniform(0.05, 0.6))
        for proxy in self._proxies:
            proxy.calm()

    def _direction(self):
        return self._dice.choice(BOTH)

    def _reset(self, proxy):
        proxy.reset()

    def _cut(self, proxy):
        proxy.cut()

    def _half_close(self, proxy):
        proxy.half_close(self._direction())

    def _stall(self, proxy):
        """One way only, for longer or shorter than it takes to notice."""
        direction = self._direction()
        proxy.stall(direction)
        time.sleep(self._dice.choice([0.1, 0.5, 1.2]))
        proxy.set(direction, stalled=False)

    def _slice(self, proxy):
        proxy.set(self._direction(), slice=self._dice.choice([1, 3, 20, 200]))

    def _delay(self, proxy):
        proxy.set(self._direction(), latency=self._dice.uniform(0, 0.2), jitter=self._dice.uniform(0, 0.1))

    def _narrow(self, proxy):
        proxy.set(self._direction(), bandwidth=self._dice.choice([2_000, 20_000, 200_000]))

    def _refuse(self, proxy):
        proxy.refuse()
        proxy.reset()
        time.sleep(self._dice.uniform(0, 0.3))
        proxy.refuse(False)

    def _recover(self, proxy):
        proxy.calm()


@pytest.fixture
def stack():
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def hub(start_broker):
    """A broker that notices lost connections fast and never gives a delivery up."""
    return start_broker(**QUICK)


def check_at_least_once(publisher, subscriber):
    acknowledged, received = publisher.numbers("ack"), subscriber.received(publisher.name)
    lost = set(acknowledged) - set(received)
    assert not lost, f"{len(lost)} of {len(acknowledged)} acknowledged publications were lost: {sorted(lost)[:20]}"
    once = first_occurrences(received)
    assert once == sorted(once), "first deliveries are not in the order of publishing"


def check_exactly_once(publisher, subscriber):
    check_at_least_once(publisher, subscriber)
    received = subscriber.received(publisher.name)
    assert not doubled(received), f"delivered more than once: {doubled(received)[:20]}"


def check_at_most_once(publisher, subscriber):
    received = subscriber.received(publisher.name)
    assert received == sorted(set(received)), "QoS 0 came doubled or out of order"


CHECKS = [check_at_most_once, check_at_least_once, check_exactly_once]


@pytest.mark.limit(int(2 * SECONDS + 2 * SETTLING))
@pytest.mark.parametrize("seed", SEEDS)
def test_publications_keep_their_promises(hub, stack, seed):
    near, far = stack.enter_context(ChaosProxy(hub.port, seed)), stack.enter_context(ChaosProxy(hub.port, seed + 1))
    count = int(SECONDS / 0.004)
    subscribers = [
        stack.enter_context(ChaosPeer("subscribe", far.url, f"s{qos}", f"readings/{qos}", "last")) for qos in range(3)]
    # Resent publications of different sizes of window, and one that crosses a pattern.
    subscribers.append(stack.enter_context(ChaosPeer("subscribe", far.url, "all", "readings/*", "last")))
    publishers = [
        stack.enter_context(ChaosPeer("publish", near.url, f"p{qos}", f"readings/{qos}", qos, count, 3, 64))
        for qos in range(3)]
    before = resident_bytes(hub.process.pid)
    weather = Weather(seed, [near, far])
    weather.rage(SECONDS)
    for publisher in publishers:
        publisher.wait_for_end(SETTLING)
        assert publisher.numbers("ack"), publisher.log()
    for qos, publisher in enumerate(publishers):
        for subscriber in (subscribers[qos], subscribers[-1]):
            if qos > 0:
                owed = set(publisher.numbers("ack"))
                eventually(lambda: owed <= set(subscriber.received(publisher.name)))
    # A copy that is still on its way has this long to show.
    time.sleep(3 * QUICK["REMBUS_ACK_TIMEOUT"])
    for qos, publisher in enumerate(publishers):
        for subscriber in (subscribers[qos], subscribers[-1]):
            try:
                CHECKS[qos](publisher, subscriber)
            except AssertionError as error:
                raise AssertionError(f"{publisher.name} → {subscriber.name}: {error}; {weather.history}") from None
    for publisher in publishers[1:]:
        assert not publisher.lines("fail"), publisher.lines("fail")[:5]
    assert far.accepted > len(subscribers), "the network was too good to prove anything"
    assert resident_bytes(hub.process.pid) - before < 150 * MEBIBYTE


@pytest.mark.limit(int(2 * SECONDS + 2 * SETTLING))
@pytest.mark.parametrize("seed", SEEDS)
def test_calls_are_answered_or_fail_and_run_once_at_most(hub, stack, seed):
    near, far = stack.enter_context(ChaosProxy(hub.port, seed)), stack.enter_context(ChaosProxy(hub.port, seed + 1))
    server = stack.enter_context(ChaosPeer("serve", far.url, "server", "twice"))
    # One call at a time takes longer for each.
    counts = {1: int(SECONDS / 0.02), 50: int(SECONDS / 0.006)}
    callers = [
        stack.enter_context(ChaosPeer("call", near.url, f"c{window}", "twice", count, 5, window))
        for window, count in counts.items()]
    weather = Weather(seed, [near, far])
    weather.rage(SECONDS)
    for caller in callers:
        caller.wait_for_end(SETTLING)
    executed = [(name, int(number)) for name, number in server.lines("ran")]
    assert not doubled(executed), f"executed more than once: {doubled(executed)[:20]}; {weather.history}"
    for caller, count in zip(callers, counts.values()):
        answered = {int(number): int(result) for number, result in caller.lines("ok")}
        failed = caller.numbers("error")
        assert len(caller.lines("ok")) == len(answered) and not set(answered) & set(failed), "a call ended twice"
        assert sorted([*answered, *failed]) == list(range(count)), "a call without an outcome"
        assert all(result == 2 * number for number, result in answered.items()), "an answer to another call"
        assert {(caller.name, number) for number in answered} <= set(executed), "answered without being executed"
        assert answered, caller.log()
    # The network is good again: so are calls.
    last = stack.enter_context(ChaosPeer("call", near.url, "last", "twice", 20, 0, 5))
    last.wait_for_end(SETTLING)
    assert len(last.lines("ok")) == 20, last.log()


@pytest.mark.limit(150)
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_what_came_while_a_subscriber_was_cut_off_is_replayed(hub, stack, qos):
    """LastReceived: an unbroken sequence over several cuts, at every QoS as long as nothing was on the way."""
    proxy = stack.enter_context(ChaosProxy(hub.port))
    subscriber = stack.enter_context(ChaosPeer("subscribe", proxy.url, "away", f"log/{qos}", "last"))
    total = 0
    for number in range(3):
        name = f"writer{number}"
        proxy.refuse()
        proxy.reset()
        assert eventually(lambda: proxy.connection_count == 0)
        publisher = stack.enter_context(ChaosPeer("publish", hub.url, name, f"log/{qos}", qos, 800, 0, 100))
        publisher.wait_for_end(SETTLING)
        assert len(publisher.numbers("ack")) == 800, publisher.log()
        proxy.refuse(False)
        total += 800
        assert eventually(lambda: len(set(subscriber.received(name))) == 800), len(subscriber.received(name))
        received = subscriber.received(name)
        assert first_occurrences(received) == list(range(800))
        if qos != 1:
            assert len(received) == 800, f"delivered more than once: {doubled(received)[:20]}"
    assert len(set(map(tuple, subscriber.lines("got")))) == total


@pytest.mark.limit(120)
def test_a_subscriber_that_dies_again_and_again_misses_nothing(hub, stack, connect):
    """It notes what it gets before it acknowledges, so that nothing is lost with it."""
    publisher = stack.enter_context(ChaosPeer("publish", hub.url, "writer", "log", 1, 1000, 2, 32))
    dice, received = random.Random(8338), []
    deadline = time.monotonic() + SETTLING
    while set(received) != set(range(1000)) and time.monotonic() < deadline:
        subscriber = reconnect(connect, "phoenix", to=hub)
        subscriber.subscribe("log", since=LAST_RECEIVED)
        subscriber.reactive(msg_from=LAST_RECEIVED)
        for _ in range(dice.randrange(1, 400)):
            try:
                _, identifier, _, (_, number) = subscriber.receive(timeout=2)
            except TimeoutError:
                break
            received.append(number)
            if dice.random() < 0.9:
                subscriber.send([ACK, identifier])
        subscriber.vanish()
    publisher.wait_for_end(SETTLING)
    assert set(received) == set(range(1000)), sorted(set(range(1000)) - set(received))[:20]


@pytest.mark.limit(120)
def test_a_path_that_goes_one_way_only_is_given_up_and_the_name_comes_free(hub, stack):
    proxy = stack.enter_context(ChaosProxy(hub.port))
    publisher = stack.enter_context(ChaosPeer("publish", proxy.url, "oneway", "t", 1, 400, 5, 16))
    subscriber = stack.enter_context(ChaosPeer("subscribe", hub.url, "watcher", "t", "last"))
    for direction in (UP, DOWN):
        before = proxy.accepted
        proxy.stall(direction)
        # Neither end hears the other: both find out by their pings and a new connection is made, stalled as well.
        assert eventually(lambda: proxy.accepted > before)
        proxy.set(direction, stalled=False)
    publisher.wait_for_end(SETTLING)
    assert eventually(lambda: set(publisher.numbers("ack")) <= set(subscriber.received("oneway")))
    check_at_least_once(publisher, subscriber)
    assert not publisher.lines("fail")


@pytest.mark.limit(120)
def test_a_subscriber_behind_a_narrow_path_costs_bounded_memory_and_loses_nothing_acknowledged(start_broker, stack):
    hub = start_broker(**QUICK, REMBUS_STORE_BYTES=16 << 20, REMBUS_MAX_BACKLOG_BYTES=1 << 20)
    proxy = stack.enter_context(ChaosProxy(hub.port))
    proxy.set(DOWN, bandwidth=30_000)
    narrow = stack.enter_context(ChaosPeer("subscribe", proxy.url, "narrow", "t", "last", REMBUS_WS_PING_INTERVAL=5))
    wide = stack.enter_context(ChaosPeer("subscribe", hub.url, "wide", "t", "last"))
    before = resident_bytes(hub.process.pid)
    publisher = stack.enter_context(ChaosPeer("publish", hub.url, "fast", "t", 1, 6000, 0, 200))
    publisher.wait_for_end(SETTLING)
    assert eventually(lambda: set(wide.received("fast")) == set(range(6000)))
    assert resident_bytes(hub.process.pid) - before < 100 * MEBIBYTE
    proxy.calm()
    assert eventually(lambda: set(narrow.received("fast")) == set(range(6000)))
    check_at_least_once(publisher, narrow)


@asynchronous
async def test_the_python_package_works_over_a_slow_path_in_pieces(hub):
    with ChaosProxy(hub.port) as proxy:
        proxy.set(latency=0.01, jitter=0.02, slice=5)
        async with Components(proxy.url) as component:
            subscriber, publisher, received = await component("reader"), await component("writer"), Received()
            await subscriber.subscribe(received.callback, topic="slow")
            await subscriber.reactive()
            await subscriber.expose(lambda number: 2 * number, topic="twice")
            for number in range(20):
                await publisher.publish("slow", number, qos=number % 3)
                assert await publisher.rpc("twice", number) == 2 * number
            assert [await received.next() for _ in range(20)] == [(number,) for number in range(20)]
