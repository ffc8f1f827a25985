import NIOCore
import RembusWire
import Testing

@testable import Rembus

/// A subscription that stops reading from its connection instead of dropping.
@Suite(.timeLimit(.minutes(5)))
struct PausingTests {
    private static let payload = Value.bytes(ByteBuffer(repeating: 1, count: 64 << 10))
    private static let count = 150

    /// The peer has sent more than sockets and the queue hold, and the session has stopped reading.
    private func filled(
        _ buffer: SubscriptionBuffer = .pausing(4)
    ) async throws -> (FakeBroker, FakePeer, Component, Subscription) {
        let (broker, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "t", peer, buffer: buffer)
        for index in 0..<Self.count { peer.publish("t", .integer(Int64(index)), Self.payload) }
        while try await component.connection.onSession({ $0.fullQueues.isEmpty }) {
            try await Task.sleep(for: .milliseconds(1))
        }
        return (broker, peer, component, subscription)
    }

    @Test func nothingIsLostAndLittleIsHeld() async throws {
        let (_, _, component, subscription) = try await filled()
        var iterator = subscription.makeAsyncIterator()
        var most = 0
        for index in 0..<Self.count {
            most = max(most, subscription.waitingCount)
            #expect(await iterator.next()?.arguments.first == .integer(Int64(index)))
        }
        // One read of the socket brings at most a few messages of 64 KiB.
        #expect(most < Self.count / 4)
        #expect(subscription.droppedCount == 0)
        await component.close()
    }

    @Test func bytesPauseToo() async throws {
        var buffer = SubscriptionBuffer.pausing(1_000_000)
        buffer.maxBytes = 1 << 20
        let (_, _, component, subscription) = try await filled(buffer)
        #expect(subscription.waitingCount < Self.count / 2)
        await component.close()
    }

    @Test func theComponentClosesWhileItDoesNotRead() async throws {
        let (_, _, component, subscription) = try await filled()
        await component.close()
        var iterator = subscription.makeAsyncIterator()
        while await iterator.next() != nil {}
    }

    @Test func unsubscribingLetsTheConnectionGoOn() async throws {
        let (_, peer, component, _) = try await filled()
        async let unsubscribed: Void = component.unsubscribe("t")
        #expect(try await peer.nextCommand().1 == .unsubscribe)
        try await unsubscribed
        await component.close()
    }

    @Test func aNewConnectionIsReadUntilItBringsMore() async throws {
        let (broker, peer, component, subscription) = try await filled()
        peer.drop()
        let second = try await broker.accept()
        try await second.acceptLogin("tester")
        try await second.nextCommand()
        try await second.nextCommand()
        for _ in 0..<Self.count { second.publish("t", .text("again"), Self.payload) }
        var iterator = subscription.makeAsyncIterator()
        var again = 0
        while again < Self.count, let message = await iterator.next() {
            if message.arguments.first == .text("again") { again += 1 }
        }
        #expect(again == Self.count)
        await component.close()
    }
}
