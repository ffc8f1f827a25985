import Logging
import NIOCore
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization
import TestSupport
import Testing

@testable import RembusBroker

/// What is said of a connection: in the log with facts that programs read, and to readers of events.
@Suite("Reports of connections", .timeLimit(.minutes(5)))
struct SessionReportTests {
    private let log = LogRecorder(.trace)
    private let broker: FuzzBroker

    init() { broker = FuzzBroker(.remembering, logger: log.logger) }

    private func named(_ name: String) throws -> Session {
        let session = try broker.open(lane: 0).session.session
        guard case .bound(let state) = broker.core.tables.bind(name, to: session, isProven: false) else {
            throw BrokerError("the name is taken")
        }
        session.state = state
        return session
    }

    @Test("Lines have component, address and topic, and the place of what they report")
    func facts() throws {
        let session = try named("meter")
        session.deny(.publish, "vault")
        // The audit log and readers are told of a topic once, the log too.
        session.deny(.publish, "vault")
        session.refuse("no message")
        #expect(
            log.entries == [
                .init(
                    .debug, "connection from 127.0.0.1:1", ["address": "127.0.0.1:1"],
                    place: "RembusBroker GatewayHost.swift"),
                .init(
                    .notice, #"meter (127.0.0.1:1) may not publish on "vault""#,
                    ["address": "127.0.0.1:1", "component": "meter", "topic": "vault"],
                    place: "RembusBroker Session+Access.swift"),
                .init(
                    .warning, "closing meter (127.0.0.1:1): no message",
                    ["address": "127.0.0.1:1", "component": "meter"],
                    place: "RembusBroker Session+Receiving.swift"),
                .init(
                    .info, "meter (127.0.0.1:1) disconnected: closed with code 1000 (protocol error)",
                    ["address": "127.0.0.1:1", "component": "meter"], place: "RembusBroker Session.swift"),
            ])
        #expect(broker.core.counters.denied.load(ordering: .relaxed) == 2)
        #expect(broker.core.counters.malformed.load(ordering: .relaxed) == 1)
    }

    @Test("Every way in which the broker ends a connection has its reason")
    func endings() async throws {
        let ways: [(BrokerEvent.Ending.Cause, (Session) -> Void)] = [
            (.protocolError, { $0.refuse("no message") }),
            (.protocolError, { $0.link.close(code: 1009, reason: "message too large") }),
            (.replaced, { $0.overwritten() }),
            (.removed, { $0.endRemoved() }),
            (.stopping, { $0.link.close(code: 1001, reason: "broker is shutting down") }),
            (.memory, { $0.link.close(code: 1013, reason: "the broker is short of memory") }),
            (.peer, { $0.link.sinkEnded(LinkCloseReason(code: 1000, text: "", isRemote: true)) }),
            (.lost, { $0.link.sinkEnded(.broken) }),
            (.broker, { $0.link.close(code: 1000, reason: "") }),
        ]
        for (cause, end) in ways {
            let session = try named("meter")
            var events = broker.core.events.events(limit: 10).makeAsyncIterator()
            end(session)
            broker.settle()
            guard case .disconnected(let connection, let ending)? = await events.next()?.kind else {
                return #expect(Bool(false), "\(cause) is not told")
            }
            #expect(ending.cause == cause && connection.name == "meter" && connection.number == session.serial)
        }
    }

    @Test("A connection that is full is slow once, and has caught up once", arguments: [1 << 20, 0])
    func slow(storeBytes: Int) async throws {
        let broker = FuzzBroker(.remembering, storeBytes: storeBytes)
        let (subscriber, _) = try broker.open(lane: 1)
        for topic in ["t", "u"] { #expect(subscriber.subscribe(topic).status == .ok) }
        #expect(subscriber.perform(.reactive(true, messageFrom: nil), topic: "").status == .ok)
        subscriber.endWork()
        let (publisher, _) = try broker.open(lane: 0)
        var events = broker.core.events.events(limit: 10).makeAsyncIterator()
        func publish(_ topic: String) {
            publisher.receive(.publish(.init(topic: topic, arguments: [1])))
            publisher.endWork()
            broker.settle()
        }
        publish("t")
        subscriber.link.setSinkBacklog(broker.core.configuration.limits.maxBacklogBytes)
        for topic in ["t", "u", "t"] { publish(topic) }
        subscriber.link.setSinkBacklog(0)
        broker.advance(by: .seconds(1))
        publish("t")
        broker.core.events.end()
        var kinds: [BrokerEvent.Kind] = []
        while let event = await events.next() { kinds.append(event.kind) }
        let connection = subscriber.session.connection
        #expect(kinds == [.slow(connection, topic: "t"), .caughtUp(connection)])
        #expect(broker.core.counters.dropped(.backlog) == (storeBytes == 0 ? 3 : 0))
    }
}
