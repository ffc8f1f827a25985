"""What a broker remembers of its components and publications when it was stopped, or killed, and started again."""

import subprocess
from pathlib import Path

import pytest

from support.processes import clean_environment, rembus_binary, run_rembus
from support.wire import LAST_RECEIVED, Peer, assert_nothing_for, eventually, new_id

pytestmark = pytest.mark.differs("R9 to R13: what the reference forgets")


@pytest.fixture(params=["stopped", "killed"])
def restart(request):
    """Ends a broker in one of two ways and starts it again in the same folder, on the same port."""

    def again(broker):
        if request.param == "stopped":
            assert broker.stop() == 0, broker.log()
        else:
            broker.kill()
        broker.start()

    return again


def publish_all(publisher, topic, numbers, qos=1):
    for number in numbers:
        publisher.publish(topic, number, qos=qos)


def received(peer, count):
    return [peer.receive_topic()[1][0] for _ in range(count)]


def test_what_was_missed_comes_after_a_restart(start_broker, connect, restart):
    broker = start_broker()
    subscriber = connect("reader", to=broker, reactive=True)
    subscriber.subscribe("news", since=LAST_RECEIVED)
    subscriber.close()
    publish_all(connect(to=broker), "news", range(50))
    restart(broker)
    subscriber = connect("reader", to=broker, reactive=True)
    assert received(subscriber, 50) == list(range(50))
    publisher = connect(to=broker)
    publish_all(publisher, "news", [50])
    assert received(subscriber, 1) == [50]
    assert_nothing_for(publisher, subscriber, on="news")


def test_what_was_acknowledged_does_not_come_again_after_a_stop(start_broker, connect):
    broker = start_broker()
    subscriber = connect("reader", to=broker, reactive=True)
    subscriber.subscribe("news", since=LAST_RECEIVED)
    publish_all(connect(to=broker), "news", range(10))
    assert received(subscriber, 10) == list(range(10))
    subscriber.close()
    assert broker.stop() == 0
    broker.start()
    subscriber = connect("reader", to=broker, reactive=True)
    assert_nothing_for(connect(to=broker), subscriber, on="news")


def test_a_new_subscriber_gets_the_past_of_an_earlier_run(start_broker, connect, restart):
    broker = start_broker()
    publisher = connect(to=broker)
    for number in range(10):
        publisher.publish(f"plant/{number}/temperature", number, qos=1 + number % 2, slot=7)
    restart(broker)
    subscriber = connect("late", to=broker)
    subscriber.subscribe("plant/*/temperature", since=LAST_RECEIVED)
    subscriber.reactive()
    for number in range(10):
        assert subscriber.receive_topic() == ("plant/*/temperature", [f"plant/{number}/temperature", number])


def test_a_delivery_that_was_not_acknowledged_comes_again(start_broker, connect, restart):
    broker = start_broker()
    subscriber = connect("reader", to=broker, reactive=True)
    subscriber.subscribe("news", since=LAST_RECEIVED)
    publisher = connect(to=broker)
    publisher.publish("news", "first", qos=1)
    assert subscriber.receive_topic() == ("news", ["first"])
    publisher.publish("news", "second", qos=1)
    # Received, but the broker does not hear that.
    assert subscriber.receive()[2:] == ["news", ["second"]]
    subscriber.vanish()
    restart(broker)
    subscriber = connect("reader", to=broker, reactive=True)
    topics = [subscriber.receive_topic()[1]]
    if topics == [["first"]]:
        # A kill may cost the last half second of marks, never a delivery.
        topics = [subscriber.receive_topic()[1]]
    assert topics == [["second"]]


def test_a_subscription_that_was_given_up_does_not_come_back(start_broker, connect, restart):
    broker = start_broker()
    subscriber = connect("reader", to=broker, reactive=True)
    subscriber.subscribe("kept", "dropped", since=LAST_RECEIVED)
    subscriber.unsubscribe("dropped")
    subscriber.close()
    publisher = connect(to=broker)
    publisher.publish("dropped", 1, qos=1)
    publisher.publish("kept", 2, qos=1)
    restart(broker)
    subscriber = connect("reader", to=broker, reactive=True)
    assert subscriber.receive_topic() == ("kept", [2])
    assert_nothing_for(connect(to=broker), subscriber, on="kept")


def test_an_exposed_method_of_an_absent_component_is_unavailable_not_unknown(start_broker, connect, restart):
    broker = start_broker()
    provider = connect("provider", to=broker)
    provider.expose("kept", "dropped")
    provider.unexpose("dropped")
    provider.close()
    restart(broker)
    caller = connect(to=broker)
    assert caller.call("kept")[0] == 43
    assert caller.call("dropped")[0] == 42


def test_a_copy_of_a_qos_2_publication_is_recognised_after_a_restart(start_broker, connect, restart):
    broker = start_broker()
    publisher, identifier = connect("sensor", to=broker), new_id()
    publisher.send_publish("news", 1, qos=2, identifier=identifier)
    assert publisher.expect_ack(identifier) is None
    publisher.vanish()
    restart(broker)
    publisher = connect("sensor", to=broker)
    publisher.send_publish("news", 1, qos=2, identifier=identifier)
    assert publisher.expect_ack(identifier) is None
    subscriber = connect("late", to=broker)
    subscriber.subscribe("news", since=LAST_RECEIVED)
    subscriber.reactive()
    assert subscriber.receive_topic() == ("news", [1])
    assert_nothing_for(publisher, subscriber, on="news")


def test_nothing_is_recorded_when_that_is_asked_for(start_broker, connect, restart):
    broker = start_broker(options=["--record", "none"])
    publish_all(connect(to=broker), "news", range(3))
    restart(broker)
    subscriber = connect("late", to=broker)
    subscriber.subscribe("news", since=LAST_RECEIVED)
    subscriber.reactive()
    assert_nothing_for(connect(to=broker), subscriber, on="news")


def test_components_are_kept_where_nothing_is_recorded(start_broker, connect, restart):
    broker = start_broker(options=["--record", "none"])
    reader, server = connect("reader", to=broker), connect("server", to=broker)
    reader.subscribe("news")
    server.expose("ask")
    reader.vanish()
    server.vanish()
    restart(broker)
    reader, server = connect("reader", to=broker, reactive=True), connect("server", to=broker)
    connect(to=broker).publish("news", 1)
    assert reader.receive_topic() == ("news", [1])
    connect(to=broker).send_call("ask")
    assert server.receive()[2] == "ask"


def test_only_the_patterns_that_are_given_are_recorded(start_broker, connect, restart):
    broker = start_broker(options=["--record", "alarm/**", "--record", "log"])
    publisher = connect(to=broker)
    for topic in ["alarm/1", "news", "log", "alarm/2/3"]:
        publisher.publish(topic, topic, qos=1)
    restart(broker)
    subscriber = connect("late", to=broker)
    subscriber.subscribe("**", since=LAST_RECEIVED)
    subscriber.reactive()
    assert [subscriber.receive_topic()[1][0] for _ in range(3)] == ["alarm/1", "log", "alarm/2/3"]
    publish_all(connect(to=broker), "log", ["end"])
    assert subscriber.receive_topic()[1] == ["log", "end"]


def test_a_replay_from_the_disk_is_complete_and_in_order(start_broker, connect, restart):
    # 1 MiB of memory against 20 MB of publications.
    broker = start_broker(REMBUS_STORE_BYTES=1 << 20, REMBUS_MAX_BACKLOG_BYTES=1 << 20)
    publisher, filler = connect(to=broker), "x" * 4000
    for start in range(0, 5000, 100):
        sent = [publisher.send_publish("news", number, filler, qos=1) for number in range(start, start + 100)]
        for identifier in sent:
            publisher.expect_ack(identifier)
    restart(broker)
    subscriber = connect("late", to=broker)
    subscriber.subscribe("news", since=LAST_RECEIVED)
    subscriber.reactive()
    assert received(subscriber, 5000) == list(range(5000))


def test_two_brokers_do_not_share_a_folder(start_broker):
    broker = start_broker()
    second = subprocess.run(
        [rembus_binary(), "broker", "--port", "0"], env=clean_environment(broker.folder), text=True,
        capture_output=True, timeout=20)
    assert second.returncode == 1
    assert "another broker" in second.stderr and "--name" in second.stderr, second.stderr


def test_what_has_left_the_journal_comes_from_the_lake(start_broker, connect):
    # No segment stays once the lake has it, but for the newest.
    broker = start_broker(REMBUS_THREADS=1, REMBUS_JOURNAL_RETAINED_BYTES=0, REMBUS_ARCHIVER_INTERVAL=0.1)
    publisher = connect("sensor", to=broker)
    for number in range(300):
        publisher.send_publish(f"old/{number % 3}", number, {"text": "x" * number}, qos=1, slot=number)
    publish_all(publisher, "old/end", [300])
    assert broker.stop() == 0
    broker.start()
    publish_all(connect(to=broker), "other", [0])
    first = Path(broker.folder) / "broker" / "journal" / "p0" / "0000000000000000.seg"
    assert eventually(lambda: not first.exists())
    subscriber = connect("late", to=broker)
    subscriber.subscribe("old/*", since=LAST_RECEIVED)
    subscriber.reactive()
    for number in range(300):
        flags, identifier, topic, arguments = subscriber.receive_publish()
        assert (topic, arguments) == ("old/*", [f"old/{number % 3}", number, {"text": "x" * number}])
        assert int.from_bytes(identifier[:4], "little") == number and flags == 0x50
    assert subscriber.receive_topic()[1] == ["old/end", 300]
    # The publisher does not hear itself, and what comes now comes once.
    own = connect("sensor", to=broker)
    own.subscribe("old/**", since=LAST_RECEIVED)
    own.reactive()
    publish_all(connect(to=broker), "old/new", [301])
    assert own.receive_topic()[1] == ["old/new", 301]
    assert subscriber.receive_topic()[1] == ["old/new", 301]


def test_without_duckdb_a_broker_still_records(start_broker, connect, restart):
    broker = start_broker(REMBUS_DUCKDB_LIBRARY="/nowhere/libduckdb.so")
    assert broker.says("journal only"), broker.log()
    publish_all(connect(to=broker), "news", range(3))
    restart(broker)
    subscriber = connect("late", to=broker)
    subscriber.subscribe("news", since=LAST_RECEIVED)
    subscriber.reactive()
    assert received(subscriber, 3) == [0, 1, 2]


def test_without_duckdb_tables_are_refused_in_one_sentence(tmp_path):
    schema = tmp_path / "schema.json"
    schema.write_text('{"tables": [{"table": "t", "columns": [{"col": "a", "type": "TEXT"}]}]}')
    result = run_rembus("broker", "--port", 0, "--schema", schema, REMBUS_DUCKDB_LIBRARY="/nowhere/libduckdb.so")
    assert result.returncode == 1
    assert "/nowhere/libduckdb.so" in result.stderr and len(result.stderr.strip().splitlines()) == 1
