import RembusWire
import Testing

@testable import Rembus

/// The receiver of behaviour.md §7.
@Suite(.timeLimit(.minutes(5)))
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

    // MARK: A reader that is slower than the publisher

    @Test(arguments: [PublishFlags(qos: .atLeastOnce), PublishFlags(qos: .exactlyOnce)])
    func whatDoesNotFitIsAcknowledgedWhenItFits(_ flags: PublishFlags) async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "t", peer, buffer: .dropOldest(2))
        for id in UInt64(1)...4 { peer.publish("t", .integer(Int64(id)), flags: flags, id: id) }
        // Copies change nothing.
        for id in UInt64(3)...4 { peer.publish("t", .integer(Int64(id)), flags: flags, id: id) }
        #expect(try await peer.nextAck() == MessageID(littleEndian: 1))
        #expect(try await peer.nextAck() == MessageID(littleEndian: 2))
        try await peer.expectNoAcknowledgement()
        var iterator = subscription.makeAsyncIterator()
        for number in Int64(1)...2 {
            #expect(await iterator.next()?.arguments == [.integer(number)])
            #expect(try await peer.nextAck() == MessageID(littleEndian: UInt64(number) + 2))
        }
        for number in Int64(3)...4 { #expect(await iterator.next()?.arguments == [.integer(number)]) }
        try await peer.expectNoAcknowledgement()
        #expect(subscription.droppedCount == 0)
        await component.close()
    }

    @Test(arguments: [PublishFlags(qos: .atLeastOnce), PublishFlags(qos: .exactlyOnce)])
    func theOrderSurvivesAFullBuffer(_ flags: PublishFlags) async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "t", peer, buffer: .dropOldest(4))
        let count = UInt64(100)
        var iterator = subscription.makeAsyncIterator()
        var received: [Value] = []
        // Each is sent again and again, as by a broker whose patience is short.
        for id in 1...count {
            for earlier in (max(id, 6) - 5)...id {
                peer.publish("t", .integer(Int64(earlier)), flags: flags, id: earlier)
            }
            if id % 3 == 0, let message = await iterator.next() { received += message.arguments }
        }
        while received.last != .integer(Int64(count)), let message = await iterator.next() {
            received += message.arguments
        }
        let numbers = received.compactMap { value in
            if case .integer(let number) = value { number } else { nil as Int64? }
        }
        var seen: Set<Int64> = []
        #expect(numbers.filter { seen.insert($0).inserted } == Array(1...Int64(count)))
        if flags.qos == .exactlyOnce { #expect(numbers.count == Int(count)) }
        await component.close()
    }

    @Test func aMessageThatWaitsForRoomIsNotDeliveredTwiceByANewConnection() async throws {
        let (broker, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "t", peer, buffer: .dropOldest(1))
        for id in UInt64(1)...2 { peer.publish("t", .integer(Int64(id)), flags: Self.qos1, id: id) }
        #expect(try await peer.nextAck() == MessageID(littleEndian: 1))
        peer.drop()
        let second = try await broker.accept()
        try await second.acceptLogin("tester")
        try await second.nextCommand()
        try await second.nextCommand()
        second.publish("t", 2, flags: Self.qos1, id: 2)
        try await second.expectNoAcknowledgement()
        var iterator = subscription.makeAsyncIterator()
        #expect(await iterator.next()?.arguments == [1])
        #expect(try await second.nextAck() == MessageID(littleEndian: 2))
        #expect(await iterator.next()?.arguments == [2])
        second.publish("t", 3, flags: Self.qos1, id: 3)
        #expect(await iterator.next()?.arguments == [3])
        await component.close()
    }

    @Test func theEndOfASubscriptionAcknowledgesWhatWaits() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "t", peer, buffer: .dropOldest(1))
        for id in UInt64(1)...2 { peer.publish("t", .integer(Int64(id)), flags: Self.qos1, id: id) }
        #expect(try await peer.nextAck() == MessageID(littleEndian: 1))
        async let ended: Void = component.unsubscribe("t")
        let (command, acknowledgement) = try await peer.nextCommandAndAck()
        #expect(command == "unsubscribe")
        #expect(acknowledgement == MessageID(littleEndian: 2))
        try await ended
        var received: [Value] = []
        for await message in subscription { received += message.arguments }
        #expect(received == [1, 2])
        await component.close()
    }
}

extension FakePeer {
    /// No acknowledgement is on its way: what comes next is the answer to a request that is sent now.
    fileprivate func expectNoAcknowledgement() async throws {
        send(.request(.init(id: .random(), topic: "fence")))
        #expect(try await nextResponse().status == .methodNotFound)
    }

    /// A command, answered with success, and an acknowledgement, in any order.
    fileprivate func nextCommandAndAck() async throws -> (command: String, ack: MessageID) {
        var (command, acknowledged): (String?, MessageID?)
        while true {
            switch try await next() {
            case .admin(let part):
                send(.response(.init(id: part.id, status: .ok)))
                command = try AdminCommand(part.data).name
            case .ack(let id): acknowledged = id
            default: throw UnexpectedMessage()
            }
            if let command, let acknowledged { return (command, acknowledged) }
        }
    }
}
