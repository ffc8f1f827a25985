import RembusWire
import Synchronization
import Testing

@testable import Rembus

@Suite(.timeLimit(.minutes(5)))
struct TypedSubscriptionTests {
    private struct Reading: Codable, Sendable, Equatable {
        var temperature: Double
        var pressure: Double?
    }

    private func typed(
        _ component: Component, _ peer: FakePeer, _ undecodable: UndecodablePolicy = .skip
    ) async throws -> TypedSubscription<Reading> {
        async let subscription = component.subscribe("**/telemetry", as: Reading.self, undecodable: undecodable)
        _ = try await peer.nextCommand()
        _ = try await peer.nextCommand()
        return try await subscription
    }

    @Test func whatDoesNotDecodeDoesNotEndTheLoop() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = try await typed(component, peer)
        peer.publish("**/telemetry", "a/telemetry", ["temperature": 1, "pressure": 2])
        peer.publish("**/telemetry", "b/telemetry", "a text")
        peer.publish("**/telemetry", "b/telemetry")
        peer.publish("**/telemetry", "c/telemetry", ["temperature": 3])
        var iterator = subscription.makeAsyncIterator()
        let first = try #require(await iterator.next())
        #expect(first.topic == "a/telemetry" && first.temperature == 1 && first.pressure == 2)
        let second = try #require(await iterator.next())
        #expect(second.topic == "c/telemetry" && second.payload == Reading(temperature: 3))
        #expect(second.qos == .atMostOnce && second.publication.argumentCount == 1)
        #expect(subscription.undecodableCount == 2)
        await component.close()
        #expect(await iterator.next() == nil)
    }

    @Test func whatDoesNotDecodeIsReported() async throws {
        let shared = Shared()
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = try await typed(component, peer, .report { shared.add("\($0.topic): \($1.message)") })
        peer.publish("**/telemetry", "b/telemetry", ["temperature": "hot"])
        peer.publish("**/telemetry", "c/telemetry", ["temperature": 3])
        for await reading in subscription {
            #expect(reading.topic == "c/telemetry")
            break
        }
        #expect(shared.all.count == 1)
        #expect(shared.all.first?.hasPrefix("b/telemetry: Argument 1 is no `Reading`: `temperature`: expected") == true)
        await component.close()
    }
}

/// The reports, behind a lock.
private final class Shared: Sendable {
    private let reports = Mutex<[String]>([])

    func add(_ text: String) { reports.withLock { $0.append(text) } }
    var all: [String] { reports.withLock { $0 } }
}
