import RembusWire
import TestSupport
import Testing

@testable import Rembus

extension Component {
    /// Subscribes while the fake broker answers.
    func subscribed(
        to topic: String, _ peer: FakePeer, from start: ReplayStart = .now, buffer: SubscriptionBuffer = .standard
    ) async throws -> Subscription {
        async let subscription = subscribe(topic, from: start, buffer: buffer)
        let (named, command) = try await peer.nextCommand()
        #expect(named == topic)
        #expect(command == .subscribe(messageFrom: start.nanoseconds))
        let (config, reactive) = try await peer.nextCommand()
        #expect(config == "__config__")
        #expect(reactive == .reactive(true, messageFrom: start.nanoseconds))
        return try await subscription
    }
}

@Suite(.timeLimit(.minutes(5)))
struct SubscribeTests {
    @Test func messagesComeInOrder() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "t", peer)
        for index in 0..<500 { peer.publish("t", .integer(Int64(index))) }
        var iterator = subscription.makeAsyncIterator()
        for index in 0..<500 { #expect(try await iterator.next()?.decode(Int.self) == index) }
        await component.close()
        #expect(await iterator.next() == nil)
    }

    @Test func aMessageTellsEverything() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "t", peer)
        peer.publish("t", "a", 2, flags: .init(qos: .exactlyOnce, hasSlot: true), id: 0xA1 << 32 | 900)
        var iterator = subscription.makeAsyncIterator()
        let message = try #require(await iterator.next())
        #expect(message.topic == "t")
        #expect(message.qos == .exactlyOnce)
        #expect(message.slot == 900)
        #expect(message.arguments == ["a", 2])
        #expect(message.argumentCount == 2)
        #expect(try message.decode(Int.self, at: 1) == 2)
        #expect(try message.decodeArguments(String.self, Int.self) == ("a", 2))
        #expect(throws: RembusError.self) { try message.decode(Int.self, at: 2) }
        #expect(throws: RembusError.self) { try message.decode(Int.self) }
        await component.close()
    }

    @Test func patternsGiveTheRealTopic() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "**/telemetry", peer)
        peer.publish("**/telemetry", "plant/7/telemetry", ["temperature": 21.6])
        var iterator = subscription.makeAsyncIterator()
        let message = try #require(await iterator.next())
        #expect(message.topic == "plant/7/telemetry")
        #expect(message.arguments == [["temperature": 21.6]])
        await component.close()
    }

    /// protocol.md §13 D37.
    @Test func juliaDeliversStarUnderTheRealTopic() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "*", peer)
        peer.publish("plant/7", 1)
        var iterator = subscription.makeAsyncIterator()
        let message = try #require(await iterator.next())
        #expect(message.topic == "plant/7")
        #expect(message.arguments == [1])
        await component.close()
    }

    @Test func lastReceivedIsInfinityAndBoundsReactive() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        _ = try await component.subscribed(to: "a", peer, from: .lastReceived)
        async let second = component.subscribe("b", from: .ago(.seconds(60)))
        #expect(try await peer.nextCommand().1 == .subscribe(messageFrom: 6e10))
        #expect(try await peer.nextCommand().1 == .reactive(true, messageFrom: .infinity))
        _ = try await second
        await component.close()
    }

    @Test func reactiveIsLeftToTheProgramWhenAsked() async throws {
        let (_, peer, component) = try await FakeBroker.connected(configuration: .test { $0.isReactive = false })
        async let subscription = component.subscribe("t")
        #expect(try await peer.nextCommand().1 == .subscribe(messageFrom: 0))
        _ = try await subscription
        async let reactive: Void = component.reactive()
        #expect(try await peer.nextCommand().1 == .reactive(true, messageFrom: 0))
        try await reactive
        async let unreactive: Void = component.unreactive()
        #expect(try await peer.nextCommand().1 == .reactive(false, messageFrom: nil))
        try await unreactive
        await component.close()
    }

    @Test func callbacksRunInOrderAndSurviveErrors() async throws {
        struct Odd: Error {}
        let (_, peer, component) = try await FakeBroker.connected()
        let seen = Mailbox<Int>()
        async let subscribed: Void = component.subscribe("t") { message in
            let number = try message.decode(Int.self)
            if number == 1 { throw Odd() }
            seen.put(number)
        }
        try await peer.nextCommand()
        try await peer.nextCommand()
        try await subscribed
        for number in Int64(0)..<4 { peer.publish("t", .integer(number)) }
        for number in [0, 2, 3] { #expect(try await seen.next() == number) }
        await component.close()
    }

    struct Reading: Codable, Sendable, Equatable {
        var temperature: Double
        var pressure: Int?
    }

    @Test func typedCallbacksGetTheirArguments() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let readings = Mailbox<Reading>()
        async let exact: Void = component.subscribe("t") { (reading: Reading, unit: String) in
            #expect(unit == "C")
            readings.put(reading)
        }
        try await peer.nextCommand()
        try await peer.nextCommand()
        try await exact
        let topics = Mailbox<String>()
        async let pattern: Void = component.subscribe("*/t") { (topic: String, value: Int) in
            topics.put("\(topic) \(value)")
        }
        try await peer.nextCommand()
        try await pattern
        peer.publish("t", "not a reading", "C")
        peer.publish("t", ["temperature": 21], "C")
        #expect(try await readings.next() == Reading(temperature: 21, pressure: nil))
        peer.publish("*/t", "x/t", 5)
        #expect(try await topics.next() == "x/t 5")
        await component.close()
    }

    @Test func subscribingAgainEndsTheFormerSequence() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let first = try await component.subscribed(to: "t", peer)
        peer.publish("t", 1)
        var firstIterator = first.makeAsyncIterator()
        #expect(await firstIterator.next()?.arguments == [1])
        async let second = component.subscribe("t")
        #expect(try await peer.nextCommand().1 == .subscribe(messageFrom: 0))
        var iterator = try await second.makeAsyncIterator()
        peer.publish("t", 2)
        #expect(await iterator.next()?.arguments == [2])
        #expect(await firstIterator.next() == nil)
        await component.close()
    }

    @Test func unsubscribeEndsTheSequence() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "t", peer)
        peer.publish("t", 1)
        var iterator = subscription.makeAsyncIterator()
        #expect(await iterator.next()?.arguments == [1])
        async let ended: Void = component.unsubscribe("t")
        #expect(try await peer.nextCommand().1 == .unsubscribe)
        try await ended
        #expect(await iterator.next() == nil)
        await component.close()
    }

    @Test func refusedSubscriptionIsThrown() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = Task { try await component.subscribe("secret") }
        try await peer.nextCommand(status: .error, data: "unauthorized")
        let error = await subscription.rembusError
        #expect(error?.status == .error)
        #expect(error?.message.contains("unauthorized") == true)
        await component.close()
    }

    @Test func cancelledReaderStops() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "t", peer)
        let reading = Mailbox<Int>()
        let task = Task {
            var count = 0
            for await _ in subscription {
                count += 1
                reading.put(count)
            }
            return count
        }
        peer.publish("t", 1)
        _ = try await reading.next()
        task.cancel()
        #expect(await task.value == 1)
        // The subscription itself goes on.
        peer.publish("t", 2)
        var iterator = subscription.makeAsyncIterator()
        #expect(await iterator.next()?.arguments == [2])
        await component.close()
    }

    @Test func floodedCommandsAreAnswered() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let id = MessageID(littleEndian: 5)
        peer.send(.admin(.init(id: id, topic: "x", data: AdminCommand.subscribe(messageFrom: 0).data)))
        #expect(try await peer.next() == .response(.init(id: id, status: .ok)))
        await component.close()
    }

    @Test(arguments: [("plant/#", "plant/**"), ("plant/+/x", "plant/*/x"), ("plant/**", nil), ("c++", nil)])
    func wildcardsOfMQTTAreMentioned(topic: String, spelling: String?) async throws {
        let recorder = LogRecorder()
        let (_, peer, component) = try await FakeBroker.connected(configuration: .test { $0.logger = recorder.logger })
        async let subscription = component.subscribe(topic)
        _ = try await peer.nextCommand()
        _ = try await peer.nextCommand()
        _ = try await subscription
        let warnings = recorder.lines.filter { $0.contains("no wildcards of Rembus") }
        #expect(warnings.count == (spelling == nil ? 0 : 1))
        if let spelling { #expect(warnings.first?.contains("pattern=\(spelling)") == true) }
        await component.close()
    }
}
