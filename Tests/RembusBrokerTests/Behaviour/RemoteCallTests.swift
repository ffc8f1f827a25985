import NIOCore
import RembusTesting
import RembusWire
import Testing

/// Calls through the broker: behaviour.md §8, §9.
@Suite("Calls")
struct RemoteCallTests {
    @Test("A call reaches its provider, and the answer its caller", arguments: PeerEncoding.allCases, Stage.loops)
    func exchange(encoding: PeerEncoding, loops: Int) throws {
        let stage = try Stage(loops: loops, encoding)
        let (provider, caller) = (try stage.peer("provider"), try stage.peer("caller"))
        try provider.expose("mix")
        let call = try Exchange(caller, provider, "mix", 2, 40, answer: 42)
        #expect(call.request.topic == "mix" && call.request.target == nil)
        #expect(call.request.arguments == [2, 40])
        #expect(call.response.status == .ok && call.response.data == 42)
    }

    @Test("A call without arguments", arguments: PeerEncoding.allCases, Stage.loops)
    func noArguments(encoding: PeerEncoding, loops: Int) throws {
        let stage = try Stage(loops: loops, encoding)
        let (provider, caller) = (try stage.peer("provider"), try stage.peer())
        try provider.expose("none")
        let call = try Exchange(caller, provider, "none", answer: .null)
        #expect(call.request.arguments == [])
        #expect(call.response.status == .ok && call.response.data == .null)
    }

    private static let values: [Value] = [
        0, -1, .unsigned(1 << 63), .negative(.max), 1.5, true, .null,
        "ünï", .bytes(ByteBuffer(bytes: [0, 0xFF])), [1, [2, [3]]], ["k": ["n": 1]],
        .text(String(repeating: "x", count: 70_000)),
    ]

    @Test("Values go through unchanged", arguments: values.indices, Stage.loops)
    func unchanged(index: Int, loops: Int) throws {
        let value = Self.values[index]
        let stage = try Stage(loops: loops)
        let (provider, caller) = (try stage.peer("provider"), try stage.peer())
        try provider.expose("value")
        let call = try Exchange(caller, provider, "value", value, answer: value)
        #expect(call.request.arguments == [value])
        #expect(call.response.status == .ok && call.response.data == value)
    }

    @Test(
        "An exception of the provider is answered with 40 and its text", arguments: PeerEncoding.allCases, Stage.loops)
    func exception(encoding: PeerEncoding, loops: Int) throws {
        let stage = try Stage(loops: loops, encoding)
        let (provider, caller) = (try stage.peer("provider"), try stage.peer())
        try provider.expose("fail")
        let call = try Exchange(caller, provider, "fail", answer: "division by zero", status: .methodException)
        #expect(call.response.status == .methodException && call.response.data == "division by zero")
    }

    @Test("A status that the broker does not know goes through", arguments: Stage.loops)
    func status(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (provider, caller) = (try stage.peer("provider"), try stage.peer())
        try provider.expose("odd")
        let call = try Exchange(caller, provider, "odd", answer: "odd", status: 99)
        #expect(call.response.status == 99 && call.response.data == "odd")
    }

    @Test("Exposing twice calls once, and a provider that is not asked hears nothing", arguments: Stage.loops)
    func twice(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (provider, caller) = (try stage.peer("provider"), try stage.peer())
        try provider.expose("twice", "twice")
        let call = try Exchange(caller, provider, "twice", answer: 1)
        #expect(call.response.status == .ok && call.response.data == 1)
        #expect(try provider.isSilent())
    }

    @Test("A provider may call another provider of its own method", arguments: Stage.loops)
    func colleague(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (first, second) = (try stage.peer("first"), try stage.peer("second"))
        try first.expose("shared")
        try second.expose("shared")
        let call = try Exchange(first, second, "shared", answer: "second")
        #expect(call.response.status == .ok && call.response.data == "second")
    }

    // MARK: Many at once

    @Test("One provider answers calls out of order", arguments: PeerEncoding.allCases, Stage.loops)
    func order(encoding: PeerEncoding, loops: Int) throws {
        let stage = try Stage(loops: loops, encoding)
        let (provider, caller) = (try stage.peer("provider"), try stage.peer())
        try provider.expose("order")
        let numbers = (0..<20).map { Int64($0) }
        let calls = numbers.map { caller.sendCall("order", .integer($0)) }
        let requests = try calls.map { _ in try provider.nextCall() }
        #expect(requests.map(\.arguments) == numbers.map { [.integer($0)] })
        for (number, request) in zip(numbers, requests).reversed() { provider.answer(request, .integer(number * 10)) }
        for (number, id) in zip(numbers, calls) { #expect(try caller.answer(to: id)?.data == .integer(number * 10)) }
    }

    @Test("Two callers may use the same id", arguments: PeerEncoding.allCases, Stage.loops)
    func sameID(encoding: PeerEncoding, loops: Int) throws {
        let stage = try Stage(loops: loops, encoding)
        let provider = try stage.peer("provider")
        let callers = [try stage.peer("a"), try stage.peer("b")]
        try provider.expose("same")
        let id = provider.makeID()
        for (number, caller) in callers.enumerated() {
            caller.send(.request(.init(id: id, topic: "same", arguments: [.integer(Int64(number))])))
        }
        let requests = [try provider.nextCall(), try provider.nextCall()]
        #expect(requests[0].id != requests[1].id)
        for request in requests.reversed() { provider.answer(request, .array(request.arguments)) }
        for (number, caller) in callers.enumerated() {
            let answer = Message.Response(id: id, status: .ok, data: [.integer(Int64(number))])
            #expect(try caller.next() == .response(answer))
        }
    }

    @Test("Caller and provider may use the same id in both directions", arguments: Stage.loops)
    func bothWays(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (left, right) = (try stage.peer("left"), try stage.peer("right"))
        try left.expose("left")
        try right.expose("right")
        let id = left.makeID()
        left.send(.request(.init(id: id, topic: "right", arguments: [1])))
        right.send(.request(.init(id: id, topic: "left", arguments: [2])))
        right.answer(try right.nextCall(), "from right")
        left.answer(try left.nextCall(), "from left")
        #expect(try left.answer(to: id)?.data == "from right")
        #expect(try right.answer(to: id)?.data == "from left")
    }

    @Test("Ids of other lengths are repeated as they are", arguments: [1, 4, 16, 32], Stage.loops)
    func lengths(length: Int, loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (provider, caller) = (try stage.peer("provider"), try stage.peer())
        try provider.expose("echo")
        let id = try #require(MessageID(bytes: (0..<length).map { UInt8($0) }))
        #expect(try caller.request(.request(.init(id: id, topic: "rid"))).status == .ok)
        caller.send(.request(.init(id: id, topic: "echo")))
        provider.answer(try provider.nextCall(), 1)
        #expect(try caller.answer(to: id)?.data == 1)
    }
}

/// One call from one peer to another: the request that the provider saw, and the answer that the caller saw.
struct Exchange {
    let request: Message.Request
    let response: Message.Response

    init(
        _ caller: InProcessPeer, _ provider: InProcessPeer, _ topic: String, _ arguments: Value..., answer: Value,
        status: StatusCode = .ok, target: String? = nil
    ) throws {
        let id = caller.makeID()
        caller.send(.request(.init(id: id, topic: topic, target: target, arguments: arguments)))
        request = try provider.nextCall()
        provider.answer(request, answer, status: status)
        response = try #require(try caller.answer(to: id))
    }
}
