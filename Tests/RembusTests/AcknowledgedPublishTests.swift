import RembusWire
import Testing

@testable import Rembus

/// The sender of behaviour.md §7.
@Suite(.timeLimit(.minutes(5)))
struct AcknowledgedPublishTests {
    @Test func qos1ReturnsWithTheAck() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        async let publishing: Void = component.publish("t", 1, qos: .atLeastOnce)
        let message = try await peer.nextPublish()
        #expect(message.flags == PublishFlags(qos: .atLeastOnce))
        peer.send(.ack(try #require(message.id)))
        try await publishing
        await component.close()
    }

    @Test func qos2ConfirmsWithAck2() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        async let publishing: Void = component.publish("t", 1, qos: .exactlyOnce, slot: 7)
        let message = try await peer.nextPublish()
        #expect(message.flags == PublishFlags(qos: .exactlyOnce, hasSlot: true))
        let id = try #require(message.id)
        #expect(id.littleEndianValue.map { UInt32(truncatingIfNeeded: $0) } == 7)
        peer.send(.ack(id))
        try await publishing
        #expect(try await peer.next() == .ack2(id))
        await component.close()
    }

    @Test func unacknowledgedIsSentAgainWithTheSameIDThenGivenUp() async throws {
        let (_, peer, component) = try await FakeBroker.connected(
            configuration: .test {
                $0.acknowledgementTimeout = .milliseconds(20)
                $0.sendRetries = 3
            })
        let publishing = Task { try await component.publish("t", 1, qos: .atLeastOnce) }
        let first = try await peer.nextFrame()
        for _ in 0..<3 { #expect(try await peer.nextFrame() == first) }
        let error = await publishing.rembusError
        #expect(error?.code == .timeout)
        await component.close()
    }

    @Test func resumesOnANewConnectionInOrder() async throws {
        let (broker, peer, component) = try await FakeBroker.connected(
            configuration: .test { $0.acknowledgementTimeout = .seconds(60) })
        async let publishing: Void = withThrowingTaskGroup { group in
            for index in 0..<3 { group.addTask { try await component.publish("t", index, qos: .exactlyOnce) } }
            try await group.waitForAll()
        }
        var frames: [FakePeer.Frame] = []
        for _ in 0..<3 { frames.append(try await peer.nextFrame()) }
        peer.drop()
        let second = try await broker.accept()
        try await second.acceptLogin("tester")
        var again: [Message.Publish] = []
        for frame in frames {
            guard case .binary(let bytes) = frame, case .publish(let expected) = try Message(cbor: bytes) else {
                continue
            }
            let message = try await second.nextPublish()
            #expect(message == expected)
            again.append(message)
        }
        for message in again { second.send(.ack(try #require(message.id))) }
        try await publishing
        await component.close()
    }

    @Test func publishedWhileReconnectingGoesOutLater() async throws {
        let (broker, peer, component) = try await FakeBroker.connected()
        peer.drop()
        let second = try await broker.accept()
        #expect(!component.state.isConnected)
        async let publishing: Void = component.publish("t", 1, qos: .atLeastOnce)
        try await second.acceptLogin("tester")
        second.send(.ack(try #require(try await second.nextPublish().id)))
        try await publishing
        await component.close()
    }

    @Test func cancellationEndsTheWait() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let task = Task { try await component.publish("t", 1, qos: .atLeastOnce) }
        _ = try await peer.nextPublish()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(component.inFlightCount == 0)
        await component.close()
    }

    @Test func closeEndsTheWait() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let publishing = Task { try await component.publish("t", 1, qos: .atLeastOnce) }
        _ = try await peer.nextPublish()
        await component.close()
        let error = await publishing.rembusError
        #expect(error?.code == .closed)
    }

    @Test func manyInFlightAreAcknowledgedInAnyOrder() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        async let publishing: Void = withThrowingTaskGroup { group in
            for index in 0..<200 { group.addTask { try await component.publish("t", index, qos: .atLeastOnce) } }
            try await group.waitForAll()
        }
        var ids: Set<MessageID> = []
        for _ in 0..<200 { ids.insert(try #require(try await peer.nextPublish().id)) }
        #expect(ids.count == 200)
        for id in ids { peer.send(.ack(id)) }
        try await publishing
        #expect(component.inFlightCount == 0)
        await component.close()
    }
}
