import RembusWire
import Testing

@testable import Rembus

@Suite(.timeLimit(.minutes(5)))
struct CallTests {
    @Test func resultsHaveTheTypeAskedFor() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        async let sum: Int = component.call("add", 1, 2)
        let request = try await peer.nextRequest()
        #expect(request.topic == "add")
        #expect(request.target == nil)
        #expect(request.arguments == [1, 2])
        peer.answer(request, 3)
        #expect(try await sum == 3)

        async let value = component.callValue("add", arguments: [1, "x"])
        peer.answer(try await peer.nextRequest(), ["a": 1])
        #expect(try await value == ["a": 1])

        async let dropped = component.call("reset")
        peer.answer(try await peer.nextRequest(), .null)
        #expect(try await dropped == .null)
        await component.close()
    }

    @MainActor @Test func whatOneActorStartsLeavesInThatOrder() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let count = 500
        let calls = (0..<count).map { number in
            Task { try await component.call("echo", number) as Int }
        }
        for number in 0..<count {
            let request = try await peer.nextRequest()
            #expect(request.arguments == [.integer(Int64(number))])
            peer.answer(request, request.arguments[0])
        }
        for (number, call) in calls.enumerated() { #expect(try await call.value == number) }
        await component.close()
    }

    @Test func answersMayComeInAnyOrder() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let count = 300
        async let results = withThrowingTaskGroup { group in
            for index in 0..<count {
                group.addTask { (index, try await component.call("echo", index) as Int) }
            }
            return try await group.reduce(into: [Int: Int]()) { $0[$1.0] = $1.1 }
        }
        var requests: [Message.Request] = []
        for _ in 0..<count { requests.append(try await peer.nextRequest()) }
        #expect(Set(requests.map(\.id)).count == count)
        for request in requests.shuffled() { peer.answer(request, request.arguments[0]) }
        #expect(try await results == Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, $0) }))
        await component.close()
    }

    @Test func idsFitJSONAndAreNotZero() {
        let ids = MessageIDSource()
        let values = (0..<10_000).map { _ in ids.next() }
        #expect(Set(values).count == values.count)
        #expect(values.allSatisfy { $0 > 0 && $0 < 1 << 53 })
        let slotted = ids.next(slot: 5)
        #expect(slotted & 0xFFFF_FFFF == 5)
        #expect(slotted > 1 << 53)
    }

    @Test func errorStatusIsThrownWithItsText() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let result = Task { try await component.call("missing") as Int }
        let request = try await peer.nextRequest()
        peer.send(.response(.init(id: request.id, status: .methodNotFound, data: "missing")))
        let error = await result.rembusError
        #expect(error?.status == .methodNotFound)
        #expect(error?.code == .status(.methodNotFound))
        #expect(error?.message == "No component offers method `missing` (42). Check the name, or start its provider.")
        await component.close()
    }

    @Test func unknownStatusIsAnErrorToo() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let result = Task { try await component.call("m") as Int }
        peer.send(.response(.init(id: try await peer.nextRequest().id, status: 99)))
        let error = await result.rembusError
        #expect(error?.status == 99)
        await component.close()
    }

    @Test func wrongResultTypeIsADecodingError() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let result = Task { try await component.call("m") as Int }
        peer.answer(try await peer.nextRequest(), "text")
        let error = await result.rembusError
        #expect(error?.code == .decoding)
        await component.close()
    }

    @Test func timeoutEndsOnlyItsOwnCall() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        async let slow: Int = component.call("slow")
        let slowRequest = try await peer.nextRequest()
        let quick = Task { try await component.call("quick", timeout: .milliseconds(20)) as Int }
        let quickRequest = try await peer.nextRequest()
        let error = await quick.rembusError
        #expect(error?.code == .timeout)
        // Too late: nobody waits for it any more.
        peer.answer(quickRequest, 1)
        peer.answer(slowRequest, 2)
        #expect(try await slow == 2)
        await component.close()
    }

    @Test func cancellationRemovesTheCall() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let task = Task { try await component.call("m") as Int }
        let request = try await peer.nextRequest()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(component.inFlightCount == 0)
        peer.answer(request, 1)
        async let next: Int = component.call("n")
        peer.answer(try await peer.nextRequest(), 2)
        #expect(try await next == 2)
        await component.close()
    }

    @Test func cancelledBeforehandSendsNothing() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await component.call("m")
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        try await component.publish("fence")
        #expect(try await peer.nextPublish().topic == "fence")
        await component.close()
    }

    @Test func lossOfTheConnectionFailsCallsAtOnce() async throws {
        let (broker, peer, component) = try await FakeBroker.connected()
        let result = Task { try await component.call("m") as Int }
        _ = try await peer.nextRequest()
        await broker.stop()
        peer.drop()
        let error = await result.rembusError
        #expect(error?.code == .connectionDown)
        await component.close()
    }

    @Test func directCallsNameTheirTarget() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        async let result: Int = component.direct(target: "pump7", "mix", 2, 40)
        let request = try await peer.nextRequest()
        #expect(request.target == "pump7")
        peer.answer(request, 42)
        #expect(try await result == 42)
        await component.close()
    }

    @Test func jsonAnswersAreUnderstood() async throws {
        let (_, peer, component) = try await FakeBroker.connected(configuration: .test { $0.encoding = .json })
        async let result: [String: Double] = component.call("m", 1.5)
        let request = try await peer.nextRequest()
        #expect(request.arguments == [1.5])
        peer.send(.response(.init(id: request.id, status: .ok, data: ["x": 1.5])), asText: true)
        #expect(try await result == ["x": 1.5])
        let error = await #expect(throws: RembusError.self) { try await component.direct(target: "a", "m") as Int }
        #expect(error?.code == .unsupported)
        await component.close()
    }

    @Test func adminCommandsGiveTheData() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        async let value = component.admin("__config__", .other("broker_config"))
        let (topic, command) = try await peer.nextCommand(data: ["x": 1])
        #expect(topic == "__config__")
        #expect(command == .other("broker_config"))
        #expect(try await value == ["x": 1])
        await component.close()
    }
}
