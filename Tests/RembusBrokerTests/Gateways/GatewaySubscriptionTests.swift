import NIOCore
import RembusListening
import RembusTesting
import RembusTransport
import RembusWire
import Testing

@testable import RembusBroker

/// Subscriptions in the namespace of a gateway.
@Suite("Subscriptions of gateways' clients")
struct GatewaySubscriptionTests {
    private let broker = FuzzBroker(.remembering)

    /// Takes publications in their stored form.
    private final class StoredSink: DeliverySink, AnswerSink {
        private(set) var deliveries: [(topic: String, id: UInt64?, qos: QoS, tag: Int)] = []
        func deliver(_ delivery: Delivery) {
            deliveries.append(
                (delivery.header.topic(in: delivery.bytes), delivery.id, delivery.qos, delivery.tag))
        }
        func caughtUp() {}
        func durable(_ id: UInt64) {}
    }

    private func open(_ name: String? = nil, _ namespace: SubscriptionNamespace? = nil) throws -> GatewaySession {
        let host = GatewayHost(core: broker.core, group: ManualLoopGroup(broker.loops), certificates: nil)
        let session = try #require(
            host.makeSession(
                on: broker.loops[0], address: "127.0.0.1:1", facts: ConnectionFacts(),
                traits: SessionTraits(namespace: namespace), sink: TestSink()))
        if let name { session.logIn(.init(name: name, isProven: true)) { _ in } }
        broker.settle()
        return session
    }

    private func publish(_ topic: String, _ qos: QoS) throws {
        let publisher = try open()
        publisher.receive(
            .publish(
                .init(
                    id: qos == .atMostOnce ? nil : .random(), flags: .init(qos: qos), topic: topic, arguments: [1])))
        publisher.endWork()
        broker.settle()
    }

    @Test("What a client and a component of one name have subscribed stays apart, also when both were away")
    func apart() throws {
        let client = try open("meter", .filters)
        guard case .subscribed(isNew: true) = client.subscribe(own: "a/+", .init(isKept: true)) else {
            return #expect(Bool(false), "the filter was refused")
        }
        client.endWork()
        client.link.sinkEnded(.broken)
        broker.settle()

        // Of the component nothing leads to the client's filter.
        let component = try open("meter")
        #expect(component.subscriptions == ["$test/a/+"])
        #expect(broker.core.lanes[0].route("a/b").subscribers.isEmpty)
        component.link.sinkEnded(.broken)
        broker.settle()

        let back = try open("meter", .filters)
        #expect(back.ownSubscriptions == ["a/+"])
        #expect(broker.core.lanes[0].route("a/b").subscribers.count == 1)
    }

    @Test("A component cannot subscribe what belongs to a gateway's clients")
    func reserved() throws {
        let component = try open("meter")
        #expect(component.subscribe("$test/a").status == .error)
        #expect(component.subscribe("$tes/a").status == .ok)
    }

    @Test("A delivery is at no higher QoS than the subscription wants", arguments: QoS.allCases, QoS.allCases)
    func highestQoS(wanted: QoS, published: QoS) throws {
        let client = try open("meter", .filters)
        let sink = StoredSink()
        client.setSinks(sink)
        _ = client.subscribe(own: "a", .init(highestQoS: wanted, tag: 77))
        client.startDeliveries()
        client.endWork()
        try publish("a", published)
        #expect(sink.deliveries.map(\.qos) == [min(wanted, published)])
        #expect(sink.deliveries.map(\.tag) == [77])
        #expect((sink.deliveries.first?.id == nil) == (min(wanted, published) == .atMostOnce))
    }
}
