import RembusWire
import Testing

@testable import Rembus

/// The receiver of behaviour.md §7.
@Suite(.timeLimit(.minutes(1)))
struct AcknowledgedDeliveryTests {
    private static let qos1 = PublishFlags(qos: .atLeastOnce)
    private static let qos2 = PublishFlags(qos: .exactlyOnce)

    @Test func qos1IsAcknowledgedAndRepeatsAreDelivered() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "t", peer)
        var iterator = subscription.makeAsyncIterator()
        for _ in 0..<2 {
            peer.publish("t", 1, flags: Self.qos1, id: 9)
            #expect(try await peer.nextAck() == MessageID(littleEndian: 9))
            #expect(await iterator.next()?.qos == .atLeastOnce)
        }
        await component.close()
    }

    @Test func qos2IsDeliveredOnceUntilConfirmed() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "t", peer)
        for _ in 0..<3 {
            peer.publish("t", 1, flags: Self.qos2, id: 9)
            _ = try await peer.nextAck()
        }
        peer.send(.ack2(MessageID(littleEndian: 9)))
        // The same id after the confirmation is a new message.
        peer.publish("t", 2, flags: Self.qos2, id: 9)
        _ = try await peer.nextAck()
        var iterator = subscription.makeAsyncIterator()
        #expect(await iterator.next()?.arguments == [1])
        #expect(await iterator.next()?.arguments == [2])
        await component.close()
    }

    @Test func qos2DuplicatesAreKnownAcrossConnections() async throws {
        let (broker, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "t", peer)
        peer.publish("t", 1, flags: Self.qos2, id: 9)
        _ = try await peer.nextAck()
        peer.drop()
        let second = try await broker.accept()
        try await second.acceptLogin("tester")
        try await second.nextCommand()
        try await second.nextCommand()
        second.publish("t", 1, flags: Self.qos2, id: 9)
        #expect(try await second.nextAck() == MessageID(littleEndian: 9))
        second.publish("t", 2, flags: Self.qos2, id: 10)
        _ = try await second.nextAck()
        var iterator = subscription.makeAsyncIterator()
        #expect(await iterator.next()?.arguments == [1])
        #expect(await iterator.next()?.arguments == [2])
        await component.close()
    }

    @Test func patternsAreAcknowledgedToo() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "*/x", peer)
        peer.publish("*/x", "m/x", 1, flags: Self.qos1, id: 3)
        #expect(try await peer.nextAck() == MessageID(littleEndian: 3))
        var iterator = subscription.makeAsyncIterator()
        #expect(await iterator.next()?.topic == "m/x")
        await component.close()
    }

    @Test func messagesForNobodyAreAcknowledged() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        peer.publish("unknown", 1, flags: Self.qos1, id: 3)
        #expect(try await peer.nextAck() == MessageID(littleEndian: 3))
        await component.close()
    }

    @Test(arguments: [PublishFlags(qos: .atLeastOnce), PublishFlags(qos: .exactlyOnce)])
    func whatDoesNotFitIsNotAcknowledgedUntilItFits(_ flags: PublishFlags) async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "t", peer, buffer: .dropOldest(2))
        for id in UInt64(1)...3 { peer.publish("t", .integer(Int64(id)), flags: flags, id: id) }
        #expect(try await peer.nextAck() == MessageID(littleEndian: 1))
        #expect(try await peer.nextAck() == MessageID(littleEndian: 2))
        // The third is not acknowledged: what comes next is the answer to a request that was sent behind it.
        peer.send(.request(.init(id: .random(), topic: "fence")))
        #expect(try await peer.nextResponse().status == .methodNotFound)
        var iterator = subscription.makeAsyncIterator()
        #expect(await iterator.next()?.arguments == [1])
        peer.publish("t", 3, flags: flags, id: 3)
        #expect(try await peer.nextAck() == MessageID(littleEndian: 3))
        #expect(await iterator.next()?.arguments == [2])
        #expect(await iterator.next()?.arguments == [3])
        #expect(subscription.droppedCount == 0)
        await component.close()
    }
}
