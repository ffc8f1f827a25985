import RembusBroker
import RembusTesting
import RembusWire
import Testing

/// Calls that nobody answers, or not in the usual way: behaviour.md §8, §9.
@Suite("Outcomes of calls")
struct CallOutcomeTests {
    @Test("A method of nobody is answered with 42", arguments: PeerEncoding.allCases, Stage.loops)
    func nobody(encoding: PeerEncoding, loops: Int) throws {
        #expect(try Stage(loops: loops, encoding).peer().call("nobody").says(.methodNotFound, "nobody"))
    }

    @Test("A method that nobody exposes any more is answered with 42", arguments: Stage.loops)
    func unexposed(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (provider, caller) = (try stage.peer("provider"), try stage.peer())
        try provider.expose("gone")
        try provider.unexpose("gone")
        #expect(try caller.call("gone").says(.methodNotFound, "gone"))
    }

    @Test("A method whose provider is away is answered with 43", arguments: PeerEncoding.allCases, Stage.loops)
    func away(encoding: PeerEncoding, loops: Int) throws {
        let stage = try Stage(loops: loops, encoding)
        let (provider, caller) = (try stage.peer("provider"), try stage.peer())
        try provider.expose("away")
        provider.hangUp()
        #expect(try caller.call("away").status == .methodUnavailable)
    }

    @Test("A method returns with its named provider", arguments: Stage.loops)
    func returns(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (first, caller) = (try stage.peer("provider"), try stage.peer())
        try first.expose("back")
        first.hangUp()
        let call = try Exchange(caller, try stage.peer("provider"), "back", answer: 1)
        #expect(call.response.status == .ok && call.response.data == 1)
    }

    @Test("An unexposed method does not return with its provider", arguments: Stage.loops)
    func dropped(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (first, caller) = (try stage.peer("provider"), try stage.peer())
        try first.expose("dropped")
        try first.unexpose("dropped")
        first.hangUp()
        _ = try stage.peer("provider")
        #expect(try caller.call("dropped").status == .methodNotFound)
    }

    @Test("A method of an anonymous provider goes with it", arguments: Stage.loops)
    func ghost(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (provider, caller) = (try stage.peer(), try stage.peer())
        try provider.expose("ghost")
        provider.hangUp()
        #expect(try caller.call("ghost").says(.methodNotFound, "ghost"))
    }

    @Test("A call of the only provider to itself is answered with 44", arguments: PeerEncoding.allCases, Stage.loops)
    func itself(encoding: PeerEncoding, loops: Int) throws {
        let peer = try Stage(loops: loops, encoding).peer("provider")
        try peer.expose("self")
        #expect(try peer.call("self").says(.methodLoopback, "self"))
    }

    @Test("Unexposing an unknown method is answered with 0", arguments: Stage.loops)
    func unknown(loops: Int) throws {
        try Stage(loops: loops).peer().unexpose("never")
    }

    // MARK: Who leaves

    @Test("A provider that dies gives its callers 43 at once", arguments: PeerEncoding.allCases, Stage.loops)
    func dies(encoding: PeerEncoding, loops: Int) throws {
        let stage = try Stage(loops: loops, encoding)
        let (provider, caller) = (try stage.peer("provider"), try stage.peer())
        try provider.expose("die")
        let calls = (0..<3).map { caller.sendCall("die", .integer(Int64($0))) }
        for _ in calls { _ = try provider.nextCall() }
        provider.hangUp()
        for id in calls { #expect(try caller.answer(to: id)?.status == .methodUnavailable) }
    }

    @Test("A provider that does not answer in time gives 43, and its late answer harms nobody", arguments: Stage.loops)
    func late(loops: Int) throws {
        let stage = try Stage(loops: loops) { $0.requestTimeout = .milliseconds(300) }
        let (provider, caller) = (try stage.peer("provider"), try stage.peer("caller"))
        try provider.expose("late")
        let id = caller.sendCall("late")
        let request = try provider.nextCall()
        stage.broker.advance(by: .milliseconds(299))
        #expect(try caller.isSilent())
        stage.broker.advance(by: .milliseconds(76))
        #expect(try caller.answer(to: id)?.status == .methodUnavailable)
        provider.answer(request, "late")
        #expect(try provider.call("rid").status == .ok)
        #expect(try caller.call("rid").status == .ok)
        #expect(try caller.isSilent())
    }

    @Test("A call after a long silence has its full time", arguments: Stage.loops)
    func silence(loops: Int) throws {
        let stage = try Stage(loops: loops) { $0.requestTimeout = .milliseconds(500) }
        let (provider, caller) = (try stage.peer("provider"), try stage.peer("caller"))
        try provider.expose("late")
        // Longer than the time-out: a deadline counted from the last sign of life would be over before the call.
        stage.broker.advance(by: .milliseconds(800))
        let id = caller.sendCall("late")
        let request = try provider.nextCall()
        stage.broker.advance(by: .milliseconds(499))
        provider.answer(request, "in time")
        #expect(try caller.answer(to: id) == .init(id: id, status: .ok, data: "in time"))
    }

    @Test("A caller that left does not disturb the provider", arguments: Stage.loops)
    func callerLeft(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (provider, caller, other) = (try stage.peer("provider"), try stage.peer("caller"), try stage.peer())
        try provider.expose("left")
        _ = caller.sendCall("left")
        let request = try provider.nextCall()
        caller.hangUp()
        provider.answer(request, "too late")
        let call = try Exchange(other, provider, "left", answer: "fine")
        #expect(call.response.status == .ok && call.response.data == "fine")
    }

    // MARK: Answers out of place

    @Test("An answer that nobody asked for is ignored", arguments: PeerEncoding.allCases, Stage.loops)
    func surprise(encoding: PeerEncoding, loops: Int) throws {
        let peer = try Stage(loops: loops, encoding).peer()
        peer.send(.response(.init(id: peer.makeID(), status: .ok, data: "surprise")))
        #expect(try peer.call("rid").status == .ok)
    }

    @Test("A peer cannot answer a call that another was asked", arguments: Stage.loops)
    func forgery(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (provider, intruder, caller) = (try stage.peer("provider"), try stage.peer("intruder"), try stage.peer())
        try provider.expose("guard")
        let id = caller.sendCall("guard")
        let request = try provider.nextCall()
        for forged in [request.id, id] {
            intruder.send(.response(.init(id: forged, status: .ok, data: "forged")))
        }
        #expect(try intruder.call("rid").status == .ok)
        #expect(try caller.answer(to: id) == nil)
        provider.answer(request, "genuine")
        #expect(try caller.answer(to: id)?.data == "genuine")
    }

    @Test("An answer without data is accepted", arguments: Stage.loops)
    func bare(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (provider, caller) = (try stage.peer("provider"), try stage.peer())
        try provider.expose("bare")
        let id = caller.sendCall("bare")
        let request = try provider.nextCall()
        let bytes = request.id.withUnsafeBytes { Array($0) }
        provider.send(bytes: [0x83, 0x04, 0x40 + UInt8(bytes.count)] + bytes + [0x00])
        #expect(try caller.answer(to: id) == .init(id: id, status: .ok, data: .null))
    }

    @Test("A request as an array of indefinite length", arguments: Stage.loops)
    func indefinite(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let peer = try stage.peer()
        peer.send(bytes: [0x9F, 0x02, 0x48, 1, 2, 3, 4, 5, 6, 7, 8, 0x63] + Array("rid".utf8) + [0xF6, 0x80, 0xFF])
        let id = try #require(MessageID(bytes: Array(1...8)))
        #expect(try peer.answer(to: id)?.data == .text(stage.broker.configuration.name))
    }

    @Test("Named arguments in JSON are one map", arguments: Stage.loops)
    func named(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (provider, caller) = (try stage.peer("provider"), try stage.peer(nil, .julia))
        try provider.expose("named")
        caller.send(text: #"{"jsonrpc":"2.0","id":"99","method":"named","params":{"left":1,"right":2}}"#)
        let request = try provider.nextCall()
        #expect(request.arguments == [["left": 1, "right": 2]])
        provider.answer(request, 3)
        #expect(try caller.answer(to: MessageID(littleEndian: 99))?.data == 3)
    }
}
