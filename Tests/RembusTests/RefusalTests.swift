import RembusTransport
import RembusWire
import Testing

@testable import Rembus

/// No publication comes to nothing in silence.
@Suite(.timeLimit(.minutes(5)))
struct RefusalTests {
    @Test(arguments: ["", "*", "a/*", "**", "a/**/b"], [QoS.atMostOnce, .atLeastOnce, .exactlyOnce])
    func whatNoBrokerTakesIsNotSent(topic: String, qos: QoS) async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let error = await #expect(throws: RembusError.self) { try await component.publish(topic, 1, qos: qos) }
        #expect(error?.code == .invalidTopic)
        #expect(error?.message.contains(topic.isEmpty ? "Name one." : "wildcards are for subscribing") == true)
        try await component.publish("next", 1)
        #expect(try await peer.nextPublish().topic == "next")
        await component.close()
    }

    @Test(arguments: [QoS.atLeastOnce, .exactlyOnce])
    func theBrokersRefusalIsThrown(qos: QoS) async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let publication = Task { try await component.publish("vault", 1, qos: qos) }
        let sent = try await peer.nextPublish()
        peer.answer(try #require(sent.id), .error, "unauthorized: ask for a grant")
        let error = await publication.rembusError
        #expect(error?.status == .error)
        #expect(error?.message.contains("unauthorized: ask for a grant") == true)
        #expect(error?.message.contains("`vault`") == true)
        // Its end is the end: nothing is sent again, and the connection is as before.
        async let next: Void = component.publish("t", 2, qos: .atLeastOnce)
        let second = try await peer.nextPublish()
        #expect(second.topic == "t")
        peer.send(.ack(try #require(second.id)))
        try await next
        await component.close()
    }

    @Test func whatIsTooLargeForEveryBrokerIsNotSent() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let text = Value.text(String(repeating: "x", count: 62_914_561))
        for qos in QoS.allCases {
            let error = await #expect(throws: RembusError.self) { try await component.publish("t", text, qos: qos) }
            #expect(error?.code == .tooLarge)
        }
        let error = await #expect(throws: RembusError.self) { try await component.callValue("m", arguments: [text]) }
        #expect(error?.code == .tooLarge)
        try await component.publish("next", 1)
        #expect(try await peer.nextPublish().topic == "next")
        await component.close()
    }

    @Test func whatTheBrokerFindsTooLargeIsNotSentAgain() async throws {
        let (broker, peer, component) = try await FakeBroker.connected()
        let large = Task {
            try await component.publish("large", .text(String(repeating: "x", count: 9000)), qos: .atLeastOnce)
        }
        #expect(try await peer.nextPublish().topic == "large")
        async let small: Void = component.publish("small", 1, qos: .atLeastOnce)
        #expect(try await peer.nextPublish().topic == "small")
        peer.close(code: 1009, reason: "message too large")
        let error = await large.rembusError
        #expect(error?.code == .tooLarge)
        let again = try await broker.accept()
        try await again.acceptLogin("tester")
        let repeated = try await again.nextPublish()
        #expect(repeated.topic == "small")
        again.send(.ack(try #require(repeated.id)))
        try await small
        await component.close()
    }

    // MARK: Flush

    private func answerFlush(_ peer: FakePeer, _ status: StatusCode, _ data: Value = .null) async throws {
        let (topic, command) = try await peer.nextCommand(status: status, data: data)
        #expect(topic == "__config__")
        #expect(command == .other("flush"))
    }

    @Test(arguments: [StatusCode.ok, .unknownAdminCommand, .error])
    func aFlushComesBehindWhatWasPublished(status: StatusCode) async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        for index in 0..<100 { try await component.publish("t", index) }
        async let flush: Void = component.flush()
        for _ in 0..<100 { #expect(try await peer.nextPublish().topic == "t") }
        // A broker that does not know the command has come as far as one that does.
        try await answerFlush(peer, status)
        try await flush
        await component.close()
    }

    @Test func aFlushTellsWhatTheBrokerRefused() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let flush = Task { try await component.flush() }
        try await answerFlush(peer, .ok, ["refused": 2, "reason": "unauthorized: no grant"])
        let error = await flush.rembusError
        #expect(error?.message == "The broker refused 2 publications; the first one: unauthorized: no grant")
        await component.close()
    }

    @Test func aFlushTellsThatPublicationsMayBeLost() async throws {
        let (broker, peer, component) = try await FakeBroker.connected()
        try await component.publish("t", 1)
        #expect(try await peer.nextPublish().topic == "t")
        peer.drop()
        let next = try await broker.accept()
        try await next.acceptLogin("tester")
        for await state in component.stateUpdates where state.isConnected { break }
        let error = await #expect(throws: RembusError.self) { try await component.flush() }
        #expect(error?.code == .connectionDown)
        // Said once.
        async let flush: Void = component.flush()
        try await answerFlush(next, .ok)
        try await flush
        await component.close()
    }

    // MARK: Who is there

    @Test(arguments: [false, true])
    func whoDoesNotAnswerIsNoBroker(isFramed: Bool) async throws {
        let broker = try await FakeBroker.start(isFramed: isFramed, greets: false)
        let url = (isFramed ? "tcp" : "ws") + "://127.0.0.1:\(broker.port)"
        let component = Task { try await Component.connect(url, configuration: .test()) }
        let peer = try await broker.accept()
        #expect(try await peer.nextRequest().topic == "rid")
        peer.drop()
        let error = await component.rembusError
        #expect(error?.code == .connectionDown)
        #expect(error?.message.contains("check scheme and port: ws 8338, tcp 8339, zmq 8340") == true)
        await broker.stop()
    }

    @Test func aBrokerThatWantsAProofSaysSoAtOnce() async throws {
        let broker = try await FakeBroker.start(greets: false)
        let component = Task { try await Component.connect(broker.url(), configuration: .test()) }
        let peer = try await broker.accept()
        peer.challenge([1, 2, 3, 4])
        let error = await component.rembusError
        #expect(error?.code == .authenticationRequired)
        await broker.stop()
    }
}
