import NIOCore
import RembusListening
import RembusTesting
import RembusTransport
import RembusTrust
import RembusWire
import Testing

@testable import RembusBroker

/// Publications that are not taken are answered, counted, or both.
@Suite("Refused publications")
struct RefusalTests {
    private let broker = FuzzBroker(.remembering)

    private func open() throws -> (session: GatewaySession, sink: TestSink) {
        let host = GatewayHost(core: broker.core, group: ManualLoopGroup(broker.loops), certificates: nil)
        let sink = TestSink()
        let session = host.makeSession(
            on: broker.loops[0], address: "127.0.0.1:1", facts: ConnectionFacts(.http), sink: sink)
        return (try #require(session), sink)
    }

    private static let deep = String(repeating: "/", count: 70)

    @Test(
        "QoS 1 and 2 are answered at once, with the reason",
        arguments: [QoS.atLeastOnce, .exactlyOnce],
        [
            ("a/*", "Cannot publish to `a/*`: wildcards are for subscribing. Name one topic."),
            ("", "Cannot publish to a topic of 0 bytes: 1 to 1024 are allowed (`max_topic_bytes`)."),
            (String(repeating: "x", count: 1025), "Cannot publish to a topic of 1025 bytes"),
            (deep, "it has more than 64 segments (`max_topic_segments`)"),
            ("vault", "unauthorized: an anonymous component may not publish on `vault`: the topic is private."),
        ])
    func answered(qos: QoS, refused: (topic: String, reason: String)) throws {
        var document = TrustDocument()
        document.makePrivate("vault")
        broker.core.tables.setRules(AccessRules(document, trustsNames: false))
        let (session, sink) = try open()
        let id = MessageID(littleEndian: 7)
        // A copy of one that was refused is no duplicate: it is refused again.
        for _ in 0..<2 {
            session.receive(
                .publish(.init(id: id, flags: PublishFlags(qos: qos), topic: refused.topic, arguments: [1])))
        }
        session.endWork()
        broker.settle()
        #expect(sink.messages.count == 2)
        for message in sink.messages {
            guard case .response(let response) = message else {
                Issue.record("no answer: \(message)")
                continue
            }
            #expect(response.id == id)
            #expect(response.status == .error)
            #expect(response.data.stringValue?.contains(refused.reason) == true)
        }
    }

    private func flush(_ session: GatewaySession, _ sink: TestSink) -> Message.Response? {
        session.receive(
            .admin(.init(id: .random(), topic: "__config__", data: AdminCommand.other(AdminCommand.Name.flush).data)))
        session.endWork()
        guard case .response(let response)? = sink.messages.last else { return nil }
        return response
    }

    @Test("QoS 0 is counted, and reported to a flush once")
    func counted() throws {
        let (session, sink) = try open()
        let before = broker.core.counters.dropped(.topic)
        for topic in ["a/*", "b/*", ""] { session.receive(.publish(.init(topic: topic))) }
        session.receive(.publish(.init(topic: "fine")))
        session.endWork()
        #expect(sink.messages.isEmpty)
        #expect(broker.core.counters.dropped(.topic) == before + 3)
        let report = try #require(flush(session, sink))
        #expect(report.status == .ok)
        #expect(report.data["refused"] == 3)
        #expect(report.data["reason"]?.stringValue == BrokerText.pattern("a/*"))
        #expect(flush(session, sink)?.data == .null)
    }

    @Test("A flood of refusals writes ten lines a second, and says how many it left out")
    func logged() {
        var budget = LogBudget()
        let start = NIODeadline.uptimeNanoseconds(5_000_000_000)
        let lines = (0..<1000).compactMap { _ in budget.take(start) }
        #expect(lines.count == 10)
        #expect(lines.allSatisfy { $0.skipped == 0 })
        #expect(budget.take(start + .seconds(1))?.skipped == 990)
        #expect(budget.take(start + .seconds(1))?.skipped == 0)
    }
}
